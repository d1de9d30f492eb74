"""Two residual blocks with pooling, whose addition fails."""

from utils.exercises import Slip
from utils.exercises._lazily import layers
from utils.exercises._networks import output_and_parameters

KIND = "repair"
POINTS = 3
TEXT = (
    "This network ends in an error: the two sides of the addition do not fit. Repair the layers' arguments, so that it "
    "runs for every size of maps, also odd ones, and every pool_size."
)
STUB = '''
def pooled_blocks(x, filters, pool_size=2):
    """Two residual blocks, each with max pooling. x: maps of shape (rows,
    columns, channels).
    """
    for block_filters in (filters, 2 * filters):  # repair this
        residual = x
        x = layers.Conv2D(block_filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(block_filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D(pool_size)(x)
        residual = layers.Conv2D(filters, 1)(residual)
        x = layers.add([x, residual])
    return x
'''
HINTS = (
    "For maps of 7 × 7 with 3 channels, write down the shape after each line of a block. There is more than one "
    "mistake.",
    "Which lines still have Keras's default padding? And how must the projection change the number of channels and the "
    "size, so that they are those of the branch?",
)


def cases(random):
    for shape, filters, pool_size in (
        ((1, 4, 4, 1), 1, 2),
        ((2, 8, 8, 3), 2, 2),
        ((1, 7, 9, 2), 3, 2),
        ((1, 11, 10, 3), 2, 3),
    ):
        yield {"images": random.normal(size=shape).astype("float32"), "filters": filters, "pool_size": pool_size}


run = output_and_parameters


def reference(images, filters, pool_size):
    """Branch and shortcut of each block by themselves, added outside of Keras's graph; pooled by NumPy."""
    maps, parameters = images, 0
    for each in (filters, 2 * filters):
        branch = output_and_parameters(_branch, maps, filters=each)
        shortcut = output_and_parameters(layers.Conv2D(each, 1), maps[:, ::pool_size, ::pool_size])
        maps = _pooled(branch["output"], pool_size) + shortcut["output"]
        parameters += branch["parameters"] + shortcut["parameters"]
    return {"output": maps, "parameters": parameters}


def pooled_blocks(x, filters, pool_size=2):
    for block_filters in (filters, 2 * filters):
        residual = x
        x = layers.Conv2D(block_filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(block_filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(pool_size, padding="same")(x)
        residual = layers.Conv2D(block_filters, 1, strides=pool_size)(residual)
        x = layers.add([x, residual])
    return x


SOLUTION = pooled_blocks


def _branch(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return x


def _pooled(maps, size):
    """The maximum of each window; a window that reaches over the border has as much of it on both sides as can be."""
    import numpy as np

    _, rows, columns, _ = maps.shape
    missing = [-each % size for each in (rows, columns)]
    around = [(each // 2, each - each // 2) for each in missing]
    maps = np.pad(maps, ((0, 0), *around, (0, 0)), constant_values=-np.inf)
    images, rows, columns, channels = maps.shape
    return maps.reshape(images, rows // size, size, columns // size, size, channels).max(axis=(2, 4))


def _wrong(
    pooling="same",
    pools=True,
    steps=lambda pool_size: pool_size,
    projected=lambda filters: filters,
    pooled_shortcut=False,
    activation=None,
    added=True,
    pool_in_convolution=False,
):
    """The same with one mistake."""

    def blocks(x, filters, pool_size):
        for block_filters in (filters, 2 * filters):
            residual = x
            stride = pool_size if pool_in_convolution else 1
            x = layers.Conv2D(block_filters, 3, padding="same", activation="relu")(x)
            x = layers.Conv2D(block_filters, 3, strides=stride, padding="same", activation="relu")(x)
            if pools and not pool_in_convolution:
                x = layers.MaxPooling2D(pool_size, padding=pooling)(x)
            if pooled_shortcut:
                residual = layers.MaxPooling2D(pool_size, padding="same")(residual)
            step = 1 if pooled_shortcut or not pools else steps(pool_size)
            if added:
                projection = layers.Conv2D(projected(block_filters), 1, strides=step, activation=activation)
                x = layers.add([x, projection(residual)])
        return x

    return blocks


def _first_filters(x, filters, pool_size):
    for block_filters in (filters, 2 * filters):
        residual = x
        for _ in range(2):
            x = layers.Conv2D(block_filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(pool_size, padding="same")(x)
        x = layers.add([x, layers.Conv2D(filters, 1, strides=pool_size)(residual)])
    return x


SLIPS = (
    Slip(
        _wrong(pooling="valid"),
        "the pooling drops what is left over",
        "If pool_size does not divide the size of the maps, the pooling rounds down and the shortcut's strides round "
        "up.",
    ),
    Slip(
        _wrong(steps=lambda pool_size: 2),
        "strides of 2, whatever the pooling",
        "The projection has strides of 2. The pooling has strides of pool_size.",
    ),
    Slip(
        _first_filters,
        "the projection has the first block's filters",
        "In the second block, the branch and the projection have different numbers of filters. (If the projection has "
        "a single filter, the addition repeats it without an error.)",
    ),
    Slip(
        _wrong(projected=lambda filters: 1),
        "one channel for all",
        "Your projection has one filter. The addition repeats it for every channel, so the shortcut passes on almost "
        "nothing.",
    ),
    Slip(
        _wrong(pools=False),
        "without pooling",
        "The sizes fit because nothing is pooled anymore. The network should still pool in each block.",
    ),
    Slip(
        _wrong(pooled_shortcut=True),
        "the shortcut is pooled",
        "The sizes fit, but the shortcut has its own pooling. Its 1×1 convolution can use strides instead.",
    ),
    Slip(
        _wrong(activation="relu"),
        "a ReLU on the shortcut",
        "The projection has no activation: a ReLU there sets to 0 what the shortcut should keep.",
    ),
    Slip(
        _wrong(added=False),
        "without the addition",
        "It runs because nothing is added anymore. So it is a plain network.",
    ),
    Slip(
        _wrong(pool_in_convolution=True),
        "strides in the place of the pooling",
        "The sizes fit, but the max pooling is gone: your convolution has strides instead. Keep the pooling.",
    ),
)
