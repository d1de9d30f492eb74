"""A depthwise separable convolution on a small input, every step with biases: an exercise for paper."""

from utils.arithmetic import Conv2D, DepthwiseConv2D, SeparableConv2D
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "size": Parameter(7, Whole(1, 256), (7, 9, 12)),
    "kernel_size": Parameter(3, Whole(1, 11), (2, 3, 5)),
    "channels": Parameter(3, Whole(1, 256), (2, 3, 4, 5, 6)),
    "filters": Parameter(2, Whole(1, 256), (2, 3, 4, 7, 8)),
}


def question(size, kernel_size, channels, filters):
    shape = (size, size, channels)
    first, second = DepthwiseConv2D(kernel_size).parameters(shape), Conv2D(filters, 1).parameters(shape)
    by_layer = SeparableConv2D(filters, kernel_size).parameters(shape).value
    ordinary = Conv2D(filters, kernel_size).parameters(shape)
    DepthwiseConv2D(kernel_size).output_shape(shape)  # refuses a kernel that does not fit
    k = f"{kernel_size}×{kernel_size}"
    return Question(
        text=f"A depthwise separable convolution ({k}, {filters} output filters) gets an input of {shape}. "
        "Both steps have biases. How many trainable parameters are there?",
        answer=first.value + second.value,
        derivation=(
            *(f"depthwise step, {part}" for part in first.parts),
            *(f"pointwise step, {part}" for part in second.parts),
            f"total: {first.value} + {second.value} = {first.value + second.value:,}",
            f"Keras's SeparableConv2D has {by_layer:,}: it gives the depthwise step no biases ({channels} fewer).",
        ),
        slips=(
            Slip(by_layer, "the depthwise biases forgotten", "This is Keras's layer. Here both steps have biases."),
            Slip(by_layer - filters, "all biases forgotten", "The kernels are right. Both steps have biases as well."),
            Slip(
                ordinary.value,
                "counted as an ordinary convolution",
                f"These are the parameters of an ordinary {k} convolution. Here each {k} kernel reads one channel.",
            ),
            Slip(
                ordinary.part("kernels"),
                "an ordinary convolution without biases",
                f"You gave every filter a {k} kernel for each channel, and no bias. Separate the two steps first.",
            ),
        ),
        hints=(
            "First count the depthwise step (how many kernels, how many biases?), then the pointwise step.",
            f"{channels} kernels of {k}, {channels} biases; then {filters} kernels of {channels}, {filters} biases.",
        ),
    )


def by_keras(size, kernel_size, channels, filters):
    from keras import Sequential, layers

    return Sequential(
        [layers.Input((size, size, channels)), layers.DepthwiseConv2D(kernel_size), layers.Conv2D(filters, 1)]
    ).count_params()
