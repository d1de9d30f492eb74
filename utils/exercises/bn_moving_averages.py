"""The moving averages of batch normalization after one more batch."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 2
TEXT = (
    "Write what BatchNormalization does to its moving averages in a training step: move both a little toward the mean "
    "and the variance of the batch x, as Keras does. Return the new moving_mean and the new moving_variance."
)
STUB = '''
def update_averages(x, moving_mean, moving_variance, momentum=0.99):
    """x: (images, rows, columns, channels); the averages: (channels,). Returns
    moving_mean, moving_variance.
    """
    ...  # your code
'''
HINTS = (
    "In Keras, momentum is the share of the old average that stays. The batch gets the rest, 1 − momentum.",
    "Both averages are updated in the same way: one from x.mean(axis=…), the other from x.var(axis=…), with the axes "
    "of the forward pass.",
)


def cases(random):
    yield {
        "x": np.array([[[[1.0, 10.0]]], [[[7.0, 14.0]]]]),
        "moving_mean": np.array([0.0, 2.0]),
        "moving_variance": np.array([1.0, 5.0]),
        "momentum": 0.75,
    }
    for shape, momentum in (((1, 2, 2, 1), 0.9), ((3, 2, 1, 2), 0.6), ((4, 5, 3, 3), 0.99)):
        yield {
            "x": random.normal(3, 2, shape),
            "moving_mean": random.normal(size=shape[-1]),
            "moving_variance": random.uniform(0.5, 2, shape[-1]),
            "momentum": momentum,
        }


def reference(x, moving_mean, moving_variance, momentum):
    from keras import layers

    layer = layers.BatchNormalization(momentum=momentum, dtype="float64")
    layer.build(x.shape)
    layer.moving_mean.assign(moving_mean)
    layer.moving_variance.assign(moving_variance)
    layer(x, training=True)
    return layer.moving_mean.numpy(), layer.moving_variance.numpy()


def update_averages(x, moving_mean, moving_variance, momentum=0.99):
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    moving_mean = momentum * moving_mean + (1 - momentum) * mean
    moving_variance = momentum * moving_variance + (1 - momentum) * variance
    return moving_mean, moving_variance


SOLUTION = update_averages


def _wrong(axis=(0, 1, 2), ddof=0, root=False, old=None, new=None, kept=(), swapped=False):
    """The same with one mistake; ``old`` and ``new`` give the two shares, ``kept`` the places that are not updated."""

    def updated(x, moving_mean, moving_variance, momentum):
        mean, variance = x.mean(axis=axis), x.var(axis=axis, ddof=ddof)
        before = moving_mean, moving_variance
        batch = mean, np.sqrt(variance) if root else variance
        shares = old(momentum) if old else momentum, new(momentum) if new else 1 - momentum
        after = [shares[0] * a + shares[1] * b for a, b in zip(before, batch, strict=True)]
        after = [before[n] if n in kept else after[n] for n in (0, 1)]
        return tuple(after[::-1] if swapped else after)

    return updated


def _around_the_moving_mean(x, moving_mean, moving_variance, momentum):
    mean = momentum * moving_mean + (1 - momentum) * x.mean(axis=(0, 1, 2))
    variance = ((x - mean) ** 2).mean(axis=(0, 1, 2))
    return mean, momentum * moving_variance + (1 - momentum) * variance


SLIPS = (
    Slip(
        _wrong(old=lambda momentum: 1 - momentum, new=lambda momentum: momentum),
        "momentum the wrong way round",
        "You give the batch the share that the old average should keep. (Some other libraries define momentum like "
        "this. In Keras, a momentum near 1 means slow averages.)",
    ),
    Slip(
        _wrong(ddof=1),
        "the sample variance",
        "Your batch variance is divided by n − 1. Keras uses the plain mean of the squared differences.",
    ),
    Slip(_wrong(kept=(1,)), "only the mean", "moving_variance stays as it was. Both averages change at every step."),
    Slip(_wrong(kept=(0,)), "only the variance", "moving_mean stays as it was. Both averages change at every step."),
    Slip(
        _wrong(root=True),
        "the standard deviation",
        "You average the batch's standard deviation. The layer keeps the variance, and takes the root when it divides.",
    ),
    Slip(
        _around_the_moving_mean,
        "the variance around the moving mean",
        "The batch's variance is measured around the batch's own mean, not around the moving one.",
    ),
    Slip(
        _wrong(old=lambda momentum: 0, new=lambda momentum: 1),
        "the batch in place of the average",
        "You return the batch's own statistics. The old averages must count, too.",
    ),
    Slip(
        _wrong(old=lambda momentum: 1),
        "nothing is forgotten",
        "You add a share of the batch to the whole old average, so it grows with every step. The two shares must sum "
        "to 1.",
    ),
    Slip(
        _wrong(old=lambda momentum: 0.5, new=lambda momentum: 0.5),
        "the plain mean of old and new",
        "The old average and the batch count equally here. momentum says how much of the old average stays.",
    ),
    Slip(
        _wrong(axis=(0, 1, 2, 3)),
        "one mean for the whole tensor",
        "You average over the channels, too. Each channel has its own averages.",
    ),
    Slip(_wrong(swapped=True), "mean and variance exchanged", "The order is moving_mean, moving_variance."),
)
