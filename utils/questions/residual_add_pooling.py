"""What a pooling block does to its shape, and what its shortcut needs to follow it."""

from utils.arithmetic import MaxPooling2D
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "size": Parameter(25, Whole(1, 1024), (7, 13, 15, 21, 29, 31, 33, 57)),
    "filters": Parameter(64, Whole(1, 2048), (16, 24, 32, 96)),
    "pool_size": Parameter(2, Whole(2, 5), (2, 3, 4)),
}


def question(size, filters, pool_size):
    pooled = MaxPooling2D(pool_size, padding="same").output_shape((size, size, filters))
    cut = (size // pool_size, size // pool_size, filters)
    rounded_down = Slip(
        (cut, pool_size),
        "rounded down instead of up",
        "You rounded down, as padding 'valid' does. With 'same' the last, incomplete window counts, too.",
    )
    return Question(
        text=f"A residual block of {filters} filters keeps its input's size ({size}, {size}) until it ends with "
        f"MaxPooling2D({pool_size}, padding='same'). Which shape does it return, and which strides must the 1×1 "
        "convolution on its shortcut have? Answer with ((height, width, channels), strides).",
        answer=(pooled, pool_size),
        derivation=(
            f"Pooling with padding 'same' gives ⌈{size} / {pool_size}⌉ = {pooled[0]} positions along each axis.",
            f"The block returns {pooled}. A 1×1 convolution with strides={pool_size} visits as many positions.",
        ),
        slips=(
            Slip(
                (pooled, 1),
                "the stride forgotten",
                "The shape is right. But a 1×1 convolution with strides=1 keeps the size, and then the two sides "
                "cannot be added.",
            ),
            Slip(
                ((size, size, filters), pool_size),
                "the pooling forgotten",
                "The strides are right. But the block does not keep the size of its input: its last layer pools.",
            ),
            *([rounded_down] if size % pool_size else []),
        ),
        hints=(
            "How many windows does the pooling have along an axis? The shortcut must visit as many positions.",
            f"Padding 'same' rounds {size} / {pool_size} up; the shortcut takes steps of the same size as the pooling.",
        ),
    )


def by_keras(size, filters, pool_size):
    from keras import Input, layers

    inputs = Input((size, size, 3))
    block = layers.MaxPooling2D(pool_size, padding="same")(layers.Conv2D(filters, 3, padding="same")(inputs))
    shortcut = layers.Conv2D(filters, 1, strides=pool_size)
    return layers.Add()([block, shortcut(inputs)]).shape[1:], shortcut.strides[0]
