"""The networks that notebook 01 and its long run compare: a convnet, the same without reuse, and Dense layers alone.

All take images ``(n, height, width, channels)`` and give logits ``(n, classes)``.
"""

from functools import partial

import keras
from keras import layers

FILTERS = 16, 58


def convnet(shape, classes, filters=FILTERS):
    """Two convolutions with strides, for each filter its best match anywhere in the image, a classifier."""
    return _two_stages(shape, classes, filters, partial(layers.Conv2D, padding="same"))


def unshared(shape, classes, filters=FILTERS):
    """The convnet with a kernel of its own at every position: the same windows, stages and outputs, without reuse."""
    return _two_stages(shape, classes, filters, LocallyConnected2D)


def dense(shape, classes, units):
    """One hidden layer of ``units`` units, each connected to all pixels."""
    return keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(units, activation="relu"), layers.Dense(classes)]
    )


class LocallyConnected2D(layers.Layer):
    """A convolution with padding "same" whose kernel and bias differ from position to position.

    Its initial weights have the spread that ``Conv2D`` gives its own (Glorot & Bengio 2010, for one window).
    """

    def __init__(self, filters, kernel_size, strides=1, activation=None, **options):
        super().__init__(**options)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.activation = keras.activations.get(activation)

    def build(self, shape):
        _, height, width, channels = shape
        rows, columns = -(-height // self.strides), -(-width // self.strides)
        window = self.kernel_size**2
        limit = (6 / (window * (channels + self.filters))) ** 0.5
        self.kernel = self.add_weight(
            shape=(rows, columns, window * channels, self.filters),
            initializer=keras.initializers.RandomUniform(-limit, limit),
            name="kernel",
        )
        self.bias = self.add_weight(shape=(rows, columns, self.filters), initializer="zeros", name="bias")

    def call(self, x):
        size = self.kernel_size
        windows = keras.ops.image.extract_patches(x, (size, size), self.strides, padding="same")
        return self.activation(keras.ops.einsum("nhwk,hwkf->nhwf", windows, self.kernel) + self.bias)


def _two_stages(shape, classes, filters, convolution):
    inputs = keras.Input(shape)
    x = convolution(filters[0], 5, strides=3, activation="relu")(inputs)
    x = convolution(filters[1], 3, strides=2, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalMaxPooling2D()(x)))
