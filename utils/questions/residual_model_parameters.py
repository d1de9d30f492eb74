"""How many parameters a whole residual network has: three blocks and a classifier."""

from utils.arithmetic import Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D, Residual, Sequential
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "filters": Parameter(32, Whole(1, 256), (4, 8, 10, 16, 20)),
    "channels": Parameter(3, Whole(1, 16), (1, 3)),
    "size": Parameter(32, Whole(4, 256), (16, 24, 32)),
}
MOST_DIGITS = 6  # the point is the sum over a whole network


def network(filters, use_bias=True):
    blocks = []
    for width, pools in ((filters, True), (2 * filters, True), (4 * filters, False)):
        body = (Conv2D(width, 3, padding="same", use_bias=use_bias),) * 2 + (MaxPooling2D(2, padding="same"),) * pools
        projection = Conv2D(width, 1, strides=2 if pools else 1, use_bias=use_bias)
        blocks.append(Residual(Sequential(body), Sequential((projection,))))
    return Sequential((*blocks, GlobalAveragePooling2D(), Dense(1, use_bias)))


def question(filters, channels, size):
    shape = (size, size, channels)
    counted = network(filters).parameters(shape)
    total, classifier = counted.value, 4 * filters + 1
    projections = sum(part.value for part in counted.parts if part.name.startswith("shortcut"))
    without_biases = network(filters, use_bias=False).parameters(shape).value
    flattened = 4 * filters * (-(-size // 4)) ** 2 + 1
    return Question(
        text=f"A network for images of {shape} has residual blocks of {filters}, {2 * filters} and {4 * filters} "
        "filters, global average pooling and Dense(1). A block is two 3×3 convolutions with padding 'same'; the first "
        "two blocks also pool by 2. Every block has a 1×1 convolution on its shortcut; all layers have biases. How "
        "many parameters does the network have?",
        answer=total,
        derivation=counted,
        slips=(
            Slip(total - projections, "the projections forgotten", "You left out the layers on the shortcuts."),
            Slip(without_biases, "the biases forgotten", "You counted the weights only. Every filter also has a bias."),
            Slip(total - classifier, "the classifier forgotten", "You stopped at the pooling. One more layer follows."),
            Slip(
                total - classifier + flattened,
                "a classifier for every position",
                "You gave the classifier all positions. Global average pooling leaves one value for each channel.",
            ),
        ),
        hints=(
            "Write one line for each layer that has parameters: three in every block, and the classifier.",
            f"The lines are {'; '.join(part.factors for part in counted.parts)}.",
        ),
    )


def by_keras(filters, channels, size):
    from utils.questions._by_keras import model

    return model(network(filters), (size, size, channels)).count_params()
