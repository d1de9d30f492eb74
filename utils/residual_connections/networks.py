"""The residual block, and networks with and without shortcuts."""

import contextlib
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers


@dataclass(frozen=True)
class Kind:
    """A kind of deep network: with shortcuts or without, its initialization, with batch normalization or without."""

    name: str
    shortcuts: bool
    kernel_initializer: str = "glorot_uniform"
    batch_normalization: bool = False

    def build(self, depth, **options):
        """A ``deep_network`` of this kind; ``options`` are its filters, size, channels and classes."""
        return deep_network(
            depth,
            self.shortcuts,
            kernel_initializer=self.kernel_initializer,
            batch_normalization=self.batch_normalization,
            **options,
        )


PLAIN = Kind("plain", False)
PLAIN_HE = Kind("plain, He initialization", False, "he_normal")
RESIDUAL = Kind("residual", True)
PLAIN_BN = Kind("plain, batch normalization", False, "he_normal", True)
RESIDUAL_BN = Kind("residual, batch normalization", True, "he_normal", True)


def residual_block(
    x,
    filters,
    pooling=False,
    *,
    shortcut=True,
    kernel_initializer="glorot_uniform",
    batch_normalization=False,
    dropout=0.0,
    name=None,
):
    """Two 3×3 convolutions with ReLU, max pooling by 2 if ``pooling``, and the input added to the result.

    ``x`` is ``(batch, height, width, channels)``; the result is ``(batch, height, width, filters)``, with ``pooling``
    ⌈height / 2⌉ and ⌈width / 2⌉. Where the shapes differ, a 1×1 convolution without activation projects the shortcut
    (He et al. 2015, option B). ``shortcut=False`` leaves the shortcut out: a plain block of the same layers.
    With ``batch_normalization`` the block is He's of 2015: each convolution is normalized before its ReLU, and the
    second ReLU comes after the addition. ``dropout`` is the share of the block's values set to 0 in training, before
    the addition.
    """

    def named(part):
        return f"{name}_{part}" if name else None

    given = x
    for number in (1, 2):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            activation=None if batch_normalization else "relu",
            use_bias=not batch_normalization,
            kernel_initializer=kernel_initializer,
            name=named(f"conv{number}"),
        )(x)
        if batch_normalization:
            x = layers.BatchNormalization(momentum=0.9, name=named(f"bn{number}"))(x)
            if number == 1:
                x = layers.ReLU(name=named("relu1"))(x)
    if pooling:
        x = layers.MaxPooling2D(2, padding="same", name=named("pool"))(x)
    if dropout:
        x = layers.Dropout(dropout, name=named("dropout"))(x)
    if shortcut:
        if pooling or given.shape[-1] != filters:
            strides = 2 if pooling else 1
            given = layers.Conv2D(
                filters, 1, strides=strides, kernel_initializer=kernel_initializer, name=named("projection")
            )(given)
        x = layers.Add(name=named("add"))([x, given])
    return layers.ReLU(name=named("relu2"))(x) if batch_normalization else x


def three_block_network(size=32, channels=3, filters=32):
    """A binary classifier of three residual blocks of ``filters``, twice and four times as many; the first two pool.

    Images of 0…255, ``(batch, size, size, channels)`` → the probability of class 1, ``(batch, 1)``. With the defaults
    it has 297,697 parameters.
    """
    inputs = keras.Input((size, size, channels), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = residual_block(x, filters, pooling=True, name="block1")
    x = residual_block(x, 2 * filters, pooling=True, name="block2")
    x = residual_block(x, 4 * filters, name="block3")
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x), name="three_blocks")


def deep_network(
    depth,
    shortcuts=True,
    *,
    filters=16,
    size=32,
    channels=1,
    classes=8,
    kernel_initializer="glorot_uniform",
    batch_normalization=False,
    dropout=0.0,
):
    """A classifier with ``depth`` 3×3 convolutions in blocks of two, on 4×4 maps; ``shortcuts=False``: a plain chain.

    Images of 0…255, ``(batch, size, size, channels)`` → logits, ``(batch, classes)``. Rescaling to −1…1, a stem (one
    5×5 convolution and max pooling, which bring 16 to 40 pixels down to 4), the blocks, global average pooling, Dense.
    Both kinds have the same layers with the same weights; only the additions differ.
    """
    if depth < 2 or depth % 2:
        raise ValueError(f"depth={depth}: an even positive integer is needed, as every block has two convolutions")
    inputs = keras.Input((size, size, channels), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    x = layers.Conv2D(
        filters,
        5,
        strides=size // 8,
        padding="same",
        activation="relu",
        kernel_initializer=kernel_initializer,
        name="stem",
    )(x)
    x = layers.MaxPooling2D(2, name="stem_pool")(x)
    for number in range(1, depth // 2 + 1):
        x = residual_block(
            x,
            filters,
            shortcut=shortcuts,
            kernel_initializer=kernel_initializer,
            batch_normalization=batch_normalization,
            dropout=dropout,
            name=f"block{number}",
        )
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name="residual" if shortcuts else "plain")


@contextlib.contextmanager
def without(network, *convolutions):
    """Inside ``with``, these convolutions of a deep network are switched off; afterwards their weights are back.

    The last convolution of a residual block is set to 0: the block then returns its input. In a plain network the
    convolution passes its input on, which is never negative: the middle of its kernel is 1 from each channel to itself.
    With batch normalization, the layer that normalizes the convolution is set to do the same.
    """
    changed = {}
    for name in convolutions:
        for layer in (network.get_layer(name), _normalization(network, name)):
            if layer is not None:
                changed[layer] = layer.get_weights()
                layer.set_weights(_switched_off(layer, changed[layer], _has_shortcuts(network)))
    try:
        yield network
    finally:
        for layer, weights in changed.items():
            layer.set_weights(weights)


def _switched_off(layer, weights, shortcuts):
    """Weights with which a layer of a block gives 0 if the block has a shortcut, and its input if it has none."""
    if isinstance(layer, layers.BatchNormalization):
        mean, variance = weights[2:]
        if shortcuts:
            return [np.zeros_like(mean), np.zeros_like(mean), mean, variance]
        return [np.sqrt(variance + layer.epsilon), mean, mean, variance]
    kernel, *bias = (np.zeros_like(each) for each in weights)
    if not shortcuts:
        kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] = np.eye(kernel.shape[-1])
    return [kernel, *bias]


def _normalization(network, convolution):
    name = convolution.replace("conv", "bn")
    return next((layer for layer in network.layers if layer.name == name), None)


def _has_shortcuts(network):
    return any(isinstance(layer, layers.Add) for layer in network.layers)
