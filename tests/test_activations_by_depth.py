"""What changes with depth, measured where the answer is known."""

import keras
import numpy as np
import pytest
from keras import layers
from networks import nested

from utils.activations import (
    activations,
    sparsity,
)
from utils.activations.by_depth import (
    beyond,
    class_selectivity,
    edge_correlations,
    edge_map,
    profile,
    rise,
    untrained,
    varied_crops,
)
from utils.claims import verdict
from utils.mini_xception import mini_xception
from utils.photographs import photograph

RANDOM = np.random.default_rng(0)


def profiles_of(model, images, layers):
    """The profile of each image twice, as two classes of two."""
    return [profile(model, np.stack([each] * 4), [0, 0, 1, 1], layers) for each in images]


def test_sparsity_is_counted_as_one_would_by_hand():
    maps = np.zeros((2, 3, 3, 4))
    maps[:, 0, 0, 0] = 1  # active for both images
    maps[1, :, :, 1] = 2  # blank for the first image
    maps[:, 2, 2, 3] = -1  # linear
    found = sparsity("relu", maps)
    assert found.zeros == pytest.approx(1 - (2 + 9 + 2) / 72)
    assert found.blank_maps == 3 / 8
    assert found.blank_windows == pytest.approx((3 + 3 + 4 + 0 + 4 + 4 + 3 + 3) / 32)
    assert (found.active, found.blank_here, found.dead, found.linear) == (1, 1, 1, 1)
    assert np.isnan(sparsity("relu", np.zeros((1, 1, 1, 2))).blank_windows)


def test_sparsity_does_not_rise_where_every_layer_is_alike():
    inputs = x = keras.Input((8, 8, 3))
    for number in range(6):
        x = layers.ReLU(name=f"relu{number}")(x)
    found = profiles_of(keras.Model(inputs, x), RANDOM.normal(size=(5, 8, 8, 3)), [f"relu{n}" for n in range(6)])
    counts = [[rise(each[name]) for each in found] for name in ("blank maps", "blank windows", "zeros")]
    assert not np.any(counts)
    flat = [0.0] * 5
    assert verdict("sparsity-depth", *counts, *counts[:2], flat, flat).word == "does not hold here"


def test_blank_maps_rise_by_smaller_maps_alone_and_blank_windows_do_not():
    inputs = x = keras.Input((16, 16, 64))
    for side in (8, 4, 2):
        x = layers.Cropping2D(side // 2, name=f"crop{side}")(x)
    empty = RANDOM.uniform(size=(8, 16, 16, 64)) < 0.7
    images = np.where(empty, 0, RANDOM.uniform(0.1, 1, empty.shape)).astype("float32")
    found = profile(keras.Model(inputs, layers.ReLU()(x)), images, [0, 1] * 4, ["crop8", "crop4", "crop2"])
    np.testing.assert_allclose(found["blank maps"], [0.7**64, 0.7**16, 0.7**4], atol=0.03)
    np.testing.assert_allclose(found["blank windows"], [0.7**4] * 3, atol=0.03)
    np.testing.assert_allclose(found["zeros"], [0.7] * 3, atol=0.03)


def test_linear_layers_hold_no_zeros_and_are_called_linear():
    model = mini_xception(16, filters=(4, 8))
    images = RANDOM.uniform(0, 255, (4, 16, 16, 3)).astype("float32")
    found = activations(model, images, ["block1_conv1", "block1_relu2"])
    convolution, relu = (sparsity(name, maps) for name, maps in found.items())
    assert (convolution.zeros, convolution.linear, convolution.dead) == (0, 4, 0)
    assert (relu.linear, relu.zeros > 0.05) == (0, True)


def test_maps_smaller_than_a_window_are_left_out_of_the_windows():
    inputs = keras.Input((4, 4, 3))
    x = layers.ReLU(name="large")(inputs)
    model = keras.Model(inputs, layers.ReLU(name="small")(layers.MaxPooling2D(4)(x)))
    found = profile(model, RANDOM.normal(size=(3, 4, 4, 3)), [0, 0, 1], ["large", "small"])
    assert np.isnan(found["blank windows"]).tolist() == [False, True]
    assert rise(found["blank windows"]) == 0  # of one layer that has any
    assert np.isfinite(found["zeros"]).all()


def test_sparsity_rises_where_layers_cut_off_more_and_more():
    inputs = x = keras.Input((8, 8, 3))
    for number in range(6):
        x = layers.ReLU(threshold=0.3 * number, name=f"relu{number}")(x)
    images = RANDOM.normal(size=(16, 8, 8, 3))
    found = profile(keras.Model(inputs, x), images, [0, 1] * 8, [f"relu{n}" for n in range(6)])
    # Of a normal distribution 0.5, 0.618 lie below 0, 0.3 and 0.885, 0.933 below 1.2, 1.5.
    assert rise(found["zeros"]) == pytest.approx((0.885 + 0.933) / 2 - (0.5 + 0.618) / 2, abs=0.05)


def test_an_untrained_copy_keeps_the_shapes_and_centers_its_layers():
    model = mini_xception(16, filters=(4, 8))
    for weight in model.weights:
        weight.assign(RANDOM.normal(3, 1, weight.shape))
    images = RANDOM.uniform(0, 255, (40, 16, 16, 3)).astype("float32")
    found = activations(untrained(model, images), images, ["block1_bn2", "block2_bn1"])
    for maps in found.values():
        np.testing.assert_allclose(maps.mean(axis=(0, 1, 2)), 0, atol=1e-3)
        np.testing.assert_allclose(maps.std(axis=(0, 1, 2)), 1, atol=0.05)


def test_edges_predict_an_edge_map_and_neither_noise_nor_another_photograph():
    pixels = photograph("chelsea")[:224, :224]
    edges = edge_map(pixels, 28, 28)
    maps = np.stack([edges, -2 * edges, RANDOM.normal(size=(28, 28)), np.full((28, 28), 3.0)], axis=2)
    found = edge_correlations(maps, edges)
    np.testing.assert_allclose(found[:2], [1, -1], atol=1e-6)
    assert abs(found[2]) < 0.15
    assert np.isnan(found[3])
    mixed = RANDOM.permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
    assert abs(edge_correlations(maps, edge_map(mixed, 28, 28))[0]) < 0.15


def test_a_network_of_noise_has_no_edges_at_any_depth():
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, layers.AveragePooling2D(2, name="pool")(layers.ReLU(name="relu")(inputs)))
    photographs = np.stack([photograph(name)[100:132, 100:132] for name in ("chelsea", "coffee", "astronaut")] * 2)
    classes = [0, 1, 2, 0, 1, 2]
    noise = RANDOM.normal(size=(6, 32, 32, 3)).astype("float32")
    assert np.abs(profile(model, noise, classes, ["relu", "pool"], photographs)["edges"]).max() < 0.06
    edges = np.repeat(np.stack([edge_map(each, 32, 32) for each in photographs])[..., None], 3, axis=3)
    assert profile(model, edges, classes, ["relu", "pool"], photographs)["edges"].min() > 0.5


