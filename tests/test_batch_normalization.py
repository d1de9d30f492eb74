"""Batch normalization: by hand against Keras, and every experiment where the truth is known the other way."""

import re
import xml.etree.ElementTree
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
from keras import layers

from utils.batch_normalization import (
    FEATURES,
    ChannelStatistics,
    Generalization,
    GroupedNormalization,
    LinearTraining,
    ShortTraining,
    Unsettled,
    accuracy_by_batches,
    batch_normalized,
    conv_net,
    convolution_statistics,
    factor_per_layer,
    fine_tuned,
    gradient_flow,
    in_company,
    largest_rate,
    linear_training,
    losses_by_rate,
    min_max,
    moving_averages_kept,
    normalization_statistics,
    order_accuracies,
    patch_features,
    settled,
    shares_above_zero,
    short_training,
    slopes,
    spread_by_batch_size,
    standardized,
    with_groups,
    z_scores,
    zero_to_one,
)
from utils.claims import counted, measured, verdict
from utils.data import photos
from utils.explorers.batch_normalization import normalization_explorer
from utils.figures import batch_normalization as figures

small_net = partial(conv_net, 2, filters=4)


@pytest.fixture(scope="module")
def photographs():
    return photos(train=128, test=64)


@pytest.fixture(scope="module")
def data(photographs):
    return standardized(photographs)


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(3, 2, (32, 4, 4, 5)).astype("float32")


# --- By hand ---------------------------------------------------------------------------------------------------------


def test_z_scores_and_min_max_of_a_table_go_column_by_column():
    table = np.array([[1.0, 10.0], [3.0, 20.0], [5.0, 60.0]])
    np.testing.assert_allclose(z_scores(table)[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)])
    np.testing.assert_allclose(min_max(table), [[0, 0], [0.5, 0.2], [1, 1]])


def test_batch_normalization_by_hand_gives_the_numbers_worked_out_on_paper():
    # Means 4 and 12, variances 9 and 4: ±3 / √10 and ±2 / √5, times 2, plus 1.
    batch = np.array([[1.0, 10.0], [7.0, 14.0]])
    first, second = 6 / np.sqrt(10), 4 / np.sqrt(5)
    np.testing.assert_allclose(batch_normalized(batch, 2, 1, 1), [[1 - first, 1 - second], [1 + first, 1 + second]])


