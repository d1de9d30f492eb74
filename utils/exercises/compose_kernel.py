"""The ordinary kernel that does in one step what a depthwise and a pointwise kernel do in two."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 2
TEXT = (
    "Write the kernel of an ordinary Conv2D that computes the same as a SeparableConv2D with these two kernels, for "
    "any depth_multiplier."
)
STUB = '''
def composed_kernel(depthwise_kernel, pointwise_kernel):
    """The two kernels as Keras keeps them, for depth_multiplier m:

    depthwise_kernel: (kernel rows, kernel columns, channels, m),
    pointwise_kernel: (1, 1, channels * m, filters). Returns (kernel rows,
    kernel columns, channels, filters).
    """
    ...  # your code
'''
HINTS = (
    "Follow one weight: channel c reaches filter f through m maps in between. What does each contribute at row i and "
    "column j of the window?",
    "Reshape the pointwise kernel to (channels, m, filters): map c * m + d comes from channel c. Then the two kernels "
    "share the axes c and d. Which of the two remains in the result?",
)


def cases(random):
    yield {
        "depthwise_kernel": np.array([[[[1.0], [2.0]], [[3.0], [0.0]]]]),
        "pointwise_kernel": np.array([[[[1.0, 10.0], [-1.0, 5.0]]]]),
    }
    for rows, columns, channels, multiplier, filters in (
        (1, 1, 1, 1, 1),
        (3, 3, 2, 2, 3),
        (2, 3, 3, 2, 2),
        (3, 1, 1, 4, 2),
    ):
        yield {
            "depthwise_kernel": random.normal(size=(rows, columns, channels, multiplier)),
            "pointwise_kernel": random.normal(size=(1, 1, channels * multiplier, filters)),
        }


def reference(depthwise_kernel, pointwise_kernel):
    """What Keras's layer makes of single bright pixels, one in each channel: its kernel, turned by half a turn."""
    from keras import layers

    rows, columns, channels, multiplier = depthwise_kernel.shape
    filters = pointwise_kernel.shape[-1]
    layer = layers.SeparableConv2D(filters, (rows, columns), depth_multiplier=multiplier, use_bias=False)
    layer.build((None, None, None, channels))
    layer.set_weights([depthwise_kernel, pointwise_kernel])
    pixels = np.zeros((channels, 2 * rows - 1, 2 * columns - 1, channels), dtype="float32")
    pixels[range(channels), rows - 1, columns - 1, range(channels)] = 1
    return np.moveaxis(np.asarray(layer(pixels))[:, ::-1, ::-1], 0, 2)


def composed_kernel(depthwise_kernel, pointwise_kernel):
    channels, multiplier = depthwise_kernel.shape[2:]
    mixing = pointwise_kernel.reshape(channels, multiplier, -1)
    return np.einsum("ijcd,cdf->ijcf", depthwise_kernel, mixing)


SOLUTION = composed_kernel


def _other_order(depthwise_kernel, pointwise_kernel):
    _, _, channels, multiplier = depthwise_kernel.shape
    mixing = pointwise_kernel.reshape(multiplier, channels, -1)
    return np.einsum("ijcd,dcf->ijcf", depthwise_kernel, mixing)


def _first_multiple(depthwise_kernel, pointwise_kernel):
    multiplier = depthwise_kernel.shape[3]
    return composed_kernel(depthwise_kernel[..., :1], pointwise_kernel[:, :, ::multiplier])


def _summed_apart(depthwise_kernel, pointwise_kernel):
    channels, multiplier = depthwise_kernel.shape[2:]
    mixing = pointwise_kernel.reshape(channels, multiplier, -1).sum(axis=1)
    return np.einsum("ijc,cf->ijcf", depthwise_kernel.sum(axis=3), mixing)


def _averaged(depthwise_kernel, pointwise_kernel):
    return composed_kernel(depthwise_kernel, pointwise_kernel) / depthwise_kernel.shape[3]


def _added(depthwise_kernel, pointwise_kernel):
    channels, multiplier = depthwise_kernel.shape[2:]
    mixing = pointwise_kernel.reshape(channels, multiplier, -1)
    return (depthwise_kernel[..., None] + mixing).sum(axis=3)


def _flipped(depthwise_kernel, pointwise_kernel):
    return composed_kernel(depthwise_kernel, pointwise_kernel)[::-1, ::-1]


def _channels_summed(depthwise_kernel, pointwise_kernel):
    summed = composed_kernel(depthwise_kernel, pointwise_kernel).sum(axis=2, keepdims=True)
    return np.repeat(summed, depthwise_kernel.shape[2], axis=2)


def _filters_first(depthwise_kernel, pointwise_kernel):
    return np.swapaxes(composed_kernel(depthwise_kernel, pointwise_kernel), 2, 3)


SLIPS = (
    Slip(
        _other_order,
        "the maps in between are in another order",
        "With depth_multiplier=m the m maps of one channel lie next to each other. Look at how you split the axis of "
        "channels * m.",
    ),
    Slip(
        _first_multiple,
        "only the first map of each channel",
        "Each channel has depth_multiplier windows of its own. You use the first one only.",
    ),
    Slip(
        _summed_apart,
        "windows and weights are summed apart",
        "You add up the windows of a channel, and its weights, before you multiply. Multiply each window by its own "
        "weight first.",
    ),
    Slip(
        _averaged,
        "divided by depth_multiplier",
        "The pointwise step adds up the maps of a channel; it does not average them.",
    ),
    Slip(_added, "the kernels are added", "You add the two kernels. Two steps, one after the other, multiply."),
    Slip(_flipped, "the windows are flipped", "The windows keep their direction: row i of one is row i of the other."),
    Slip(
        _channels_summed,
        "all channels have the same window",
        "You sum over the channels. That sum belongs to the convolution; the kernel keeps a window for each channel.",
    ),
    Slip(
        _filters_first,
        "channels and filters exchanged",
        "Keras's kernels end with (channels, filters), in this order.",
    ),
)
