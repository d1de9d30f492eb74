"""How many of a BatchNormalization layer's parameters are trained."""

from utils.arithmetic import BatchNormalization
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {"channels": Parameter(32, Whole(1, 4096), (8, 12, 16, 20, 24, 48, 64, 96, 128, 160, 192, 256))}


def question(channels):
    counted = BatchNormalization().parameters((channels,))
    return Question(
        text=f"How many of the parameters of a BatchNormalization layer on {channels} channels are trained?",
        answer=counted.trainable,
        derivation=(
            f"trained by gradient descent: γ and β, {channels} + {channels} = {counted.trainable:,}",
            f"collected from the batches, not trained: moving_mean and moving_variance, {channels} each",
        ),
        slips=(
            Slip(
                counted.value,
                "all parameters, trained or not",
                "This is the number of all its parameters. The moving statistics are averages of what went through "
                "the layer; no gradient changes them.",
            ),
            Slip(
                channels,
                "only one of the two",
                "You counted either the scale or the shift of each channel. Both are learned.",
            ),
            Slip(
                3 * channels,
                "one moving statistic too many",
                "You counted one of the moving statistics as trained. Neither of the two is: they are averages.",
            ),
        ),
        hints=(
            "Which numbers of the layer does gradient descent change, and which are averages of the data?",
            f"γ and β are trained: one of each for each of the {channels} channels.",
        ),
    )


def by_keras(channels):
    import keras

    layer = keras.layers.BatchNormalization()
    layer.build((None, channels))
    return sum(variable.value.shape.num_elements() for variable in layer.trainable_variables)
