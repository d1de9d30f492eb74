"""A residual block whose first convolution takes the strides."""

from utils.exercises import Slip
from utils.exercises._lazily import layers
from utils.exercises._networks import output_and_parameters

KIND = "fill in"
POINTS = 3
TEXT = (
    "Write the residual block of He and others: a 3×3 convolution with ReLU that takes the strides, a 3×3 convolution, "
    "the addition of the shortcut, and a ReLU. The shortcut has a 1×1 convolution only where the shape changes."
)
STUB = '''
def strided_block(x, filters, strides=1):
    """x: maps of shape (rows, columns, channels). Returns maps with so many
    filters, smaller by the strides.
    """
    ...  # your code
'''
HINTS = (
    "Give x a second name before the first convolution. All convolutions have biases; the 3×3 ones have "
    "padding='same'.",
    "The shape changes if strides is not 1, or if x.shape[-1] is not filters. The projection takes the strides, "
    "and has no activation.",
)


def cases(random):
    for shape, filters, strides in (
        ((1, 2, 2, 1), 1, 1),
        ((1, 2, 2, 2), 3, 2),
        ((2, 5, 5, 3), 3, 2),
        ((1, 4, 5, 1), 3, 1),
        ((3, 7, 9, 2), 4, 3),
    ):
        yield {"images": random.normal(size=shape).astype("float32"), "filters": filters, "strides": strides}


run = output_and_parameters


def reference(images, filters, strides):
    """From the two sides by themselves, which are added outside of Keras's graph."""
    import numpy as np

    def branch(x):
        x = layers.Conv2D(filters, 3, strides=strides, padding="same")(x)
        return layers.Conv2D(filters, 3, padding="same")(layers.Activation("relu")(x))

    def projection(x):
        return layers.Conv2D(filters, 1, strides=strides)(x)

    added = output_and_parameters(branch, images)
    changes = strides > 1 or images.shape[-1] != filters
    skipped = output_and_parameters(projection, images) if changes else {"output": images, "parameters": 0}
    return {
        "output": np.maximum(added["output"] + skipped["output"], 0),
        "parameters": added["parameters"] + skipped["parameters"],
    }


def strided_block(x, filters, strides=1):
    residual = x
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", activation="relu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    if strides != 1 or residual.shape[-1] != filters:
        residual = layers.Conv2D(filters, 1, strides=strides)(residual)
    x = layers.add([x, residual])
    return layers.Activation("relu")(x)


SOLUTION = strided_block


def _wrong(
    steps=(1, 0),
    activations=("relu", None),
    at_the_end="relu",
    projects=lambda strides, changed: strides != 1 or changed,
    keeps_strides=True,
    on_shortcut=None,
    times=1,
    late=False,
    concatenated=False,
):
    """The same with one mistake; ``steps`` says which convolutions take the strides."""

    def block(x, filters, strides):
        residual = x
        for step, activation in zip(steps, activations, strict=True):
            x = layers.Conv2D(filters, 3, strides=strides if step else 1, padding="same", activation=activation)(x)
            if late and step:
                residual = x
        if not late and projects(strides, residual.shape[-1] != filters):
            step = strides if keeps_strides else 1
            residual = layers.Conv2D(filters, 1, strides=step, activation=on_shortcut)(residual)
        if concatenated:
            x = layers.concatenate([x, residual])
        elif times:
            x = layers.add([x] + [residual] * times)
        return layers.Activation(at_the_end)(x)

    return block


def _plain(x, filters, strides):
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)


SLIPS = (
    Slip(
        _wrong(keeps_strides=False),
        "the shortcut lost its strides",
        "With strides above 1 the two sides have different sizes: the projection must have the same strides.",
    ),
    Slip(
        _wrong(projects=lambda strides, changed: True),
        "the shortcut is always projected",
        "Where neither strides nor filters change the shape, the shortcut is the input itself, without a layer.",
    ),
    Slip(
        _wrong(projects=lambda strides, changed: False),
        "the shortcut is never projected",
        "The sum fits only where the block keeps the shape. Where strides or filters change it, the shortcut needs a "
        "1×1 convolution.",
    ),
    Slip(
        _wrong(projects=lambda strides, changed: changed),
        "no projection where only the strides change the shape",
        "With strides above 1 the size changes, even if the number of channels stays the same.",
    ),
    Slip(
        _wrong(projects=lambda strides, changed: strides != 1),
        "no projection where only the channels change",
        "With strides=1 the number of channels can change, too. Look at filters. (A single channel is added to every "
        "channel without an error.)",
    ),
    Slip(
        _wrong(activations=("relu", "relu"), at_the_end=None),
        "the second ReLU before the addition",
        "Your second ReLU is inside the branch. In this block it comes after the addition.",
    ),
    Slip(
        _wrong(activations=("relu", "relu")),
        "one ReLU too many",
        "The second convolution should have no activation. With a ReLU, the branch can only add, never subtract.",
    ),
    Slip(_wrong(at_the_end=None), "no ReLU at the end", "The block ends with a ReLU, after the addition."),
    Slip(
        _wrong(activations=(None, None)),
        "no ReLU between the convolutions",
        "Two convolutions without an activation between them can do no more than one. The first has a ReLU.",
    ),
    Slip(
        _wrong(on_shortcut="relu"),
        "a ReLU on the shortcut",
        "The projection has no activation: a ReLU there sets to 0 what the shortcut should keep.",
    ),
    Slip(_plain, "no shortcut", "This is a plain block: its input is not added anywhere."),
    Slip(
        _wrong(times=2),
        "the shortcut added twice",
        "The shortcut is in the sum twice. With many blocks, the values would double in each block.",
    ),
    Slip(
        _wrong(late=True),
        "the shortcut begins too late",
        "Your shortcut begins after the first convolution. It should go around both.",
    ),
    Slip(
        _wrong(steps=(0, 1)),
        "the strides in the second convolution",
        "Your second convolution has the strides. In this block, the first one has them.",
    ),
    Slip(
        _wrong(steps=(1, 1)),
        "the strides in both convolutions",
        "Both convolutions have the strides, so the size shrinks twice. Only the first one should have them.",
    ),
    Slip(
        _wrong(concatenated=True),
        "concatenated",
        "You concatenate the two sides. A residual block adds them, value by value.",
    ),
)
