"""Notebook 02: the block and its shapes, messages through deep chains, training, identity, lesions; and controls."""

import keras
import numpy as np
import pytest
from keras import layers

from utils.claims import Measurement, claim, counted, verdict
from utils.data import load
from utils.figures.residual_connections import (
    draw_agreements,
    draw_gradients,
    draw_identity,
    draw_lesions,
    draw_race,
)
from utils.residual_connections import (
    PLAIN,
    RESIDUAL,
    Deletions,
    Flow,
    deep_network,
    learn_identity,
    lesions,
    message_flow,
    readable,
    residual_block,
    three_block_network,
    train_deep,
    without,
)

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


def test_plain_and_residual_networks_have_the_same_layers_and_the_same_starting_weights():
    networks = []
    for shortcuts in (False, True):
        keras.utils.set_random_seed(3)
        networks.append(deep_network(6, shortcuts))
    plain, residual = networks
    assert sum(isinstance(layer, layers.Add) for layer in residual.layers) == 3
    assert not any(isinstance(layer, layers.Add) for layer in plain.layers)
    for one, other in zip(plain.get_weights(), residual.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("depth", [0, 3, -2])
def test_a_depth_that_gives_no_whole_blocks_is_refused(depth):
    with pytest.raises(ValueError, match=f"depth={depth}: an even positive integer is needed"):
        deep_network(depth)


@pytest.mark.parametrize("size", [16, 24, 28, 32, 40])
def test_the_stem_brings_every_image_size_to_a_few_pixels(size):
    height, width = deep_network(2, size=size, channels=3).get_layer("stem_pool").output.shape[1:3]
    assert height == width
    assert 4 <= height <= 5


# Messages through deep chains


def with_shortcuts_cut(depth, shortcuts, **options):
    """The residual network with its additions in place, but with nothing coming in over the shortcuts."""
    network = deep_network(depth, True, **options)

    def cut(layer):
        return layers.Lambda(lambda pair: pair[0], name=layer.name) if isinstance(layer, layers.Add) else layer

    def copied(layer):
        new = cut(layer)
        return new if new is not layer else layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=copied)


def flow(photos, **options):
    return message_flow(
        photos.train_images[:8], photos.train_labels[:8], depths=(4, 16), filters=8, seeds=SEEDS, **options
    )


@pytest.fixture(scope="module")
def flows(photos):
    return {
        "plain": flow(photos, shortcuts=False),
        "residual": flow(photos, shortcuts=True),
        "cut": flow(photos, shortcuts=True, build=with_shortcuts_cut),
        "without noise": flow(photos, shortcuts=False, dropout=0.0, difference=0.0),
    }


def test_gradients_shrink_exponentially_in_plain_chains_and_not_in_residual_ones(flows):
    assert flows["plain"].gradient_slopes.max() < -1 / 64
    assert flows["residual"].gradient_slopes.min() > -1 / 64
    assert flows["residual"].noise[:, -1].min() > 0.5 > flows["plain"].noise[:, -1].max()


def test_a_residual_network_with_its_shortcuts_cut_behaves_as_the_plain_one(flows):
    for part in ("gradient", "activation", "kernels", "neighbours"):
        np.testing.assert_allclose(getattr(flows["cut"], part), getattr(flows["plain"], part), rtol=1e-3)


def test_without_noise_and_without_a_difference_gradients_agree_at_every_depth(flows):
    np.testing.assert_allclose(flows["without noise"].noise, 1)
    np.testing.assert_allclose(flows["without noise"].neighbours, 1, atol=1e-6)


def test_a_chain_of_identities_hands_every_gradient_on_unchanged(photos):
    """The plain chain with kernels that copy: nothing is lost, whatever the depth."""

    def copies(depth, shortcuts, **options):
        network = deep_network(depth, False, **options)
        for layer in network.layers:
            if layer.name.startswith("block") and layer.weights:
                kernel = np.zeros(layer.kernel.shape, "float32")
                kernel[1, 1] = np.eye(kernel.shape[-1])
                layer.kernel.assign(kernel)
                layer.kernel.assign = lambda value: None  # a new start leaves it as it is
        return network

    copied = flow(photos, shortcuts=False, build=copies, dropout=0.0)
    np.testing.assert_allclose(copied.activation, 1, rtol=1e-6)
    np.testing.assert_allclose(copied.gradient_slopes, 0, atol=0.02)