@pytest.mark.parametrize("shape", [(16, 5), (8, 6, 5), (8, 6, 5, 3), (3, 1, 1, 1)])
def test_it_equals_keras_after_any_layer(shape):
    random = np.random.default_rng(1)
    x = random.normal(5, 3, shape).astype("float32")
    gamma, beta = random.normal(size=(2, shape[-1])).astype("float32")
    layer = layers.BatchNormalization()
    layer.build(shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    np.testing.assert_allclose(batch_normalized(x, gamma, beta), layer(x, training=True), atol=1e-4)


def test_a_batch_of_equal_values_becomes_beta_and_nothing_else():
    assert np.array_equal(batch_normalized(np.full((8, 4, 4, 2), 7.0), gamma=3.0, beta=0.5), np.full((8, 4, 4, 2), 0.5))


def test_the_training_images_numbers_scale_the_test_images(photographs, data):
    assert abs(data.train_images.mean()) < 1e-4
    assert data.train_images.std() == pytest.approx(1, abs=1e-4)
    mean, deviation = photographs.train_images.mean(), photographs.train_images.std()
    np.testing.assert_allclose(data.test_images, (photographs.test_images - mean) / deviation, rtol=1e-5)
    assert zero_to_one(photographs).test_images.max() <= 1


# --- Features of unlike scales ---------------------------------------------------------------------------------------


def test_patch_features_of_a_picture_that_can_be_worked_out():
    stripes = np.tile([0.0, 10.0, 0.0, 10.0], (1, 4, 1))[..., None]
    flat = np.full((1, 4, 4, 1), 9.0)
    np.testing.assert_allclose(patch_features(np.concatenate([stripes, flat])), [[5, 25, 10, 0.5], [9, 0, 0, 0]])


def test_features_of_one_scale_share_the_first_step_and_a_loud_one_takes_it():
    random = np.random.default_rng(0)
    labels = np.arange(600) % 3
    features = np.stack([np.cos(labels * 2.1), np.cos(labels * 2.1)], axis=1) + 0.3 * random.normal(size=(600, 2))
    rates = [0.0, 0.01, 1.0, 1e9]
    equal, loud = linear_training(features, labels, rates), linear_training(features * [1, 1000], labels, rates)
    np.testing.assert_allclose(equal.first_step, [0.5, 0.5], atol=0.03)
    assert loud.first_step[0] == pytest.approx(1e-6, rel=0.2), "a thousand times louder: a million times the step"
    assert loud.condition == pytest.approx(1e6 * equal.condition, rel=0.9)
    assert equal.losses[0] == pytest.approx(np.log(3)), "a learning rate of 0 changes nothing"
    assert equal.best_loss() < 0.75 * np.log(3)
    assert not np.isfinite(loud.losses[3, -1]), "a run that overflows counts as infinite"


# --- Networks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("normalized", "extra"), [("no", 0), ("after", 2 * 4 * 6), ("before", 2 * 4 * 6 - 2 * 6)])
def test_the_network_has_the_parameters_that_one_counts_by_hand(normalized, extra):
    # 9×9×1×6 + 6, then 3×3×6×6 + 6, then 6×8 + 8; "before" has four numbers a channel more, and no biases.
    model = conv_net(2, filters=6, normalized=normalized)
    assert model.count_params() == 486 + 6 + 324 + 6 + 48 + 8 + extra


@pytest.mark.parametrize(
    ("normalized", "order"), [("before", "conv bn relu"), ("after", "conv relu bn"), ("no", "conv relu")]
)
def test_the_normalization_stands_where_it_was_asked_for(normalized, order):
    names = [re.sub(r"\d", "", layer.name) for layer in small_net(normalized=normalized).layers]
    assert names[1 : 1 + len(order.split())] == order.split()


def test_moving_averages_survive_a_look_in_training_mode(data):
    model = small_net()
    before = [variable.numpy() for variable in model.non_trainable_variables]
    with moving_averages_kept(model):
        model(data.train_images, training=True)
        assert not np.array_equal(model.non_trainable_variables[0], before[0])
    assert all(np.array_equal(a, b) for a, b in zip(model.non_trainable_variables, before, strict=True))


# --- What enters and leaves ------------------------------------------------------------------------------------------


def test_convolution_statistics_are_those_of_the_convolutions(data):
    model = small_net(normalized="no")
    found = convolution_statistics(model, data.test_images)
    first = np.asarray(model.get_layer("conv1")(data.test_images))
    np.testing.assert_allclose(found.means[0], first.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(found.variances[0], first.var((0, 1, 2)), rtol=1e-4)
    assert found.means.shape == (2, 4)


def test_photographs_leave_normalized_and_images_without_contrast_do_not(data):
    keras.utils.set_random_seed(0)
    model = small_net()
    _, ordinary = normalization_statistics(model, data.test_images)
    came, leaving = normalization_statistics(model, np.zeros_like(data.test_images))
    assert np.abs(ordinary.means).max() < 1e-3
    np.testing.assert_allclose(ordinary.variances, 1, atol=0.1)
    np.testing.assert_allclose(leaving.variances, 0, atol=1e-6)
    assert came.variances.max() < 1e-6


def test_a_quiet_channel_keeps_the_share_that_epsilon_leaves_it(data):
    came, leaving = normalization_statistics(small_net(), 0.01 * data.test_images)
    np.testing.assert_allclose(leaving.variances, came.variances / (came.variances + 0.001), rtol=0.01)


def test_half_of_each_channel_is_above_zero_only_where_normalization_precedes_the_activation(data):
    keras.utils.set_random_seed(0)
    share = shares_above_zero(small_net(), data.train_images)
    assert np.all((share > 0.2) & (share < 0.8))
    model = small_net(normalized="no")
    model.get_layer("conv1").bias.assign([99, 99, -99, -99])
    np.testing.assert_array_equal(shares_above_zero(model, data.train_images)[0], [1, 1, 0, 0])


# --- Two modes -------------------------------------------------------------------------------------------------------


def test_companions_matter_in_training_only_and_not_at_all_when_they_are_always_the_same(data):
    model, image, others = small_net(), data.test_images[0], data.test_images[1:]
    company = partial(in_company, model, image, batch_size=4, draws=4)
    assert company(others, training=True).std(0).max() > 1e-3
    assert company(others, training=False).std(0).max() < 1e-5
    assert company(np.repeat(others[:1], 10, axis=0), training=True).std(0).max() < 1e-5


def test_accuracy_by_batches_ignores_the_moving_averages(data):
    model = small_net()
    model.get_layer("bn2").moving_mean.assign([99.0] * 4)
    with moving_averages_kept(model):
        halves = [np.asarray(model(half, training=True)) for half in np.split(data.test_images, 2)]
    labels = np.concatenate(halves).argmax(-1)
    assert accuracy_by_batches(model, data.test_images, labels, 32) == 1
    assert accuracy_by_batches(model, data.test_images, np.where(np.arange(64) < 16, labels + 1, labels), 32) == 0.75
    assert float(model.get_layer("bn2").moving_mean[0]) == 99


def test_the_momentum_changes_the_moving_averages_and_never_the_weights(photographs):
    # A constant added to all pixels: the batches take it out, averages that have not followed do not.
    bright = replace(
        photographs, **{part: getattr(photographs, part) / 255 + 2 for part in ("train_images", "test_images")}
    )
    slow, quick = (short_training(bright, momentum, seeds=[0], epochs=4, depth=2) for momentum in (0.999, 0.0))
    assert (slow.steps, quick.steps) == (8, 8)
    assert all(np.array_equal(a, b) for a, b in zip(slow.weights, quick.weights, strict=True))
    assert slow.by_batches == quick.by_batches
    assert slow.by_averages != quick.by_averages


# --- Order -----------------------------------------------------------------------------------------------------------


def test_both_orders_only_guess_when_there_is_nothing_to_learn(data):
    shuffled = replace(data, train_labels=np.random.default_rng(0).permutation(data.train_labels))
    for order in ("before", "after"):
        assert order_accuracies(shuffled, order, seeds=[0], epochs=2)[0] < 0.35


def test_the_learning_rate_falls_to_zero_by_the_last_step(data, monkeypatch):
    asked = {}
    monkeypatch.setattr("utils.batch_normalization.experiments.trained", lambda *data, **options: asked.update(options))
    settled(small_net, data, seeds=[0], epochs=3, learning_rate=0.1)
    steps = [float(asked["learning_rate"](step)) for step in range(3 * 2 + 1)]
    assert steps[0] == pytest.approx(0.1)
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] == 0


# --- Gradients and learning rates ------------------------------------------------------------------------------------


def test_the_factor_per_layer_of_a_gradient_that_doubles_is_two():
    np.testing.assert_allclose(factor_per_layer(np.array([[8.0, 4.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]])), [2, 1])


def test_gradients_shrink_without_and_grow_by_the_published_factor_with_normalization(data):
    # 1 / √2 a layer for Glorot's weights under ReLU; √(π / (π − 1)) = 1.21 with the normalization (Yang et al. 2019).
    flow = partial(gradient_flow, data, seeds=[0], depth=8, initializer="glorot_uniform")
    assert factor_per_layer(flow(normalized="no"))[0] == pytest.approx(1 / np.sqrt(2), abs=0.12)
    assert factor_per_layer(flow(normalized="before"))[0] == pytest.approx(1.21, abs=0.08)


def test_a_learning_rate_of_nothing_learns_nothing_and_a_huge_one_overflows(data):
    losses = losses_by_rate(
        partial(small_net, normalized="no"), data, [0.0, 0.05, 1e30], seeds=[0, 1], steps=30, batch_size=16
    )
    start = losses_by_rate(partial(small_net, normalized="no"), data, [0.0], seeds=[0, 1], steps=30, batch_size=16)
    np.testing.assert_allclose(losses[:, :1], start, rtol=1e-5)
    assert np.all(losses[:, 1] < losses[:, 0])
    assert np.all(np.isinf(losses[:, 2]))


def test_the_largest_rate_that_trains_is_read_off_each_row():
    losses = np.array([[1.0, 2.0, 1.5, 9.0], [3.0, 3.0, 3.0, np.inf], [1.0, 1.0, 1.0, 1.0]])
    assert largest_rate(losses, (0.1, 1, 10, 100), enough=1.9).tolist() == [10, 0.1, 100]


def test_an_unsettled_layer_unsettles_in_training_and_is_batch_normalization_at_inference(noise):
    layer = Unsettled()
    first, second = np.asarray(layer(noise, training=True)), np.asarray(layer(noise, training=True))
    assert np.abs(first.mean((0, 1, 2))).max() > 0.05
    assert np.abs(first - second).max() > 0.05
    calm = Unsettled(strength=0.0)
    np.testing.assert_allclose(calm(noise, training=True), batch_normalized(noise), atol=1e-4)
    np.testing.assert_allclose(layer(noise, training=False), layer.normalization(noise, training=False), atol=1e-6)


# --- Noise -----------------------------------------------------------------------------------------------------------


class _BatchMean(layers.Layer):
    """Gives every image the mean of its batch, plus ``steady`` times a number that no batch size quietens."""

    def __init__(self, steady=0.0):
        super().__init__()
        self.steady, self.random = steady, np.random.default_rng(0)

    def call(self, x, training=False):
        mean = keras.ops.zeros_like(x) + keras.ops.mean(x, axis=0, keepdims=True)
        return (1 - self.steady) * mean + self.steady * self.random.normal()


def test_the_mean_of_independent_numbers_falls_as_the_root_of_the_batch_size_and_a_steady_noise_does_not():
    numbers = np.random.default_rng(0).normal(size=(2000, 20)).astype("float32")
    sizes = (4, 16, 64)
    spread = partial(spread_by_batch_size, images=numbers[:2], others=numbers[2:], batch_sizes=sizes, draws=60)
    np.testing.assert_allclose(slopes(sizes, spread(_BatchMean())), -0.5, atol=0.1)
    np.testing.assert_allclose(slopes(sizes, spread(_BatchMean(steady=1.0))), 0, atol=0.2)


def test_batch_normalization_at_inference_has_no_noise(noise):
    layer = layers.BatchNormalization()
    layer.build(noise.shape)
    found = in_company(layer, noise[0], noise[1:], batch_size=8, draws=5, training=False)
    assert np.array_equal(found, np.repeat(found[:1], 5, axis=0))


def test_one_group_is_batch_normalization_and_groups_of_one_normalize_each_image_by_itself(noise):
    together, keras_layer = GroupedNormalization(32, momentum=0.9), layers.BatchNormalization(momentum=0.9)
    np.testing.assert_allclose(together(noise, training=True), keras_layer(noise, training=True), atol=1e-4)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(together, name), getattr(keras_layer, name), rtol=1e-5)
    np.testing.assert_allclose(together(noise, training=False), keras_layer(noise, training=False), atol=1e-4)
    alone = np.asarray(GroupedNormalization(1)(noise, training=True))
    np.testing.assert_allclose(alone, np.stack([batch_normalized(image) for image in noise]), atol=1e-4)


