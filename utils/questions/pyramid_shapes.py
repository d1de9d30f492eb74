"""How the maps of the mini-Xception shrink from block to block."""

from utils.arithmetic import Conv2D, MaxPooling2D, Sequential
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "size": Parameter(50, Whole(4, 512), (37, 41, 45, 54, 66, 75, 90, 101, 150, 180)),
    "blocks": Parameter(3, Whole(2, 5), (2, 3, 4)),
}


def sizes(size, blocks, pooling):
    """The height of the maps after each block: a 5×5 stem with strides 2, then a pooling in every block."""
    stem = Conv2D(1, 5, strides=2, padding="same")
    rows = Sequential((stem, *(MaxPooling2D(3, strides=2, padding=pooling) for _ in range(blocks)))).rows(
        (size, size, 1)
    )
    return tuple(output[0] for _, _, output in rows[1:])


def halved(size, blocks):
    """``size`` halved again and again, rounded down."""
    return tuple(size // 2**block for block in range(1, blocks + 1))


def question(size, blocks):
    stem = -(-size // 2)
    answer = sizes(size, blocks, "same")
    arrows = " → ".join(map(str, (size, stem, *answer)))
    floor = Slip(
        halved(stem, blocks),
        "rounded down instead of up",
        "You halved and rounded down. With padding 'same' the incomplete window at the border counts too.",
    )
    valid = Slip(
        sizes(size, blocks, "valid"),
        "padding 'valid' instead of 'same'",
        "You let the windows of 3 stay inside the maps. With padding 'same' only the stride decides.",
    )
    return Question(
        text=f"An image of {size}×{size} goes through the mini-Xception: a 5×5 convolution with strides=2, then "
        f"{blocks} blocks, each ending with MaxPooling2D(3, strides=2); padding is 'same' everywhere. How high are the "
        "maps after each block? Answer with a number per block, in brackets.",
        answer=answer,
        derivation=("With padding 'same' a stride of 2 halves the size and rounds up.", f"{arrows}"),
        slips=(
            Slip((stem, *answer[:-1]), "the stem's stride forgotten", "The first convolution has a stride as well."),
            *([floor] if floor.answer != answer else []),
            valid,
        ),
        hints=(
            "How does a stride of 2 change a size that is odd?",
            f"The stem gives {stem}; every block halves, upwards.",
        ),
    )


def by_keras(size, blocks):
    from utils.mini_xception import mini_xception

    model = mini_xception(size, filters=tuple(range(4, 4 + blocks)))
    return tuple(model.get_layer(f"block{block}_add").output.shape[1] for block in range(1, blocks + 1))
