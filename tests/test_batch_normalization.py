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
    Curves,
    GroupedNormalization,
    LinearTraining,
    ShortTraining,
    Unsettled,
    accuracy_by_batches,
    at_best_rate,
    at_training_accuracy,
    batch_normalized,
    conv_net,
    convolution_statistics,
    distribution_shift,
    factor_per_layer,
    fine_tuned,
    gain_at_equal_training_accuracy,
    gradient_flow,
    group_normalization,
    halves_in_the_average,
    in_company,
    largest_rate,
    linear_training,
    losses_by_rate,
    min_max,
    moving_averages_kept,
    normalization_statistics,
    normalized_networks,
    order_accuracies,
    patch_features,
    settled,
    share_lost,
    share_normalized,
    shares_above_zero,
    short_training,
    slopes,
    spread_by_batch_size,
    standardized,
    unevenness,
    usage,
    usage_in,
    with_groups,
    z_scores,
    zero_to_one,
)
from utils.claims import claim, over_seeds, verdict
from utils.data import kept_back, photos
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


def test_with_kept_statistics_it_is_the_layer_at_inference():
    x = np.random.default_rng(0).normal(3, 2, (4, 5, 5, 3)).astype("float32")
    weights = gamma, beta, *kept = [np.array(each, "float32") for each in ([2, 1, 3], [0, 1, 2], [3, 2, 1], [4, 1, 9])]
    layer = keras.layers.BatchNormalization()
    layer.build(x.shape)
    layer.set_weights(weights)
    np.testing.assert_allclose(batch_normalized(x, gamma, beta, statistics=kept), layer(x), atol=1e-4)


def test_the_training_images_numbers_scale_the_test_images(photographs, data):
    assert abs(data.train_images.mean()) < 1e-4
    assert data.train_images.std() == pytest.approx(1, abs=1e-4)
    mean, deviation = photographs.train_images.mean(), photographs.train_images.std()
    np.testing.assert_allclose(data.test_images, (photographs.test_images - mean) / deviation, rtol=1e-5)
    assert zero_to_one(photographs).test_images.max() <= 1


def test_what_is_kept_back_is_in_neither_part_that_is_left(data):
    rest, (images, labels) = kept_back(data, 28)
    assert (len(rest.train_images), len(rest.train_labels), len(images), len(labels)) == (100, 100, 28, 28)
    assert np.array_equal(np.concatenate([rest.train_images, images]), data.train_images)
    assert rest.test_images is data.test_images


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
    _, ordinary, _ = normalization_statistics(model, data.test_images)
    came, leaving, _ = normalization_statistics(model, np.zeros_like(data.test_images))
    assert np.abs(ordinary.means).max() < 1e-3
    np.testing.assert_allclose(ordinary.variances, 1, atol=0.1)
    assert share_normalized(ordinary) == 1
    np.testing.assert_allclose(leaving.variances, 0, atol=1e-6)
    assert came.variances.max() < 1e-6
    assert share_normalized(leaving) == 0


def test_a_quiet_channel_keeps_the_share_that_epsilon_leaves_it(data):
    came, leaving, _ = normalization_statistics(small_net(), 0.01 * data.test_images)
    np.testing.assert_allclose(leaving.variances, came.variances / (came.variances + 0.001), rtol=0.01)


def test_gamma_and_beta_are_taken_out_and_at_inference_the_moving_averages_decide(data):
    keras.utils.set_random_seed(0)
    model = small_net()
    layer = model.get_layer("bn1")
    for name, value in (("gamma", 3.0), ("beta", -2.0), ("moving_mean", 0.5), ("moving_variance", 0.25 - 0.001)):
        getattr(layer, name).assign([value] * 4)
    came, normalized, leaves = normalization_statistics(model, data.test_images)
    np.testing.assert_allclose(normalized.means[0], 0, atol=1e-5)
    np.testing.assert_allclose(leaves.means[0], -2, atol=1e-5)
    np.testing.assert_allclose(leaves.variances[0], 9 * normalized.variances[0], rtol=1e-4)
    _, normalized, _ = normalization_statistics(model, data.test_images, training=False)
    np.testing.assert_allclose(normalized.means[0], (came.means[0] - 0.5) / 0.5, atol=1e-3)
    np.testing.assert_allclose(normalized.variances[0], came.variances[0] / 0.25, rtol=1e-3)
    assert float(layer.moving_mean[0]) == 0.5, "a look changes nothing"


