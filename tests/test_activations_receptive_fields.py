"""What a unit sees of the image is where the gradient comes from."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

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
