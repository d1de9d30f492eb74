"""Batch normalization (Ioffe & Szegedy 2015): by hand, in small networks, and what it does to their training.

Images are ``(n, height, width, channels)``, labels ``(n,)``; ``data`` is a ``utils.data.Dataset`` whose images are
already scaled.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from utils.training import accuracy, gradient_descent, outputs, trained

# Keras's 0.99 forgets its starting values only after several hundred steps: more than any training here has.
MOMENTUM = 0.9
EPSILON = 1e-3  # Keras's default
FEATURES = ("mean brightness", "variance", "edge strength", "share of bright pixels")


# --- Normalizing by hand ---------------------------------------------------------------------------------------------


def z_scores(data, axis=0):
    """``data`` moved and stretched to mean 0 and standard deviation 1 along ``axis``."""
    return (data - np.mean(data, axis=axis, keepdims=True)) / np.std(data, axis=axis, keepdims=True)


def min_max(data, axis=0):
    """``data`` moved and stretched to the range 0…1 along ``axis``."""
    low, high = np.min(data, axis=axis, keepdims=True), np.max(data, axis=axis, keepdims=True)
    return (data - low) / (high - low)


def batch_normalized(x, gamma=1.0, beta=0.0, epsilon=EPSILON):
    """What ``BatchNormalization`` makes of the batch ``x`` in training: each channel (the last axis) by itself.

    The variance is divided by n, not by n − 1. Ioffe & Szegedy 2015, algorithm 1.
    """
    all_but_channels = tuple(range(x.ndim - 1))
    mean, variance = x.mean(all_but_channels), x.var(all_but_channels)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def standardized(data):
    """The data set with mean 0 and standard deviation 1. The test images get the training images' numbers."""
    mean, deviation = data.train_images.mean(), data.train_images.std()
    return _scaled(data, lambda images: (images - mean) / deviation)


def zero_to_one(data):
    """The data set with its bytes divided by 255, as ``layers.Rescaling(1 / 255)`` does."""
    return _scaled(data, lambda images: images / 255)


def _scaled(data, scale):
    return replace(data, train_images=scale(data.train_images), test_images=scale(data.test_images))


# --- Features of unlike scales ---------------------------------------------------------------------------------------


def patch_features(images):
    """Four numbers an image, ``(n, 4)`` in the order of ``FEATURES``: in bytes, bytes², bytes, and a share of 0…1."""
    images = np.asarray(images, dtype=float)
    pixels, edges = images.reshape(len(images), -1), np.abs(np.diff(images, axis=2)).reshape(len(images), -1)
    bright = pixels > pixels.mean(1, keepdims=True)
    return np.stack([pixels.mean(1), pixels.var(1), edges.mean(1), bright.mean(1)], axis=1)


@dataclass(frozen=True)
class LinearTraining:
    """A linear classifier trained by plain gradient descent, once with each of ``rates``.

    ``losses`` is ``(rates, steps)``, before each step; infinite where the run overflowed. ``first_step`` is each
    feature's share, 0…1, in what the first step changes about the scores. ``condition`` is the largest eigenvalue
    of the features' covariance over the smallest: how unlike the steepest and the flattest direction are.
    """

    rates: np.ndarray
    losses: np.ndarray = field(repr=False)
    first_step: np.ndarray
    condition: float

    def best_loss(self):
        return float(self.losses[:, -1].min())


def linear_training(features, labels, rates, steps=100):
    """Train a softmax regression on ``features``, ``(n, k)``, from zero weights; returns a ``LinearTraining``."""
    features, rates = np.asarray(features, dtype=float), np.asarray(rates, dtype=float)
    wanted = np.eye(labels.max() + 1)[labels]
    inputs = np.c_[features, np.ones(len(features))]
    weights = np.zeros((len(rates), inputs.shape[1], wanted.shape[1]))
    losses = np.full((len(rates), steps), np.inf)
    with np.errstate(all="ignore"):  # a learning rate that is too large overflows, and that is a result
        for step in range(steps):
            scores = inputs @ weights
            scores -= scores.max(-1, keepdims=True)
            chances = np.exp(scores)
            chances /= chances.sum(-1, keepdims=True)
            loss = -np.log((chances * wanted).sum(-1)).mean(-1)
            losses[:, step] = np.where(np.isfinite(loss), loss, np.inf)
            gradient = inputs.T @ (chances - wanted) / len(inputs)
            if step == 0:
                change = features.std(0) * np.linalg.norm(gradient[0, :-1], axis=-1)
            weights -= rates[:, None, None] * gradient
    eigenvalues = np.linalg.eigvalsh(np.cov(features.T))
    return LinearTraining(rates, losses, change / change.sum(), float(eigenvalues[-1] / eigenvalues[0]))


