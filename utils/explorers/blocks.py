"""The block explorer: what a block of layers gives, holds and costs, before it is built."""

from utils.architecture import BLOCKS, block
from utils.explorers import Control, Explorer
from utils.figures.diagram import costs, plan
from utils.parameters import Choice, Whole


def block_explorer(kind="residual", size=32, channels=32, filters=64):
    """An ``Explorer`` of one block: kind, filters, kernel, strides, pooling, padding → shapes, costs, diagram."""
    return Explorer(
        "The output shape, parameters and work of a block",
        block_card,
        kind=Control("Block", Choice(*BLOCKS), kind),
        size=Control("Input size", Whole(1, 256), size),
        channels=Control("Input channels", Whole(1, 512), channels),
        filters=Control("Filters", Whole(1, 512), filters),
        kernel_size=Control("Kernel size", Whole(1, 7), 3),
        strides=Control("Strides", Whole(1, 3), 1),
        padding=Control("Padding", Choice("same", "valid"), "same"),
        pooling=Control("Max pooling at the end", Choice(True, False), True),
    )


def block_card(kind, size, channels, filters, kernel_size, strides, padding, pooling):
    """The block's table and diagram as HTML."""
    layer = block(kind, filters, kernel_size, strides=strides, padding=padding, pooling=pooling, channels=channels)
    shape = (size, size, channels)
    return costs(layer, shape) + plan(layer, shape).html()
