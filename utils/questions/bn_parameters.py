"""How many parameters a BatchNormalization layer has."""

from utils.arithmetic import BatchNormalization
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "channels": Parameter(32, Whole(1, 4096), (8, 12, 16, 20, 24, 48, 64, 96, 128, 160, 192, 256)),
    "height": Parameter(30, Whole(1, 1024)),
    "width": Parameter(30, Whole(1, 1024)),
}


def question(channels, height, width):
    counted = BatchNormalization().parameters((height, width, channels))
    return Question(
        text=f"A BatchNormalization layer follows feature maps of shape ({height}, {width}, {channels}). "
        "How many parameters does it have, trained or not?",
        answer=counted.value,
        derivation=counted,
        slips=(
            Slip(
                counted.trainable,
                "only the trained parameters",
                "γ and β are trained. But the layer also keeps the moving statistics that it uses at inference. "
                "Keras counts them as parameters, too: as those that are not trained.",
            ),
            Slip(
                channels,
                "one parameter a channel",
                "You counted the channels. Each channel needs more than one number: think of what is computed from "
                "the data, and of what is learned in addition.",
            ),
            Slip(
                4,
                "the parameters of one channel",
                "This is what a single channel needs. Every channel has its own.",
            ),
            Slip(
                4 * height * width * channels,
                "a set for every pixel",
                "You gave each pixel its own parameters. The layer shares them over all positions of a channel, "
                "as a convolution shares its kernel, so height and width do not matter.",
            ),
        ),
        hints=(
            "List what the layer must know about one channel to normalize it at inference, and to undo the "
            "normalization where that helps.",
            f"Each channel has γ, β, a moving mean and a moving variance. There are {channels} channels.",
        ),
    )


def by_keras(channels, height, width):
    import keras

    layer = keras.layers.BatchNormalization()
    layer.build((None, height, width, channels))
    return layer.count_params()
