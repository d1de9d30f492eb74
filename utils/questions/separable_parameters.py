"""How many parameters a SeparableConv2D has."""

from utils.arithmetic import Conv2D, SeparableConv2D
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "kernel_size": Parameter(3, Whole(1, 11), (2, 3, 5)),
    "channels": Parameter(32, Whole(1, 2048), (8, 12, 16, 20, 24, 40)),
    "filters": Parameter(64, Whole(1, 2048), (10, 16, 32, 48, 80, 96)),
}


def question(kernel_size, channels, filters):
    shape = (kernel_size, kernel_size, channels)
    counted = SeparableConv2D(filters, kernel_size).parameters(shape)
    depthwise, pointwise = counted.part("depthwise kernels"), counted.part("pointwise kernels")
    ordinary, k = Conv2D(filters, kernel_size).parameters(shape), f"{kernel_size}×{kernel_size}"
    return Question(
        text=f"SeparableConv2D({filters}, {kernel_size}) gets {channels} channels. How many parameters does it have?",
        answer=counted.value,
        derivation=counted,
        slips=(
            Slip(
                counted.value + channels,
                "a depthwise bias as well",
                "You gave the depthwise step biases. Keras gives the layer one bias per output channel.",
            ),
            Slip(depthwise + pointwise, "the biases forgotten", "The kernels are right. Each filter also has a bias."),
            Slip(
                ordinary.value,
                "counted as an ordinary convolution",
                "These are Conv2D's parameters. Here filtering each channel and mixing the channels are two steps.",
            ),
            Slip(
                depthwise + filters,
                "the pointwise step forgotten",
                "You counted the depthwise kernels and the biases. The step that mixes channels has weights too.",
            ),
            Slip(
                pointwise + filters,
                "the depthwise step forgotten",
                f"You counted the 1×1 step and the biases. Before it each channel has a {k} kernel of its own.",
            ),
        ),
        hints=(
            "Count three things separately: the kernels that look at one channel each, the 1×1 kernels, the biases.",
            f"{k} weights for each of {channels} channels; {channels} weights and a bias for each of {filters} "
            "filters.",
        ),
    )


def by_keras(kernel_size, channels, filters):
    import keras

    layer = keras.layers.SeparableConv2D(filters, kernel_size)
    layer.build((None, kernel_size, kernel_size, channels))
    return layer.count_params()
