"""Notebook 04: the two steps equal Keras, the experiments find what is known, and can also find the contrary."""

import io
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from utils.claims import Measurement, claim, over_seeds, verdict
from utils.claims.separable_convolutions import CLAIMS
from utils.data import Dataset
from utils.figures import separable_convolutions as figures
from utils.separable_convolutions import (
    NARROW_FILTERS,
    Correlations,
    Race,
    Timing,
    as_ordinary,
    convolution,
    convolutions_of,
    correlations,
    depthwise,
    gap_difference_at_equal_training,
    inputs_of,
    nearest_separable,
    network,
    parameters_by_step,
    pointwise,
    race,
    timings,
)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def whole(random, *shape):
    """Whole numbers as float32: sums of their products are exact in any order."""
    return random.integers(-4, 5, size=shape).astype("float32")


def with_weights(layer, shape, *weights):
    layer.build(shape)
    layer.set_weights(weights)
    return layer


@pytest.fixture(scope="module")
def xception():
    return keras.applications.Xception(weights=None)


# The two steps


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5])
def test_the_ordinary_convolution_in_numpy_is_kerass_to_the_last_digit(random, kernel_size):
    images, kernels = whole(random, 2, 7, 9, 5), whole(random, kernel_size, kernel_size, 5, 6)
    layer = with_weights(layers.Conv2D(6, kernel_size, padding="same", use_bias=False), images.shape, kernels)
    np.testing.assert_array_equal(convolution(images, kernels), layer(images))


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5])
def test_the_two_steps_in_numpy_are_kerass_to_the_last_digit(random, kernel_size):
    images, spatial, mixing = whole(random, 2, 7, 9, 5), whole(random, kernel_size, kernel_size, 5), whole(random, 5, 6)
    between = depthwise(images, spatial)
    first = layers.DepthwiseConv2D(kernel_size, padding="same", use_bias=False)
    np.testing.assert_array_equal(between, with_weights(first, images.shape, spatial[..., None])(images))
    both = layers.SeparableConv2D(6, kernel_size, padding="same", use_bias=False)
    with_weights(both, images.shape, spatial[..., None], mixing[None, None])
    np.testing.assert_array_equal(pointwise(between, mixing), both(images))
    second = with_weights(layers.Conv2D(6, 1, use_bias=False), between.shape, mixing[None, None])
    np.testing.assert_array_equal(second(first(images)), both(images))


def test_the_product_of_the_parts_is_an_ordinary_kernel_that_does_the_same(random):
    images, spatial, mixing = whole(random, 2, 7, 9, 5), whole(random, 3, 3, 5), whole(random, 5, 6)
    kernel = as_ordinary(spatial, mixing)
    assert kernel.shape == (3, 3, 5, 6)
    np.testing.assert_array_equal(convolution(images, kernel), pointwise(depthwise(images, spatial), mixing))


def test_the_nearest_separable_kernel_of_a_separable_kernel_is_itself(random):
    kernel = as_ordinary(random.normal(size=(3, 3, 5)), random.normal(size=(5, 6)))
    *parts, kept = nearest_separable(kernel)
    np.testing.assert_allclose(as_ordinary(*parts), kernel, atol=1e-12)
    assert kept == pytest.approx(1)


def test_of_two_windows_a_channel_the_nearest_separable_kernel_keeps_the_stronger():
    kernel = np.zeros((3, 3, 1, 2))
    kernel[0, 0, 0, 0], kernel[2, 2, 0, 1] = 4, 3  # two filters with two windows: 16 and 9 of 25 squared
    first, mix, kept = nearest_separable(kernel)
    assert kept == pytest.approx(16 / 25)
    expected = np.zeros_like(kernel)
    expected[0, 0, 0, 0] = 4
    np.testing.assert_allclose(as_ordinary(first, mix), expected, atol=1e-12)


# The seed's counts, in Keras's own layers


def test_kerass_layers_have_the_parameters_of_the_seed():
    def count(shape, *stack):
        return keras.Sequential([keras.Input(shape), *stack]).count_params()

    assert count((9, 9, 32), layers.SeparableConv2D(64, 3)) == 288 + 2048 + 64 == 2400
    assert count((9, 9, 32), layers.DepthwiseConv2D(3), layers.Conv2D(64, 1)) == 2432
    assert count((7, 7, 3), layers.DepthwiseConv2D(3), layers.Conv2D(2, 1)) == (27 + 3) + (6 + 2) == 38
    assert count((7, 7, 3), layers.SeparableConv2D(2, 3)) == 35
    assert count((9, 9, 32), layers.Conv2D(64, 3)) == 18_496