def test_slopes_are_powers_of_ten_per_layer():
    ratios = np.array([[1e-2, 1e-4, 1e-8], [1.0, 1.0, 1.0]])
    made_up = Flow((10, 20, 40), ratios, 1 / ratios, ratios, ratios, ratios)
    np.testing.assert_allclose(made_up.gradient_slopes, [-0.2, 0], atol=1e-12)
    np.testing.assert_allclose(made_up.activation_slopes, [0.2, 0], atol=1e-12)


def test_a_gradient_that_is_gone_counts_as_the_smallest_number_and_agrees_with_nothing(photos):
    def dead(depth, shortcuts, **options):
        network = deep_network(depth, False, **options)
        network.get_layer("block1_conv1").bias.assign(np.full(8, -1e6, "float32"))
        return network

    nothing = flow(photos, shortcuts=False, build=dead)
    assert np.isfinite(nothing.gradient_slopes).all()
    np.testing.assert_array_equal(nothing.gradient, np.finfo("float32").tiny)
    np.testing.assert_array_equal(nothing.noise, 0)


def test_more_can_be_read_back_with_shortcuts_and_all_of_it_where_nothing_happened(photos):
    images = photos.train_images
    plain, residual = (readable(images, 24, shortcuts, filters=8, seeds=SEEDS) for shortcuts in (False, True))
    assert residual.min() > plain.max() + 0.1
    assert residual.max() <= 1


# Identity


def test_the_shortcut_makes_the_identity_easy_to_learn_and_training_is_what_does_it(photos):
    plain, residual = (learn_identity(photos.train_images, shortcut, filters=8, epochs=4) for shortcut in (False, True))
    assert (residual.after < 0.1 * plain.after).all()
    assert (residual.after < 0.1 * residual.before).all()
    untrained = learn_identity(photos.train_images, True, filters=8, epochs=0)
    np.testing.assert_allclose(untrained.after, untrained.before, rtol=1e-5)


# Training and lesions


@pytest.fixture(scope="module")
def races(photos):
    options = {"filters": 8, "seeds": (0, 1), "epochs": 4}
    return {
        "residual": train_deep(RESIDUAL, 4, photos, **options),
        "deep plain": train_deep(PLAIN, 40, photos, **options | {"epochs": 1, "seeds": (0, 1)}),
    }


def test_a_deep_plain_network_stays_at_chance_where_a_residual_one_has_learned(races):
    assert races["residual"].chance == races["deep plain"].chance == 1 / 8
    assert races["residual"].train_accuracy.min() > 0.2
    np.testing.assert_allclose(races["deep plain"].train_accuracy, 1 / 8)


def test_nothing_is_learned_from_labels_that_are_drawn_by_lot(photos):
    """The control of the race: with shuffled labels the residual net stays near chance, too."""
    labels = np.random.default_rng(0).permutation(photos.train_labels)
    shuffled = type(photos)(photos.train_images, labels, photos.test_images, photos.test_labels, photos.class_names)
    runs = train_deep(RESIDUAL, 4, shuffled, filters=8, seeds=(0,), epochs=2)
    assert runs.train_accuracy.max() < 0.25


def test_the_best_learning_rate_is_the_one_kept(photos):
    runs = train_deep(RESIDUAL, 2, photos, filters=8, seeds=(0,), epochs=4, learning_rates=(1e-7, 2e-3))
    assert runs.learning_rate == 2e-3


