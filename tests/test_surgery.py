"""Surgery on the ImageNet network."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from utils.claims import verdict
from utils.explorers.surgery import surgery_panel
from utils.figures.surgery import (
    draw_anatomy,
    draw_answers,
    draw_kept,
    draw_labels,
    draw_looks,
    draw_several_off,
    draw_two_paths,
)
from utils.photographs import photograph
from utils.pretrained import STAGES, imagenet_network, prepare, probabilities
from utils.surgery import (
    OperatingTable,
    blocks,
    by_draw,
    channels_reversed,
    color_removed,
    company,
    lesions,
    looks,
    other_blocks,
    parameters_by_kind,
    residual_blocks,
    several_off,
    shortcut_cut,
    switched_off,
    views_of,
)


@pytest.fixture(scope="module")
def network():
    return imagenet_network()


@pytest.fixture(scope="module")
def table(network):
    return OperatingTable(network)


@pytest.fixture(scope="module")
def images():
    return np.concatenate([prepare(photograph(name)) for name in ("chelsea", "coffee")])


@pytest.fixture(scope="module")
def panel(table):
    return surgery_panel(table)


@pytest.fixture
def copy(network):
    """Another network of the same numbers, for doing by hand what must not be done to the network itself."""
    other = keras.models.clone_model(network)
    other.set_weights(network.get_weights())
    return other


def small_network(gamma=1.0):
    """One residual block, ``x + BN(conv(x))``, between a first convolution and a classifier."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="stem_conv")(inputs)
    y = layers.Conv2D(4, 3, padding="same", use_bias=False, name="block1a_project")(x)
    y = layers.BatchNormalization(gamma_initializer=keras.initializers.Constant(gamma), name="block1a_project_bn")(y)
    x = layers.Add(name="block1a_add")([x, y])
    return keras.Model(inputs, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))


SMALL = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype("float32")