def test_class_selectivity_tells_classes_from_noise():
    classes = np.repeat(np.arange(4), 50)
    responses = np.stack([classes, RANDOM.normal(size=200), np.ones(200), classes + RANDOM.normal(size=200)], axis=1)
    found = class_selectivity(responses, classes)
    assert found[0] == pytest.approx(1)
    assert abs(found[1]) < 0.06
    assert np.isnan(found[2])
    assert found[3] == pytest.approx(1.25 / 2.25, abs=0.12)  # variance of 0…3 is 1.25, of the noise 1


def test_classes_given_by_lot_explain_nothing_however_few_the_images():
    noise = RANDOM.normal(size=(16, 4000))  # uncorrected, 8 classes would explain 7/15 of it
    assert np.mean(class_selectivity(noise, np.repeat(np.arange(8), 2))) == pytest.approx(0, abs=0.03)
    with pytest.raises(ValueError, match="8 responses to 8 classes: more responses than classes"):
        class_selectivity(noise[:8], np.arange(8))


def test_a_rise_is_the_last_third_minus_the_first_and_a_falling_control_does_not_help():
    assert rise([0, 1, 2, 3, 4, 5]) == pytest.approx(4)
    assert rise([np.nan, 1, 2, 3]) == pytest.approx(2)
    assert beyond(0.3, 0.1, 0.2) == pytest.approx(0.1)
    assert beyond(0.0, -0.5) == 0
    flat = [beyond(0.0, -0.5)] * 5
    assert verdict("deeper-abstract", [0.2] * 5, flat, flat, flat, flat).word == "does not hold here"


def test_varied_crops_repeat_by_seed_and_differ_between_seeds():
    crops, classes = varied_crops(24, 2, 5)
    assert crops.shape == (16, 24, 24, 3)
    assert classes.tolist() == sorted([*range(8)] * 2)
    assert 0 <= crops.min() <= crops.max() <= 255
    np.testing.assert_array_equal(crops, varied_crops(24, 2, 5)[0])
    assert not np.array_equal(crops, varied_crops(24, 2, 6)[0])


def test_an_untrained_copy_of_a_nested_and_frozen_model_has_the_averages_of_the_images_everywhere():
    model = nested()
    for layer in (model, model.get_layer("backbone")):
        layer.trainable = False
    for weight in model.weights:
        weight.assign(RANDOM.normal(3, 1, weight.shape))
    twin = untrained(model, images := RANDOM.uniform(0, 255, (40, 20, 16, 3)).astype("float32"))
    maps = activations(twin, images, ["backbone/bn"])["backbone/bn"]
    np.testing.assert_allclose(maps.mean(axis=(0, 1, 2)), 0, atol=1e-3)
    np.testing.assert_allclose(maps.std(axis=(0, 1, 2)), 1, atol=0.05)
    assert not model.get_layer("backbone").get_layer("bn").trainable
    assert model.get_layer("backbone").get_layer("bn").momentum == 0.99


def test_an_untrained_copy_keeps_what_was_not_learned():
    scale = layers.Normalization(mean=[1.0, 2, 3], variance=[4.0, 5, 6])
    adapted = layers.Normalization()
    adapted.adapt(images := RANDOM.normal(3, 2, (20, 8, 8, 3)).astype("float32"))
    inputs = keras.Input((8, 8, 3))
    x = layers.Dropout(0.5)(adapted(scale(inputs)))
    twin = untrained(keras.Model(inputs, layers.Conv2D(2, 3, name="conv")(x)), images)
    found = activations(twin, images, [0, 1])
    np.testing.assert_allclose(list(found.values())[1], adapted(scale(images)), rtol=1e-4, atol=1e-5)
