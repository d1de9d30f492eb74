"""How the maps of the mini-Xception shrink from block to block."""

from utils.arithmetic import Conv2D, MaxPooling2D, Sequential
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "size": Parameter(50, Whole(4, 512), (37, 41, 45, 54, 66, 75, 90, 101, 150, 180)),
    "blocks": Parameter(3, Whole(2, 5), (2, 3, 4)),
}


def heights(size, blocks, pooling):
    """The height of the maps after each block: a 5×5 stem with strides 2, then a pooling in every block."""
    stem = Conv2D(1, 5, strides=2, padding="same")
    layers = stem, *(MaxPooling2D(3, strides=2, padding=pooling) for _ in range(blocks))
    return tuple(output[0] for _, _, output in Sequential(layers).rows((size, size, 1))[1:])


def question(size, blocks):
    answer, stem = heights(size, blocks, "same"), -(-size // 2)
    rounded_down = tuple(stem // 2**block for block in range(1, blocks + 1))
    floor = Slip(
        rounded_down,
        "rounded down instead of up",
        "You rounded down. With padding 'same', the incomplete window at the border counts, too.",
    )
    return Question(
        text=f"An image of {size}×{size} goes through the mini-Xception: a 5×5 convolution with strides=2, then "
        f"{blocks} blocks, each ending with MaxPooling2D(3, strides=2); padding is 'same' everywhere. How high are the "
        "maps after each block? Answer with one number for each block, in brackets.",
        answer=answer,
        derivation=(
            "With padding 'same' a stride of 2 halves the size and rounds up.",
            " → ".join(map(str, (size, stem, *answer))),
        ),
        slips=(
            Slip((stem, *answer[:-1]), "one halving too few", "The first convolution has a stride, too."),
            *([floor] if rounded_down != answer else []),
            Slip(
                heights(size, blocks, "valid"),
                "padding 'valid' instead of 'same'",
                "You kept the 3×3 pooling windows inside the maps. With padding 'same', only the stride decides.",
            ),
        ),
        hints=(
            "What does a stride of 2 do to an odd size? Do not forget the first convolution.",
            f"The first convolution gives {stem}. Every block halves what it gets and rounds up.",
        ),
    )


def by_keras(size, blocks):
    from utils.mini_xception import mini_xception

    model = mini_xception(size, filters=tuple(range(4, 4 + blocks)))
    return tuple(model.get_layer(f"block{block}_add").output.shape[1] for block in range(1, blocks + 1))