def test_the_same_groups_twice_leave_no_difference_to_read(data):
    one, other = (with_groups(data, 64, seeds=[0], epochs=2) for _ in range(2))
    assert np.array_equal(one.gap, other.gap)
    assert np.array_equal(one.test_accuracy, other.test_accuracy)
    assert np.allclose(one.gap, one.test_loss - one.train_loss)


# --- Fine-tuning -----------------------------------------------------------------------------------------------------


def test_a_frozen_normalization_stays_as_it_is_and_the_rest_is_trained(data):
    model = small_net()
    before = [variable.numpy() for variable in model.variables]
    frozen, free = (
        fine_tuned(model, data.train_images, data.train_labels, frozen=each, steps=3) for each in (True, False)
    )
    numbers = ("gamma", "beta", "moving_mean", "moving_variance")
    for name in numbers:
        assert np.array_equal(getattr(frozen.get_layer("bn1"), name), getattr(model.get_layer("bn1"), name))
        assert not np.array_equal(getattr(free.get_layer("bn1"), name), getattr(model.get_layer("bn1"), name))
    assert not np.array_equal(frozen.get_layer("conv1").kernel, model.get_layer("conv1").kernel)
    assert all(np.array_equal(a, b) for a, b in zip(model.variables, before, strict=True)), "the original is untouched"


