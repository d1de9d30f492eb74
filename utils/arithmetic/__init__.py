"""Shapes, parameters, multiply-adds and receptive fields by closed formulas, each with its derivation. No Keras.

A layer is described by a dataclass with the name and the arguments of its Keras layer and answers four questions about
an input of ``shape`` (without the batch: ``(height, width, channels)``, or ``(features,)``):

>>> layer = SeparableConv2D(64, 3, padding="same")
>>> layer.output_shape((28, 28, 32))
(28, 28, 64)
>>> print(layer.parameters((28, 28, 32)))
depthwise kernels: 3 × 3 × 32 = 288
pointwise kernels: 32 × 64 = 2,048
biases: 64
total: 288 + 2,048 + 64 = 2,400

``multiply_adds(shape)`` and ``receptive_field(shape)`` go the same way. ``Sequential`` and ``Residual`` put layers
together and are layers themselves. All raise ``ValueError`` for arguments or shapes that the Keras layer would refuse.
"""

from utils.arithmetic.blocks import Residual, Sequential
from utils.arithmetic.counting import Count, Part, count, output_size
from utils.arithmetic.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Elementwise,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    SeparableConv2D,
)

__all__ = [
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Conv2DTranspose",
    "Count",
    "Dense",
    "DepthwiseConv2D",
    "Elementwise",
    "Flatten",
    "GlobalAveragePooling2D",
    "Layer",
    "MaxPooling2D",
    "Part",
    "Residual",
    "SeparableConv2D",
    "Sequential",
    "count",
    "output_size",
]
