"""Looking inside: what the course's tools show is what the network computes, and the network stays as it was.

Where the usual way of doing a thing goes wrong, it stands beside ours, and its test shows how it goes wrong.
"""

import io

import keras
import matplotlib
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from utils.activations import (
    Observer,
    activations,
    filters_by_ascent,
    grad_cam,
    mosaic,
    most_exciting,
    occlusion,
    receptive_field,
    sparsity,
)
from utils.activations.by_depth import (
    Depth,
    class_selectivity,
    edge_correlations,
    edge_map,
    edges_by_depth,
    sparsity_by_depth,
    untrained,
    varied_crops,
)
from utils.activations.filters import (
    colour_opponency,
    natural_peaks,
    orientation_selectivity,
    random_kernels,
    roughness,
    tile_size,
)
from utils.activations.layer_calls import LayerCalls
from utils.activations.mosaics import BLANK, CONSTANT, DEAD, GAP, LEVELS
from utils.claims import over_seeds, verdict
from utils.claims.activations import share
from utils.explorers.activations import activation_browser
from utils.figures.activations import (
    draw_by_depth,
    draw_channel,
    draw_channel_kinds,
    draw_contact_sheet,
    draw_exciting,
    draw_filters,
    draw_first_layers,
    draw_heatmaps,
    draw_kernels,
    draw_mosaic,
    draw_windows,
)
from utils.mini_xception import mini_xception
from utils.photographs import photograph

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 255, (3, 20, 16, 3)).astype("float32")


def backbone():
    inputs = keras.Input((20, 16, 3))
    x = layers.Conv2D(5, 3, name="conv")(inputs)
    x = layers.BatchNormalization(name="bn")(x)
    return keras.Model(inputs, layers.ReLU(name="relu")(x), name="backbone")


def nested(output=lambda x: layers.Dense(2, activation="softmax", name="scores")(x)):
    inputs = keras.Input((20, 16, 3))
    x = backbone()(layers.Rescaling(1 / 255, name="rescaling")(inputs))
    return keras.Model(inputs, output(layers.GlobalAveragePooling2D(name="average")(x)), name="nested")


def weights_of(model):
    return [keras.ops.convert_to_numpy(weight) for weight in model.weights]


def test_activations_are_what_keras_computes_layer_by_layer():
    model = mini_xception(16, filters=(4, 8))
    images = RANDOM.uniform(0, 255, (5, 16, 16, 3)).astype("float32")
    names = [layer.name for layer in model.layers[1:]]
    expected = keras.Model(model.input, [model.get_layer(name).output for name in names])(images, training=False)
    found = activations(model, images, batch_size=2)
    assert list(found) == names
    for name, each in zip(names, expected, strict=True):
        np.testing.assert_allclose(found[name], each, rtol=1e-5, atol=1e-5, err_msg=name)


def test_separable_convolutions_are_among_the_layers_though_they_are_no_conv2d():
    model = mini_xception(32, filters=(4,) * 5)
    found = activations(model, np.zeros((1, 32, 32, 3)))
    assert sum("_conv" in name for name in found) == 10
    usual = [layer.name for layer in model.layers if isinstance(layer, layers.Conv2D | layers.MaxPooling2D)]
    assert not [name for name in usual if "_conv" in name]