# --- Claims ----------------------------------------------------------------------------------------------------------

FAVOURABLE = {
    "bn-normalises": (1e-6, 0.99, 0.95),
    "bn-two-modes": (0.3, 0.0, 1e-6),
    "bn-order": (0.5, 0.5, 0.02),
    "bn-gradients": (-0.1, -0.1, 1.0, 0.4),
    "bn-noise": (-0.5, 0.2, 0.05),
}
CONTRARY = {
    "bn-normalises": (0.5, 0.1, 0.1),
    "bn-two-modes": (0.0, 0.3, 1.0),
    "bn-order": (0.2, 0.3, 0.2),
    "bn-gradients": (0.1, 0.1, 0.0, -0.2),
    "bn-noise": (0.0, -0.2, -0.1),
}


@pytest.mark.parametrize("name", FAVOURABLE)
def test_each_claim_can_hold_and_can_fail(name):
    assert verdict(name, *map(measured, FAVOURABLE[name])).word == "holds"
    assert verdict(name, *map(measured, CONTRARY[name])).word == "does not hold here"


def test_an_order_that_costs_more_than_a_tenth_is_critical_either_way():
    for difference in (0.11, -0.11):
        assert verdict("bn-order", counted(0.5), counted(0.5), measured(difference)).met == [True, True, False]


