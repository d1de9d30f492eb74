"""What a unit sees of the image is where the gradient comes from."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from networks import linear_model

from utils.activations import (
    most_exciting,
    receptive_field,
)
from utils.activations.filters import (
    tile_size,
)
from utils.mini_xception import mini_xception

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("unit", [(0, 0), (3, 2), (6, 5)])
def test_a_receptive_field_is_where_the_gradient_comes_from(unit):
    model = keras.Sequential(
        [
            keras.Input((41, 37, 3)),
            layers.Conv2D(2, 5, strides=2, padding="same"),
            layers.AveragePooling2D(3, strides=2, padding="same"),
            layers.Conv2D(2, 3, dilation_rate=2, name="last"),
        ]
    )
    for weight in model.weights:
        weight.assign(np.ones(weight.shape))
    image = tf.Variable(np.ones((1, 41, 37, 3), "float32"))
    with tf.GradientTape() as tape:
        value = model(image)[0, *unit, 0]
    gradient = np.abs(tape.gradient(value, image)[0])
    rows, columns = (np.flatnonzero(gradient.sum(axis=axes)) for axes in ((1, 2), (0, 2)))
    window = receptive_field(model, "last", *unit)
    inside = max(0, window.top), max(0, window.left), min(41, window.bottom), min(37, window.right)
    assert inside == (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
    assert window.shape == (25, 25)  # 1 + 4 + 2·2 + 4·2·2


def test_receptive_fields_of_the_mini_xception_grow_as_counted_by_hand():
    model = mini_xception(None)
    sides = [receptive_field(model, name, size=(300, 451)).shape for name in ("stem", "block1_add", "block2_add")]
    # 5; + 2·(2 + 2 + 2); + 4·(2 + 2 + 2): two convolutions and a pooling of 3, at strides 2 and 4.
    assert sides == [(5, 5), (17, 17), (41, 41)]
    assert receptive_field(mini_xception(32), "block3_add").shape == (89, 89)
    assert tile_size(mini_xception(64), "stem") == 24


def test_global_pooling_sees_all_of_the_image():
    inputs = keras.Input((12, 10, 3))
    scale = layers.GlobalAveragePooling2D(keepdims=True)(inputs)
    model = keras.Model(inputs, layers.Multiply(name="excited")([inputs, scale]))
    assert receptive_field(model, "excited").shape == (12, 10)


def test_the_most_exciting_part_is_where_the_pattern_was_put():
    images = np.zeros((3, 30, 30, 1), "float32")
    images[1, 20:23, 5:8] = 1
    images[2, 3:6, 12:15] = 2
    model = keras.Sequential([keras.Input((30, 30, 1)), layers.Conv2D(1, 3, padding="same", name="conv")])
    model.layers[0].kernel.assign(np.ones((3, 3, 1, 1)))
    first, second = most_exciting(model, "conv", 0, images, count=2)
    assert (first.image, first.activation) == (2, 18)
    assert second.window.crop(images[1]).sum() == 9


def seen(model, layer, unit, size):
    """The rows and columns of the image that the unit depends on, by its gradient, with weights and inputs above 0."""
    for weight in model.weights:
        weight.assign(RANDOM.uniform(0.5, 1, weight.shape))
    inside = keras.Model(model.input, model.get_layer(layer).output)
    image = tf.Variable(RANDOM.uniform(0.5, 1, (1, *size, model.input_shape[3])).astype("float32"))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(inside(image, training=False)[0, *unit])
    gradient = np.abs(tape.gradient(value, image)[0])
    rows, columns = (np.flatnonzero(gradient.sum(axis=axes) > 1e-12) for axes in ((1, 2), (0, 2)))
    return (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1) if rows.size else None


def clipped(window, size):
    top, left = max(0, window.top), max(0, window.left)
    bottom, right = min(size[0], window.bottom), min(size[1], window.right)
    return (top, left, bottom, right) if top < bottom and left < right else None


class OwnConvolution(layers.Conv2D):
    pass


@keras.saving.register_keras_serializable()
class Shifted(layers.Layer):
    def call(self, x):
        return tf.roll(x, 3, axis=1)


KNOWN = {
    "Conv2D": layers.Conv2D(2, (3, 5), strides=2, padding="same"),
    "DepthwiseConv2D": layers.DepthwiseConv2D(3, dilation_rate=2),
    "SeparableConv2D": layers.SeparableConv2D(2, 3, strides=2, padding="same"),
    "AveragePooling2D": layers.AveragePooling2D((2, 3), strides=(2, 1), padding="same"),
    "Conv2DTranspose": layers.Conv2DTranspose(2, 3, strides=2),
    "Conv2DTranspose same": layers.Conv2DTranspose(2, 4, strides=3, padding="same"),
    "Conv2DTranspose small": layers.Conv2DTranspose(2, 2, strides=3, padding="same"),
    "UpSampling2D": layers.UpSampling2D((2, 3)),
    "ZeroPadding2D": layers.ZeroPadding2D(((1, 2), (3, 0))),
    "Cropping2D": layers.Cropping2D(((1, 2), (3, 0))),
    "Dense": layers.Dense(2),
    "BatchNormalization": layers.BatchNormalization(),
    "Rescaling": layers.Rescaling(2.0),
    "operation": lambda x: 2 * keras.ops.square(x) + 1,
    "activation": layers.Activation("gelu"),
    "Dropout": layers.Dropout(0.5),
    "squeezed": lambda x: x * layers.Dense(2, "sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x)),
    "mean of the channels": lambda x: x * keras.ops.mean(x, axis=-1, keepdims=True),
    "mean of the places": lambda x: x * keras.ops.mean(x, axis=(1, 2), keepdims=True),
    "GroupNormalization": layers.GroupNormalization(1),
}


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("unit", [(0, 0), (4, 3), None])
def test_a_known_layer_sees_what_its_gradient_says(name, unit):
    inputs = keras.Input((14, 11, 2))
    x = layers.Conv2D(2, 3, name="first")(inputs)
    x = KNOWN[name](x) if callable(KNOWN[name]) and not isinstance(KNOWN[name], layers.Layer) else clone(KNOWN[name])(x)
    model = keras.Model(inputs, layers.Conv2D(2, 2, padding="same", name="last")(x))
    height, width = model.get_layer("last").output.shape[1:3]
    unit = unit or (height - 1, width - 1)
    unit = min(unit[0], height - 1), min(unit[1], width - 1)
    window = clipped(receptive_field(model, "last", *unit), (14, 11))
    assert window == seen(model, "last", unit, (14, 11))


def clone(layer):
    return type(layer).from_config(layer.get_config())


UNKNOWN = {
    "Lambda": layers.Lambda(lambda x: tf.roll(x, 2, axis=1)),
    "own layer": Shifted(),
    "own convolution": OwnConvolution(2, 3),
    "SpectralNormalization": layers.SpectralNormalization(layers.Conv2D(2, 3)),
    "Pipeline": layers.Pipeline([layers.Conv2D(2, 3)]),
    "softmax over rows": layers.Softmax(axis=1),
    "joined rows": lambda x: layers.Concatenate(axis=1)([x, x]),
    "activation of one's own": layers.Conv2D(2, 1, activation=lambda x: tf.roll(x, 2, axis=1)),
    "slice": lambda x: x[:, ::2],
    "operation max_pool": lambda x: keras.ops.max_pool(x, 2),
    "LayerNormalization": layers.LayerNormalization(axis=(1, 2, 3)),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_beyond_a_layer_that_is_not_known_nothing_is_said(name):
    inputs = keras.Input((14, 11, 2))
    x = UNKNOWN[name](layers.Conv2D(2, 3, name="first")(inputs))
    model = keras.Model(inputs, layers.Conv2D(2, 2, name="last")(x))
    with pytest.raises(ValueError, match="receptive field: not known beyond layer"):
        receptive_field(model, "last")
    assert receptive_field(model, "first").shape == (3, 3)
    assert tile_size(model, "last") == 14


def test_tokens_see_all_of_the_image():
    inputs = keras.Input((8, 6, 2))
    x = layers.Reshape((48, 4))(layers.Conv2D(4, 3, padding="same")(inputs))
    x = layers.LayerNormalization()(layers.MultiHeadAttention(1, 4)(x, x))
    model = keras.Model(inputs, layers.Conv2D(2, 1, name="last")(layers.Reshape((8, 6, 4))(x)))
    assert clipped(receptive_field(model, "last"), (8, 6)) == (0, 0, 8, 6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda model, images: most_exciting(model, "scores", 0, images), "a layer with maps"),
        (lambda model, images: most_exciting(model, "conv", 6, images), "channel=6: a whole number from 0 to 5"),
        (lambda model, images: most_exciting(model, "conv", 0, images[0]), r"one image is images\[None\]"),
        (lambda model, images: receptive_field(model, "scores"), "a layer with maps"),
    ],
)
def test_what_has_no_place_in_the_image_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(linear_model(), np.zeros((2, 12, 12, 3)))
