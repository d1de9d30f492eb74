"""Notebook 05: the two steps equal Keras, the experiments find what is known, and can also find the contrary."""

import io
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from utils.arithmetic import Conv2D, SeparableConv2D
from utils.claims import claim, over_seeds, verdict
from utils.claims.separable_convolutions import CLAIMS
from utils.data import Dataset
from utils.figures import separable_convolutions as figures
from utils.separable_convolutions import (
    NARROW_FILTERS,
    Correlations,
    Learned,
    Race,
    Timing,
    as_ordinary,
    convnext_network,
    convolution,
    convolutions_of,
    correlations,
    decorrelated_colors,
    deeper_network,
    depthwise,
    early_accuracy,
    gap_difference_at_equal_training,
    inputs_of,
    kept_by_shared_windows,
    learned,
    multiply_adds,
    nearest_separable,
    network,
    over_images,
    parameters_by_step,
    pointwise,
    prior_inside,
    race,
    separable_residual_network,
    speed_ratio,
    steps_needed,
    timings,
    with_random_weights,
    within_photographs,
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
    for values in (found.neighbors, found.channels, found.chance):
        assert values.shape == (3,)
        assert values.max() < 0.05


def test_channels_that_copy_each_other_correlate_fully_and_by_chance_not_at_all(random):
    copies = np.repeat(random.normal(size=(2, 64, 64, 1)), 4, axis=-1) * [1, -2, 3, 0.5] + 7
    found = correlations("copies", copies)
    np.testing.assert_allclose(found.channels, 1)
    assert found.chance.max() < 0.05
    assert found.neighbors.max() < 0.05


def test_a_ramp_has_neighbors_that_correlate_fully():
    y, x = np.mgrid[:32, :32].astype(float)
    ramps = np.stack([x + y, 3 * x + 5 * y], axis=-1)[None]
    np.testing.assert_allclose(correlations("ramps", ramps).neighbors, 1)


def test_permuted_pixels_take_the_neighbors_away_and_leave_the_channels(random):
    smooth = np.cumsum(np.cumsum(random.normal(size=(2, 48, 48, 1)), axis=1), axis=2) + random.normal(
        size=(2, 48, 48, 3)
    )
    permuted = random.permutation(smooth.reshape(2, -1, 3), axis=1).reshape(smooth.shape)
    before, after = correlations("smooth", smooth), correlations("permuted", permuted)
    assert before.neighbors.min() > 0.9
    assert after.neighbors.max() < 0.1
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


CARE = {"train": 48, "kept_back": 16, "steps": 24, "batch_size": 16, "looks": 3, "rates": (0.01, 0.03)}


def test_a_race_of_a_network_against_itself_has_no_winner_and_learns_what_can_be_learned(easy):
    one, other = (race("tiny", tiny, {3: easy, 4: easy}, **CARE) for _ in range(2))
    np.testing.assert_array_equal(one.test, other.test)
    assert one.chosen == other.chosen
    assert one.steps.tolist() == [3, 9, 24]
    assert one.train.shape == one.test.shape == one.gap.shape == (2, 3)
    assert one.test[:, -1].min() > 0.8
    assert one.parameters == tiny().count_params()


def test_the_rate_is_chosen_on_images_kept_back_and_the_network_is_that_of_the_chosen_rate(easy):
    run = learned(tiny, easy, seed=3, **CARE | {"rates": (1e-6, 0.03)})
    assert run.best == 1
    assert run.kept_back[1] > run.kept_back[0]
    found = np.mean(np.argmax(run.model(easy.test_images, training=False), axis=-1) == easy.test_labels)
    assert run.test[1, -1] == pytest.approx(found)
    assert (
        np.mean(np.argmax(run.model(easy.train_images[-16:]), axis=-1) == easy.train_labels[-16:]) == run.kept_back[1]
    )
    # What is kept back decides alone: with the labels there turned round, the other rate is chosen.
    labels = np.concatenate([easy.train_labels[:48], 1 - easy.train_labels[48:]])
    turned = Dataset(easy.train_images, labels, easy.test_images, easy.test_labels, easy.class_names)
    assert learned(tiny, turned, seed=3, **CARE | {"rates": (1e-6, 0.03)}).best == 0


def test_a_race_on_labels_without_meaning_ends_at_chance(easy):
    shuffled = np.random.default_rng(1).permutation(easy.test_labels)
    confused = Dataset(easy.train_images, easy.train_labels, easy.test_images, shuffled, easy.class_names)
    run = race("tiny", tiny, {3: confused}, **CARE)
    assert run.train[0, -1] > 0.8
    assert run.test[0, -1] == pytest.approx(0.5, abs=0.2)
    assert run.gap[0, -1] > 0.2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"steps": 25}, "a multiple of the 3 batches"), ({"kept_back": 17}, "there are 64 training images")],
)
def test_what_cannot_be_compared_is_refused(easy, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        learned(tiny, easy, seed=0, **CARE | change)


def test_at_equal_training_accuracy_a_merely_slower_run_has_no_smaller_gap():
    fast, slow = ([0.5, 0.7, 0.9], [0.5, 0.6, 0.7]), ([0.5, 0.6, 0.7], [0.5, 0.55, 0.6])
    assert gap_difference_at_equal_training(*slow, *fast) == pytest.approx(0)


def test_at_equal_training_accuracy_a_run_that_generalizes_better_has_a_smaller_gap():
    worse = [0.5, 0.7, 0.9], [0.5, 0.6, 0.7]
    # The two looks after its setback do not count.
    better = [0.5, 0.7, 0.6, 0.65, 0.9], [0.55, 0.65, 0.1, 0.1, 0.75]
    assert gap_difference_at_equal_training(*better, *worse) == pytest.approx(-0.05)
    assert gap_difference_at_equal_training(*worse, *better) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="overlap"):
        gap_difference_at_equal_training(*worse, [0.1, 0.2], [0.1, 0.2])