# --- Figures and explorer --------------------------------------------------------------------------------------------


def test_the_figures_say_the_numbers_that_they_are_given():
    rates = np.array([0.1, 1.0])
    linear = LinearTraining(rates, np.array([[2.0, 1.23], [2.0, np.inf]]), np.array([0.1, 0.2, 0.3, 0.4]), 7.0)
    short = [
        ShortTraining(m, 50, np.array([0.5, 0.52]), np.array([low, low]), []) for m, low in ((0.99, 0.13), (0.9, 0.47))
    ]
    statistics = (
        ChannelStatistics(np.array([[5.0]]), np.array([[0.04]])),
        ChannelStatistics(np.array([[0.0]]), np.array([[0.976]])),
    )
    general = Generalization(*(np.array([value, value]) for value in (0.81, 0.62, 0.43, 1.24)))
    two = np.array([[1.5, 2.5], [1.5, 2.5]])
    paired = replace(measured(0.03), low=-0.01, high=0.07)
    expected = {
        figures.draw_linear_trainings({"raw": linear, "z": linear, "m": linear}, FEATURES, 2.08).alt: ("1.23", "0.40"),
        figures.draw_drift({"without": two, "with": two}).alt: ("layer 1 ≈ 2",),
        figures.draw_normalization(dict.fromkeys(("ordinary", "loud", "faint"), statistics), 0.001).alt: (
            "≈ 5.00",
            "≈ 0.98",
        ),
        figures.draw_company(two, np.ones((2, 2)), ("a", "b")).alt: ("≈ 0.00", "2 different batches"),
        figures.draw_short_training(np.arange(101), {m: m ** np.arange(101) for m in (0.99, 0.9)}, short, 0.125).alt: (
            "0.61 with momentum 0.99",
            "≈ 0.13",
            "≈ 0.47",
        ),
        figures.draw_order(np.array([0.5, 0.52]), np.array([0.53, 0.55]), (paired, -0.1, 0.1), 0.125).alt: (
            "≈ 0.03",
            "≈ -0.01",
        ),
        figures.draw_gradient_flow(dict.fromkeys("abcd", two)).alt: ("a ≈ 0.6",),
        figures.draw_learning_rates((0.1, 1), {"with": two, "without": two + np.array([0, np.inf])}, 2.08, 1.9).alt: (
            "overflow",
            "≈ 1.50",
        ),
        figures.draw_noise((4, 16), two, -0.51).alt: ("≈ -0.51", "≈ 1.5"),
        figures.draw_regularizer(general, general, ("noisy", "calm")).alt: ("≈ 0.81", "≈ 1.24"),
    }
    for alt, numbers in expected.items():
        assert all(number in alt for number in numbers), (alt, numbers)


def test_the_explorer_follows_its_sliders(noise):
    explorer = normalization_explorer(noise)
    assert "after: mean ≈ 0, variance ≈ 1.00" in explorer.shown
    explorer.set(gamma=2.0, beta=1.0)
    assert "after: mean ≈ 1.00, variance ≈ 4.00" in explorer.shown
    explorer.set(contrast=0.0)
    assert "before: mean ≈ 0, variance ≈ 0" in explorer.shown
    assert "after: mean ≈ 1.00, variance ≈ 0" in explorer.shown
    explorer.set(contrast=1.0, channel=5, batch_size=1)
    assert "of 16 activations" in explorer.shown


def test_the_explorers_picture_is_an_svg_that_a_reader_can_open(noise):
    drawn = figures.draw_before_and_after(noise[..., 0], batch_normalized(noise)[..., 0])
    root = xml.etree.ElementTree.fromstring(drawn.data.decode())
    assert root.tag.endswith("svg")
    assert drawn.mime == "image/svg+xml"
