"""How many parameters the 1×1 projection on a shortcut has."""

from utils.arithmetic import Conv2D
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "channels": Parameter(3, Whole(1, 2048), (1, 4, 6, 8, 12, 16)),
    "filters": Parameter(32, Whole(1, 2048), (10, 20, 24, 40, 64)),
}


def question(channels, filters):
    counted = Conv2D(filters, 1).parameters((1, 1, channels))
    return Question(
        text=f"A 1×1 convolution (Conv2D with biases) on the shortcut turns {channels} channels into {filters}. "
        "How many parameters does it have?",
        answer=counted.value,
        derivation=counted,
        slips=(
            Slip(
                counted.part("kernels"),
                "the biases forgotten",
                "The weights are right. By default, Conv2D also has a bias for each filter.",
            ),
            Slip(
                Conv2D(filters, 3).parameters((3, 3, channels)).value,
                "counted as a 3×3 convolution",
                "These are the parameters of a 3×3 convolution. The projection uses one position at a time.",
            ),
            Slip(
                channels * filters + channels,
                "a bias for every input channel",
                "The weights are right, but you counted one bias for each input channel. There is one for each filter.",
            ),
        ),
        hints=(
            "One filter of a 1×1 convolution is a weighted sum of the channels at one position, plus one number.",
            f"Each of the {filters} filters has a weight for each of the {channels} channels and one bias.",
        ),
    )


def by_keras(channels, filters):
    import keras

    layer = keras.layers.Conv2D(filters, 1)
    layer.build((None, 8, 8, channels))
    return layer.count_params()