class TestTheTable:
    def test_it_answers_as_the_network_does_when_nothing_is_changed(self, network, table, images):
        np.testing.assert_allclose(table.probabilities(images), probabilities(network, images), atol=1e-5)

    def test_no_operation_changes_the_network(self, network, table, images):
        before = network.get_weights()
        table.probabilities(images, switched_off(network, "block2b") | shortcut_cut(network, "block3b"))
        table.logits(images, channels_reversed(network), batch_statistics=True)
        table.moving_averages(images)
        looks(table, images, (3,))
        with pytest.raises(ValueError, match=r"stem_conv/kernel: a value of shape \(2, 2\), \(3, 3, 3, 32\) is needed"):
            table.logits(images, {"stem_conv/kernel": np.zeros((2, 2))})
        assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))

    def test_it_sees_what_you_do_to_the_network_afterwards(self):
        model = small_network()
        table = OperatingTable(model)
        before = table.logits(SMALL)
        model.layers[-1].bias.assign(np.ones(1000))
        np.testing.assert_allclose(table.logits(SMALL), before + 1, atol=1e-5)

    def test_a_branch_switched_off_is_a_branch_whose_last_gamma_and_beta_are_zero(self, copy, table, images):
        last = copy.get_layer("block5c_project_bn")
        last.gamma.assign(np.zeros(112))
        last.beta.assign(np.zeros(112))
        off = table.probabilities(images, switched_off(table.model, "block5c"))
        np.testing.assert_allclose(off, probabilities(copy, images), atol=1e-5)

    def test_a_block_without_its_branch_gives_exactly_what_came_in(self, copy, images):
        for each in ("gamma", "beta"):
            getattr(copy.get_layer("block3b_project_bn"), each).assign(np.zeros(40))
        ends = [copy.get_layer(name).output for name in ("block3a_project_bn", "block3b_add")]
        came_in, went_out = keras.Model(copy.input, ends)(images)
        assert np.array_equal(came_in, went_out)

    def test_a_network_with_its_shortcut_cut_is_the_plain_network(self):
        model = small_network()
        plain = model.layers[-1](model.layers[-2](model.get_layer("block1a_project_bn").output))
        expected = keras.Model(model.input, plain)(SMALL, training=False)
        cut = OperatingTable(model).logits(SMALL, shortcut_cut(model, "block1a"))
        np.testing.assert_allclose(cut, expected, atol=1e-5)

    def test_random_layers_and_additions_of_three_are_no_trouble(self):
        inputs = keras.Input((8, 8, 3))
        x = layers.Dropout(0.5)(layers.RandomFlip()(layers.Conv2D(3, 3, padding="same", name="stem_conv")(inputs)))
        x = layers.Add(name="block1a_add")([x, inputs, 2 * inputs])
        model = keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))
        table = OperatingTable(model)
        np.testing.assert_allclose(table.logits(SMALL), model(SMALL, training=False), atol=1e-5)
        cut = keras.Model(inputs, model.layers[-1](layers.GlobalAveragePooling2D()(3 * inputs)))
        np.testing.assert_allclose(table.logits(SMALL, shortcut_cut(model, "block1a")), cut(SMALL), atol=1e-5)
        assert np.isfinite(table.logits(SMALL, batch_statistics=True)).all()

    def test_a_softmax_is_not_taken_twice(self):
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(5, "softmax")])
        np.testing.assert_allclose(OperatingTable(model).probabilities(SMALL), model(SMALL), atol=1e-6)

    def test_many_tables_are_built_without_a_warning(self, caplog):
        logger = tf.get_logger()
        logger.addHandler(caplog.handler)
        for _ in range(8):
            OperatingTable(small_network()).logits(SMALL)
        logger.removeHandler(caplog.handler)
        assert not [record.message for record in caplog.records if "retracing" in record.message]

    def test_batch_statistics_and_what_they_leave_behind_are_those_of_training_mode(self, copy, table, images):
        trained = copy(images, training=True)
        np.testing.assert_allclose(table.logits(images, batch_statistics=True), trained, atol=1e-3)
        averages = table.moving_averages(images)
        assert len(averages) == 2 * 49
        for path in ("stem_bn/moving_mean", "head_bn/moving_variance"):
            layer, kind = path.split("/")
            np.testing.assert_allclose(averages[path], getattr(copy.get_layer(layer), kind), rtol=1e-4, atol=1e-5)

    def test_reversed_channels_are_a_reversed_photograph(self, network, table, images):
        reversed_first = table.probabilities(images, channels_reversed(network))
        np.testing.assert_allclose(reversed_first, table.probabilities(images[..., ::-1]), atol=1e-5)
        assert abs(reversed_first - table.probabilities(images)).max() > 0.01

    def test_removed_color_is_a_gray_photograph(self, network, table, images):
        gray = np.repeat(images @ np.array([[0.299], [0.587], [0.114]], "float32"), 3, axis=-1)
        removed = table.probabilities(images, color_removed(network))
        np.testing.assert_allclose(removed, table.probabilities(gray), atol=1e-5)

    def test_changes_to_what_is_not_there_are_refused(self, network, table, images):
        with pytest.raises(ValueError, match=r"no such variable: block9z/gamma"):
            table.logits(images, {"block9z/gamma": 0})
        with pytest.raises(ValueError, match=r"'block9z': one of these blocks is needed: block2b"):
            switched_off(network, "block9z")
        with pytest.raises(
            ValueError, match=r"'block2a': one of these blocks is needed: block2b, block3b, \S+ block4c"
        ):
            shortcut_cut(network, "block2a")