def multiply_adds_in_tensorflow(layer, shape):
    """The multiply-adds that TensorFlow's own profiler finds in the layer's graph."""
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((1, *shape))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    found = tf.compat.v1.profiler.profile(graph, options=options | {"output": "none"})
    return found.total_float_ops // 2  # it counts a multiplication and an addition apart


@pytest.mark.parametrize(("size", "channels", "filters"), [(16, 8, 24), (8, 32, 64), (5, 1, 1)])
def test_the_counted_ratio_is_what_tensorflows_profiler_counts(size, channels, filters):
    ordinary, separable = (
        multiply_adds_in_tensorflow(layer(filters, 3, padding="same", use_bias=False), (size, size, channels))
        for layer in (layers.Conv2D, layers.SeparableConv2D)
    )
    timing = Timing(1, size, channels, filters, ordinary_ms=3.0, separable_ms=2.0)
    assert timing.counted_ratio == pytest.approx(ordinary / separable)
    assert timing.measured_ratio == 1.5


def test_with_one_channel_there_is_nothing_to_save_and_with_many_there_is():
    tries = [timings(sizes=((64, 1, 1), (16, 128, 256)), batch=4, rounds=5) for _ in range(3)]
    # The quickest of three: beside other programs a time can be too long, never too short.
    one, many = (
        replace(
            same[0],
            ordinary_ms=min(each.ordinary_ms for each in same),
            separable_ms=min(each.separable_ms for each in same),
        )
        for same in zip(*tries, strict=True)
    )
    assert one.counted_ratio == pytest.approx(9 / 10)
    assert one.measured_ratio < 1.5 < many.measured_ratio < many.counted_ratio


# Correlations where the truth is known


def test_white_noise_has_no_correlation_at_all(random):
    found = correlations("noise", random.normal(size=(3, 64, 64, 8)))
    assert found.shape == (64, 64, 8)
    for values in (found.neighbours, found.channels, found.chance):
        assert values.shape == (3,)
        assert values.max() < 0.05


def test_channels_that_copy_each_other_correlate_fully_and_by_chance_not_at_all(random):
    copies = np.repeat(random.normal(size=(2, 64, 64, 1)), 4, axis=-1) * [1, -2, 3, 0.5] + 7
    found = correlations("copies", copies)
    np.testing.assert_allclose(found.channels, 1)
    assert found.chance.max() < 0.05
    assert found.neighbours.max() < 0.05


def test_a_ramp_has_neighbours_that_correlate_fully():
    y, x = np.mgrid[:32, :32].astype(float)
    ramps = np.stack([x + y, 3 * x + 5 * y], axis=-1)[None]
    np.testing.assert_allclose(correlations("ramps", ramps).neighbours, 1)


def test_permuted_pixels_take_the_neighbours_away_and_leave_the_channels(random):
    smooth = np.cumsum(np.cumsum(random.normal(size=(2, 48, 48, 1)), axis=1), axis=2) + random.normal(
        size=(2, 48, 48, 3)
    )
    permuted = random.permutation(smooth.reshape(2, -1, 3), axis=1).reshape(smooth.shape)
    before, after = correlations("smooth", smooth), correlations("permuted", permuted)
    assert before.neighbours.min() > 0.9
    assert after.neighbours.max() < 0.1
    np.testing.assert_allclose(after.channels, before.channels)


def test_a_constant_channel_is_left_out_and_a_lone_one_is_refused(random):
    maps = random.normal(size=(1, 32, 32, 3))
    maps[..., 1] = 5
    two = correlations("two", maps[..., [0, 2]])
    assert correlations("three", maps).channels == pytest.approx(two.channels)
    with pytest.raises(ValueError, match="1 channel"):
        correlations("one", maps[..., :2])