def test_a_channel_is_normalized_only_where_both_its_mean_and_its_variance_are_close():
    channels = ChannelStatistics(np.array([[0.0, 0.2, 0.0, -0.05]]), np.array([[1.0, 1.0, 0.5, 1.05]]))
    assert share_normalized(channels) == 0.5
    assert share_normalized(channels, close=0.3) == 0.75


def test_the_networks_are_looked_at_before_training_and_after_each_epoch(data):
    found = normalized_networks(data, seeds=[3, 5], epochs=2, other_camera=lambda images: 100 * images)
    assert {name: each.shape for name, each in found.shares.items()} == dict.fromkeys(
        ("coming in", "training", "after γ and β", "inference", "other camera"), (2, 3)
    )
    assert found.shares["training"].min() > 0.9
    assert found.shares["after γ and β"][:, 0].min() > 0.9, "γ is 1 and β is 0 before training"
    assert found.shares["other camera"].max() == 0
    models = [np.asarray(model(data.test_images, training=False)) for model in found]
    assert [np.mean(each.argmax(-1) == data.test_labels) for each in models] == found.accuracies.tolist()
    assert not np.allclose(*models)


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


def test_a_moving_average_forgets_the_first_half_as_its_momentum_says():
    first, second = halves_in_the_average(0.9, 40)
    assert second == pytest.approx(1 - 0.9**20, abs=1e-4)
    assert first == pytest.approx((1 - 0.9**20) * 0.9**20, abs=1e-4)
    first, second = halves_in_the_average(0.99, 10)
    assert first + second == pytest.approx(1 - 0.99**10, abs=1e-4), "the rest is left of the initial value"


# --- In published networks -------------------------------------------------------------------------------------------


def test_the_place_of_each_normalization_is_counted():
    x = inputs = keras.Input((8, 8, 3))
    for kinds in ("conv bn relu", "conv relu bn", "separable relu", "conv bn", "conv bn relu"):
        for kind in kinds.split():
            layer = {
                "conv": layers.Conv2D(4, 3, padding="same"), "separable": layers.SeparableConv2D(4, 1),
                "bn": layers.BatchNormalization(), "relu": layers.ReLU(),
            }[kind]  # fmt: skip
            x = layer(x)
    found = usage_in(keras.Model(inputs, x))
    assert (found.convolutions, found.normalizations) == (5, 4)
    assert (found.before_activation, found.after_activation) == (2, 1)


def test_mobilenet_has_a_normalization_before_each_activation_as_published():
    # Howard et al. 2017, table 1: one ordinary convolution and 13 separable ones, each half with its normalization.
    assert vars(usage("MobileNet")) == {
        "name": "MobileNet", "convolutions": 27, "normalizations": 27, "before_activation": 27, "after_activation": 0,
    }  # fmt: skip


# --- Order -----------------------------------------------------------------------------------------------------------


def test_both_orders_only_guess_when_there_is_nothing_to_learn(data):
    shuffled = replace(data, train_labels=np.random.default_rng(0).permutation(data.train_labels))
    for order in ("before", "after"):
        assert order_accuracies(shuffled, order, seeds=[0], epochs=2)[0] < 0.35


def test_the_learning_rate_falls_to_zero_by_the_last_step(data, monkeypatch):
    asked = {}
    monkeypatch.setattr("utils.training.trained", lambda *data, **options: asked.update(options))
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


def test_a_rate_is_chosen_by_the_other_seeds_alone():
    losses = [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [5.0, 0.1]]
    assert at_best_rate(losses).tolist() == [1.0, 1.0, 1.0, 5.0], "the last seed's own best would be 0.1"
    assert at_best_rate([[1.0, np.inf], [2.0, np.inf], [np.inf, np.inf]], ceiling=2.1).tolist() == [1.0, 2.0, 2.1]
    with pytest.raises(ValueError, match="at least 2"):
        at_best_rate([[1.0, 2.0]])


def test_unevenness_is_the_same_for_a_gradient_that_grows_and_one_that_shrinks():
    np.testing.assert_allclose(
        unevenness(np.array([[100.0, 10.0, 1.0], [1.0, 10.0, 100.0], [2.0, 3.0, 2.0]])), [1, 1, 0]
    )