class TestTheExperiments:
    def test_lesions_follow_the_label_of_the_intact_network(self, network, table, images):
        found = lesions(table, images, {"nothing": {}, "7a off": switched_off(network, "block7a")})
        assert found.labels == ("Egyptian cat", "espresso")
        np.testing.assert_allclose(found.probability, [0.404, 0.942], atol=0.002)
        np.testing.assert_allclose(found.kept[0], 1, atol=1e-5)
        assert found.kept[1].max() < 0.05
        assert found.labels_after.shape == (2, 2)
        assert found.labels_after[1, 0] == found.labels_after[1, 1], "no image gets through: all get one label"

    def test_each_branch_of_the_coffee_leaves_what_was_known_of_it(self, network, table, images):
        off = {block: switched_off(network, block) for block in residual_blocks(network)}
        found = lesions(table, images[1:], off)
        left = found.kept[:, 0] * found.probability[0]
        assert left.min() == pytest.approx(0.897, abs=0.002)
        assert left.max() == pytest.approx(0.954, abs=0.002)

    def test_an_empty_branch_is_not_missed_and_a_needed_one_is(self):
        for gamma, kept in ((0.0, True), (50.0, False)):
            model = small_network(gamma)
            found = lesions(OperatingTable(model), SMALL, {"off": switched_off(model, "block1a")})
            assert np.allclose(found.kept, 1, atol=1e-4) == kept

    def test_several_off_goes_from_none_to_all_with_other_branches_for_each_draw(self, network, table, images):
        kept = several_off(table, np.stack([images[1:]] * 3), seed=0)
        assert kept.shape == (10, 3, 1)
        assert kept[0] == pytest.approx(1, abs=1e-5)
        everything = {"all": switched_off(network, *residual_blocks(network))}
        np.testing.assert_allclose(kept[-1], np.repeat(lesions(table, images[1:], everything).kept, 3, 0), atol=1e-5)
        assert len(np.unique(kept[3].round(5))) > 1, "every draw lost the same branches"

    def test_shares_are_put_back_into_their_draws(self, network, table, images):
        views = np.stack([images, images[::-1], images])
        found = lesions(table, views.reshape(6, 224, 224, 3), {"2b": switched_off(network, "block2b"), "nothing": {}})
        kept = by_draw(found, 3)
        assert kept.shape == (2, 3, 2)
        np.testing.assert_allclose(kept[:, 0], kept[:, 1, ::-1], atol=1e-3)
        np.testing.assert_allclose(kept[1], 1, atol=1e-4)

    def test_company_matters_to_batch_statistics_only(self, table, images):
        found = company(table, images)
        assert found.correlation["moving averages"].min() > 0.9999
        assert found.correlation["batch statistics"].max() < 0.9
        assert found.kept["moving averages"] == pytest.approx(1, abs=1e-3)
        assert found.kept["batch statistics"].max() < 0.5

    def test_the_company_of_equals_changes_nothing_in_either_mode(self, table, images):
        found = company(table, np.stack([images[1]] * 3))
        assert min(each.min() for each in found.correlation.values()) > 0.9999

    def test_one_look_leaves_what_keras_leaves(self, copy, table, images):
        before = probabilities(copy, images).max(axis=1)
        label = probabilities(copy, images).argmax(axis=1)
        copy(images, training=True)
        after = probabilities(copy, images)[[0, 1], label]
        found = looks(table, images, (0, 1))
        np.testing.assert_allclose(found[0], 1, atol=1e-4)
        np.testing.assert_allclose(found[1], after / before, atol=1e-3)

    def test_after_endless_looks_the_moving_averages_are_the_batch_s(self, table, images):
        expected = table.probabilities(images, batch_statistics=True)[[0, 1], [285, 967]]
        found = looks(table, images, (5000,))[0] * table.probabilities(images).max(axis=1)
        np.testing.assert_allclose(found, expected, rtol=0.02)

    def test_views_differ_from_draw_to_draw_and_repeat_with_the_seed(self):
        views = views_of(("rocket", "coffee"), 3, 1)
        assert views.shape == (3, 2, 224, 224, 3)
        assert np.array_equal(views, views_of(("rocket", "coffee"), 3, 1))
        assert not np.array_equal(views[1, 0], views[2, 0])
        center = prepare(photograph("rocket"))[0]
        assert all(abs(each.mean() - center.mean()) < 0.1 for each in views[:, 0])


class TestTheVerdicts:
    def test_a_chain_is_not_taken_for_an_ensemble(self, network, table):
        views = views_of(("chelsea", "coffee"), 5, 0)
        links = {block: switched_off(network, block) for block in other_blocks(network)[1:4]}
        kept = by_draw(lesions(table, views.reshape(-1, *views.shape[2:]), links), 5)
        worst = kept.mean(axis=2).min(axis=0)
        found = verdict("residual-ensemble-imagenet", worst, kept.mean(axis=1).min(axis=0), worst, 1 - worst)
        assert found.word == "does not hold here"

    def test_a_mode_that_ignores_the_batch_is_not_taken_for_batch_statistics(self, table, images):
        found = company(table, np.stack([images[1]] * 3))
        apart = [1 - found.correlation["moving averages"].min()] * 5
        same = [found.correlation["moving averages"].mean()] * 5
        assert verdict("bn-two-modes-imagenet", apart, same, [1.0] * 5).results == [
            "met",
            "contradicted",
            "contradicted",
        ]


