"""What the channels of a network hold, in training and at inference, in this company or that."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from utils.batch_normalization.networks import moving_averages_kept


@dataclass(frozen=True)
class ChannelStatistics:
    """The mean and the variance of every channel over a batch and all its positions, ``(layers, channels)`` each."""

    means: np.ndarray
    variances: np.ndarray


def convolution_statistics(model, images):
    """The ``ChannelStatistics`` of the outputs of all convolutions, in training mode, for the batch ``images``."""
    return _statistics(_in_training(model, images, lambda layer: layer.output, layers.Conv2D))


def normalization_statistics(model, images, *, training=True):
    """Three ``ChannelStatistics``: what enters the batch normalizations, what it is before γ and β, and what leaves.

    ``training`` normalizes by the batch ``images``, else by the moving averages. γ must not be 0.
    """
    normalizations = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    tensors = [tensor for layer in normalizations for tensor in (layer.input, layer.output)]
    with moving_averages_kept(model):
        found = keras.Model(model.input, tensors)(images, training=training)
    entering, leaving = _statistics(found[::2]), _statistics(found[1::2])
    gamma, beta = (np.stack([getattr(layer, name) for layer in normalizations]) for name in ("gamma", "beta"))
    return entering, ChannelStatistics((leaving.means - beta) / gamma, leaving.variances / gamma**2), leaving


def share_normalized(statistics, close=0.1):
    """The share of channels, 0…1, whose mean is within ``close`` of 0 and whose variance is within it of 1."""
    near = (np.abs(statistics.means) <= close) & (np.abs(statistics.variances - 1) <= close)
    return float(near.mean())


def halves_in_the_average(momentum, steps):
    """What the first and the second half of ``steps`` training steps count for in a moving average: two shares.

    Keras's own layer sees batches that mark their half. What is missing to 1 is left of the average's initial value.
    """
    layer = keras.layers.BatchNormalization(momentum=momentum)
    first, second = np.eye(2, dtype="float32")
    for step in range(steps):
        layer(np.tile(first if step < steps // 2 else second, (2, 1)), training=True)
    return tuple(np.asarray(layer.moving_mean, dtype=float).tolist())


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