def test_many_channels_are_sampled_the_same_way_for_the_same_seed(random):
    maps = random.normal(size=(1, 8, 8, 40))
    first, again, other = (correlations("m", maps, most_channels=5, seed=seed).channels for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_inputs_of_gives_what_comes_into_a_layer_and_leaves_the_model_alone(random):
    model = network()
    before = [variable.numpy() for variable in model.variables]
    images = random.uniform(0, 255, (2, 16, 16, 3)).astype("float32")
    (maps,) = inputs_of(model, ["convolution2"], images)
    assert maps.shape == (2, 4, 4, 16)
    stem = keras.Model(model.input, model.get_layer("pooling1").output)
    np.testing.assert_allclose(maps, stem(images, training=False), rtol=1e-5)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


# The networks and their race


def test_the_networks_differ_in_their_convolutions_and_the_narrow_one_matches_the_weights():
    kinds = {
        name: [type(layer).__name__[:3] for layer, _ in convolutions_of(model)]
        for name, model in (
            ("separable", network()), ("ordinary", network(separable=False)), ("first", network(first_separable=True)),
        )
    }  # fmt: skip
    assert kinds == {
        "separable": ["Con", "Sep", "Sep"],
        "ordinary": ["Con", "Con", "Con"],
        "first": ["Sep", "Sep", "Sep"],
    }
    norms, dense = 4 * (16 + 32 + 64), 64 * 8 + 8
    separable = 27 * 16 + 9 * 16 + 16 * 32 + 9 * 32 + 32 * 64 + norms + dense
    assert network().count_params() == separable == 4392
    assert network(separable=False).count_params() == 27 * 16 + 9 * 16 * 32 + 9 * 32 * 64 + norms + dense == 24_440
    narrow = network(separable=False, filters=NARROW_FILTERS).count_params()
    assert narrow == pytest.approx(separable, rel=0.01)


def stripes(random, count):
    """Two classes that any convolution can tell apart: stripes down or across, under noise."""
    labels = random.integers(2, size=count).astype("int32")
    pattern = np.zeros((16, 16))
    pattern[::2] = 120
    images = np.stack([pattern if label else pattern.T for label in labels])[..., None].repeat(3, -1) + 60
    return (images + random.normal(0, 15, images.shape)).astype("float32"), labels


@pytest.fixture(scope="module")
def easy():
    random = np.random.default_rng(0)
    return Dataset(*stripes(random, 64), *stripes(random, 64), ("across", "down"))


def tiny():
    return network(filters=(4, 4, 8), classes=2)


def test_a_race_of_a_network_against_itself_has_no_winner_and_learns_what_can_be_learned(easy):
    one, other = (race("tiny", tiny, easy, seeds=(3, 4), epochs=8, checkpoints=2, batch_size=16) for _ in range(2))
    np.testing.assert_array_equal(one.test, other.test)
    assert gap_difference_at_equal_training(one, other).tolist() == [0, 0]
    assert one.steps.tolist() == [16, 32]
    assert one.train.shape == one.test.shape == (2, 2)
    assert one.test[:, -1].min() > 0.8
    assert one.parameters == tiny().count_params()


def test_a_race_on_labels_without_meaning_ends_at_chance(easy):
    shuffled = np.random.default_rng(1).permutation(easy.test_labels)
    confused = Dataset(easy.train_images, easy.train_labels, easy.test_images, shuffled, easy.class_names)
    run = race("tiny", tiny, confused, seeds=(3,), epochs=8, checkpoints=2, batch_size=16)
    assert run.train[0, -1] > 0.8
    assert run.test[0, -1] == pytest.approx(0.5, abs=0.2)
    assert run.gap[0, -1] > 0.2


def test_checkpoints_must_divide_the_epochs(easy):
    with pytest.raises(ValueError, match="a multiple of checkpoints=4"):
        race("tiny", tiny, easy, seeds=(0,), epochs=6)


def by_hand(train, test):
    return Race("by hand", 1, np.arange(len(train)), np.array([train]), np.array([test]), None)


def test_at_equal_training_accuracy_a_merely_slower_run_has_no_smaller_gap():
    fast = by_hand([0.5, 0.7, 0.9], [0.5, 0.6, 0.7])
    slow = by_hand([0.5, 0.6, 0.7], [0.5, 0.55, 0.6])
    assert slow.gap[0, -1] < fast.gap[0, -1]
    assert gap_difference_at_equal_training(slow, fast) == pytest.approx(0)


def test_at_equal_training_accuracy_a_run_that_generalizes_better_has_a_smaller_gap():
    worse = by_hand([0.5, 0.7, 0.9], [0.5, 0.6, 0.7])
    # The two checkpoints after its setback do not count.
    better = by_hand([0.5, 0.7, 0.6, 0.65, 0.9], [0.55, 0.65, 0.1, 0.1, 0.75])
    assert gap_difference_at_equal_training(better, worse) == pytest.approx(-0.05)
    assert gap_difference_at_equal_training(worse, better) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="overlap"):
        gap_difference_at_equal_training(worse, by_hand([0.1, 0.2], [0.1, 0.2]))


