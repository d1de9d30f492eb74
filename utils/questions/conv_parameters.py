"""How many parameters an ordinary convolution has."""

from utils.arithmetic import Conv2D
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "kernel_size": Parameter(3, Whole(1, 11), (2, 3, 5)),
    "channels": Parameter(3, Whole(1, 2048), (1, 2, 3, 4, 5, 8, 10, 16)),
    "filters": Parameter(32, Whole(1, 2048), (6, 8, 10, 12, 16, 20)),
    "size": Parameter(32, Whole(1, 1024)),
}


def question(kernel_size, channels, filters, size):
    counted = Conv2D(filters, kernel_size, padding="same").parameters((size, size, channels))
    k = f"{kernel_size}×{kernel_size}"
    bias_of_each_channel = Slip(
        counted.part("kernels") + channels,
        "a bias for every input channel",
        "The weights are right, but you counted one bias for each input channel. There is one for each filter.",
    )
    return Question(
        text=f"A Conv2D layer with {filters} filters of {k}, padding 'same' and biases gets an input of shape "
        f"({size}, {size}, {channels}). How many parameters does it have?",
        answer=counted.value,
        derivation=counted,
        slips=(
            Slip(
                counted.part("kernels"),
                "the biases forgotten",
                "Your count of the weights is right. By default every filter also adds one number of its own.",
            ),
            Slip(
                kernel_size**2 * filters + filters,
                "the input channels forgotten",
                f"You gave each filter one flat window of {k}. A filter covers all channels of its input.",
            ),
            Slip(
                counted.value * size**2,
                "counted at every position",
                "You counted the filters again at every position. They slide: all positions share the same weights, "
                "so the height and width of the input do not matter.",
            ),
            *([bias_of_each_channel] if channels != filters else []),
        ),
        hints=(
            "How many weights does one filter have if it covers all input channels? What else does it add?",
            f"One filter has {kernel_size} × {kernel_size} × {channels} weights and a bias. Count {filters} of them.",
        ),
    )


def by_keras(kernel_size, channels, filters, size):
    import keras

    layer = keras.layers.Conv2D(filters, kernel_size, padding="same")
    layer.build((None, size, size, channels))
    return layer.count_params()