def test_the_share_that_is_lost_is_nothing_where_nothing_changed_and_all_where_the_benefit_is_gone():
    assert share_lost(np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.5, 2.0]), np.full(3, 2.0)).tolist() == [0, 0.5, 1]


def test_normalization_is_steady_without_training_nothing_but_the_batch_moves_and_shaking_is_seen(data):
    options = {"seeds": [0], "steps": 4, "batch_size": 128}
    with_it, shaken = (partial(small_net, normalization=each) for each in (layers.BatchNormalization, Unsettled))
    assert distribution_shift(with_it, data, 0.0, **options)[0] < 1e-3
    assert distribution_shift(shaken, data, 0.0, **options)[0] > 0.1
    plain = partial(small_net, normalized="no")
    still, moved = (distribution_shift(plain, data, rate, **options)[0] for rate in (0.0, 0.3))
    assert moved > still


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
    aside = (data.test_images, data.test_labels)
    one, other = (with_groups(data, 64, seeds=[0, 1], epochs=4, kept_back=aside) for _ in range(2))
    assert one.train.shape == one.test.shape == (2, 2), "a look every other epoch"
    assert np.array_equal(one.train, other.train)
    assert np.array_equal(one.test, other.test)
    assert np.array_equal(one.test, one.kept_back), "the same images under both names"
    assert with_groups(data, 4, seeds=[0], epochs=2).kept_back.size == 0


def test_accuracies_are_compared_where_the_training_accuracy_is_the_same():
    train, test = [0.2, 0.6, 0.5, 1.0], [0.1, 0.3, 0.9, 0.7]
    np.testing.assert_allclose(at_training_accuracy(train, test, [0.1, 0.2, 0.4, 0.8]), [np.nan, 0.1, 0.2, 0.78])
    assert np.isnan(at_training_accuracy([0.2, 0.3], [0.1, 0.1], [0.5])[0])
    slow = Curves(np.array([[0.2, 0.4, 0.6]]), np.array([[0.2, 0.4, 0.6]]), np.empty((1, 0)))
    quick = Curves(np.array([[0.2, 0.6, 1.0]]), np.array([[0.1, 0.5, 0.9]]), np.empty((1, 0)))
    np.testing.assert_allclose(gain_at_equal_training_accuracy(slow, quick, [0.4, 0.6, 0.8]), [0.1])
    assert np.isnan(gain_at_equal_training_accuracy(slow, quick, [0.8])).all(), "the slow one never reaches it"


def test_group_normalization_needs_no_companions(noise):
    layer = group_normalization(groups=5, momentum=0.9, name="bn1")
    np.testing.assert_allclose(layer(noise, training=True)[:1], layer(noise[:1], training=False), atol=1e-5)
    by_hand = (noise - noise.mean((1, 2), keepdims=True)) / np.sqrt(noise.var((1, 2), keepdims=True) + 1e-3)
    np.testing.assert_allclose(layer(noise), by_hand, atol=1e-4)


# --- Fine-tuning -----------------------------------------------------------------------------------------------------


def test_a_frozen_normalization_stays_as_it_is_and_the_rest_is_trained(data):
    networks = normalized_networks(data, seeds=[0, 1], epochs=1)
    before = [each.copy() for each in networks.weights[1]]
    few = data.train_images[:16], data.train_labels[:16]
    _, original = networks
    numbers = ("gamma", "beta", "moving_mean", "moving_variance")
    layer, kernel = original.get_layer("bn1"), original.get_layer("conv1").kernel.numpy()
    kept = {name: getattr(layer, name).numpy() for name in numbers}
    for frozen in (True, False):
        *_, tuned = fine_tuned(networks, *few, frozen=frozen)
        for name in numbers:
            assert np.array_equal(getattr(tuned.get_layer("bn1"), name), kept[name]) == frozen, name
        assert not np.array_equal(tuned.get_layer("conv1").kernel, kernel)
    assert all(np.array_equal(a, b) for a, b in zip(networks.weights[1], before, strict=True)), "untouched"


# --- Claims ----------------------------------------------------------------------------------------------------------

