"""A pointwise (1×1) convolution as one product of matrices."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 1
TEXT = (
    "Write what a Conv2D with a 1×1 kernel does, with its bias and its strides, without a loop: each pixel's channels "
    "are multiplied by the same matrix."
)
STUB = '''
def pointwise_convolution(x, kernel, bias, strides=1):
    """x: (images, rows, columns, channels); kernel: (1, 1, channels, filters),
    as Keras keeps it; bias: (filters,).

    Returns (images, output rows, output columns, filters).
    """
    ...  # your code
'''
HINTS = (
    "kernel[0, 0] is a matrix of channels × filters. NumPy's @ multiplies along the last axis of x.",
    "Which pixels does a 1×1 window with strides=2 see? Take these first; what is left is one product and one sum.",
)


def cases(random):
    yield {
        "x": np.array([[[[1.0, 2.0], [3.0, -1.0]]]]),
        "kernel": np.array([[[[1.0, 0.0, 2.0], [1.0, 3.0, -1.0]]]]),
        "bias": np.array([0.0, 1.0, 10.0]),
        "strides": 1,
    }
    for shape, filters, strides in (
        ((1, 4, 5, 3), 3, 1),
        ((2, 5, 6, 4), 2, 2),
        ((3, 7, 4, 1), 2, 3),
        ((1, 1, 3, 5), 1, 1),
    ):
        yield {
            "x": random.normal(size=shape),
            "kernel": random.normal(size=(1, 1, shape[-1], filters)),
            "bias": random.normal(size=filters),
            "strides": strides,
        }


def reference(x, kernel, bias, strides):
    from keras import layers

    layer = layers.Conv2D(len(bias), 1, strides)
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    return layer(x.astype("float32"))


def pointwise_convolution(x, kernel, bias, strides=1):
    return x[:, ::strides, ::strides] @ kernel[0, 0] + bias


SOLUTION = pointwise_convolution


def _bias_forgotten(x, kernel, bias, strides):
    return x[:, ::strides, ::strides] @ kernel[0, 0]


def _stride_lost(x, kernel, bias, strides):
    return x @ kernel[0, 0] + bias


def _rows_only(x, kernel, bias, strides):
    return x[:, ::strides] @ kernel[0, 0] + bias


def _late_start(x, kernel, bias, strides):
    thinned = x[:, strides - 1 :: strides, strides - 1 :: strides]
    return thinned @ kernel[0, 0] + bias


def _reshaped(x, kernel, bias, strides):
    matrix = kernel.reshape(kernel.shape[3], kernel.shape[2]).T
    return x[:, ::strides, ::strides] @ matrix + bias


def _kernel_summed(x, kernel, bias, strides):
    return x[:, ::strides, ::strides].sum(axis=3, keepdims=True) * kernel[0, 0].sum(axis=0) + bias


def _rectified(x, kernel, bias, strides):
    return np.maximum(pointwise_convolution(x, kernel, bias, strides), 0)


SLIPS = (
    Slip(_bias_forgotten, "the bias is forgotten", "Each filter adds a constant of its own to its map."),
    Slip(_stride_lost, "the stride is lost", "You compute every pixel. With strides=2, every second one is needed."),
    Slip(
        _rows_only,
        "the stride on the rows only",
        "The rows are right, but you keep all columns. Strides apply to both.",
    ),
    Slip(
        _late_start,
        "the first window is left out",
        "The windows are the right distance apart, but the first one must lie on the first pixel.",
    ),
    Slip(
        _reshaped,
        "the matrix is mixed up by reshape",
        "The kernel's axes are channels and filters. Reshaping it to (filters, channels) does not transpose it: the "
        "numbers end up in other places.",
    ),
    Slip(
        _kernel_summed,
        "channels and weights are summed apart",
        "You add up the channels first, and the weights, too. Multiply each channel by its own weight before the sum.",
    ),
    Slip(_rectified, "a ReLU too many", "Negative numbers are set to 0. This layer has no activation."),
)
