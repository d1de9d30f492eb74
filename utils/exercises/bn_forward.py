"""Batch normalization in training, forward."""

from functools import partial

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 2
TEXT = (
    "Write what BatchNormalization does to a batch of images in training: normalize each channel over images, rows and "
    "columns, then scale by gamma and shift by beta."
)
STUB = '''
def batch_norm_forward(x, gamma, beta, epsilon=1e-3):
    """x: (images, rows, columns, channels); gamma, beta: (channels,). Returns
    an array shaped like x.
    """
    ...  # your code
'''
HINTS = (
    "np.mean and np.var take the axes to average over; a channel keeps its own mean and variance.",
    "mean = x.mean(axis=(0, 1, 2)) has one number for each channel, and so has the variance. Where does epsilon go?",
)


def cases(random):
    gamma, beta = np.array([2.0, 1.0]), np.array([1.0, -1.0])
    yield {"x": np.array([[[[1.0, 10.0]]], [[[7.0, 14.0]]]]), "gamma": gamma, "beta": beta, "epsilon": 1.0}
    for shape in ((1, 2, 2, 1), (3, 2, 1, 2), (4, 5, 3, 3)):
        channels = shape[-1]
        yield {
            "x": random.normal(3, 2, shape),
            "gamma": random.uniform(0.5, 2, channels),
            "beta": random.normal(size=channels),
            "epsilon": float(random.choice([0.001, 0.5])),
        }
    yield {
        "x": random.normal(3, 0.02, (2, 3, 2, 2)),
        "gamma": random.uniform(0.5, 2, 2),
        "beta": random.normal(size=2),
        "epsilon": 0.01,
    }


def reference(x, gamma, beta, epsilon):
    from keras import layers

    layer = layers.BatchNormalization(epsilon=epsilon)
    layer.build(x.shape)
    layer.set_weights([gamma, beta, *layer.get_weights()[2:]])
    return layer(x.astype("float32"), training=True)


def batch_norm_forward(x, gamma, beta, epsilon=1e-3):
    mean = x.mean(axis=(0, 1, 2))
    var = x.var(axis=(0, 1, 2))
    return gamma * (x - mean) / np.sqrt(var + epsilon) + beta


SOLUTION = batch_norm_forward


def _wrong(axis=(0, 1, 2), ddof=0, outside=False, scale=True, root=True, swapped=False):
    """The same with one mistake."""

    def normalized(x, gamma, beta, epsilon):
        var = x.var(axis=axis, ddof=ddof, keepdims=True)
        mean = x.mean(axis=axis, keepdims=True)
        below = np.sqrt(var + epsilon) if root else var + epsilon
        if outside:
            below = np.sqrt(var) + epsilon
        if swapped:
            gamma, beta = beta, gamma
        return gamma * (x - mean) / below + beta if scale else (x - mean) / below

    return normalized


def _without_epsilon(x, gamma, beta, epsilon):
    return batch_norm_forward(x, gamma, beta, 0)


def _its_default(x, gamma, beta, epsilon):
    return batch_norm_forward(x, gamma, beta)


def _beta_scaled(x, gamma, beta, epsilon):
    return batch_norm_forward(x, gamma, gamma * beta, epsilon)


def _only(x, gamma, beta, epsilon, scales):
    return batch_norm_forward(x, gamma if scales else 1, 0 if scales else beta, epsilon)


SLIPS = (
    Slip(
        _wrong(axis=(0, 1, 2, 3)),
        "one mean for the whole tensor",
        "You average over the channels, too. Each channel has its own mean and variance.",
    ),
    Slip(
        _wrong(axis=(1, 2)),
        "each image by itself",
        "You average over rows and columns only. Batch normalization also averages over the images.",
    ),
    Slip(
        _wrong(axis=(1, 2, 3)),
        "layer normalization",
        "You normalize each image over all its channels: that is layer normalization.",
    ),
    Slip(
        _wrong(axis=0),
        "each pixel by itself",
        "You average over the images only. The pixels of a channel share one mean and one variance.",
    ),
    Slip(_wrong(ddof=1), "divided by n − 1", "The variance here is the plain mean of the squared differences."),
    Slip(_wrong(outside=True), "ε outside the root", "Epsilon is added to the variance, under the root."),
    Slip(_without_epsilon, "ε forgotten", "Epsilon is added to the variance, under the root."),
    Slip(
        _its_default,
        "ε is always 0.001",
        "Your result is the one for an epsilon of 0.001. Use the argument epsilon, which can have another value.",
    ),
    Slip(_wrong(root=False), "divided by the variance", "You divide by the variance. Divide by its square root."),
    Slip(_wrong(scale=False), "γ and β forgotten", "After normalizing, the layer scales by gamma and shifts by beta."),
    Slip(partial(_only, scales=False), "γ forgotten", "After normalizing, the layer multiplies by gamma."),
    Slip(partial(_only, scales=True), "β forgotten", "After scaling, the layer adds beta."),
    Slip(_beta_scaled, "β scaled by γ, too", "You multiply beta by gamma. Add beta after the multiplication."),
    Slip(_wrong(swapped=True), "γ and β exchanged", "gamma scales and beta shifts."),
)