TIMES = 8
TRUE, FALSE = [True] * TIMES, [False] * TIMES
# One value for each criterion; the deciding ones alone go against the claim in the second.
FAVORABLE = {
    "normalization-equal": (0.7, 0.6, 0.4, 2),
    "bn-normalizes": (0.99, 0.97, 0.98, 0.96),
    "bn-two-modes": (0.3, 0.0, 1e-6),
    "bn-average-entire": (0.5,),
    "bn-everywhere": (TRUE,),
    "bn-order": (TRUE, TRUE, 0.02, -0.02, 0.03, 0.01),
    "bn-gradients": (0.1, 0.05, 10, 0.3),
    "bn-covariate-shift": (0.9, 2, 0.3),
    "bn-noise": (-0.5, 0.03, 0.02, 0.02),
    "bn-small-batches": (0.1, 0.0, 0.0, 0.03, 0.2),
}
CONTRARY = {
    "normalization-equal": (0.1, 0.1, 0.0, 0),
    "bn-normalizes": (0.5, 0.97, 0.98, 0.96),
    "bn-two-modes": (0.01, 0.3, 1.0),
    "bn-average-entire": (0.01,),
    "bn-everywhere": (FALSE,),
    "bn-order": (FALSE, FALSE, 0.2, -0.02, 0.03, 0.01),
    "bn-gradients": (-0.1, 0.05, 1, -0.2),
    "bn-covariate-shift": (0.1, 2, 0.3),
    "bn-noise": (0.0, -0.2, 0.02, 0.02),
    "bn-small-batches": (0.0, 0.1, 0.0, 0.03, 0.2),
}


def judged(name, numbers):
    return verdict(name, *(each if isinstance(each, list) else [each] * TIMES for each in numbers))


def test_each_claim_of_both_notebooks_is_tried():
    from utils.claims import batch_normalization, batch_normalization_in_training

    claims = batch_normalization.CLAIMS + batch_normalization_in_training.CLAIMS
    assert {each.id for each in claims} == set(FAVORABLE) == set(CONTRARY)


@pytest.mark.parametrize("name", FAVORABLE)
def test_each_claim_can_hold_and_can_fail(name):
    assert judged(name, FAVORABLE[name]).word == "holds"
    assert judged(name, CONTRARY[name]).word == "does not hold here"


def test_an_order_that_costs_more_than_five_points_is_critical_either_way():
    for difference in (0.06, -0.06):
        found = judged("bn-order", (TRUE, TRUE, difference, 0.0, 0.0, 0.0))
        assert found.results == ["met", "met", "contradicted", "met", "met", "met"]


def test_a_network_that_was_not_shaken_says_nothing_about_covariate_shift():
    assert judged("bn-covariate-shift", (0.1, 0.5, 0.3)).word == "the experiment failed"


def test_the_figure_of_the_order_draws_the_margin_that_is_judged():
    assert claim("bn-order").criteria[2].at_most == 0.05


# --- Figures and explorer --------------------------------------------------------------------------------------------


def test_the_figures_say_the_numbers_that_they_are_given():
    rates = np.array([0.1, 1.0])
    linear = LinearTraining(rates, np.array([[2.0, 1.23], [2.0, np.inf]]), np.array([0.1, 0.2, 0.3, 0.4]), 7.0)
    short = [
        ShortTraining(m, 50, np.array([0.5, 0.52]), np.array([low, low]), []) for m, low in ((0.99, 0.13), (0.9, 0.47))
    ]
    statistics = ChannelStatistics(np.array([[0.0, -5.0]]), np.array([[0.976, 0.04]]))
    curves = Curves(np.array([[0.5, 0.81]]), np.array([[0.4, 0.62]]), np.empty((1, 0)))
    two = np.array([[1.5, 2.5], [1.5, 2.5]])
    paired = replace(over_seeds([0.03]), low=-0.01, high=0.07)
    expected = {
        figures.draw_linear_trainings({"raw": linear, "z": linear, "m": linear}, FEATURES, 2.08).alt: ("1.23", "0.40"),
        figures.draw_drift({"without": two, "with": two}).alt: ("layer 1 ≈ 2",),
        figures.draw_normalization(dict.fromkeys(("known", "loud", "faint"), statistics)).alt: (
            "loud: |mean| up to ≈ 5.00",
            "≈ 0.04 to ≈ 0.98",
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
            "does not train",
            "≈ 1.50",
        ),
        figures.draw_noise((4, 16), two, -0.51).alt: ("≈ -0.51", "≈ 1.5"),
        figures.draw_regularizer(curves, curves, ("noisy", "calm")).alt: ("training ≈ 0.81", "test ≈ 0.62"),
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
