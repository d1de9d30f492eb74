"""Whether two feature maps with different numbers of channels can be added, and what makes it possible."""

import contextlib

from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "size": Parameter(30, Whole(1, 1024), (7, 14, 28)),
    "channels": Parameter(32, Whole(1, 2048), (8, 16, 24, 48)),
    "filters": Parameter(64, Whole(1, 2048), (12, 20, 32, 40, 80, 96, 100, 128)),
}


def question(size, channels, filters):
    if channels == filters:
        raise ValueError("the two shapes are the same and can be added as they are")
    if 1 in (channels, filters):
        raise ValueError("a single channel can be added to any number of channels: it is broadcast")
    block, shortcut = f"({size}, {size}, {filters})", f"({size}, {size}, {channels})"
    return Question(
        text=f"A block returns {block}; its shortcut returns {shortcut}. Can the two be added? What makes it possible?",
        answer=f"1x1 with {filters} filters",
        choices={
            "broadcast": "Yes, as they are: the addition broadcasts the smaller one.",
            "zeros": "No; the missing channels of the shortcut are padded with zeros.",
            f"1x1 with {filters} filters": f"No; a 1×1 convolution with {filters} filters goes on the shortcut.",
            f"1x1 with {channels} filters": f"No; a 1×1 convolution with {channels} filters goes on the shortcut.",
        },
        derivation=(
            f"With {filters} and {channels} channels, not every value has a partner: the shapes must be equal.",
            f"A 1×1 convolution with {filters} filters and no activation turns {shortcut} into {block}.",
        ),
        slips=(
            Slip("broadcast", "yes, it broadcasts", "Only an axis of length 1 is repeated; both have more channels."),
            Slip(
                "zeros",
                "padded with zeros",
                "This is possible without parameters: option A of He et al. (2015). But here we "
                "let the network learn how to compute the new channels.",
            ),
            Slip(
                f"1x1 with {channels} filters", "as many filters as before", "Its number of channels does not change."
            ),
        ),
        hints=("Addition goes value by value. Which axis does not fit?", "A convolution gives one channel per filter."),
    )


def by_keras(size, channels, filters):
    from keras import Input, layers

    block, shortcut = Input((size, size, filters)), Input((size, size, channels))
    projected = {f"1x1 with {units} filters": layers.Conv2D(units, 1)(shortcut) for units in (channels, filters)}
    for choice, given in {"broadcast": shortcut, **projected}.items():
        with contextlib.suppress(ValueError):  # Keras refuses shapes that cannot be added
            layers.Add()([block, given])
            return choice
    return "zeros"
