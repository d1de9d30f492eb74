"""How many parameters the two steps of a separable convolution have as layers of their own, both with biases."""

from utils.arithmetic import Conv2D, Count, DepthwiseConv2D
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "kernel_size": Parameter(3, Whole(1, 11), (2, 3, 5)),
    "channels": Parameter(32, Whole(1, 2048), (8, 12, 16, 20, 24, 40)),
    "filters": Parameter(64, Whole(1, 2048), (10, 16, 32, 48, 80, 96)),
}


def question(kernel_size, channels, filters):
    shape = (kernel_size, kernel_size, channels)
    depthwise, pointwise = DepthwiseConv2D(kernel_size).parameters(shape), Conv2D(filters, 1).parameters(shape)
    counted = Count(depthwise.parts + pointwise.parts)
    return Question(
        text=f"{channels} channels go through DepthwiseConv2D({kernel_size}) and then Conv2D({filters}, 1), both with "
        "biases. How many parameters do the two layers have together?",
        answer=counted.value,
        derivation=counted,
        slips=(
            Slip(
                counted.value - channels,
                "the depthwise biases forgotten",
                "This is what SeparableConv2D has, with biases on its output only. Here the first layer has some too.",
            ),
            Slip(
                counted.value - filters,
                "the pointwise biases forgotten",
                "You counted the biases of the first layer only. The 1×1 convolution has its own.",
            ),
            Slip(
                counted.value - channels - filters,
                "all biases forgotten",
                "All kernels are right. Both layers also add a bias to each channel that they give.",
            ),
            Slip(
                Conv2D(filters, kernel_size).parameters(shape).value,
                "counted as an ordinary convolution",
                "This is one ordinary convolution. Here the first layer does not mix the channels.",
            ),
        ),
        hints=(
            "Take the layers one by one: kernels and biases of the first, kernels and biases of the second.",
            f"The first gives {channels} channels and has a bias for each; the second gives {filters}.",
        ),
    )


def by_keras(kernel_size, channels, filters):
    import keras

    layers = keras.layers.DepthwiseConv2D(kernel_size), keras.layers.Conv2D(filters, 1)
    for layer in layers:
        layer.build((None, kernel_size, kernel_size, channels))
    return sum(layer.count_params() for layer in layers)