def test_a_part_out_of_work_hands_its_input_on_and_comes_back():
    x = random_images(3, 32, 32, 1) * 50 + 100
    for shortcuts, part in ((True, "block2_conv2"), (False, "block2_conv1")):
        keras.utils.set_random_seed(1)
        network = deep_network(6, shortcuts, filters=8)
        before = np.asarray(network(x))
        output = keras.Model(network.input, [network.get_layer("block2_conv1").input, _end(network, 2, shortcuts)])
        with without(network, part):
            given, returned = output(x)
            assert not np.allclose(network(x), before)
            if shortcuts:
                np.testing.assert_array_equal(returned, given)
            else:
                handed_on = keras.Model(network.input, network.get_layer(part).output)(x)
                np.testing.assert_array_equal(handed_on, given)
        np.testing.assert_array_equal(network(x), before)


def _end(network, block, shortcuts):
    return network.get_layer(f"block{block}_add" if shortcuts else f"block{block}_conv2").output


def test_lesions_delete_every_block_once_and_cost_nothing_where_the_blocks_do_nothing(photos, races):
    measured = lesions(races["residual"], photos)
    assert measured.deleted.shape == (2, 2)
    assert measured.whole.shape == (2,)
    idle = [[weight.copy() for weight in weights] for weights in races["residual"].weights]
    for weights in idle:
        for weight in weights[2:-2]:
            weight[:] = 0
    runs = type(races["residual"])(RESIDUAL, 4, 2e-3, np.zeros(2), tuple(idle), 1 / 8)
    unharmed = lesions(runs, photos)
    np.testing.assert_array_equal(unharmed.deleted, unharmed.whole[:, None].repeat(2, axis=1))


def test_the_share_kept_is_counted_from_chance():
    made_up = Deletions(np.array([0.5, 0.7]), np.array([[0.5, 0.1], [0.1, 0.1]]), 0.1)
    np.testing.assert_allclose(made_up.kept, [0.5, 0])


# Claims and figures


def test_verdicts_turn_when_plain_and_residual_are_exchanged():
    def interval(value):
        return Measurement(value, value - 0.001, value + 0.001)

    plain, residual = (-0.2, 0.1, 0.1, 0.9), (0.04, 0.9, 0.9, 0.1)
    holds = verdict("vanishing-gradient", *map(interval, (plain[0], residual[0], *plain[1:3], plain[3])))
    fails = verdict("vanishing-gradient", *map(interval, (residual[0], plain[0], *residual[1:3], residual[3])))
    assert (holds.word, fails.word) == ("holds", "does not hold here")
    assert verdict("residual-identity", counted(0), interval(0.01)).word == "holds"
    assert verdict("residual-identity", counted(1e-7), interval(1)).word == "does not hold here"
    assert verdict("residual-ensemble", interval(0.2), interval(0.8)).word == "holds"
    assert verdict("residual-ensemble", interval(0.8), interval(-0.2)).word == "does not hold here"
    assert verdict("residual-trains-deep", *map(interval, (0, 0.3, 0.3, 0.04))).word == "holds here with a condition"
    assert verdict("residual-trains-deep", *map(interval, (0.3, 0, 0, 0.04))).word == "does not hold here"


def test_every_claim_of_the_notebook_has_reasons_and_literature():
    for name in ("vanishing-gradient", "residual-trains-deep", "residual-identity", "residual-ensemble"):
        assert claim(name).literature
        assert all(len(criterion.because) > 20 for criterion in claim(name).criteria)


def test_figures_say_their_numbers(flows, races):
    shown = {name: flows[name] for name in ("plain", "residual")}
    assert f"≈ {np.log10(flows['plain'].gradient[:, -1]).mean():.1f}" in draw_gradients(shown).alt
    assert f"residual ≈ {flows['residual'].noise[:, -1].mean():.2f}" in draw_agreements(shown).alt
    race = draw_race(list(races.values()))
    assert "residual, 4 layers" in race.alt
    assert "plain, 40 layers: ≈ 12 %" in race.alt
    learned = type("Learned", (), {"before": np.array([0.5, 0.5]), "after": np.array([1e-3, 1e-3])})
    assert "residual from ≈ 0.50 to 10 to the power of ≈ -3.0" in draw_identity({"residual": learned}).alt
    lesion = Deletions(np.array([0.5]), np.array([[0.5, 0.1]]), 0.1)
    assert "whole ≈ 50 %, one part deleted ≈ 30 %" in draw_lesions({"plain": lesion, "residual": lesion}).alt