class TestTheAnatomy:
    def test_the_blocks_are_those_of_the_publication(self, network):
        rows = blocks(network)
        assert [row.kernel_size for row in rows] == [s.kernel_size for s in STAGES for _ in range(s.repeats)]
        assert [row.strides for row in rows if not row.residual] == [s.strides for s in STAGES]
        assert sum(row.residual for row in rows) == len(residual_blocks(network)) == 9
        assert other_blocks(network) == tuple(f"block{n}a" for n in range(1, 8))

    def test_a_block_s_parameters_are_those_of_its_three_convolutions_and_norms(self, network):
        block = next(row for row in blocks(network) if row.name == "block2b")
        expand, depthwise, project = 24 * 144 + 4 * 144, 9 * 144 + 4 * 144, 144 * 24 + 4 * 24
        assert block.parameters == expand + depthwise + project

    def test_the_kinds_share_all_parameters_among_them(self, network):
        kinds = parameters_by_kind(network)
        assert sum(parameters for _, parameters in kinds.values()) == 4_694_024
        assert kinds["Dense"] == (1, 1280 * 1000 + 1000)
        assert kinds["BatchNormalization"] == (49, 2 * 42_016)


class TestTheFigures:
    def test_the_table_says_its_numbers_and_how_many_labels_changed(self, network, table, images):
        found = lesions(table, images, {block: switched_off(network, block) for block in ("block2b", "block6a")})
        alt = draw_kept(found, ("a cat", "a cup")).alt
        assert f"a cup keeps ≈ {found.kept[:, 1].min():.2f} to ≈ {found.kept[:, 1].max():.2f}" in alt
        assert "≈ 3 of 4 labels changed" in alt  # the cat's in 2b, both in 6a

    def test_answers_and_labels_say_classes_and_probabilities(self, images):
        tops = [("espresso", 0.942), ("cup", 0.015)]
        assert "as it is: espresso ≈ 0.94, cup ≈ 0.01" in draw_answers({"as it is": tops}, "espresso").alt
        square = np.uint8(images[0] * 128 + 127)
        assert "mine: espresso ≈ 0.94" in draw_labels({"mine": square}, {"mine": tops}).alt

    def test_the_anatomy_says_where_the_shortcuts_are(self, network):
        alt = draw_anatomy(blocks(network)).alt
        assert "With a shortcut: 2b, 3b, 4b, 4c, 5b, 5c, 6b, 6c, 6d." in alt
        assert "from 112 to 7 pixels" in alt

    def test_paths_and_looks_say_their_means(self):
        kept = [np.full((1, 2), share) for share in (1, 0.75, 0.5)]
        assert "0: ≈ 1.00, 1: ≈ 0.75, 2: ≈ 0.50. One shortcut cut: ≈ 0.004" in draw_several_off(kept, 0.004).alt
        two = draw_two_paths(("2b",), np.array([[0.9, 0.7]]), np.array([[0.01, 0.03]])).alt
        assert "Branch off: ≈ 0.80 on average, at least ≈ 0.70. Shortcut cut: ≈ 0.020 on average" in two
        assert "0: ≈ 1.00, 9: ≈ 0.25" in draw_looks((0, 9), np.array([[1, 1], [0.5, 0]]), ("a", "b")).alt


class TestTheSurgeryPanel:
    def test_it_shows_the_label_of_the_photograph(self, panel):
        assert "Without any operation: Egyptian cat, ≈ 0.40" in panel.shown
        assert panel.set(photo="coffee").shown.count("espresso") == 2
        panel.set(photo="chelsea")

    def test_each_control_operates(self, panel):
        blocks = panel.values["branches"]
        seen = {panel.shown}
        for name, value, back in (
            ("branches", blocks[1:], blocks),
            ("shortcut", "block4c", "none"),
            ("statistics", "this photograph and three others", "moving averages"),
            ("channels", "red and blue swapped", "as trained"),
            ("channels", "gray", "as trained"),
        ):
            seen.add(panel.set(**{name: value}).shown)
            panel.set(**{name: back})
        assert len(seen) == 6

    def test_your_own_photograph_is_shown_with_its_classes(self, panel, tmp_path):
        Image.fromarray(photograph("rocket")).save(tmp_path / "mine.png")
        assert "missile, ≈ 0.32" in panel.set(photo=str(tmp_path / "mine.png")).shown
        panel.set(photo="chelsea")

    def test_a_path_where_nothing_is_gives_a_sentence(self, panel):
        assert "there is no such file" in panel.set(photo="/nothing/here.png").shown
        assert "Egyptian cat" in panel.set(photo="chelsea").shown

    def test_it_answers_within_a_quarter_of_a_second(self, panel):
        blocks = panel.values["branches"]
        panel.set(branches=blocks[1:])
        before = time.process_time()
        for count in range(2, 6):
            panel.set(branches=blocks[count:])
        assert (time.process_time() - before) / 4 < 0.25  # processor seconds of at most two cores