def test_layers_inside_a_nested_model_see_what_the_outer_rescaling_made():
    model = nested()
    found = activations(model, IMAGES, ["backbone/conv", "backbone/relu"])
    inner = model.get_layer("backbone")
    expected = inner.get_layer("conv")(IMAGES / 255)
    np.testing.assert_allclose(found["backbone/conv"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["backbone/relu"], inner(IMAGES / 255, training=False), rtol=1e-4, atol=1e-5)
    conv = inner.get_layer("conv")
    with pytest.raises((ValueError, KeyError)):
        keras.Model(model.input, conv.output)(IMAGES)
    skipping = np.asarray(
        keras.Model(inner.input, conv.output)(IMAGES)
    )  # the way round, which leaves out the rescaling
    assert np.abs(skipping).max() > 100 * np.abs(found["backbone/conv"]).max()


def test_each_call_of_a_shared_layer_is_shown():
    inputs = keras.Input((8, 8, 2))
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    once = shared(inputs)
    model = keras.Model(inputs, shared(once))
    image = RANDOM.normal(size=(1, 8, 8, 2)).astype("float32")
    found = activations(model, image)
    assert list(found) == ["shared", "shared (call 2)"]
    np.testing.assert_allclose(found["shared (call 2)"], shared(shared(image)), rtol=1e-5, atol=1e-5)
    usual = keras.Model(inputs, model.get_layer("shared").output)
    np.testing.assert_allclose(usual(image), found["shared"], rtol=1e-5, atol=1e-5)
    assert np.abs(usual(image) - found["shared (call 2)"]).max() > 0.1


def test_a_nested_model_that_is_called_twice_shows_both_calls():
    inputs = keras.Input((20, 16, 3))
    inner = backbone()
    model = keras.Model(inputs, layers.Concatenate(axis=2)([inner(inputs), inner(-1 * inputs)]))
    found = activations(model, IMAGES, ["backbone/conv", "backbone (call 2)/conv"])
    np.testing.assert_allclose(found["backbone (call 2)/conv"], inner.get_layer("conv")(-IMAGES), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("built", [True, False])
def test_a_sequential_model_works_built_or_not(built):
    stack = [layers.Conv2D(4, 3, activation="relu", name="conv"), layers.Flatten(), layers.Dense(1, name="score")]
    model = keras.Sequential(([keras.Input((20, 16, 3))] if built else []) + stack)
    if not built:
        with pytest.raises((AttributeError, ValueError)):
            keras.Model(model.input, model.layers[0].output)
    found = activations(model, IMAGES)
    np.testing.assert_allclose(found["conv"], model.get_layer("conv")(IMAGES), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found["score"], model(IMAGES), rtol=1e-4, atol=1e-2)


def test_looking_changes_nothing_of_the_model():
    model = nested()
    model.get_layer("backbone").trainable = False
    before, trainable = weights_of(model), len(model.trainable_weights)
    calls = len(model.get_layer("average")._inbound_nodes)
    activations(model, IMAGES)
    grad_cam(model, IMAGES)
    occlusion(model, IMAGES[:1], [0], size=8, stride=8)
    filters_by_ascent(model, "backbone/conv", steps=2)
    receptive_field(model, "backbone/conv")
    untrained(model.get_layer("backbone"), IMAGES)
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.layers[-1].activation is keras.activations.softmax
    assert len(model.trainable_weights) == trainable
    assert len(model.get_layer("average")._inbound_nodes) == calls
    assert model.get_layer("average").output.shape == (None, 5)


def test_the_usual_ways_of_looking_do_change_the_model():
    model = nested()
    model.layers[-1].activation = None  # for logits
    assert np.abs(np.sum(model(IMAGES), axis=1) - 1).max() > 1e-3
    network = backbone()
    keras.Model(network.input, network.get_layer("relu").output)(IMAGES, training=True)
    assert np.any(network.get_layer("bn").moving_mean)


def test_batch_normalization_and_dropout_are_in_inference_mode_even_where_the_model_says_otherwise():
    inputs = keras.Input((4, 4, 3))
    x = layers.BatchNormalization(name="bn")(inputs, training=True)
    model = keras.Model(inputs, layers.Dropout(0.5, name="dropout")(x, training=True))
    image = RANDOM.normal(5, 1, (2, 4, 4, 3)).astype("float32")
    found = activations(model, image)
    np.testing.assert_allclose(found["bn"], image / np.sqrt(1 + 1e-3), rtol=1e-5)
    np.testing.assert_allclose(found["dropout"], found["bn"])
    assert not np.any(model.get_layer("bn").moving_mean)


def test_mixed_precision_gives_float32_arrays_and_a_finite_heatmap():
    policy = keras.DTypePolicy("mixed_float16")
    inputs = keras.Input((20, 16, 3))
    x = layers.Conv2D(4, 3, dtype=policy, name="conv")(inputs)
    x = layers.GlobalAveragePooling2D(dtype=policy)(x)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", dtype=policy)(x))
    found = activations(model, IMAGES / 255)
    assert {each.dtype.name for each in found.values()} == {"float32"}
    assert np.isfinite(grad_cam(model, IMAGES / 255).maps).all()


def test_grey_images_one_element_lists_and_any_size_are_no_trouble():
    inputs = keras.Input((None, None, 1))
    model = keras.Model([inputs], [layers.Conv2D(2, 3, name="conv")(inputs)])
    assert activations(model, np.zeros((1, 9, 7, 1)))["conv"].shape == (1, 7, 5, 2)
    assert activations(model, np.zeros((2, 30, 20, 1), "uint8"))["conv"].shape == (2, 28, 18, 2)


def test_the_second_look_is_compiled_and_sees_the_same():
    look = Observer(nested(), ["backbone/relu"])
    first, second, other = look(IMAGES), look(IMAGES), look(IMAGES[:1])
    np.testing.assert_allclose(first["backbone/relu"], second["backbone/relu"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(other["backbone/relu"][0], second["backbone/relu"][0], rtol=1e-5, atol=1e-5)


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: activations(Subclassed(), IMAGES), TypeError, "a functional or sequential Keras model is needed"),
        (lambda: activations(nested(), IMAGES[0]), ValueError, r"one image is images\[None\]"),
        (lambda: activations(nested(), IMAGES[..., :1]), ValueError, r"nested takes \(any, 20, 16, 3\)"),
        (lambda: activations(nested(), IMAGES, ["conv"]), ValueError, "its layers are: rescaling, backbone/conv"),
        (lambda: activations(nested(), IMAGES, "average"), ValueError, r"\['average'\]"),
        (lambda: activations(nested(), IMAGES, most_bytes=10), ValueError, "more than most_bytes=10"),
        (lambda: grad_cam(nested(), IMAGES, classes=2), ValueError, "from 0 to 1"),
        (lambda: grad_cam(nested(), IMAGES, classes=[0, 1]), ValueError, "2 classes for 3 images"),
        (lambda: grad_cam(nested(), IMAGES, "average"), ValueError, "a layer with maps"),
        (lambda: filters_by_ascent(nested(), "backbone/conv", [5]), ValueError, "from 0 to 4"),
        (lambda: mosaic(np.zeros((2, 3, 4, 5))), ValueError, "those of one image"),
        (lambda: orientation_selectivity(np.zeros((3, 3, 1, 4))), ValueError, "colour images"),
        (lambda: receptive_field(nested(), "backbone/conv", 18, 0), ValueError, "18 × 14 units"),
        (lambda: LayerCalls(keras.Sequential([layers.Dense(1)])), ValueError, "no weights"),
    ],
)
def test_what_cannot_be_done_is_said(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


@pytest.mark.parametrize(("height", "width", "channels"), [(9, 5, 3), (5, 9, 17), (1, 1, 40), (40, 40, 1), (2, 2, 16)])
def test_a_mosaic_shows_every_channel_in_its_place(height, width, channels):
    maps = RANDOM.normal(size=(height, width, channels))
    shown = mosaic(maps, least=8)
    tall, wide = shown.tile
    for channel in range(channels if height > 1 else 0):
        row, column = divmod(channel, shown.columns)
        top, left = row * (tall + 2) + 1, column * (wide + 2) + 1
        tile = shown.codes[top : top + tall, left : left + wide]
        own = maps[..., channel]
        expected = (own - own.min()) / np.ptp(own) * (LEVELS - 1)
        small = tile[:: tall // height, :: wide // width]
        assert np.abs(small - expected).max() <= 1
        np.testing.assert_array_equal(np.kron(small, np.ones((tall // height, wide // width))), tile)
    assert shown.codes.size == -(-channels // shown.columns) * shown.columns * (tall + 2) * (wide + 2)


def usual_grid(maps, columns=16):
    """Whole rows of 16 square maps, each channel by its mean and its deviation."""
    side, rows = maps.shape[0], maps.shape[-1] // columns
    grid = np.zeros(((side + 1) * rows - 1, (side + 1) * columns - 1))
    for row, column in np.ndindex(rows, columns):
        channel = maps[..., row * columns + column]
        channel = 64 * (channel - channel.mean()) / channel.std() + 128
        grid[row * (side + 1) :, column * (side + 1) :][:side, :side] = channel
    return grid


def test_the_usual_grid_cannot_show_what_a_mosaic_shows():
    random = np.random.default_rng(1)
    for shape in ((4, 4, 3), (5, 9, 16), (9, 5, 16)):  # fewer than 16 channels; maps that are not square
        with pytest.raises(ValueError, match=r"negative dimensions|could not broadcast"):
            usual_grid(random.normal(size=shape))
        assert len(mosaic(random.normal(size=shape)).low) == shape[2]
    assert usual_grid(random.normal(size=(4, 4, 30))).shape == (4, 5 * 16 - 1)  # one row: 14 channels are lost
    with np.errstate(invalid="ignore"):
        assert np.isnan(usual_grid(np.ones((4, 4, 16)))).any()
    assert not hasattr(matplotlib.cm, "get_cmap")  # where many look for their colours


def test_channels_without_a_picture_are_marked_and_never_nan():
    maps = RANDOM.normal(size=(8, 8, 5))
    maps[..., 0], maps[..., 1], maps[..., 2] = 0, 7, 0
    maps[0, 0, 3] = np.nan
    shown = mosaic(maps, dead=[False, False, True, False, False], columns=5, least=8)
    assert shown.marked == {"blank": 2, "constant": 1, "dead": 1, "not finite": 1}
    tiles = [set(np.unique(shown.codes[:, 10 * each : 10 * each + 10])) for each in range(5)]
    assert tiles[0] == {GAP, BLANK}
    assert tiles[1] == {GAP, CONSTANT}
    assert tiles[2] == {GAP, DEAD}
    assert max(tiles[4] - {GAP}) == LEVELS - 1


def test_a_shared_scale_keeps_channels_comparable():
    maps = np.stack([np.full((4, 4), 1.0), np.full((4, 4), 3.0)], axis=2)
    maps[0, 0] = 0, 0
    own, shared = mosaic(maps, least=4), mosaic(maps, least=4, shared=True)
    assert own.codes[2, 2] == own.codes[2, 8] == LEVELS - 1
    assert shared.codes[2, 8] == LEVELS - 1
    assert shared.codes[2, 2] == (LEVELS - 1) // 3


def test_the_picture_of_a_mosaic_has_its_colours_and_says_what_is_marked():
    maps = np.stack([np.linspace(0, 1, 64).reshape(8, 8), np.zeros((8, 8))], axis=2)
    drawn = draw_mosaic(mosaic(maps, columns=2, least=8), "conv")
    pixels = np.asarray(Image.open(io.BytesIO(drawn.data)).convert("RGB"))
    assert tuple(pixels[1, 1]) == (68, 1, 84)  # the darkest colour of viridis
    assert tuple(pixels[8, 8]) == (253, 231, 37)  # the brightest
    assert tuple(pixels[4, 14]) == (205, 205, 205)
    assert "1 blank" in drawn.alt
    assert "Each channel has its own scale" in drawn.caption


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
    found = sparsity_by_depth(keras.Model(inputs, x), RANDOM.normal(size=(4, 8, 8, 3)), [f"relu{n}" for n in range(6)])
    assert all(np.all(depth.rise == 0) for depth in found.values())
    flat = [over_seeds(depth.rise) for depth in found.values()]
    assert verdict("sparsity-depth", *flat, *flat).word == "does not hold here"


def test_blank_maps_rise_by_smaller_maps_alone_and_blank_windows_do_not():
    inputs = x = keras.Input((16, 16, 64))
    for side in (8, 4, 2):
        x = layers.Cropping2D(side // 2, name=f"crop{side}")(x)
    empty = RANDOM.uniform(size=(8, 16, 16, 64)) < 0.7
    images = np.where(empty, 0, RANDOM.uniform(0.1, 1, empty.shape)).astype("float32")
    found = sparsity_by_depth(keras.Model(inputs, layers.ReLU()(x)), images, ["crop8", "crop4", "crop2"])
    np.testing.assert_allclose(found["blank_maps"].mean, [0.7**64, 0.7**16, 0.7**4], atol=0.03)
    np.testing.assert_allclose(found["blank_windows"].mean, [0.7**4] * 3, atol=0.03)
    np.testing.assert_allclose(found["zeros"].mean, [0.7] * 3, atol=0.03)


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
    found = sparsity_by_depth(model, RANDOM.normal(size=(2, 4, 4, 3)), ["large", "small"])
    assert found["blank_windows"].layers == ("large",)
    assert np.isfinite(found["blank_windows"].rise).all()
    assert found["zeros"].layers == ("large", "small")


def test_sparsity_rises_where_layers_cut_off_more_and_more():
    inputs = x = keras.Input((8, 8, 3))
    for number in range(6):
        x = layers.ReLU(threshold=0.3 * number, name=f"relu{number}")(x)
    found = sparsity_by_depth(keras.Model(inputs, x), RANDOM.normal(size=(4, 8, 8, 3)), [f"relu{n}" for n in range(6)])
    # Of a normal distribution 0.5, 0.618 lie below 0, 0.3 and 0.885, 0.933 below 1.2, 1.5.
    assert found["zeros"].rise.mean() == pytest.approx((0.885 + 0.933) / 2 - (0.5 + 0.618) / 2, abs=0.05)


def test_an_untrained_copy_keeps_the_shapes_and_centres_its_layers():
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
    noise = RANDOM.normal(size=(6, 32, 32, 3)).astype("float32")
    photographs = np.stack([photograph(name)[100:132, 100:132] for name in ("chelsea", "coffee", "astronaut")] * 2)
    found = edges_by_depth(model, noise, photographs, ["relu", "pool"])
    assert np.abs(found.mean).max() < 0.05


def test_class_selectivity_tells_classes_from_noise():
    classes = np.repeat(np.arange(4), 50)
    responses = np.stack([classes, RANDOM.normal(size=200), np.ones(200), classes + RANDOM.normal(size=200)], axis=1)
    found = class_selectivity(responses, classes)
    assert found[0] == pytest.approx(1)
    assert found[1] < 0.1  # by chance (4 − 1) / 199
    assert np.isnan(found[2])
    assert found[3] == pytest.approx(1.25 / 2.25, abs=0.12)  # variance of 0…3 is 1.25, of the noise 1


def test_depth_measures_rise_and_rank_correlation():
    depth = Depth(tuple("abcdef"), np.array([[0, 5], [1, 4], [2, 3], [3, 2], [4, 1], [5, 0.0]]))
    np.testing.assert_allclose(depth.rise, [4, -4])
    np.testing.assert_allclose(depth.rank_correlation, [1, -1])
    flat = over_seeds([0.1, -0.1, 0.2, -0.2])
    assert verdict("deeper-abstract", flat, flat, flat).word == "does not hold here"


def test_varied_crops_repeat_by_seed_and_differ_between_seeds():
    crops, classes = varied_crops(24, 2, 5)
    assert crops.shape == (16, 24, 24, 3)
    assert classes.tolist() == sorted([*range(8)] * 2)
    assert 0 <= crops.min() <= crops.max() <= 255
    np.testing.assert_array_equal(crops, varied_crops(24, 2, 5)[0])
    assert not np.array_equal(crops, varied_crops(24, 2, 6)[0])


SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1.0]])


def test_edge_detectors_are_oriented_and_blobs_and_random_kernels_are_not():
    edges = np.stack([np.repeat(each[..., None], 3, axis=2) for each in (SOBEL, SOBEL.T)], axis=3)
    neighbours = np.zeros((3, 3, 3, 1))
    neighbours[1, 1], neighbours[1, 0] = 1, -1
    blobs = np.stack([np.ones((3, 3, 3)), np.zeros((3, 3, 3))], axis=3)
    limit = np.quantile(orientation_selectivity(random_kernels(edges)), 0.95)
    assert orientation_selectivity(neighbours)[0] == pytest.approx(0.5, abs=0.03)
    assert (orientation_selectivity(edges) > limit).all()
    assert (orientation_selectivity(blobs) < 0.02).all()
    other = orientation_selectivity(random_kernels(edges, seed=1))
    assert np.mean(other > limit) == pytest.approx(0.05, abs=0.01)


def test_random_kernels_are_no_collection_of_edge_detectors_and_sobel_kernels_are_one():
    control = random_kernels(np.zeros((3, 3, 3, 1)))
    limit = np.quantile(orientation_selectivity(control), 0.95)
    chance = share(orientation_selectivity(random_kernels(control, 32, seed=2)) > limit)
    assert verdict("first-layer-edges", chance, chance, chance, chance).word == "does not hold here"
    certain = share([True] * 32)
    assert verdict("first-layer-edges", certain, certain, certain, certain).word == "holds"
    assert (certain.low, certain.high) == (pytest.approx(0.891, abs=0.001), 1)  # 0.025 ** (1 / 32)


def test_colour_opponency_is_0_for_grey_1_for_red_against_green_and_two_thirds_for_chance():
    kernels = np.zeros((3, 3, 3, 3))
    kernels[..., 0] = SOBEL[..., None]
    kernels[:, :, 0, 1], kernels[:, :, 1, 1] = 1, -1
    np.testing.assert_allclose(colour_opponency(kernels), [0, 1, 0], atol=1e-12)
    assert colour_opponency(random_kernels(kernels)).mean() == pytest.approx(2 / 3, abs=0.01)


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


def linear_model(units=3, activation="softmax"):
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="conv")(inputs)
    outputs = layers.Dense(units, activation=activation, name="scores")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, outputs)


def class_activation_maps(model, images, column, sign=1):
    """CAM of Zhou et al. 2016: with average pooling and one dense layer Grad-CAM is this, divided by the positions."""
    maps = np.asarray(model.get_layer("conv")(images))
    weights = sign * keras.ops.convert_to_numpy(model.get_layer("scores").kernel)[:, column]
    return np.maximum(maps @ weights, 0) / (maps.shape[1] * maps.shape[2])


def usual_heatmap(model, image, guided=False):
    """Grad-CAM on the output of the model as it is, divided by the map's highest value."""
    inside = keras.Model(model.input, [model.get_layer("conv").output, model.output])
    with tf.GradientTape() as tape:
        maps, scores = inside(image[None])
        score = scores[:, tf.argmax(scores[0])]
    gradient = tape.gradient(score, maps)
    if guided:
        gradient = tf.where((maps > 0) & (gradient > 0), gradient, 0)
    heat = tf.maximum(tf.reduce_sum(tf.reduce_mean(gradient, axis=(1, 2), keepdims=True) * maps, axis=-1), 0)
    return (heat / tf.reduce_max(heat)).numpy()[0]


def test_a_heatmap_is_the_class_activation_map_where_that_is_known():
    model, images = linear_model(), RANDOM.normal(size=(4, 12, 12, 3)).astype("float32")
    found = grad_cam(model, images, classes=[0, 1, 2, 1])
    for number, column in enumerate([0, 1, 2, 1]):
        expected = class_activation_maps(model, images[number : number + 1], column)[0]
        np.testing.assert_allclose(found.maps[number], expected, rtol=1e-4, atol=1e-6)
    assert found.layer == "conv"
    likeliest = grad_cam(model, images)
    np.testing.assert_array_equal(likeliest.classes, np.argmax(model(images), axis=1))
    np.testing.assert_allclose(likeliest.probabilities, np.max(model(images), axis=1), rtol=1e-5)
    logits = linear_model(activation=None)
    logits.set_weights(model.get_weights())
    np.testing.assert_allclose(likeliest.scaled[0], usual_heatmap(logits, images[0]), rtol=1e-3, atol=1e-5)
    guided = usual_heatmap(logits, images[0], guided=True)  # what some packages call Grad-CAM
    for other in (guided, usual_heatmap(model, images[0])):  # probabilities mix in what speaks for other classes
        assert np.abs(likeliest.scaled[0] - other).max() > 0.02


def test_a_saturated_softmax_and_a_saturated_sigmoid_keep_their_heatmaps():
    images = RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    for units, activation in ((3, "softmax"), (1, "sigmoid")):
        model = linear_model(units, activation)
        model.get_layer("scores").kernel.assign(model.get_layer("scores").kernel * 1e5)
        assert set(np.unique(np.round(model(images), 6))) <= {0, 1}
        with np.errstate(invalid="ignore"):
            assert np.isnan(usual_heatmap(model, images[0])).all()
        found = grad_cam(model, images, "conv")
        assert np.isfinite(found.maps).all()
        assert not found.silent.any()


def test_a_single_sigmoid_unit_explains_both_its_classes():
    model, images = linear_model(1, "sigmoid"), RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    for wanted, sign in ((1, 1), (0, -1)):
        found = grad_cam(model, images, classes=wanted)
        np.testing.assert_allclose(found.maps, class_activation_maps(model, images, 0, sign), rtol=1e-4, atol=1e-6)
        expected = model(images)[:, 0] if wanted else 1 - model(images)[:, 0]
        np.testing.assert_allclose(found.probabilities, expected, rtol=1e-4)
        # The usual way explains the one unit, class 1, whichever class is the likelier.
        usual = usual_heatmap(model, images[0])
        assert (np.abs(found.scaled[0] - usual).max() < 1e-3) == (wanted == 1)


def test_a_heatmap_to_which_nothing_contributes_is_silent_and_not_nan():
    model = linear_model(1, "sigmoid")
    model.get_layer("scores").kernel.assign(-np.ones((6, 1)))
    images = RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    found = grad_cam(model, images, classes=1)
    assert found.silent.all()
    assert not found.scaled.any()
    assert np.isnan(usual_heatmap(model, images[0])).all()


def test_a_frozen_model_that_was_saved_and_loaded_again_has_heatmaps(tmp_path):
    model, images = linear_model(), RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    expected = grad_cam(model, images).maps
    model.trainable = False
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(grad_cam(again, images).maps, expected, rtol=1e-5)


def test_a_batch_of_heatmaps_is_that_of_its_images_one_by_one():
    model = mini_xception(24, filters=(4, 8))
    images = RANDOM.uniform(0, 255, (5, 24, 24, 3)).astype("float32")
    together = grad_cam(model, images, batch_size=2).maps
    alone = [grad_cam(model, image[None]).maps[0] for image in images]
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("softmax", [layers.Softmax(), layers.Activation("softmax"), keras.ops.softmax])
def test_a_softmax_of_its_own_is_looked_behind_too(softmax):
    inputs = keras.Input((12, 12, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(6, 3, activation="relu", name="conv")(inputs))
    model = keras.Model(inputs, softmax(layers.Dense(3, name="scores")(x)))
    images = RANDOM.normal(size=(1, 12, 12, 3)).astype("float32")
    found = grad_cam(model, images, "conv", classes=2).maps
    np.testing.assert_allclose(found, class_activation_maps(model, images, 2), rtol=1e-4, atol=1e-6)


def test_occlusion_of_a_sigmoid_is_compiled_and_opposite_for_the_two_classes():
    image = RANDOM.normal(size=(1, 12, 12, 3)).astype("float32")
    fallen = occlusion(linear_model(1, "sigmoid"), image, [0, 1], size=4, stride=4, batch_size=4)
    assert fallen.shape == (2, 3, 3)
    np.testing.assert_allclose(fallen[0], -fallen[1], rtol=1e-5)
    assert np.abs(fallen).max() > 1e-3


def test_occlusion_finds_the_only_place_that_counts():
    inputs = keras.Input((16, 16, 1))
    kernel = np.zeros((16, 16, 1, 2), "float32")
    kernel[9, 2, 0, 1] = 4
    outputs = layers.Flatten()(layers.Conv2D(2, 16, use_bias=False, name="conv")(inputs))
    model = keras.Model(inputs, layers.Softmax()(outputs))
    model.get_layer("conv").kernel.assign(kernel)
    image = np.zeros((1, 16, 16, 1), "float32")
    image[0, 9, 2] = 1
    fallen = occlusion(model, image, [0, 1], size=4, stride=4)
    expected = np.zeros((2, 4, 4))
    expected[1, 2, 0] = 4 * (1 - 1 / 256)  # the square takes the image's mean, 1/256
    np.testing.assert_allclose(fallen, expected, atol=1e-5)


def test_a_filter_climbs_the_same_alone_and_in_company():
    model = mini_xception(32, filters=(8, 8))
    together = filters_by_ascent(model, "block1_conv1", steps=8)
    alone = filters_by_ascent(model, "block1_conv1", [3], steps=8)
    assert together.images.shape == (8, 24, 24, 3)
    np.testing.assert_allclose(together.images[3], alone.images[0], rtol=1e-3, atol=0.05)
    np.testing.assert_array_equal(alone.images, filters_by_ascent(model, "block1_conv1", [3], steps=8).images)
    noise = RANDOM.uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    step = [usual_step(model, noise, number)[-1] for number in ([3], [0, 1, 2, 3])]
    assert np.abs(step[0] - step[1]).max() > 0.1 * np.abs(step[0]).max()


def usual_step(model, image, filters):
    """The step that a batch of images takes, one for each filter, when their gradient is normalized as a whole."""
    images = tf.repeat(image, len(filters), axis=0)
    with tf.GradientTape() as tape:
        tape.watch(images)
        maps = keras.Model(model.input, model.get_layer("block1_conv1").output)(images)
        scores = [tf.reduce_mean(each[..., number]) for each, number in zip(maps, filters, strict=True)]
    return tf.math.l2_normalize(tape.gradient(scores, images)).numpy()


def test_ascent_raises_every_filter_above_a_relu_that_holds_it_at_zero():
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(6, 3, activation="relu", name="conv")])
    model.layers[0].bias.assign(-1e4 * np.ones(6))  # the ReLU's output is 0 for every image, and so is its gradient
    with tf.GradientTape() as tape:
        tape.watch(image := tf.random.uniform((1, 32, 32, 3), 0, 255))
        output = model(image)
    assert not np.any(tape.gradient(output, image))
    climbed = filters_by_ascent(model, "conv", steps=10)
    assert not climbed.stuck.any()
    assert climbed.images.min() >= 0
    assert climbed.images.max() <= 255


def test_a_filter_without_a_gradient_is_stuck():
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(2, 3, name="conv")])
    kernel = keras.ops.convert_to_numpy(model.layers[0].kernel).copy()
    kernel[..., 1] = 0
    model.layers[0].kernel.assign(kernel)
    assert filters_by_ascent(model, "conv", steps=5).stuck.tolist() == [False, True]


def test_regularised_images_are_smoother_and_stay_in_range():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((48, 48, 3)), layers.Conv2D(8, 3, activation="relu"), layers.Conv2D(8, 5, name="conv")]
    )
    smooth, rough = (filters_by_ascent(model, "conv", steps=20, regularised=each) for each in (True, False))
    assert roughness(smooth.images) < roughness(rough.images) / 1.5
    assert rough.images.max() > 255 >= smooth.images.max()
    noise = RANDOM.uniform(0, 255, (4, 64, 64, 3))
    assert roughness(noise) == pytest.approx(1 - np.pi / 16, abs=0.03)  # outside a circle of radius ¼ in a unit square
    assert roughness(photograph("chelsea")[None, :256, :256]) < 0.05


