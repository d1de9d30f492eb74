"""A depthwise convolution by loops over the places of the window."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 3
TEXT = (
    "Write a depthwise convolution with NumPy: move the window over the image in steps of strides, and sum over the "
    "places of the window, each channel with a kernel of its own."
)
STUB = '''
def depthwise_by_loops(x, kernel, strides=1, padding="valid"):
    """x: (images, rows, columns, channels); kernel: (kernel rows, kernel
    columns, channels). No bias.

    padding is "valid" or "same". Returns (images, output rows, output columns,
    channels).
    """
    ...  # your code
'''
HINTS = (
    "Pad first. Then no window leaves the image, and one loop over output rows and one over output columns are enough.",
    "For 'same', rows / strides rounded up is the number of output rows; (output rows − 1) · strides + kernel rows is "
    "how many rows the padded image must have. For each place, window = x[:, top : top + kernel rows, left : ...].",
)


def cases(random):
    yield {
        "x": np.arange(1.0, 13.0).reshape(1, 3, 2, 2),
        "kernel": np.array([[[1.0, 2.0], [0.0, 1.0]], [[3.0, 0.0], [1.0, -1.0]]]),
        "strides": 1,
        "padding": "valid",
    }
    for shape, window, strides, padding in (
        ((1, 5, 4, 1), (3, 2), 2, "same"),
        ((2, 6, 5, 3), (3, 3), 2, "same"),
        ((3, 7, 7, 2), (3, 3), 3, "valid"),
        ((1, 4, 5, 2), (4, 4), 1, "same"),
        ((2, 5, 5, 2), (1, 1), 2, "same"),
    ):
        yield {
            "x": random.normal(size=shape),
            "kernel": random.normal(size=(*window, shape[-1])),
            "strides": strides,
            "padding": padding,
        }


def reference(x, kernel, strides, padding):
    from keras import layers

    layer = layers.DepthwiseConv2D(kernel.shape[:2], strides, padding, use_bias=False)
    layer.build(x.shape)
    layer.set_weights([kernel[..., None]])
    return layer(x.astype("float32"))


def depthwise_by_loops(x, kernel, strides=1, padding="valid"):
    if padding == "same":
        margins = []
        for size, window in zip(x.shape[1:3], kernel.shape[:2], strict=True):
            outputs = -(-size // strides)
            missing = max((outputs - 1) * strides + window - size, 0)
            margins.append((missing // 2, missing - missing // 2))
        x = np.pad(x, ((0, 0), *margins, (0, 0)))
    high, wide = kernel.shape[:2]
    rows = (x.shape[1] - high) // strides + 1
    columns = (x.shape[2] - wide) // strides + 1
    result = np.zeros((len(x), rows, columns, x.shape[3]))
    for row in range(rows):
        for column in range(columns):
            top, left = row * strides, column * strides
            window = x[:, top : top + high, left : left + wide]
            result[:, row, column] = (window * kernel).sum(axis=(1, 2))
    return result


SOLUTION = depthwise_by_loops


def _with_kernel(changed):
    return lambda x, kernel, strides, padding: depthwise_by_loops(x, changed(kernel), strides, padding)


def _with_margins(before_and_after, mode="constant"):
    """Padding "same" with other margins, ``before_and_after(missing, window)``; what is too much is left out."""

    def padded(x, kernel, strides, padding):
        if padding == "valid":
            return depthwise_by_loops(x, kernel, strides)
        outputs = [-(-size // strides) for size in x.shape[1:3]]
        margins = []
        for count, window, size in zip(outputs, kernel.shape[:2], x.shape[1:3], strict=True):
            missing = max((count - 1) * strides + window - size, 0)
            margins.append(before_and_after(missing, window))
        x = np.pad(x, ((0, 0), *margins, (0, 0)), mode=mode)
        return depthwise_by_loops(x, kernel, strides)[:, : outputs[0], : outputs[1]]

    return padded


def _mixed(x, kernel, strides, padding):
    summed = depthwise_by_loops(x, kernel, strides, padding).sum(axis=3, keepdims=True)
    return np.repeat(summed, x.shape[3], axis=3)


def _all_summed(x, kernel, strides, padding):
    maps = depthwise_by_loops(x, kernel, strides, padding)
    return np.broadcast_to(maps.sum(axis=(0, 3), keepdims=True), maps.shape)


def _one_too_few(x, kernel, strides, padding):
    return depthwise_by_loops(x, kernel, strides, padding)[:, :-1, :-1]


def _stride_lost(x, kernel, strides, padding):
    return depthwise_by_loops(x, kernel, 1, padding)


def _never_padded(x, kernel, strides, padding):
    return depthwise_by_loops(x, kernel, strides, "valid")


def _thinned_before(x, kernel, strides, padding):
    return depthwise_by_loops(x[:, ::strides, ::strides], kernel, 1, padding)


def _next_to_each_other(x, kernel, strides, padding):
    """As many outputs as there should be, from windows one pixel apart."""
    rows, columns = depthwise_by_loops(x, kernel, strides, padding).shape[1:3]
    return depthwise_by_loops(x, kernel, 1, padding)[:, :rows, :columns]


def _mean(x, kernel, strides, padding):
    return depthwise_by_loops(x, kernel, strides, padding) / np.prod(kernel.shape[:2])


SLIPS = (
    Slip(
        _mixed,
        "the channels are mixed",
        "You sum over the channels, too. A depthwise convolution sums over the places of the window only; mixing the "
        "channels is the job of the pointwise step.",
    ),
    Slip(
        _all_summed,
        "one sum for everything",
        "np.sum without an axis adds up the channels, and even the images. Sum over the places of the window only: "
        "which axes are they?",
    ),
    Slip(
        _one_too_few,
        "one row and one column too few",
        "The window moves (rows − kernel rows) // strides times. Its first place counts, too: add 1.",
    ),
    Slip(
        _with_kernel(lambda kernel: np.repeat(kernel[..., :1], kernel.shape[2], axis=2)),
        "one kernel for all channels",
        "All channels get the first channel's kernel. Each has one of its own.",
    ),
    Slip(
        _with_kernel(lambda kernel: kernel[::-1, ::-1]),
        "the kernel is flipped",
        "You rotate the kernel by 180 degrees, as the convolution of mathematics does. Networks do not: the kernel's "
        "first weight belongs to the window's upper left pixel.",
    ),
    Slip(_stride_lost, "the stride is lost", "You compute every place. With strides=2, every second one is needed."),
    Slip(
        _next_to_each_other,
        "the windows lie next to each other",
        "The number of outputs is right, but their windows are one pixel apart. They must be strides pixels apart.",
    ),
    Slip(
        _thinned_before,
        "the image is thinned out",
        "You leave out pixels of the image first. The strides move the window; inside the window, all pixels count.",
    ),
    Slip(
        _never_padded,
        "padding is always “valid”",
        'Without padding the output shrinks. With padding="same" zeros are put around the image first.',
    ),
    Slip(
        _with_margins(lambda missing, window: (window // 2, window // 2)),
        "always padded alike on both sides",
        "You pad by half a kernel on each side. With strides, or with an even kernel, fewer pixels are missing: count "
        "them, and put the larger half at the bottom and on the right.",
    ),
    Slip(
        _with_margins(lambda missing, window: (missing - missing // 2, missing // 2)),
        "the extra pixel on the wrong side",
        "If the number of missing rows or columns is odd, Keras puts the extra one at the bottom or on the right.",
    ),
    Slip(
        _with_margins(lambda missing, window: (missing // 2, missing - missing // 2), mode="edge"),
        "padded with the border's pixels",
        "You repeat the pixels of the border. Keras pads with zeros.",
    ),
    Slip(_mean, "the mean instead of the sum", "You divide by the size of the window. The products are only added."),
)
