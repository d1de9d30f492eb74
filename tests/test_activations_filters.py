"""What single filters look for: known kernels, and images that excite them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from utils.activations import (
    filters_by_ascent,
)
from utils.activations.filters import (
    color_opponency,
    natural_peaks,
    orientation_selectivity,
    oriented,
    random_kernels,
    roughness,
)
from utils.claims import verdict
from utils.mini_xception import mini_xception
from utils.photographs import photograph

RANDOM = np.random.default_rng(0)


SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1.0]])


def test_edge_detectors_are_oriented_and_blobs_and_random_kernels_are_not():
    edges = np.stack([np.repeat(each[..., None], 3, axis=2) for each in (SOBEL, SOBEL.T)], axis=3)
    neighbors = np.zeros((3, 3, 3, 1))
    neighbors[1, 1], neighbors[1, 0] = 1, -1
    blobs = np.stack([np.ones((3, 3, 3)), np.zeros((3, 3, 3))], axis=3)
    limit = np.quantile(orientation_selectivity(random_kernels(edges)), 0.95)
    assert orientation_selectivity(neighbors)[0] == pytest.approx(0.5, abs=0.03)
    assert (orientation_selectivity(edges) > limit).all()
    assert (orientation_selectivity(blobs) < 0.02).all()
    other = orientation_selectivity(random_kernels(edges, seed=1))
    assert np.mean(other > limit) == pytest.approx(0.05, abs=0.01)


def test_random_kernels_are_no_collection_of_edge_detectors_and_sobel_kernels_are_one():
    chance = oriented(random_kernels(np.zeros((3, 3, 3, 1)), 32, seed=2))
    flat = [0.0] * 5
    assert chance.mean() < 0.2
    assert verdict("first-layer-edges", chance, flat, flat).word == "does not hold here"
    sobels = np.repeat(np.stack([SOBEL, SOBEL.T], axis=2)[:, :, None], 3, axis=2)
    assert oriented(sobels).all()
    assert verdict("first-layer-edges", oriented(sobels), [0.2] * 5, [0.2] * 5).word == "holds"


def test_gray_kernels_are_judged_like_those_of_color_that_see_brightness_only():
    gray = RANDOM.normal(size=(3, 3, 1, 20))
    np.testing.assert_allclose(
        orientation_selectivity(gray), orientation_selectivity(np.repeat(gray, 3, axis=2)), atol=1e-9
    )
    assert oriented(SOBEL[..., None, None]).all()


def test_color_opponency_is_0_for_gray_1_for_red_against_green_and_two_thirds_for_chance():
    kernels = np.zeros((3, 3, 3, 3))
    kernels[..., 0] = SOBEL[..., None]
    kernels[:, :, 0, 1], kernels[:, :, 1, 1] = 1, -1
    np.testing.assert_allclose(color_opponency(kernels), [0, 1, 0], atol=1e-12)
    assert color_opponency(random_kernels(kernels)).mean() == pytest.approx(2 / 3, abs=0.01)


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


def test_regularized_images_are_smoother_and_stay_in_range():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((48, 48, 3)), layers.Conv2D(8, 3, activation="relu"), layers.Conv2D(8, 5, name="conv")]
    )
    smooth, rough = (filters_by_ascent(model, "conv", steps=20, regularized=each) for each in (True, False))
    assert roughness(smooth.images) < roughness(rough.images) / 1.5
    assert rough.images.max() > 255 >= smooth.images.max()
    noise = RANDOM.uniform(0, 255, (4, 64, 64, 3))
    assert roughness(noise) == pytest.approx(1 - np.pi / 16, abs=0.03)  # outside a circle of radius ¼ in a unit square
    assert roughness(photograph("chelsea")[None, :256, :256]) < 0.05


def test_a_stripe_filter_gets_stripes_that_beat_every_photograph():
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(1, 3, name="conv")])
    model.layers[0].kernel.assign(np.repeat(SOBEL[..., None], 3, axis=2)[..., None])
    climbed = filters_by_ascent(model, "conv", steps=40, regularized=False)
    assert orientation_selectivity(model.layers[0].kernel)[0] > 0.3
    best = natural_peaks(model, "conv", photograph("chelsea")[None, 100:132, 100:132].astype("float32"), [0])
    assert climbed.peak[0] > best[0]