def test_a_stripe_filter_gets_stripes_that_beat_every_photograph():
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(1, 3, name="conv")])
    model.layers[0].kernel.assign(np.repeat(SOBEL[..., None], 3, axis=2)[..., None])
    climbed = filters_by_ascent(model, "conv", steps=40, regularised=False)
    assert orientation_selectivity(model.layers[0].kernel)[0] > 0.3
    best = natural_peaks(model, "conv", photograph("chelsea")[None, 100:132, 100:132].astype("float32"), [0])
    assert climbed.peak[0] > best[0]


def test_every_figure_says_in_words_what_it_shows():
    maps = RANDOM.normal(size=(6, 9, 3))
    image = photograph("chelsea")
    climbed = filters_by_ascent(linear_model(), "conv", [0, 1], steps=2)
    heat = np.zeros((4, 4))
    heat[3, 0] = 1
    window = receptive_field(mini_xception(None), "stem", size=(60, 60))
    measures = {"trained": (np.array([0.1, 0.7]), np.array([0.2, 0.9])), "random": (np.zeros(200), np.ones(200))}
    said = {
        draw_contact_sheet({"conv": mosaic(maps)}): "conv 3 channels",
        draw_channel(
            image, heat
        ): "the middle of the heat is ≈ 0.0 of the way from left to right, ≈ 1.0 from top to bottom",
        draw_kernels(RANDOM.normal(size=(3, 3, 3, 5)), [True, False, True, False, False]): "5 kernels",
        draw_first_layers(measures, dict.fromkeys(measures, 0.5)): "trained: ≈ 0.50 of the kernels are oriented",
        draw_by_depth({"zeros": {"mine": np.arange(9).reshape(3, 3)}}, "share"): "mine: from ≈ 1.00 to ≈ 7.00",
        draw_channel_kinds(
            [sparsity("a", np.ones((1, 2, 2, 4))), sparsity("b", np.zeros((1, 2, 2, 4)))]
        ): "dead ≈ 1.00",
        draw_filters([climbed]): "conv: 2 filters",
        draw_heatmaps(
            [image, image], [heat, 0 * heat], ["cat", "dog"]
        ): "cat: the middle of the heat is ≈ 0.0 of the way from left to right, ≈ 1.0 from top to bottom; dog: no heat",
        draw_windows(image, {"stem": window}): "stem 5 × 5 pixels",
        draw_exciting({"channel 1": [(image, "chelsea")]}): "channel 1: chelsea",
    }
    for picture, words in said.items():
        assert words in picture.alt
        assert picture.html().startswith("<figure")
        assert Image.open(io.BytesIO(picture.data)).width > 20


def small(pixels):
    return np.asarray(Image.fromarray(pixels).resize((24, 24)), dtype="float32")[None]


def test_the_browser_moves_through_layers_channels_and_photographs(tmp_path):
    names = ["stem", "block1_relu1", "block2_relu2"]
    browser = activation_browser(mini_xception(24, filters=(4, 8)), names, prepare=small)
    first = browser.shown
    assert "stem, channel 0" in first
    assert browser.set(layer="block2_relu2").shown.count("<img") == 2
    assert "block2_relu2, channel 7" in browser.set(channel=7).shown
    browser.set(layer="stem")
    assert browser.values["channel"] == 3  # the stem has four channels only
    assert "stem, channel 3" in browser.shown
    coffee = browser.set(photo="coffee").shown
    Image.fromarray(photograph("coffee")).save(tmp_path / "mine.png")
    assert browser.set(photo="chelsea", path=str(tmp_path / "mine.png")).shown == coffee
    assert 'role="alert"' in browser.set(path=str(tmp_path / "missing.png")).shown
    assert "Run this cell in JupyterLab" in browser._repr_mimebundle_()["text/html"]
