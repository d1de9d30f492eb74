"""An ordinary convolution by loops over the places of the window."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 2
TEXT = (
    "Write what Conv2D computes, with NumPy and loops: put the kernel on every place of the image, multiply, sum "
    "over the rows, columns and channels of the window, and add the bias."
)
STUB = '''
def convolution_by_loops(x, kernel, bias, strides=1):
    """x: (images, rows, columns, channels); kernel: (kernel rows, kernel
    columns, channels, filters); bias: (filters,).

    padding is "valid": no window leaves the image. Returns (images, output
    rows, output columns, filters).
    """
    ...  # your code
'''
HINTS = (
    "How often does a window of 3 rows fit into 7 rows, in steps of 2? Count it first on paper, then write it for any "
    "sizes. Make an array of zeros of that shape and fill it place by place.",
    "For one place, window = x[:, top : top + kernel rows, left : left + kernel columns]. For filter f, kernel[..., f] "
    "has the shape of the window of one image.",
)


def cases(random):
    yield {
        "x": np.arange(1.0, 10.0).reshape(1, 3, 3, 1),
        "kernel": np.array([[1.0, 0.0], [2.0, -1.0]])[..., None, None],
        "bias": np.array([10.0]),
        "strides": 1,
    }
    for shape, window, filters, strides in (
        ((2, 5, 4, 3), (3, 3), 3, 1),
        ((1, 7, 8, 2), (3, 2), 4, 2),
        ((3, 8, 5, 1), (2, 2), 2, 3),
        ((2, 4, 3, 2), (1, 1), 1, 2),
        ((1, 3, 5, 2), (3, 5), 2, 1),
    ):
        yield {
            "x": random.normal(size=shape),
            "kernel": random.normal(size=(*window, shape[-1], filters)),
            "bias": random.normal(size=filters),
            "strides": strides,
        }


def reference(x, kernel, bias, strides):
    from keras import layers

    layer = layers.Conv2D(len(bias), kernel.shape[:2], strides)
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    return layer(x.astype("float32"))


def convolution_by_loops(x, kernel, bias, strides=1):
    high, wide, _, filters = kernel.shape
    rows = (x.shape[1] - high) // strides + 1
    columns = (x.shape[2] - wide) // strides + 1
    result = np.zeros((len(x), rows, columns, filters))
    for row in range(rows):
        for column in range(columns):
            top, left = row * strides, column * strides
            window = x[:, top : top + high, left : left + wide]
            for f in range(filters):
                result[:, row, column, f] = (window * kernel[..., f]).sum(axis=(1, 2, 3)) + bias[f]
    return result


SOLUTION = convolution_by_loops


def _with(new_kernel=lambda kernel: kernel, new_bias=lambda bias: bias):
    return lambda x, kernel, bias, strides: convolution_by_loops(x, new_kernel(kernel), new_bias(bias), strides)


def _stride_lost(x, kernel, bias, strides):
    return convolution_by_loops(x, kernel, bias, 1)


def _next_to_each_other(x, kernel, bias, strides):
    rows, columns = convolution_by_loops(x, kernel, bias, strides).shape[1:3]
    return convolution_by_loops(x, kernel, bias, 1)[:, :rows, :columns]


def _one_short(x, kernel, bias, strides):
    """The number of outputs without the + 1."""
    rows = (x.shape[1] - kernel.shape[0]) // strides
    columns = (x.shape[2] - kernel.shape[1]) // strides
    return convolution_by_loops(x, kernel, bias, strides)[:, :rows, :columns]


def _same(x, kernel, bias, strides):
    before = [(size - 1) // 2 for size in kernel.shape[:2]]
    margins = [(each, size - 1 - each) for each, size in zip(before, kernel.shape[:2], strict=True)]
    return convolution_by_loops(np.pad(x, ((0, 0), *margins, (0, 0))), kernel, bias, strides)


def _images_summed(x, kernel, bias, strides):
    summed = convolution_by_loops(x.sum(axis=0, keepdims=True), kernel, bias, strides)
    return np.repeat(summed, len(x), axis=0)


def _mean(x, kernel, bias, strides):
    return convolution_by_loops(x, kernel / np.prod(kernel.shape[:3]), bias, strides)


def _ends_early(x, kernel, bias, strides, rows=1, columns=None):
    """``return`` within a loop: all but the first places stay 0."""
    result = convolution_by_loops(x, kernel, bias, strides)
    result[:, rows:] = 0
    if columns:
        result[:, :, columns:] = 0
    return result


def _first_channel(x, kernel, bias, strides):
    return convolution_by_loops(x[..., :1], kernel[:, :, :1], bias, strides)


SLIPS = (
    Slip(
        _with(new_kernel=lambda kernel: kernel[::-1, ::-1]),
        "the kernel is flipped",
        "You rotate the kernel by 180 degrees, as the mathematical convolution does. Networks do not: the kernel's "
        "first weight belongs to the window's upper left pixel.",
    ),
    Slip(
        _with(new_bias=lambda bias: 0 * bias),
        "the bias is forgotten",
        "Each filter adds its own bias to its map.",
    ),
    Slip(
        _with(new_bias=lambda bias: bias.sum() + 0 * bias),
        "all biases for each filter",
        "You add the sum of all biases to every map. Each filter has one bias.",
    ),
    Slip(
        _with(new_kernel=lambda kernel: np.repeat(kernel[..., :1], kernel.shape[3], axis=3)),
        "one kernel for all filters",
        "All maps come from the first filter. Each filter has a kernel of its own.",
    ),
    Slip(
        _first_channel,
        "only the first channel",
        "A filter looks at all channels of the image, and sums over them.",
    ),
    Slip(
        _stride_lost,
        "the stride is lost",
        "You compute the output at every place. With strides=2, only every second place is needed.",
    ),
    Slip(
        _next_to_each_other,
        "the windows lie next to each other",
        "The number of outputs is right, but their windows are one pixel apart. They must be strides pixels apart.",
    ),
    Slip(
        _one_short,
        "one row and one column too few",
        "The last window is missing. How often does a window of 3 fit into 3 pixels?",
    ),
    Slip(_same, "padding is “same”", "Zeros around the image keep its size. Here no window leaves the image."),
    Slip(
        _images_summed,
        "the images are added up",
        "You sum over the images of the batch. Each image has its own result.",
    ),
    Slip(
        _ends_early,
        "only the first row",
        "All rows but the first are 0. Does your return stand inside the loop over the rows? Then it ends the "
        "function in the first round.",
    ),
    Slip(
        lambda x, kernel, bias, strides: _ends_early(x, kernel, bias, strides, columns=1),
        "only the first place",
        "All places but the first are 0. Does your return stand inside the loops? Then it ends the function in the "
        "first round.",
    ),
    Slip(_mean, "the mean in place of the sum", "You divide by the size of the window. The products are only summed."),
)
