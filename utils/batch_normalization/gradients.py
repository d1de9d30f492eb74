"""Gradients before training, learning rates, depth, and how steady the layers' inputs are."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from utils.batch_normalization.networks import net_for
from utils.training import gradient_descent


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


def unevenness(norms):
    """How far the gradient is from an even flow, in powers of ten a layer, ``(seeds,)``; 0 is even."""
    return np.abs(np.log10(factor_per_layer(norms)))


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


def at_best_rate(losses, ceiling=np.inf):
    """Each seed's loss at the learning rate that is best for the *other* seeds (by their median), ``(seeds,)``.

    ``losses`` is ``(seeds, rates)``. What is measured never helped to choose, so no arm gains from having more rates
    that do. A loss above ``ceiling``, or one that overflowed, counts as ``ceiling``: the network that was not trained
    is always there. Raises ``ValueError`` for a single seed, which has no others.
    """
    losses = np.minimum(np.asarray(losses, dtype=float), ceiling)
    if len(losses) < 2:
        raise ValueError(f"{len(losses)} seed: at least 2 are needed, to choose each one's rate by the others")
    others = [np.median(np.delete(losses, seed, axis=0), axis=0).argmin() for seed in range(len(losses))]
    return losses[np.arange(len(losses)), others]


def distribution_shift(build, data, rate, *, seeds, steps=40, batch_size=32):
    """How far a channel's mean moves from one step of gradient descent to the next, in its standard deviations.

    It is the root mean square over the steps, and over the channels of all that enters a ReLU: ``(seeds,)``. Both the
    new weights and the new batch move it; the layers that follow see no difference between the two.
    """
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model = build()
        weights = model.trainable_variables
        entering = [layer.input for layer in model.layers if isinstance(layer, layers.ReLU)]
        watched = keras.Model(model.input, [*entering, model.output])
        statistics = []
        for batch in np.random.default_rng(seed).integers(0, len(data.train_images), (steps, batch_size)):
            with tf.GradientTape() as tape:
                *maps, logits = watched(data.train_images[batch], training=True)
                value = loss(data.train_labels[batch], logits)
            for weight, gradient in zip(weights, tape.gradient(value, weights), strict=True):
                weight.assign_sub(rate * gradient)
            statistics.append([tf.nn.moments(each, (0, 1, 2)) for each in maps])
        means, variances = np.moveaxis(np.array(statistics), 2, 0)  # (steps, layers, channels) each
        moved = np.diff(means, axis=0) / np.sqrt(variances[:-1] + 1e-9)
        found.append(np.sqrt(np.mean(moved**2)))
    return np.array(found)


def share_lost(with_it, disturbed, without):
    """How much of the benefit of ``with_it`` over ``without`` is gone where it was ``disturbed``: 0 nothing, 1 all.

    Losses go in, ``(seeds,)`` each, and ``(seeds,)`` comes out.
    """
    return (disturbed - with_it) / (without - with_it)
