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


def network(filters, channels, use_bias=True):
    """Blocks of ``filters``, twice and four times as many; the first two pool."""
    blocks = []
    for width, pools in ((filters, True), (2 * filters, True), (4 * filters, False)):
        body = [Conv2D(width, 3, padding="same", use_bias=use_bias) for _ in range(2)]
        body += [MaxPooling2D(2, padding="same")] * pools
        projects = pools or channels != width
        shortcut = [Conv2D(width, 1, strides=2 if pools else 1, use_bias=use_bias)] * projects
        blocks.append(Residual(Sequential(tuple(body)), Sequential(tuple(shortcut))))
        channels = width
    return Sequential((*blocks, GlobalAveragePooling2D(), Dense(1, use_bias)))


def question(filters, channels, size):
    shape = (size, size, channels)
    counted = network(filters, channels).parameters(shape)
    projections = sum(part.value for part in counted.parts if part.name.startswith("shortcut"))
    maps = 4 * filters * (-(-size // 4)) ** 2
    widths = f"{filters}, {2 * filters} and {4 * filters}"
    return Question(
        text=f"A network for images of {shape} has three residual blocks of {widths} filters, global average "
        "pooling and Dense(1). A block is two 3×3 convolutions; the first two blocks also pool by 2. Every block has "
        "a 1×1 convolution on its shortcut; all layers have biases. How many parameters does the network have?",
        answer=counted.value,
        derivation=counted,
        slips=(
            Slip(
                counted.value - projections, "the projections forgotten", "Look at the shortcuts: they hold layers too."
            ),
            Slip(
                network(filters, channels, use_bias=False).parameters(shape).value,
                "the biases forgotten",
                "You counted weights only. Every filter has a bias, and so has the unit of the classifier.",
            ),
            Slip(
                counted.value - 4 * filters - 1,
                "the classifier forgotten",
                "Look at the end: Dense has parameters too.",
            ),
            Slip(
                counted.value + maps - 4 * filters,
                "a classifier for every position",
                "You gave the classifier all positions of the last maps. Global average pooling leaves one.",
            ),
        ),
        hints=(
            "Write one line per layer with parameters: two convolutions and a shortcut a block, then the classifier.",
            f"The lines are {'; '.join(part.factors for part in counted.parts)}.",
        ),
    )


def by_keras(filters, channels, size):
    from keras import Input, Model, layers

    inputs = x = Input((size, size, channels))
    for width, pools in ((filters, True), (2 * filters, True), (4 * filters, False)):
        shortcut = layers.Conv2D(width, 1, strides=2 if pools else 1)(x)
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.add([layers.MaxPooling2D(2, padding="same")(x) if pools else x, shortcut])
    return Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling2D()(x))).count_params()