def test_steps_are_counted_to_the_first_look_that_is_good_enough():
    assert steps_needed([10, 20], [0.4, 0.8], 0.6) == pytest.approx(15)
    assert steps_needed([10, 20, 30], [0.8, 0.4, 0.9], 0.4) == pytest.approx(5)
    assert steps_needed([10, 20], [0.4, 0.8], 0.81) == np.inf
    # 0.72 is nine tenths of the lower end: after 18 steps, and after 8.
    assert speed_ratio([10, 20], [0.4, 0.8], [10, 20], [0.9, 0.95]) == pytest.approx(18 / 8)


def test_the_early_accuracy_is_the_mean_over_the_first_half_of_the_steps():
    assert early_accuracy(np.array([1, 3, 4, 8]), np.array([0.1, 0.3, 0.4, 1.0])) == pytest.approx(0.25)


# Networks, and what their parts do


def test_a_deeper_network_is_separable_behind_its_first_layer_only():
    kinds = [type(layer).__name__ for layer, _ in convolutions_of(deeper_network())]
    assert kinds == ["Conv2D", *4 * ["SeparableConv2D"]]
    assert {type(layer) for layer, _ in convolutions_of(deeper_network(separable=False))} == {layers.Conv2D}


def test_convnext_and_separable_residual_network_have_as_many_parameters():
    convnext, separable = convnext_network(), separable_residual_network()
    assert convnext.count_params() == pytest.approx(separable.count_params(), rel=0.02)
    # A block of 16 channels: 7×7 depthwise, layer normalization, to 64 channels and back.
    block = (49 * 16 + 16) + 2 * 16 + (16 * 64 + 64) + (64 * 16 + 16)
    two = (
        convnext_network(filters=(16,), blocks=2).count_params()
        - convnext_network(filters=(16,), blocks=1).count_params()
    )
    assert two == block
    # Twice: batch normalization of 34 channels, 3×3 depthwise, 34 to 34.
    ours = [separable_residual_network(filters=(34,), blocks=blocks).count_params() for blocks in (1, 2)]
    assert ours[1] - ours[0] == 2 * (4 * 34 + 9 * 34 + 34 * 34)


def test_multiply_adds_of_a_network_are_those_of_its_layers():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    x = layers.SeparableConv2D(6, 3, padding="same")(x)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    model = keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))
    assert multiply_adds(model) == 16 * (9 * 3 * 4 + (9 * 4 + 4 * 6) + 9 * 6) + 6 * 5


