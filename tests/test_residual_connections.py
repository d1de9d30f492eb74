"""Notebook 02: the block and its shapes, signals in deep networks, training, identity, paths, lesions; and controls."""

import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from utils.claims import claim, verdict
from utils.claims.residual_connections import CLAIMS
from utils.data import load
from utils.figures.residual_connections import (
    draw_agreements,
    draw_degradation,
    draw_gradients,
    draw_identity,
    draw_lesions,
    draw_paths,
    draw_race,
)
from utils.residual_connections import (
    PLAIN,
    RESIDUAL,
    RESIDUAL_BN,
    Deletions,
    Flow,
    PathGradients,
    Runs,
    deep_network,
    experiments,
    initial_weights,
    learn_identity,
    lesions,
    path_gradients,
    paths_by_length,
    readable,
    residual_block,
    signal_flows,
    three_block_network,
    train_deep,
    without,
)
from utils.residual_connections.paths import _by_length

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def photos():
    return load("photos", train=320, test=160, seed=0)


def built(size, channels, filters, **options):
    inputs = keras.Input((size, size, channels))
    return keras.Model(inputs, residual_block(inputs, filters, name="block", **options))


def random_images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


# The block


def test_the_three_block_network_has_the_parameters_that_the_seed_prints():
    network = three_block_network()
    assert network.count_params() == 297_697
    assert network.output_shape == (None, 1)
    assert [layer.filters for layer in network.layers if layer.name.endswith("conv2")] == [32, 64, 128]


@pytest.mark.parametrize("size", [1, 2, 7, 25, 30])
@pytest.mark.parametrize("pooling", [False, True])
def test_a_block_rounds_odd_sizes_up_when_it_pools_and_keeps_them_otherwise(size, pooling):
    side = (size + 1) // 2 if pooling else size
    assert built(size, 8, 8, pooling=pooling).output_shape == (None, side, side, 8)


def test_a_projection_stands_on_the_shortcut_only_where_shapes_differ_and_has_no_activation():
    def projection(*shape, **options):
        found = [layer for layer in built(*shape, **options).layers if layer.name == "block_projection"]
        return found[0] if found else None

    assert projection(8, 16, 16) is None
    wider, pooled = projection(8, 3, 32), projection(8, 16, 16, pooling=True)
    assert wider.count_params() == 128  # 3 · 32 weights and 32 biases
    assert (wider.strides, pooled.strides) == ((1, 1), (2, 2))
    assert wider.kernel_size == pooled.kernel_size == (1, 1)
    assert wider.activation is pooled.activation is keras.activations.linear


