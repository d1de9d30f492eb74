"""Batch normalization at inference."""

from functools import partial

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 2
TEXT = (
    "Write what BatchNormalization does to images at inference: it normalizes with the moving averages, then scales by "
    "gamma and shifts by beta."
)
STUB = '''
def batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, epsilon=1e-3):
    """x: (images, rows, columns, channels); all others: (channels,). Returns
    an array shaped like x.
    """
    ...  # your code
'''
HINTS = (
    "Nothing is averaged here: each image gives the same output, whatever else is in the batch.",
    "It is the forward pass of training, with other numbers instead of the batch's mean and variance.",
)


def cases(random):
    yield {
        "x": np.array([[[[1.0, 10.0]]], [[[7.0, 14.0]]]]),
        "gamma": np.array([2.0, 1.0]),
        "beta": np.array([1.0, -1.0]),
        "moving_mean": np.array([3.0, 6.0]),
        "moving_variance": np.array([3.0, 15.0]),
        "epsilon": 1.0,
    }
    for shape in ((1, 1, 1, 1), (1, 3, 2, 2), (4, 5, 3, 3)):
        channels = shape[-1]
        yield {
            "x": random.normal(3, 2, shape),
            "gamma": random.uniform(0.5, 2, channels),
            "beta": random.normal(size=channels),
            "moving_mean": random.normal(2, 1, channels),
            "moving_variance": random.uniform(0.5, 4, channels),
            "epsilon": float(random.choice([0.001, 0.5])),
        }


def reference(x, gamma, beta, moving_mean, moving_variance, epsilon):
    from keras import layers

    layer = layers.BatchNormalization(epsilon=epsilon, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([gamma, beta, moving_mean, moving_variance])
    return layer(x, training=False)


def batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, epsilon=1e-3):
    return gamma * (x - moving_mean) / np.sqrt(moving_variance + epsilon) + beta


SOLUTION = batch_norm_inference


def _wrong(batch=(), root=True, outside=False, centered=True, scale=True, swapped=False):
    """The same with one mistake; ``batch`` names the statistics that are the batch's own."""

    def normalized(x, gamma, beta, moving_mean, moving_variance, epsilon):
        mean = x.mean(axis=(0, 1, 2)) if "mean" in batch else moving_mean
        variance = x.var(axis=(0, 1, 2)) if "variance" in batch else moving_variance
        below = np.sqrt(variance + epsilon) if root else variance + epsilon
        if outside:
            below = np.sqrt(variance) + epsilon
        if swapped:
            gamma, beta = beta, gamma
        above = x - mean if centered else x
        return gamma * above / below + beta if scale else above / below

    return normalized


def _without_epsilon(x, gamma, beta, moving_mean, moving_variance, epsilon):
    return batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, 0)


def _only(x, gamma, beta, moving_mean, moving_variance, epsilon, scales):
    gamma, beta = (gamma, 0) if scales else (1, beta)
    return batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, epsilon)


SLIPS = (
    Slip(
        _wrong(batch=("mean", "variance")),
        "the batch's own statistics",
        "You normalize with the mean and variance of this batch. That is the layer in training; a prediction must not "
        "depend on what else is in the batch.",
    ),
    Slip(
        _wrong(batch=("mean",)),
        "the batch's own mean",
        "The mean that you subtract is the batch's. At inference the layer uses its moving averages for both.",
    ),
    Slip(
        _wrong(batch=("variance",)),
        "the batch's own variance",
        "The variance that you divide by is the batch's. At inference the layer uses its moving averages for both.",
    ),
    Slip(
        _wrong(root=False),
        "divided by the variance",
        "The layer keeps an average of the variance. Divide by its square root.",
    ),
    Slip(_wrong(outside=True), "ε outside the root", "Epsilon is added to the variance, under the root."),
    Slip(_without_epsilon, "ε forgotten", "Epsilon is added to the variance, as in training."),
    Slip(_wrong(centered=False), "the mean not subtracted", "You only divide. Subtract the mean first."),
    Slip(_wrong(scale=False), "γ and β forgotten", "After normalizing, the layer scales by gamma and shifts by beta."),
    Slip(partial(_only, scales=False), "γ forgotten", "After normalizing, the layer multiplies by gamma."),
    Slip(partial(_only, scales=True), "β forgotten", "After scaling, the layer adds beta."),
    Slip(_wrong(swapped=True), "γ and β exchanged", "gamma scales and beta shifts."),
)
