"""A deep network with additions that is not residual."""

from utils.exercises import Slip
from utils.exercises._lazily import layers
from utils.exercises._networks import output_and_parameters

KIND = "repair"
POINTS = 3
TEXT = (
    "This network runs, and its additions fit. But it is no residual network: a gradient cannot reach the first blocks "
    "through additions alone. Repair it: each block should compute x + f(x), where f is its two convolutions."
)
STUB = '''
def deep_blocks(x, filters, blocks):
    """As many residual blocks of two convolutions. x: maps of shape (rows,
    columns, channels).
    """
    x = layers.Conv2D(filters, 3, padding="same")(x)
    residual = x
    for _ in range(blocks):  # repair this
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.add([x, residual])
        x = layers.Activation("relu")(x)
    return x
'''
HINTS = (
    "Write the network for two blocks as a formula. What is added in the second block? What should be added?",
    "Follow the sum back from the end of the network to its beginning: there may be nothing but additions on the way. "
    "There are two mistakes, one in what residual is, and one in what comes after the addition.",
)


def cases(random):
    for shape, filters, blocks in (((1, 2, 2, 1), 1, 2), ((1, 4, 5, 3), 2, 1), ((2, 5, 5, 1), 3, 4)):
        yield {"images": random.normal(size=shape).astype("float32"), "filters": filters, "blocks": blocks}


run = output_and_parameters


def reference(images, filters, blocks):
    """Block after block, added outside of Keras's graph."""
    stem = output_and_parameters(layers.Conv2D(filters, 3, padding="same"), images)
    maps, parameters = stem["output"], stem["parameters"]
    for _ in range(blocks):
        branch = output_and_parameters(_branch, maps, filters=filters)
        maps, parameters = maps + branch["output"], parameters + branch["parameters"]
    return {"output": maps, "parameters": parameters}


def deep_blocks(x, filters, blocks):
    x = layers.Conv2D(filters, 3, padding="same")(x)
    for _ in range(blocks):
        residual = x
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.add([x, residual])
    return x


SOLUTION = deep_blocks


def _branch(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same")(x)


def _wrong(
    begins="at the block",
    second=None,
    on_shortcut=None,
    at_the_end=None,
    times=1,
    of_branch=True,
    projected=False,
):
    """The same with one mistake; ``begins`` says where the shortcut does, ``second`` is the second activation."""

    def network(x, filters, blocks):
        x = residual = layers.Conv2D(filters, 3, padding="same")(x)
        for _ in range(blocks):
            if begins == "at the block":
                residual = x
            if on_shortcut:
                residual = layers.Activation(on_shortcut)(residual)
            if projected:
                residual = layers.Conv2D(filters, 1)(residual)
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
            if begins == "in the block":
                residual = x
            x = layers.Conv2D(filters, 3, padding="same", activation=second)(x)
            sides = [x] * of_branch + [residual] * times
            x = layers.add(sides) if len(sides) > 1 else sides[0]
            if at_the_end:
                x = layers.Activation(at_the_end)(x)
        return x

    return network


SLIPS = (
    Slip(
        _wrong(at_the_end="relu"),
        "a ReLU on the way of the sum",
        "Each block now adds its own input. But there is still a ReLU after each addition, on the way from block to "
        "block.",
    ),
    Slip(
        _wrong(begins="at the network"),
        "always the first block's input",
        "The ReLU is gone. But every block adds the same maps, those before the first block, instead of its own input.",
    ),
    Slip(
        _wrong(begins="in the block"),
        "the shortcut begins too late",
        "Your shortcut begins after the first convolution of a block, so every path goes through that convolution.",
    ),
    Slip(
        _wrong(begins="in the block", at_the_end="relu"),
        "the shortcut begins too late, and a ReLU is on its way",
        "Your shortcut goes around one convolution only, and there is still a ReLU after the addition.",
    ),
    Slip(
        _wrong(second="relu"),
        "the ReLU moved before the addition",
        "With a ReLU at the end of its branch, a block can only add and never subtract: the sum grows from block to "
        "block. Leave the second convolution without an activation, as it was.",
    ),
    Slip(
        _wrong(on_shortcut="relu"),
        "the ReLU moved onto the shortcut",
        "Now the ReLU is on the shortcut itself. There should be no layer at all.",
    ),
    Slip(
        _wrong(times=2),
        "the shortcut added twice",
        "The shortcut is in the sum twice, so the values double in every block.",
    ),
    Slip(
        _wrong(times=2, of_branch=False),
        "the branch is not added",
        "Your addition has the shortcut on both sides. The output of the two convolutions is not used.",
    ),
    Slip(
        _wrong(times=0),
        "no shortcut",
        "Nothing is added anymore, so this is a plain network: every path goes through all of its convolutions.",
    ),
    Slip(
        _wrong(projected=True),
        "a convolution on the shortcut",
        "The shapes fit already, so the shortcut needs no projection. With a layer on it, no path is free of layers.",
    ),
)