def test_the_block_adds_its_input_to_what_its_two_convolutions_make_of_it():
    block, x = built(5, 4, 4), random_images(2, 5, 5, 4)
    by_hand = x
    for name in ("block_conv1", "block_conv2"):
        kernel, bias = block.get_layer(name).get_weights()
        padded = np.pad(by_hand, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        by_hand = np.maximum(np.einsum("nhwcij,ijcf->nhwf", windows, kernel) + bias, 0)
    np.testing.assert_allclose(block(x), x + by_hand, atol=1e-5)


def test_a_block_with_its_last_convolution_at_0_is_exactly_the_identity_and_a_plain_one_exactly_0():
    x = random_images(4, 6, 6, 8)
    for shortcut, expected in ((True, x), (False, np.zeros_like(x))):
        block = built(6, 8, 8, shortcut=shortcut)
        last = block.get_layer("block_conv2")
        last.set_weights([np.zeros_like(weight) for weight in last.get_weights()])
        np.testing.assert_array_equal(block(x), expected)


def test_plain_and_residual_networks_have_the_same_layers_and_the_same_initial_weights():
    networks = []
    for shortcuts in (False, True):
        keras.utils.set_random_seed(3)
        networks.append(deep_network(6, shortcuts))
    plain, residual = networks
    assert sum(isinstance(layer, layers.Add) for layer in residual.layers) == 3
    assert not any(isinstance(layer, layers.Add) for layer in plain.layers)
    for one, other in zip(plain.get_weights(), residual.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_with_batch_normalization_the_block_normalizes_each_convolution_and_ends_with_a_relu_after_the_addition():
    block, x = built(5, 4, 4, batch_normalization=True), random_images(2, 5, 5, 4)
    for number in (1, 2):
        mean, variance = np.full(4, 0.1 * number, "float32"), np.full(4, 2.0, "float32")
        block.get_layer(f"block_bn{number}").set_weights([np.ones(4), np.zeros(4), mean, variance])
    y = x
    for number in (1, 2):
        y = keras.ops.conv(y, block.get_layer(f"block_conv{number}").kernel, padding="same")
        y = (y - 0.1 * number) / np.sqrt(2.0 + block.get_layer(f"block_bn{number}").epsilon)
        y = keras.ops.relu(y) if number == 1 else y
    np.testing.assert_allclose(block(x), keras.ops.relu(x + y), atol=1e-5)


@pytest.mark.parametrize("depth", [0, 3, -2])
def test_a_depth_that_gives_no_whole_blocks_is_refused(depth):
    with pytest.raises(ValueError, match=f"depth={depth}: an even positive integer is needed"):
        deep_network(depth)


@pytest.mark.parametrize("size", [16, 24, 28, 32, 40])
def test_the_stem_brings_every_image_size_to_a_few_pixels(size):
    height, width = deep_network(2, size=size, channels=3).get_layer("stem_pool").output.shape[1:3]
    assert height == width
    assert 4 <= height <= 5


# Signals in deep networks


def with_shortcuts_cut(depth, shortcuts, **options):
    """The residual network with its additions in place, but with nothing coming in over the shortcuts."""
    network = deep_network(depth, True, **options)

    def cut(layer):
        return layers.Lambda(lambda pair: pair[0], name=layer.name) if isinstance(layer, layers.Add) else layer

    def copied(layer):
        new = cut(layer)
        return new if new is not layer else layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=copied)


def flow(photos, kind, **options):
    images, labels = photos.train_images, photos.train_labels
    return signal_flows(images, labels, (kind,), depths=(4, 16), filters=8, seeds=SEEDS, **options)[kind.name]


@pytest.fixture(scope="module")
def flows(photos):
    return {
        "plain": flow(photos, PLAIN),
        "residual": flow(photos, RESIDUAL),
        "cut": flow(photos, PLAIN, build=with_shortcuts_cut),
        "without noise": flow(photos, PLAIN, dropout=0.0, difference=0.0),
    }


def test_gradients_shrink_exponentially_in_plain_chains_and_not_in_residual_ones(flows):
    assert flows["plain"].gradient_slopes.max() < -1 / 64
    assert flows["residual"].gradient_slopes.min() > -1 / 64
    assert flows["residual"].noise[:, -1].min() > 0.5 > flows["plain"].noise[:, -1].max()


def test_a_residual_network_with_its_shortcuts_cut_behaves_as_the_plain_one(flows):
    for part in ("gradient", "activation", "kernels", "neighbors", "unrelated"):
        np.testing.assert_allclose(getattr(flows["cut"], part), getattr(flows["plain"], part), rtol=1e-3)


def test_without_noise_and_without_a_difference_gradients_agree_at_every_depth(flows):
    np.testing.assert_allclose(flows["without noise"].noise, 1)
    np.testing.assert_allclose(flows["without noise"].neighbors, 1, atol=1e-6)


def test_different_images_share_less_of_their_gradients_than_similar_ones(flows):
    for name in ("plain", "residual"):
        assert (flows[name].unrelated < flows[name].neighbors).all()


def test_a_chain_of_identities_passes_every_gradient_on_unchanged(photos):
    """The plain chain with kernels that copy: nothing is lost, whatever the depth."""

    def copies(depth, shortcuts, **options):
        network = deep_network(depth, False, **options)
        for layer in network.layers:
            if layer.name.startswith("block") and layer.weights:
                kernel = np.zeros(layer.kernel.shape, "float32")
                kernel[1, 1] = np.eye(kernel.shape[-1])
                layer.kernel.assign(kernel)
                layer.kernel.assign = lambda value: None  # an initialization leaves it as it is
        return network

    copied = flow(photos, PLAIN, build=copies, dropout=0.0)
    np.testing.assert_allclose(copied.activation, 1, rtol=1e-6)
    np.testing.assert_allclose(copied.gradient_slopes, 0, atol=0.02)


def test_slopes_are_powers_of_ten_per_layer():
    ratios = np.array([[1e-2, 1e-4, 1e-8], [1.0, 1.0, 1.0]])
    made_up = Flow((10, 20, 40), ratios, 1 / ratios, *[ratios] * 4)
    np.testing.assert_allclose(made_up.gradient_slopes, [-0.2, 0], atol=1e-12)
    np.testing.assert_allclose(made_up.activation_slopes, [0.2, 0], atol=1e-12)


def test_a_gradient_that_is_gone_counts_as_the_smallest_number_and_agrees_with_nothing(photos):
    def dead(depth, shortcuts, **options):
        network = deep_network(depth, False, **options)
        network.get_layer("block1_conv1").bias.assign(np.full(8, -1e6, "float32"))
        return network

    nothing = flow(photos, PLAIN, build=dead)
    assert np.isfinite(nothing.gradient_slopes).all()
    np.testing.assert_array_equal(nothing.gradient, np.finfo("float32").tiny)
    np.testing.assert_array_equal(nothing.noise, 0)


def test_more_can_be_read_back_with_shortcuts_and_all_of_it_where_nothing_happened(photos):
    images = photos.train_images
    plain, residual = (readable(images, kind, 24, filters=8, seeds=SEEDS) for kind in (PLAIN, RESIDUAL))
    assert residual.min() > plain.max() + 0.1
    assert residual.max() <= 1
    network = RESIDUAL.build(24, filters=8)
    with without(network, *(f"block{number}_conv2" for number in range(1, 13))):
        idle = network.get_weights()
    assert readable(images, RESIDUAL, 24, filters=8, weights=[idle])[0] > 0.99


# Identity


def test_the_shortcut_makes_the_identity_easy_to_learn_and_training_is_what_does_it(photos):
    plain, residual = (learn_identity(photos.train_images, shortcut, filters=8, epochs=4) for shortcut in (False, True))
    assert (residual.after < 0.1 * plain.after).all()
    assert (residual.after < 0.1 * residual.before).all()
    untrained = learn_identity(photos.train_images, True, filters=8, epochs=0)
    np.testing.assert_allclose(untrained.after, untrained.before, rtol=1e-5)


def test_each_block_gets_the_learning_rate_that_brings_it_nearest(photos):
    options = {"filters": 8, "seeds": (0,), "epochs": 4}
    assert learn_identity(photos.train_images, True, learning_rates=(1e-7, 2e-3), **options).learning_rate == 2e-3
    assert learn_identity(photos.train_images, True, learning_rates=(2e-3, 1e-7), **options).learning_rate == 2e-3


# Training and lesions


@pytest.fixture(scope="module")
def races(photos):
    options = {"filters": 8, "seeds": (0, 1), "batch_size": 16, "learning_rates": (3e-3,)}
    return {
        "residual": train_deep(RESIDUAL, 4, photos, epochs=6, **options),
        "deep plain": train_deep(PLAIN, 40, photos, epochs=1, **options),
    }


def test_a_deep_plain_network_stays_at_chance_where_a_residual_one_has_learned(races):
    assert races["residual"].chance == races["deep plain"].chance == 1 / 8
    assert races["residual"].train_accuracy.min() > 0.2
    np.testing.assert_allclose(races["deep plain"].train_accuracy, 1 / 8, atol=0.02)


def test_nothing_is_learned_from_labels_that_are_drawn_by_lot(photos):
    """The control of the race: with shuffled labels the residual network stays near chance, too."""
    labels = np.random.default_rng(0).permutation(photos.train_labels)
    shuffled = type(photos)(photos.train_images, labels, photos.test_images, photos.test_labels, photos.class_names)
    runs = train_deep(RESIDUAL, 4, shuffled, filters=8, seeds=(0,), epochs=2, batch_size=16, learning_rates=(3e-3,))
    assert runs.train_accuracy.max() < 0.25


def test_the_learning_rate_is_the_best_one_on_the_images_kept_back_and_they_are_not_trained_on(photos, monkeypatch):
    seen = []

    def noted(build, images, labels, **options):
        seen.append(images)
        return original(build, images, labels, **options)

    original = experiments.Training
    monkeypatch.setattr(experiments, "Training", noted)
    for rates in ((1e-7, 3e-3, 1e3), (1e3, 3e-3, 1e-7)):
        runs = train_deep(
            RESIDUAL, 2, photos, filters=8, seeds=(0,), epochs=4, batch_size=16, learning_rates=rates, tuning_seeds=(5,)
        )
        assert runs.learning_rate == 3e-3
    assert all(np.array_equal(images, photos.train_images[:256]) for images in seen)
    assert len(seen) == 2


@pytest.mark.parametrize("normalized", [False, True])
def test_a_part_that_is_switched_off_passes_its_input_on_and_comes_back(normalized):
    x = random_images(3, 32, 32, 1) * 50 + 100
    for shortcuts, part in ((True, "block2_conv2"), (False, "block2_conv1"), (False, "block2_conv2")):
        keras.utils.set_random_seed(1)
        network = deep_network(6, shortcuts, filters=8, batch_normalization=normalized)
        for layer in network.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights([np.full(8, 1.5), np.full(8, 0.3), np.full(8, 0.2), np.full(8, 0.7)])
        before, weights = np.asarray(network(x)), network.get_weights()
        given, returned = (
            ("block2_conv1", _end(2, shortcuts, normalized)) if shortcuts else (part, _after(part, normalized))
        )
        ends = keras.Model(network.input, [network.get_layer(given).input, network.get_layer(returned).output])
        with without(network, part):
            assert not np.allclose(network(x), before)
            np.testing.assert_allclose(*ends(x), atol=1e-5)
        np.testing.assert_array_equal(network(x), before)
        for one, other in zip(network.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(one, other)


def _end(block, shortcuts, normalized):
    return f"block{block}_relu2" if normalized else f"block{block}_add" if shortcuts else f"block{block}_conv2"


def _after(convolution, normalized):
    return convolution.replace("conv", "relu") if normalized else convolution


def test_lesions_delete_every_block_once_and_cost_nothing_where_the_blocks_do_nothing(photos, races):
    measured = lesions(races["residual"], photos)
    assert measured.deleted.shape == (2, 2)
    assert measured.whole.shape == measured.several.shape == (2,)
    assert not np.array_equal(measured.deleted, measured.whole[:, None].repeat(2, axis=1))
    idle = [[weight.copy() for weight in weights] for weights in races["residual"].weights]
    for weights in idle:
        for weight in weights[2:-2]:
            weight[:] = 0
    unharmed = lesions(Runs(RESIDUAL, 4, 2e-3, np.zeros(2), tuple(idle), 1 / 8), photos)
    np.testing.assert_array_equal(unharmed.deleted, unharmed.whole[:, None].repeat(2, axis=1))
    np.testing.assert_allclose(unharmed.several, unharmed.whole)


def test_the_share_kept_is_counted_from_chance():
    made_up = Deletions(np.array([0.5, 0.7]), np.array([[0.5, 0.1], [0.1, 0.1]]), np.array([0.3, 0.4]), 0.1)
    np.testing.assert_allclose(made_up.kept, [0.5, 0])
    np.testing.assert_allclose(made_up.kept_without_the_most_important, [0, 0])
    np.testing.assert_allclose(made_up.kept_without_several, [0.5, 0.5])


# Paths


@pytest.mark.parametrize("kind", [RESIDUAL, RESIDUAL_BN], ids=lambda kind: kind.name)
def test_the_gradients_of_all_path_lengths_add_up_to_the_gradient(photos, kind):
    network = kind.build(6, filters=4)
    network.set_weights(initial_weights(network, kind.kernel_initializer, [0])[0])
    images, labels = photos.test_images[:3], photos.test_labels[:3]
    summed, single = _by_length(network)(images, labels, 2, np.random.default_rng(0))
    ends = keras.Model(network.input, [network.get_layer("stem_pool").output, network.output])
    with tf.GradientTape() as tape:
        first, logits = ends(images)
        losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    expected = tape.gradient(losses, first).numpy().reshape(3, -1)
    np.testing.assert_allclose(summed.sum(axis=0), expected, rtol=1e-3, atol=1e-6 * np.abs(expected).max())
    # Only one path goes through no block, and only one through all three.
    for length in (0, 3):
        np.testing.assert_allclose(single[length], np.stack([summed[length]] * 2), rtol=1e-4, atol=1e-12)
    assert not np.allclose(single[1][0], summed[1], rtol=1e-2)


def test_where_the_blocks_do_nothing_all_of_the_gradient_takes_the_path_through_none(photos):
    network = RESIDUAL.build(6, filters=4)
    with without(network, *(f"block{number}_conv2" for number in (1, 2, 3))):
        idle = network.get_weights()
    paths = path_gradients(network, [idle], photos.test_images, photos.test_labels, seeds=(0,))
    np.testing.assert_array_equal(paths.sums[0, 1:], 0)
    np.testing.assert_array_equal(paths.share_of_sums, 1)


def test_short_means_at_most_a_third_of_the_blocks():
    np.testing.assert_array_equal(paths_by_length(4), [1, 4, 6, 4, 1])
    made_up = PathGradients(np.array([[3.0, 1, 0, 0, 4]]), np.array([[1.0, 1, 1, 1, 1]]))
    assert (made_up.blocks, made_up.short) == (4, 1)
    np.testing.assert_allclose([made_up.share_of_sums[0], made_up.share_of_singles[0]], [0.5, 0.4])
    assert made_up.share_of_paths == 5 / 16
    twenty = PathGradients(np.ones((1, 21)), np.ones((1, 21)))
    assert round(100 * twenty.share_of_paths) == 6


# Claims and figures


def several(*values):
    """Eight numbers near each value, as eight seeds would give them."""
    return [value * np.linspace(0.99, 1.01, 8) for value in values]


def test_verdicts_turn_when_plain_and_residual_are_exchanged():
    plain, residual, he = (1e-13, 0.02), (100, 0.8), (1e-4, 0.1)
    holds = verdict("vanishing-gradient", *several(plain[0], residual[0], plain[1], residual[1], *he, 0.2))
    fails = verdict("vanishing-gradient", *several(residual[0], plain[0], residual[1], plain[1], *he, 0.2))
    alike = verdict("vanishing-gradient", *several(plain[0], residual[0], plain[1], residual[1], *he, 0.01))
    assert (holds.word, fails.word, alike.word) == ("holds", "does not hold here", "holds here with a condition")
    assert verdict("residual-identity", 0, *several(0.01, 0.01)).word == "holds"
    assert verdict("residual-identity", 1e-7, *several(0.01, 0.01)).word == "the experiment failed"
    assert verdict("residual-identity", 0, *several(2, 2)).word == "does not hold here"
    assert verdict("residual-information", 100, 0, *several(0.9, 0.4, 0.9)).word == "does not hold here"
    assert verdict("residual-information", 0, 0, *several(1, 0.4, 1)).word == "holds"
    assert verdict("residual-short-paths", *several(0.9, 0.8, 0.9, 0.8)).word == "holds"
    assert verdict("residual-short-paths", *several(0.3, 0.8, 0.9, 0.8)).word == "does not hold here"
    assert verdict("residual-ensemble", *several(0.95, 0.6, 0.8, 0.8)).word == "holds"
    assert verdict("residual-ensemble", *several(0.7, 0.6, 0.8, 0.8)).word == "does not hold here"
    deep = several(0.3, 0.01), several(0.3), several(0.04)
    assert verdict("residual-trains-deep", *deep[0], *deep[1], *deep[2]).word == "holds here with a condition"
    assert verdict("residual-trains-deep", *deep[0], None, *deep[2]).word == "holds here with a condition"
    assert verdict("residual-trains-deep", *several(0.3, -0.2), None, *deep[2]).word == "does not hold here"
    assert verdict("residual-degradation", *several(0.1, 0.0, 0.1, 0.3), [True] * 9 + [False]).word == "holds"
    assert verdict("residual-degradation", *several(0.1, 0.1, 0.1, 0.3), [True]).word == "does not hold here"
    assert verdict("residual-degradation", *[None] * 5).word == "undecided here"


def test_every_claim_of_the_notebook_has_literature_and_names_its_long_run():
    for each in CLAIMS:
        assert each.literature
        assert claim(each.id).long_run
        assert importlib.util.find_spec(f"utils.long_runs.{each.long_run}")
        assert each.id in importlib.import_module(f"utils.long_runs.{each.long_run}").CLAIMS
        assert all(len(criterion.because) > 20 for criterion in each.criteria)


def test_figures_say_their_numbers(flows, races):
    shown = {name: flows[name] for name in ("plain", "residual")}
    assert f"≈ {np.log10(flows['plain'].gradient[:, -1]).mean():.1f}" in draw_gradients(shown).alt
    assert f"residual ≈ {np.median(flows['residual'].noise[:, -1]):.2f}" in draw_agreements(shown).alt
    race = draw_race(list(races.values()))
    assert "residual, 4 layers" in race.alt
    assert f"plain, 40 layers: ≈ {100 * races['deep plain'].train_accuracy.mean():.0f} %" in race.alt
    learned = type("Learned", (), {"before": np.array([0.5, 0.5]), "after": np.array([1e-3, 1e-3])})
    assert "residual from ≈ 0.50 to 10 to the power of ≈ -3.0" in draw_identity({"residual": learned}).alt
    found = [
        ({"seed": seed, "design": design, "bn": bn, "depth": depth, "patience": patience}, {"error": error})
        for design in ("plain", "residual")
        for bn in (False, True)
        for depth, patience, error in ((8, 1, 0.01), (44, 1, 0.3), (44, 4, 0.9))
        for seed in (101, 102)
    ]
    assert "residual, with batch normalization: 8 layers 1.0, 44 layers 30.0" in draw_degradation(found).alt
    lesion = Deletions(np.array([0.5]), np.array([[0.5, 0.1]]), np.array([0.2]), 0.1)
    alt = draw_lesions({"plain": lesion, "residual": lesion}).alt
    assert "plain: whole ≈ 50 %; a share of ≈ 0.50 of what was learned is left without one part, ≈ 0.00" in alt
    paths = PathGradients(np.array([[3.0, 1, 0, 0, 4]]), np.ones((1, 5)))
    assert "made up: ≈ 50 % of the gradient, ≈ 31 % of the paths" in draw_paths({"made up": paths, "too": paths}).alt