# Xception


def test_xception_is_counted_as_its_paper_counts(xception):
    kinds = parameters_by_step(xception)
    assert sum(kinds.values()) == xception.count_params()
    into = [64, 128, 128, 256, 256, 728] + 24 * [728] + [728, 728, 1024, 1536]  # figure 5: entry, middle and exit flow
    assert kinds["depthwise steps"] == 9 * sum(into)
    moving = kinds["BatchNormalization"] // 2
    assert sum(kinds.values()) - moving == 22_855_952  # Chollet 2017, table 3
    windowed = [layer for layer, _ in convolutions_of(xception) if layer.kernel_size != (1, 1)]
    assert len(windowed) == 36  # section 4: 36 convolutional layers
    assert [isinstance(layer, layers.SeparableConv2D) for layer in windowed] == [False] * 2 + [True] * 34


# Claims and figures


def exactly(value):
    return Measurement(value, value, value)


@pytest.mark.parametrize("each", CLAIMS, ids=lambda each: each.id)
def test_every_claim_can_hold_and_can_fail(each):
    assert claim(each.id) is each
    good = [exactly(c.at_least + 1 if np.isfinite(c.at_least) else c.at_most - 1) for c in each.criteria]
    bad = [exactly(c.at_least - 0.1 if np.isfinite(c.at_least) else c.at_most + 0.1) for c in each.criteria]
    assert verdict(each.id, *good).word == "holds"
    assert verdict(each.id, *bad).word == "does not hold here"


def test_an_interval_that_reaches_over_the_threshold_is_not_enough():
    assert verdict("separable-better", over_seeds([0.00, 0.10])).word == "does not hold here"
    assert verdict("separable-better", over_seeds([0.049, 0.051, 0.05])).word == "holds"


def opens(picture):
    image = Image.open(io.BytesIO(picture.data))
    return image.format == "PNG" and np.asarray(image.convert("RGB")).std() > 1


def test_the_figures_are_drawn_with_their_numbers_in_the_alternative_text(random):
    photograph = random.integers(0, 256, (20, 30, 3)).astype("uint8")
    filtered = random.normal(size=(20, 30, 3))
    mixes = {"sum": filtered.sum(-1), "red": filtered[..., 0], "nothing": np.zeros((20, 30))}
    a_race = Race("some", 4321, np.array([5, 10]), np.array([[0.5, 0.9], [0.6, 0.8]]), np.full((2, 2), 0.4), None)
    place = Correlations("here", (9, 9, 5), np.array([0.7, 0.9]), np.array([0.3, 0.1]), np.array([0.02, 0.04]))
    kernels = random.normal(size=(3, 3, 3, 20))
    drawn = {
        "nothing ≈ 0.00": figures.draw_two_steps(photograph, filtered, mixes),
        "3×3: from 0.61 to 0.361": figures.draw_shares([2, 4], {3: [0.611, 0.361]}, (3, 4), 0.361),
        "counted 7.9, measured 1.5": figures.draw_timings([Timing(1, 64, 32, 64, 3.0, 2.0)]),
        "neighbours ≈ 0.80, channels ≈ 0.20, by chance ≈ 0.03": figures.draw_correlations([place]),
        "20 first-layer kernels": figures.draw_kernels(kernels, kernels / 2, 0.25),
        "some (4,321 parameters): train ≈ 0.85, test ≈ 0.40": figures.draw_race([a_race, a_race]),
        "gap ≈ 0.45 at training accuracy ≈ 0.85": figures.draw_gaps([a_race]),
        "a: ≈ 0.05 (≈ 0.05 to ≈ 0.05)": figures.draw_differences({"a": exactly(0.05)}, 0.02, "difference"),
        "Dense 20; Conv2D 10": figures.draw_kinds({"Dense": 20, "Conv2D": 10}),
    }
    for text, picture in drawn.items():
        assert text in picture.alt
        assert opens(picture), text
