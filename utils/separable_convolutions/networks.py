"""The networks that are compared, alike but for their convolutions or their blocks."""

import keras
import numpy as np
from keras import layers

FILTERS = (16, 32, 64)
# The ordinary network with these has as many weights as the separable one with FILTERS, within one per cent.
NARROW_FILTERS = (16, 11, 20)


def network(separable=True, first_separable=False, filters=FILTERS, classes=8, channels=3, momentum=0.8):
    """A small classifier of images of bytes, ``(batch, height, width, channels)`` → ``(batch, classes)`` logits.

    Three 3×3 convolutions, each with BatchNormalization and ReLU. The first is ordinary unless ``first_separable``;
    ``separable`` decides about the other two.
    """
    return _classifier((first_separable, separable, separable), filters, (1, 2), classes, channels, momentum)


def deeper_network(separable=True, filters=(24, 48, 48, 96, 96), classes=10, channels=1, momentum=0.8):
    """The same kind of classifier with five convolutions, and wider."""
    return _classifier((False, *4 * [separable]), filters, (1, 3), classes, channels, momentum)


def separable_residual_network(filters=(34, 67), blocks=2, size=28, channels=1, classes=10, momentum=0.9):
    """A classifier of the course's separable residual blocks, ``blocks`` of them for each of ``filters``.

    A block is twice batch normalization, ReLU and a separable 3×3 convolution, beside a shortcut; the first block of
    every stage but the first halves the maps, as in the mini-Xception.
    """
    inputs = keras.Input((size, size, channels), name="image")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(filters[0], 3, strides=2, padding="same", use_bias=False, name="stem")(x)
    for stage, width in enumerate(filters):
        for block in range(blocks):
            halve, shortcut = stage > 0 and block == 0, x
            for _ in range(2):
                x = layers.ReLU()(layers.BatchNormalization(momentum=momentum)(x))
                x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
            if halve:
                x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
                shortcut = layers.Conv2D(width, 1, strides=2, use_bias=False)(shortcut)
            x = layers.Add()([x, shortcut])
    x = layers.ReLU()(layers.BatchNormalization(momentum=momentum)(x))
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def convnext_network(filters=(16, 32), blocks=2, size=28, channels=1, classes=10, kernel_size=7):
    """A classifier of ConvNeXt blocks (Liu and others 2022), ``blocks`` of them for each of ``filters``.

    A block is a depthwise convolution, layer normalization over the channels, four times as many channels, GELU, and
    back, beside a shortcut; no learned scale and no dropped paths, which are for deeper networks. Between stages,
    layer normalization and a 2×2 convolution with stride 2 halve the maps.
    """
    inputs = keras.Input((size, size, channels), name="image")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(filters[0], 3, strides=2, padding="same", name="stem")(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    for stage, width in enumerate(filters):
        if stage:
            x = layers.Conv2D(width, 2, strides=2)(layers.LayerNormalization(epsilon=1e-6)(x))
        for _ in range(blocks):
            shortcut = x
            x = layers.DepthwiseConv2D(kernel_size, padding="same")(x)
            x = layers.LayerNormalization(epsilon=1e-6)(x)
            x = layers.Conv2D(4 * width, 1, activation="gelu")(x)
            x = layers.Add()([shortcut, layers.Conv2D(width, 1)(x)])
    x = layers.LayerNormalization(epsilon=1e-6)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(classes)(x))


def decorrelated_colors(images, like):
    """``images`` with channels that do not correlate over the pixels of ``like``, both ``(n, height, width, 3)``.

    The colors are turned to the principal axes of ``like`` and brought back to bytes' mean and spread, 128 and 64: an
    ordinary convolution can undo this, for a separable one the channels are others.
    """
    pixels = like.reshape(-1, like.shape[-1]).astype("float64")
    mean = pixels.mean(0)
    variances, axes = np.linalg.eigh(np.cov((pixels - mean).T))
    return ((images - mean) @ (axes / np.sqrt(variances)) * 64 + 128).astype("float32")


def _classifier(separable, filters, pooled, classes, channels, momentum):
    """One 3×3 convolution for each of ``filters``, the first with a stride; pooling after those numbered ``pooled``.

    The input of convolution 2 has the name of the layer before it, and so on: ``convolution2``, ``convolution3``.
    """
    inputs = keras.Input((None, None, channels), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for number, (is_separable, count) in enumerate(zip(separable, filters, strict=True), 1):
        kind = layers.SeparableConv2D if is_separable else layers.Conv2D
        strides = 2 if number == 1 else 1
        x = kind(count, 3, strides=strides, padding="same", use_bias=False, name=f"convolution{number}")(x)
        # A run here has some hundred steps: with Keras's 0.99 the moving averages would still lag behind at its end.
        x = layers.BatchNormalization(momentum=momentum, name=f"normalization{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
        if number in pooled:
            x = layers.MaxPooling2D(2, name=f"pooling{number}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, name="classes")(x))
