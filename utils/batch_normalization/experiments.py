"""Training with and without batch normalization: rates, orders, depth, noise, fine-tuning."""

from dataclasses import dataclass, field
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from utils.batch_normalization.networks import GroupedNormalization, net_for
from utils.batch_normalization.statistics import accuracy_by_batches
from utils.training import accuracy, gradient_descent, outputs, trained

# --- Normalizing by hand ---------------------------------------------------------------------------------------------


# --- Features of unlike scales ---------------------------------------------------------------------------------------


# --- Networks with the layer and without it --------------------------------------------------------------------------


# --- What enters the layers, and what leaves them --------------------------------------------------------------------


# --- Two modes -------------------------------------------------------------------------------------------------------


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


# --- Noise -----------------------------------------------------------------------------------------------------------


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