def test_decorrelated_colors_do_not_correlate_and_an_ordinary_convolution_can_bring_them_back(random):
    gray = random.uniform(0, 200, (3, 16, 16, 1))
    images = (gray + random.uniform(0, 50, (3, 16, 16, 3))).astype("float32")
    turned = decorrelated_colors(images, images)
    assert abs(np.corrcoef(images.reshape(-1, 3).T)[0, 1]) > 0.9
    np.testing.assert_allclose(np.corrcoef(turned.reshape(-1, 3).T), np.eye(3), atol=1e-4)
    flat = np.column_stack([turned.reshape(-1, 3), np.ones(images.size // 3)])
    back = flat @ np.linalg.lstsq(flat, images.reshape(-1, 3), rcond=None)[0]
    np.testing.assert_allclose(back, images.reshape(-1, 3), atol=0.01)


def test_windows_over_all_channels_keep_the_kernels_that_are_made_of_them(random):
    windows, mix = random.normal(size=(27, 2)), random.normal(size=(2, 32))
    kernels = (windows @ mix).reshape(3, 3, 3, 32)
    assert kept_by_shared_windows(kernels, 2 * (27 + 32)) == pytest.approx(1)
    one = np.linalg.svd(windows @ mix, compute_uv=False) ** 2
    assert kept_by_shared_windows(kernels, 27 + 32) == pytest.approx(one[0] / one.sum())
    assert kept_by_shared_windows(kernels, 0) == 0
    assert nearest_separable(kernels)[2] < 0.9


def test_over_images_sees_what_one_image_cannot_show(random):
    brightness = random.normal(size=(200, 1, 1, 1))  # one number an image, the same in both channels
    maps = brightness * [1, -2] + 0.01 * random.normal(size=(200, 2, 2, 2))
    neighbors, channels, chance = over_images(maps)
    assert neighbors > 0.99
    assert channels > 0.99
    assert chance < 0.2
    noise = over_images(random.normal(size=(50, 8, 8, 4)))
    assert max(noise) < 0.05
    with pytest.raises(ValueError, match="1 channel"):
        over_images(np.concatenate([maps[..., :1], np.ones((200, 2, 2, 1))], axis=-1))


def test_within_photographs_their_differences_do_not_count(random):
    labels = np.repeat([0, 1], 50)
    images = random.normal(size=(100, 8, 8, 3)) + 100 * labels[:, None, None, None]
    assert over_images(images)[1] > 0.99
    assert within_photographs(images, labels) < 0.05


def test_prior_inside_is_the_mean_over_the_layers_and_treats_all_scales_alike(random):
    model = network()
    images = random.uniform(0, 255, (20, 32, 32, 3)).astype("float32")
    found = prior_inside(model, images)
    expected = np.mean(
        [over_images(each) for each in inputs_of(model, ["convolution2", "convolution3"], images, True)], 0
    )
    assert list(found) == ["neighbors", "channels", "chance"]
    np.testing.assert_allclose(list(found.values()), expected)
    brighter = prior_inside(model, images * 7)
    assert brighter["channels"] == pytest.approx(found["channels"], abs=0.05)


def test_a_copy_with_random_weights_leaves_the_network_as_it_is(random):
    model = deeper_network()
    before = [each.copy() for each in model.get_weights()]
    copy = with_random_weights(model, 0)
    for each, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(each, kept)
    kernel = copy.get_layer("convolution1").get_weights()[0]
    assert kernel.std() == pytest.approx(np.sqrt(2 / 9), rel=0.2)
    again = with_random_weights(model, 0).get_layer("convolution1").get_weights()[0]
    np.testing.assert_array_equal(kernel, again)


def test_which_of_kerass_families_convolve_depthwise():
    def depthwise_layers(model):
        return sum(
            isinstance(layer, (layers.DepthwiseConv2D, layers.SeparableConv2D)) or getattr(layer, "groups", 1) > 1
            for layer in every_layer(model)
        )

    def every_layer(model):
        for layer in model.layers:
            yield from every_layer(layer) if hasattr(layer, "layers") else [layer]

    applications = keras.applications
    for build in (
        applications.MobileNetV2,
        applications.NASNetMobile,
        applications.EfficientNetB0,
        applications.ConvNeXtTiny,
    ):
        assert depthwise_layers(build(weights=None)), build
    for build in (applications.ResNet50, applications.DenseNet121, applications.InceptionV3, applications.VGG16):
        assert not depthwise_layers(build(weights=None, include_top=False)), build


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


def exactly(criterion, value):
    """As many equal values as the criterion needs."""
    return [value] * (5 if criterion.drawn else 1)


@pytest.mark.parametrize("each", CLAIMS, ids=lambda each: each.id)
def test_every_claim_can_hold_and_can_fail(each):
    assert claim(each.id) is each

    def nearly(criterion, better):
        bounds = [bound for bound in (criterion.at_least, criterion.at_most) if np.isfinite(bound)]
        if len(bounds) == 2:
            return np.mean(bounds) if better else bounds[1] * 2
        up = better == np.isfinite(criterion.at_least)
        return (
            bounds[0] * (1 + 1e-6) if up and bounds[0] > 0 else bounds[0] + (1e-6 if up else -1e-6 if better else -0.1)
        )

    def values(better):
        return [exactly(criterion, nearly(criterion, better)) for criterion in each.criteria]

    assert verdict(each.id, *values(better=True)).word == "holds"
    bad = verdict(each.id, *values(better=False)).word
    assert bad == ("the experiment failed" if each.id == "convnext-block" else "does not hold here")


def test_a_smaller_layer_saves_parameters_but_for_single_filters_and_kernels():
    saved = {
        (k, n): Conv2D(n, k).parameters((9, 9, 32)).value - SeparableConv2D(n, k).parameters((9, 9, 32)).value
        for k in range(1, 8)
        for n in range(1, 20)
    }
    assert all((parameters < 1) == (1 in size) for size, parameters in saved.items())


def opens(picture):
    image = Image.open(io.BytesIO(picture.data))
    return image.format == "PNG" and np.asarray(image.convert("RGB")).std() > 1


def test_the_figures_are_drawn_with_their_numbers_in_the_alternative_text(random):
    photograph = random.integers(0, 256, (20, 30, 3)).astype("uint8")
    filtered = random.normal(size=(20, 30, 3))
    mixes = {"sum": filtered.sum(-1), "red": filtered[..., 0], "nothing": np.zeros((20, 30))}
    runs = tuple(
        Learned((0.1,), np.array([5, 10]), np.array([train]), np.array([[0.4, 0.4]]), np.array([0.5]), None)
        for train in ([0.5, 0.9], [0.6, 0.8])
    )
    a_race = Race("some", 4321, runs)
    place = Correlations("here", (9, 9, 5), np.array([0.7, 0.9]), np.array([0.3, 0.1]), np.array([0.02, 0.04]))
    kernels = random.normal(size=(3, 3, 3, 20))
    drawn = {
        "nothing ≈ 0.00": figures.draw_two_steps(photograph, filtered, mixes),
        "3×3: from 0.61 to 0.361": figures.draw_shares([2, 4], {3: [0.611, 0.361]}, (3, 4), 0.361),
        "counted 7.9, measured 1.5": figures.draw_timings([Timing(1, 64, 32, 64, 3.0, 2.0)]),
        "neighbors ≈ 0.80, channels ≈ 0.20, by chance ≈ 0.03": figures.draw_correlations([place]),
        "With random weights: here: neighbors ≈ 0.80": figures.draw_correlations([place, place], [place]),
        "20 first-layer kernels": figures.draw_kernels(kernels, kernels / 2, 0.25),
        "7 images, some (4,321 parameters): train ≈ 0.85, test ≈ 0.40": figures.draw_race({7: [a_race, a_race]}),
        "7 images, some: gap ≈ 0.45 at training accuracy ≈ 0.85": figures.draw_gaps({7: [a_race]}),
        "a: ≈ 0.05 (≈ 0.05 to ≈ 0.05)": figures.draw_differences({"a": over_seeds([0.05] * 5)}, 0.02, "difference"),
        "Dense 20; Conv2D 10": figures.draw_kinds({"Dense": 20, "Conv2D": 10}),
    }
    for text, picture in drawn.items():
        assert text in picture.alt
        assert opens(picture), text