# --- Networks with the layer and without it --------------------------------------------------------------------------


def conv_net(
    depth=4,
    *,
    normalized="before",
    filters=24,
    stride=8,
    shape=(32, 32, 1),
    classes=8,
    initializer="he_normal",
    momentum=MOMENTUM,
    normalization=layers.BatchNormalization,
):
    """A network of ``depth`` convolutions that returns the logits of ``classes``, ``(batch, classes)``.

    The first convolution has a large ``stride``: small maps train quickly. ``normalized`` puts the
    ``normalization`` "before" or "after" each activation, or nowhere ("no").
    """
    x = inputs = keras.Input(shape)
    for number in range(1, depth + 1):
        x = layers.Conv2D(
            filters,
            stride + 1 if number == 1 else 3,
            strides=stride if number == 1 else 1,
            padding="same",
            use_bias=normalized != "before",
            kernel_initializer=initializer,
            name=f"conv{number}",
        )(x)
        if normalized == "before":
            x = normalization(momentum=momentum, name=f"bn{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
        if normalized == "after":
            x = normalization(momentum=momentum, name=f"bn{number}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x))


def net_for(data, **options):
    """A ``conv_net`` for that data set's images and classes."""
    return conv_net(shape=data.train_images.shape[1:], classes=len(data.class_names), **options)


@contextmanager
def moving_averages_kept(model):
    """Calls with ``training=True`` change moving averages; when this context ends, they are as before."""
    kept = [variable.numpy() for variable in model.non_trainable_variables]
    try:
        yield model
    finally:
        for variable, value in zip(model.non_trainable_variables, kept, strict=True):
            variable.assign(value)


# --- What enters the layers, and what leaves them --------------------------------------------------------------------


@dataclass(frozen=True)
class ChannelStatistics:
    """The mean and the variance of every channel over a batch and all its positions, ``(layers, channels)`` each."""

    means: np.ndarray
    variances: np.ndarray


def convolution_statistics(model, images):
    """The ``ChannelStatistics`` of the outputs of all convolutions, in training mode, for the batch ``images``."""
    return _statistics(_in_training(model, images, lambda layer: layer.output, layers.Conv2D))


def normalization_statistics(model, images):
    """The ``ChannelStatistics`` of what enters the batch normalizations, and of what they make of it before γ and β."""
    entering = _in_training(model, images, lambda layer: layer.input, layers.BatchNormalization)
    left = [layers.BatchNormalization(center=False, scale=False)(x, training=True) for x in entering]
    return _statistics(entering), _statistics(left)


def shares_above_zero(model, images):
    """How much of each channel enters the ReLUs above zero, 0…1, in training mode: ``(layers, channels)``."""
    entering = _in_training(model, images, lambda layer: layer.input, layers.ReLU)
    return np.stack([(np.asarray(each) > 0).mean((0, 1, 2)) for each in entering])


def _in_training(model, images, tensor_of, kind):
    wanted = [tensor_of(layer) for layer in model.layers if isinstance(layer, kind)]
    with moving_averages_kept(model):
        return keras.Model(model.input, wanted)(images, training=True)


def _statistics(activations):
    activations = [np.asarray(each) for each in activations]
    return ChannelStatistics(
        np.stack([each.mean((0, 1, 2)) for each in activations]),
        np.stack([each.var((0, 1, 2)) for each in activations]),
    )


# --- Two modes -------------------------------------------------------------------------------------------------------


def in_company(model, image, others, *, batch_size, draws, training, seed=0):
    """The model's outputs for ``image``, ``(draws, …)``: each time in a batch with other images, drawn from ``others``.

    ``model`` may be a single layer. Its moving averages stay as they were.
    """
    random = np.random.default_rng([seed, batch_size])
    found = []
    with moving_averages_kept(model):
        for _ in range(draws):
            company = others[random.choice(len(others), batch_size - 1, replace=False)]
            found.append(np.asarray(model(np.concatenate([image[None], company]), training=training)[0]))
    return np.stack(found)


def accuracy_by_batches(model, images, labels, batch_size=64):
    """The share of images that get the right label when each batch is normalized by its own statistics."""
    with moving_averages_kept(model):
        starts = range(0, len(images) - batch_size + 1, batch_size)
        scores = np.concatenate([np.asarray(model(images[i : i + batch_size], training=True)) for i in starts])
    return float(np.mean(scores.argmax(-1) == labels[: len(scores)]))


@dataclass(frozen=True)
class ShortTraining:
    """Accuracies on the test images after ``steps`` steps, ``(seeds,)`` each, and the last seed's weights.

    ``by_batches`` normalizes with the test batches' own statistics, ``by_averages`` with the moving averages.
    """

    momentum: float
    steps: int
    by_batches: np.ndarray
    by_averages: np.ndarray
    weights: list = field(repr=False)


def short_training(data, momentum, *, seeds, epochs=2, depth=4):
    """Train a few steps with that ``momentum`` and Keras's default starting weights; returns a ``ShortTraining``."""
    build = partial(net_for, data, depth=depth, momentum=momentum, initializer="glorot_uniform")
    by_batches, by_averages = [], []
    for run in trained(build, data.train_images, data.train_labels, seeds=seeds, epochs=epochs):
        by_batches.append(accuracy_by_batches(run.model, data.test_images, data.test_labels))
        by_averages.append(accuracy(run.model, data.test_images, data.test_labels))
    weights = [variable.numpy() for variable in run.model.trainable_variables]
    return ShortTraining(momentum, len(run.losses), np.array(by_batches), np.array(by_averages), weights)


# --- Order -----------------------------------------------------------------------------------------------------------


def settled(build, data, *, seeds, epochs, batch_size=64, learning_rate=5e-3):
    """Train with a learning rate that falls to zero along a cosine, so that no result hangs on the last few steps.

    Yields ``utils.training.Trained``.
    """
    batch_size = min(batch_size, len(data.train_images))
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * (len(data.train_images) // batch_size))
    return trained(
        build,
        data.train_images,
        data.train_labels,
        seeds=seeds,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=falling,
    )


def order_accuracies(data, normalized, *, seeds, epochs=3):
    """Test accuracies, ``(seeds,)``, with the normalization "before" or "after" the activation."""
    runs = settled(partial(net_for, data, normalized=normalized), data, seeds=seeds, epochs=epochs)
    return np.array([accuracy(run.model, data.test_images, data.test_labels) for run in runs])


# --- Gradients and learning rates ------------------------------------------------------------------------------------


def gradient_flow(data, *, seeds, depth=12, normalized, initializer, batch_size=64):
    """The norm of the loss's gradient at each layer's activation, in untrained networks: ``(seeds, depth)``."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    norms = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        # The small stride gives larger maps, which lose less of the gradient at their borders.
        model = net_for(data, depth=depth, stride=4, normalized=normalized, initializer=initializer)
        activations = [layer.output for layer in model.layers if isinstance(layer, layers.ReLU)]
        chosen = np.random.default_rng(seed).choice(len(data.train_images), batch_size, replace=False)
        with tf.GradientTape() as tape:
            *found, logits = keras.Model(model.input, [*activations, model.output])(
                data.train_images[chosen], training=True
            )
            value = loss(data.train_labels[chosen], logits)
        norms.append([np.linalg.norm(gradient) for gradient in tape.gradient(value, found)])
    return np.array(norms)


def factor_per_layer(norms):
    """By what factor the gradient grows with each layer on its way to the first one, ``(seeds,)``; 1 is even flow."""
    return (norms[:, 0] / norms[:, -1]) ** (1 / (norms.shape[1] - 1))


def losses_by_rate(build, data, rates, *, seeds, steps=40, batch_size=32, last=10):
    """The mean loss of the ``last`` steps of plain gradient descent, ``(seeds, rates)``; infinite if it overflowed."""
    images, labels = data.train_images, data.train_labels
    losses = gradient_descent(build, images, labels, rates, seeds=seeds, steps=steps, batch_size=batch_size)
    ends = losses[..., -last:].mean(axis=-1)
    return np.where(np.isfinite(ends), ends, np.inf)


def largest_rate(losses, rates, enough):
    """The largest of ``rates`` that brings the loss to ``enough`` or below, ``(seeds,)``.

    Where none does, it is the smallest of them: the one sought is smaller still.
    """
    rates = np.asarray(rates, dtype=float)
    return np.where(losses <= enough, rates, rates.min()).max(axis=1)


class Unsettled(layers.Layer):
    """Batch normalization whose channels are then moved and stretched by random amounts, new ones at each step.

    The next layer meets another distribution at every step: the very "internal covariate shift" that batch
    normalization was invented against. After Santurkar et al. 2018, section 2.2.
    """

    def __init__(self, momentum=MOMENTUM, strength=0.5, **options):
        super().__init__(**options)
        self.strength = strength
        self.normalization = layers.BatchNormalization(momentum=momentum)
        self.random = keras.random.SeedGenerator(0)

    def call(self, x, training=False):
        x = self.normalization(x, training=training)
        if not training:
            return x
        change = keras.random.uniform((2, x.shape[-1]), -self.strength, self.strength, seed=self.random)
        return (1 + change[0]) * x + change[1]


# --- Noise -----------------------------------------------------------------------------------------------------------


def spread_by_batch_size(model, images, others, batch_sizes, *, draws, seed=0):
    """How much each image's output varies from batch to batch in training mode, ``(images, batch sizes)``.

    The spread is the root mean square, over an output's values, of their standard deviations over ``draws`` batches.
    """
    return np.array(
        [
            [
                np.sqrt(
                    in_company(model, image, others, batch_size=size, draws=draws, training=True, seed=seed + place)
                    .var(axis=0, ddof=1)
                    .mean()
                )
                for size in batch_sizes
            ]
            for place, image in enumerate(images)
        ]
    )


def slopes(batch_sizes, spreads):
    """The exponent p of spread ∝ sizeᵖ, fitted to each row of ``spreads``: −½ for the mean of independent values."""
    return np.polyfit(np.log(batch_sizes), np.log(spreads).T, 1)[0]


class GroupedNormalization(layers.Layer):
    """Batch normalization by the statistics of groups of ``group`` images within the batch ("ghost batches").

    Small groups mean noisy statistics at the same number of images a step. Hoffer et al. 2017.
    """

    def __init__(self, group, momentum=MOMENTUM, **options):
        super().__init__(**options)
        self.group, self.momentum = group, momentum

    def build(self, shape):
        numbers = {"shape": (shape[-1],)}
        self.gamma = self.add_weight(**numbers, initializer="ones", name="gamma")
        self.beta = self.add_weight(**numbers, initializer="zeros", name="beta")
        self.moving_mean = self.add_weight(**numbers, initializer="zeros", trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(**numbers, initializer="ones", trainable=False, name="moving_variance")

    def call(self, x, training=False):
        if not training:
            return self._normalized(x, self.moving_mean, self.moving_variance)
        groups = keras.ops.reshape(x, (-1, self.group, *x.shape[1:]))
        mean, variance = keras.ops.moments(groups, axes=(1, 2, 3), keepdims=True)
        for average, fresh in ((self.moving_mean, mean), (self.moving_variance, variance)):
            fresh = keras.ops.mean(fresh, axis=(0, 1, 2, 3))
            average.assign(average * self.momentum + fresh * (1 - self.momentum))
        return keras.ops.reshape(self._normalized(groups, mean, variance), keras.ops.shape(x))

    def _normalized(self, x, mean, variance):
        return self.gamma * (x - mean) * keras.ops.rsqrt(variance + EPSILON) + self.beta


@dataclass(frozen=True)
class Generalization:
    """Accuracies and mean losses on the training and on the test images, in inference mode, ``(seeds,)`` each."""

    train_accuracy: np.ndarray
    train_loss: np.ndarray
    test_accuracy: np.ndarray
    test_loss: np.ndarray

    @property
    def gap(self):
        """By how much the loss on the test images exceeds that on the training images, ``(seeds,)``."""
        return self.test_loss - self.train_loss


def with_groups(data, group, *, seeds, epochs=24):
    """Train on few images, many times over, normalizing by groups of ``group``; returns a ``Generalization``."""
    build = partial(net_for, data, normalization=partial(GroupedNormalization, group))
    found = [
        [
            *_scores(run.model, data.train_images, data.train_labels),
            *_scores(run.model, data.test_images, data.test_labels),
        ]
        for run in settled(build, data, seeds=seeds, epochs=epochs, learning_rate=1e-2)
    ]
    return Generalization(*np.array(found).T)


def _scores(model, images, labels):
    logits = outputs(model, images)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    return np.mean(logits.argmax(-1) == labels), float(loss)


# --- Fine-tuning -----------------------------------------------------------------------------------------------------


def fine_tuned(model, images, labels, *, frozen, steps=30, batch_size=4, learning_rate=1e-3, seed=0):
    """A copy of ``model``, trained on with small batches; ``frozen`` keeps its batch normalizations out of it.

    In Keras ``layer.trainable = False`` also puts a BatchNormalization layer into inference mode.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = not frozen
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(learning_rate)
    for batch in np.random.default_rng(seed).integers(0, len(images), (steps, batch_size)):
        with tf.GradientTape() as tape:
            value = loss(labels[batch], copy(images[batch], training=True))
        weights = copy.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
    return copy
