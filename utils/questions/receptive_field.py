"""How much of the image a unit sees after several convolutions."""

from utils.arithmetic import Conv2D, Sequential
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "layers": Parameter(3, Whole(2, 5), (2, 3, 4)),
    "kernel_size": Parameter(3, Whole(2, 7), (3, 4, 5, 7)),
    "strides": Parameter(2, Whole(1, 3), (1, 2, 3)),
}


def question(layers, kernel_size, strides):
    shape = (10**9, 10**9, 1)
    seen, _ = Sequential((Conv2D(1, kernel_size, strides, "same"),) * layers).receptive_field(shape)
    steps = [strides**layer for layer in range(layers)]
    growth = " + ".join(f"{kernel_size - 1}·{step}" for step in steps)
    ignored = Slip(
        1 + layers * (kernel_size - 1),
        "the strides ignored",
        "You let every layer add the same number of pixels. After a stride, neighboring units are further apart in "
        "the image.",
    )
    too_early = Slip(
        1 + sum((kernel_size - 1) * step * strides for step in steps),
        "the layer's own stride counted",
        "You spread out a layer's window by its own stride. Only the strides of the layers before it do that.",
    )
    both_axes = Slip(seen**2, "both axes multiplied", "This is the area that the unit sees. Count along one axis.")
    return Question(
        text=f"{layers} convolutions of {kernel_size}×{kernel_size} with strides={strides} follow each other. "
        "How many pixels of the image, along one axis, does a unit of the last one see?",
        answer=seen,
        derivation=(
            f"A layer adds (kernel − 1) times the product of the strides before it: {', '.join(map(str, steps))}.",
            f"1 + {growth} = {seen:,}",
        ),
        slips=(
            Slip(layers * kernel_size, "the kernel sizes added up", "Neighboring windows overlap: they share pixels."),
            Slip(
                kernel_size**layers, "the kernel sizes multiplied", "Windows overlap: go back layer by layer and add."
            ),
            *([ignored, too_early, both_axes] if strides > 1 else []),
        ),
        hints=(
            "Start from one unit at the end and go back, layer by layer: which pixels does its window cover?",
            f"Going back, n units become (n − 1) · {strides} + {kernel_size}. Begin with n = 1.",
        ),
    )


def by_keras(layers, kernel_size, strides):
    from keras.layers import Conv2D

    from utils.questions._by_keras import receptive_field

    stack = [Conv2D(1, (kernel_size, 1), strides=strides, padding="same") for _ in range(layers)]
    return receptive_field(stack, size=(kernel_size + 2) * max(layers, strides**layers))
