"""A convolution and the batch normalization behind it as one convolution."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 3
TEXT = (
    "At inference, one convolution can replace a convolution and the BatchNormalization after it. Return its kernel "
    "and its bias."
)
STUB = '''
def fold(kernel, bias, gamma, beta, moving_mean, moving_variance, epsilon=1e-3):
    """kernel: (rows, columns, channels, filters); all others: (filters,).
    Returns the new kernel and the new bias.
    """
    ...  # your code
'''
HINTS = (
    "At inference, batch normalization multiplies each channel by a number and adds another. Which two are they?",
    "The channels that are normalized are the convolution's filters. The factor of a filter multiplies all of its "
    "weights, and its old bias, too.",
)


def cases(random):
    yield {
        "kernel": np.array([[[[1.0, 2.0], [-1.0, 4.0]]]]),
        "bias": np.array([1.0, 3.0]),
        "gamma": np.array([2.0, 6.0]),
        "beta": np.array([1.0, -1.0]),
        "moving_mean": np.array([4.0, 2.0]),
        "moving_variance": np.array([3.0, 8.0]),
        "epsilon": 1.0,
    }
    for shape in ((3, 3, 1, 1), (3, 1, 4, 2), (2, 3, 3, 5)):
        filters = shape[-1]
        yield {
            "kernel": random.normal(size=shape),
            "bias": random.normal(size=filters),
            "gamma": random.uniform(0.5, 2, filters),
            "beta": random.normal(size=filters),
            "moving_mean": random.normal(size=filters),
            "moving_variance": random.uniform(0.5, 4, filters),
            "epsilon": float(random.choice([0.001, 0.5])),
        }


def reference(kernel, bias, gamma, beta, moving_mean, moving_variance, epsilon):
    """Read off Keras's two layers: an empty image gives the bias, and an image with a single 1 that weight besides."""
    from keras import layers

    *window, filters = kernel.shape
    convolution = layers.Conv2D(filters, kernel.shape[:2], dtype="float64")
    normalization = layers.BatchNormalization(epsilon=epsilon, dtype="float64")
    images = np.eye(np.prod(window)).reshape(-1, *window)
    images = np.concatenate([np.zeros((1, *window)), images])
    convolution.build(images.shape)
    normalization.build((None, 1, 1, filters))
    convolution.set_weights([kernel, bias])
    normalization.set_weights([gamma, beta, moving_mean, moving_variance])
    empty, *single = np.asarray(normalization(convolution(images), training=False)).reshape(-1, filters)
    return (np.array(single) - empty).reshape(kernel.shape), empty


def fold(kernel, bias, gamma, beta, moving_mean, moving_variance, epsilon=1e-3):
    factor = gamma / np.sqrt(moving_variance + epsilon)
    return kernel * factor, (bias - moving_mean) * factor + beta


SOLUTION = fold


def _wrong(axis=-1, bias_factor=True, with_bias=True, with_mean=True, mean_factor=True, sign=1, root=True, **left_out):
    """The same with one mistake."""

    def folded(kernel, bias, gamma, beta, moving_mean, moving_variance, epsilon):
        if left_out.get("epsilon"):
            epsilon = 0
        if left_out.get("gamma"):
            gamma = np.ones_like(gamma)
        if left_out.get("beta"):
            beta = np.zeros_like(beta)
        variance = moving_variance + epsilon
        factor = gamma / (np.sqrt(variance) if root else variance)
        new_bias = bias * (factor if bias_factor else 1) * with_bias
        new_bias = new_bias - sign * moving_mean * (factor if mean_factor else 1) * with_mean + beta
        if left_out.get("kernel"):
            return kernel.copy(), new_bias
        return kernel * (factor if axis == -1 else factor[:, None]), new_bias

    return folded


def _beta_scaled(kernel, bias, gamma, beta, moving_mean, moving_variance, epsilon):
    factor = gamma / np.sqrt(moving_variance + epsilon)
    return kernel * factor, (bias - moving_mean + beta) * factor


def _outside(kernel, bias, gamma, beta, moving_mean, moving_variance, epsilon):
    factor = gamma / (np.sqrt(moving_variance) + epsilon)
    return kernel * factor, (bias - moving_mean) * factor + beta


SLIPS = (
    Slip(
        _wrong(axis=-2),
        "the kernel scaled along its input channels",
        "You scale the kernel along its third axis. Batch normalization comes after the convolution, so its channels "
        "are the convolution's filters.",
    ),
    Slip(
        _wrong(kernel=True),
        "the kernel as it was",
        "You change only the bias. Batch normalization also multiplies each channel, so every weight must be "
        "multiplied.",
    ),
    Slip(
        _wrong(with_bias=False),
        "the old bias forgotten",
        "The convolution's own bias is lost. It is added before the normalization.",
    ),
    Slip(
        _wrong(bias_factor=False),
        "the old bias not scaled",
        "The old bias is added before the normalization, so it is scaled like the weights.",
    ),
    Slip(
        _wrong(with_mean=False),
        "moving_mean forgotten",
        "Your bias does not depend on moving_mean, which the normalization subtracts.",
    ),
    Slip(
        _wrong(mean_factor=False),
        "moving_mean not scaled",
        "moving_mean is subtracted before the division and before γ, so both apply to it, too.",
    ),
    Slip(_wrong(sign=-1), "moving_mean added", "moving_mean has the wrong sign in your bias."),
    Slip(_beta_scaled, "β scaled, too", "You scale β with the rest. The layer adds β last, so nothing multiplies it."),
    Slip(_wrong(beta=True), "β forgotten", "β is missing in your bias."),
    Slip(_wrong(gamma=True), "γ forgotten", "γ is missing. It belongs to the factor of each filter."),
    Slip(
        _wrong(root=False),
        "divided by the variance",
        "You divide by moving_variance + ε. The layer divides by the square root of it.",
    ),
    Slip(_outside, "ε outside the root", "Epsilon is added to moving_variance, under the root."),
    Slip(_wrong(epsilon=True), "ε forgotten", "Epsilon is added to moving_variance, under the root."),
)
