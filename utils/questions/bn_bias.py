"""What a convolution's bias is worth before a BatchNormalization layer."""

from utils.arithmetic import Conv2D
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "kernel_size": Parameter(3, Whole(1, 11), (1, 3, 5)),
    "channels": Parameter(32, Whole(1, 2048), (3, 8, 16, 20, 48)),
    "filters": Parameter(64, Whole(1, 2048), (12, 24, 40, 50, 80, 96, 100, 128)),
}


def question(kernel_size, channels, filters):
    shape = (kernel_size, kernel_size, channels)
    counted = Conv2D(filters, kernel_size).parameters(shape)
    weights, biases = counted.part("kernels"), counted.part("biases")
    return Question(
        text=f"A Conv2D layer ({filters} filters of {kernel_size}×{kernel_size}, {channels} input channels, biases) is "
        "followed directly by BatchNormalization. Which of its parameters are redundant, and how many numbers do you "
        "save by dropping them?",
        answer=biases,
        derivation=(
            "A bias adds the same number to all values of a channel. The channel's mean grows by that number, too, and "
            "BatchNormalization subtracts the mean: the bias is gone. β takes its place.",
            f"use_bias=False saves one number for each filter: {filters:,}.",
        ),
        slips=(
            Slip(
                weights,
                "the weights taken as redundant",
                "You dropped the kernels, which hold what was learned. Look for what is constant over a channel.",
            ),
            Slip(
                2 * biases,
                "two numbers saved a filter",
                "You counted two numbers for each filter. Only the convolution's bias can go. β stays, because it does "
                "the work of the bias.",
            ),
            Slip(channels, "a bias for every input channel", "You counted input channels. Each filter has one bias."),
            Slip(counted.value, "all of the layer's parameters", "You counted the kernels, too. They are needed."),
        ),
        hints=(
            "BatchNormalization subtracts each channel's mean. Which parameters change only that mean?",
            f"The biases. The layer has {filters} filters, and each has one.",
        ),
    )


def by_keras(kernel_size, channels, filters):
    import keras

    with_bias, without = (keras.layers.Conv2D(filters, kernel_size, use_bias=use_bias) for use_bias in (True, False))
    with_bias.build((None, kernel_size, kernel_size, channels))
    without.build((None, kernel_size, kernel_size, channels))
    return with_bias.count_params() - without.count_params()
