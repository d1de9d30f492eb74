"""The experiments of notebook 01 measure what they say, and the controls come out the other way."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from utils.architecture import (
    BLOCKS,
    FAMILIES,
    LocallyConnected2D,
    Slope,
    Stage,
    as_dense,
    at_places,
    best_rate,
    block,
    changed,
    convnet,
    dense,
    features,
    follows,
    formulas,
    grow,
    in_a_corner,
    kept_back,
    learning,
    linear_losses,
    pyramid,
    scrambled,
    shifted_crops,
    slope,
    standardized_per_image,
    stays,
    surface,
    unshared,
)
from utils.claims import verdict
from utils.data import load
from utils.photographs import photograph

SHIFTS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def crops():
    return shifted_crops([photograph("chelsea"), photograph("coffee")], 12, SHIFTS, each=4)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


# Hypotheses


def test_the_features_are_the_mean_and_the_mean_step_to_the_right():
    image = np.array([[0, 10, 20], [30, 30, 30]], dtype="float32").reshape(1, 2, 3, 1)
    assert features(image).tolist() == [[20.0, 5.0]]


def test_the_loss_of_a_line_is_its_mean_squared_error_and_least_squares_has_the_lowest():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(50, 2)), random.normal(size=50)
    best = np.linalg.lstsq(x, y - 0.3)[0]
    losses = linear_losses(x, y, best[0] + np.array([[-0.1, 0.0, 0.1]]), best[1] + np.array([[0.0, 0.0, 0.1]]), 0.3)
    assert losses[0, 1] == pytest.approx(np.mean((x @ best + 0.3 - y) ** 2))
    assert losses[0, 1] < min(losses[0, 0], losses[0, 2])


def test_a_tree_finds_the_rule_that_made_the_labels_and_cannot_with_one_question():
    x = np.random.default_rng(0).uniform(-1, 1, size=(2000, 2))
    y = ((x[:, 0] > 0) & (x[:, 1] > 0)).astype(float)
    two, one = grow(x, y, 2), grow(x, y, 1)
    assert np.mean((two(x) > 0.5) == (y > 0.5)) > 0.97
    assert np.mean((one(x) > 0.5) == (y > 0.5)) < 0.8
    assert two.leaves == 3
    assert [line.strip() for line in two.rules("ab")][-1].startswith("h(x) ≈ 0.9")


def test_a_tree_leaves_enough_examples_at_every_end():
    x = np.random.default_rng(1).normal(size=(100, 2))
    y = np.random.default_rng(2).integers(0, 2, size=100).astype(float)
    tree = grow(x, y, 6, smallest=20)
    _, counts = np.unique(tree(x), return_counts=True)
    assert counts.min() >= 20
    assert grow(x, np.ones(100), 6).leaves == 1


def test_a_surface_holds_the_hypothesis_on_a_grid_and_its_accuracies():
    x, y = np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([0, 1])
    drawn = surface(lambda x: x[:, 0], (x, y), (x, 1 - y), points=3)
    assert drawn.values.tolist() == [[0, 0.5, 1]] * 3
    assert drawn.up.tolist() == [0, 1, 2]
    assert (drawn.train_accuracy, drawn.test_accuracy) == (1, 0)


# Shifts


def test_the_crops_are_the_same_place_of_the_photograph_shifted():
    pixels = np.arange(20 * 30, dtype="float32").reshape(20, 30, 1)
    crops = shifted_crops([pixels], 8, (3,), each=5)
    assert crops.shape == (2, 5, 8, 8, 1)
    assert np.array_equal(crops[0][:, :, 3:], crops[1][:, :, :-3])


def test_a_convolution_follows_a_shift_and_a_strided_one_only_its_multiples(crops):
    assert follows(layers.Conv2D(3, 3), crops, SHIFTS).max() < 1e-5
    strided = follows(layers.Conv2D(3, 3, strides=2), crops, SHIFTS, strides=2)
    assert strided[[1, 3]].max() < 1e-5
    assert strided[[0, 2]].min() > 0.02


def test_control_a_layer_with_its_own_kernel_at_every_place_does_not_follow(crops):
    weights = np.random.default_rng(0).normal(size=(12, 12, 3, 2))

    def local(batch):
        return np.einsum("nhwc,hwcf->nhwf", batch, weights)

    assert follows(local, crops, SHIFTS).min() > 0.5


def test_control_a_dense_layer_follows_once_a_convolution_is_copied_into_it(crops):
    convolution = layers.Conv2D(2, 3)
    convolution(crops[0])
    convolution.bias.assign([0.5, -0.5])
    dense = as_dense(convolution, (12, 12, 3))
    assert dense.count_params() == (12 * 12 * 3 + 1) * 10 * 10 * 2

    def copied(batch):
        return np.asarray(dense(batch.reshape(len(batch), -1))).reshape(-1, 10, 10, 2)

    np.testing.assert_allclose(copied(crops[0]), np.asarray(convolution(crops[0])), atol=1e-5)
    assert follows(copied, crops, SHIFTS).max() < 1e-5


def test_an_output_that_never_changes_stays_and_one_that_shows_a_single_pixel_does_not(crops):
    averages = stays(lambda batch: batch.mean(axis=(1, 2)), crops)
    corner = stays(lambda batch: batch[:, 0, 0], crops)
    assert stays(lambda batch: np.arange(len(batch))[:, None].astype(float), crops).tolist() == [0, 0, 0, 0]
    assert (averages < corner / 2).all()


def test_a_corner_of_the_canvas_holds_the_image_and_the_rest_is_empty():
    images = np.arange(1, 9, dtype="float32").reshape(2, 2, 2, 1)
    for corner, (rows, columns) in enumerate(((slice(2), slice(2)), (slice(2), slice(2, 4)), (slice(2, 4), slice(2)))):
        canvas = in_a_corner(images, corner)
        assert canvas.shape == (2, 4, 4, 1)
        assert np.array_equal(canvas[:, rows, columns], images)
        assert canvas.sum() == images.sum()
    assert np.array_equal(in_a_corner(images, 3)[:, 2:, 2:], images)


def test_the_verdict_on_the_hypothesis_space_turns_when_the_layers_change_places():
    ahead, moving, still = [0.3] * 8, [1.0] * 8, [0.0] * 8
    assert verdict("hypothesis-space", ahead, [0.01] * 8, [0.3] * 8, still, moving).word == "holds"
    assert (
        verdict("hypothesis-space", np.negative(ahead), [0.3] * 8, [3] * 8, still, moving).word == "does not hold here"
    )
    assert verdict("hypothesis-space", ahead, [0.01] * 8, [0.3] * 8, moving, still).word == "the experiment failed"


# Learning


@pytest.fixture(scope="module")
def scenes():
    return changed(load("photos", train=600, test=400), standardized_per_image)


SHAPE = 32, 32, 1


def test_the_networks_have_the_parameters_that_one_counts_by_hand():
    first, second, last = (25 + 1) * 16, (9 * 16 + 1) * 58, (58 + 1) * 8
    assert convnet(SHAPE, 8).count_params() == first + second + last == 9298
    assert unshared(SHAPE, 8).count_params() == 11 * 11 * first + 6 * 6 * second + last
    assert dense(SHAPE, 8, 9).count_params() == (1024 + 1) * 9 + (9 + 1) * 8


def test_a_locally_connected_layer_with_one_kernel_everywhere_is_a_convolution(crops):
    ordinary = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")
    local = LocallyConnected2D(4, 3, strides=2, activation="relu")
    expected, given = ordinary(crops[0]), local(crops[0])
    assert given.shape == expected.shape
    assert not np.allclose(given, expected, atol=1e-2)
    local.kernel.assign(np.broadcast_to(np.reshape(ordinary.kernel, (27, 4)), local.kernel.shape))
    local.bias.assign(np.broadcast_to(ordinary.bias, local.bias.shape))
    np.testing.assert_allclose(local(crops[0]), expected, atol=1e-5)


def test_the_initial_weights_of_a_locally_connected_layer_have_the_spread_of_a_convolution(crops):
    ordinary, local = layers.Conv2D(30, 5), LocallyConnected2D(30, 5)
    ordinary(crops[0])
    local(crops[0])
    assert np.std(local.kernel) == pytest.approx(np.std(ordinary.kernel), rel=0.05)


def test_the_convnet_leads_and_loses_much_of_its_lead_when_pixels_are_scrambled(scenes):
    options = {"batch_size": 32, "learning_rate": 1e-2}
    shared = learning(lambda: convnet(SHAPE, 8), scenes, [160], range(2), 120, **options)
    flat = learning(lambda: dense(SHAPE, 8, 9), scenes, [160, 600], range(2), 240, **options)
    mixed = learning(lambda: convnet(SHAPE, 8), changed(scenes, scrambled), [160], range(2), 120, **options)
    lead = shared.accuracies[0].mean() - flat.accuracies[1].mean()
    assert lead > 0.08
    assert mixed.accuracies.mean() - flat.accuracies[1].mean() < lead / 2 + 0.05
    assert (shared.parameters, flat.parameters) == (9298, 9305)
    assert flat.accuracies.shape == flat.remembered.shape == (2, 2)
    assert flat.by_epoch.shape == (2, 13)  # 240 steps are 13 epochs of 18 whole batches of 32
    np.testing.assert_allclose(flat.by_epoch[:, -1], flat.accuracies[-1])


def test_control_labels_without_a_rule_are_learned_by_heart_and_no_better_than_chance(scenes):
    labels = np.random.default_rng(0).integers(0, 8, size=600).astype("int32")
    without_rule = replace(scenes, train_labels=labels)
    learned = learning(lambda: convnet(SHAPE, 8), without_rule, [160], [0], 200, batch_size=32)
    assert learned.remembered[0, 0] > 0.5
    assert learned.accuracies[0, 0] < 0.25


def test_images_kept_back_are_not_trained_on_and_choose_the_rate(scenes):
    rest, to_choose = kept_back(scenes, 100)
    assert len(rest.train_images) == len(to_choose.train_images) == 500
    assert np.array_equal(to_choose.test_images, scenes.train_images[-100:])
    assert np.array_equal(rest.test_images, scenes.test_images)
    assert best_rate(lambda: dense(SHAPE, 8, 9), to_choose, 0, 60, rates=(1e-7, 1e-2)) == 1e-2


def test_only_the_convnet_knows_at_the_other_place_what_it_learned_at_the_first():
    small = changed(load("photos", size=16, train=600, test=200), standardized_per_image)
    corner, elsewhere = changed(small, lambda images: in_a_corner(images, 0)), in_a_corner(small.test_images, 3)
    here, there = at_places(lambda: convnet(SHAPE, 8), corner, [elsewhere], [0, 1], 100)
    assert there.mean() > here.mean() - 0.1 > 0.15
    here, there = at_places(lambda: dense(SHAPE, 8, 90), corner, [elsewhere], [0, 1], 100)
    assert there.mean() < here.mean() - 0.03


def test_no_lead_is_no_good_architecture_and_no_reuse():
    lead, none = np.full(8, 0.1), np.full(8, -0.1)
    assert verdict("architecture-data", *[lead] * 5).word == "holds"
    assert verdict("architecture-data", *[lead] * 4, none).word == "holds here with a condition"
    assert verdict("architecture-data", lead, none, lead, lead, lead).word == "does not hold here"
    assert verdict("reuse", none, lead).word == "does not hold here"
    assert verdict("reuse", lead, None).word == "holds here with a condition"


def test_images_standardized_one_by_one_tell_neither_brightness_nor_contrast():
    images = np.random.default_rng(0).normal(size=(3, 8, 8, 1)) * [[[[20]]], [[[40]]], [[[80]]]] + 100
    changed_images = standardized_per_image(images)
    np.testing.assert_allclose(changed_images.mean(axis=(1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(changed_images.std(axis=(1, 2, 3)), 1, atol=0.25)
    flat = np.full((1, 8, 8, 1), 7.0)
    flat[0, 0, 0] = 8
    assert standardized_per_image(flat).std() < 0.1


def test_scrambling_moves_the_same_pixels_in_every_image_and_loses_none():
    images = np.random.default_rng(0).normal(size=(4, 6, 6, 2))
    mixed = scrambled(images)
    assert np.array_equal(np.sort(mixed, axis=None), np.sort(images, axis=None))
    assert not np.array_equal(mixed, images)
    assert np.array_equal(scrambled(images[1:2]), mixed[1:2])


# Pyramids


def test_vgg16_has_the_stages_of_the_paper():
    vgg16 = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    # Simonyan & Zisserman 2014, table 1, column D
    assert pyramid(vgg16) == [
        Stage(224, 224, 64, 2),
        Stage(112, 112, 128, 2),
        Stage(56, 56, 256, 3),
        Stage(28, 28, 512, 3),
        Stage(14, 14, 512, 3),
    ]
    assert slope(pyramid(vgg16)) == slope(formulas_as_stages(vgg16))
    assert (
        int(formulas(vgg16).parameters((224, 224, 3))) == 14_714_688
    )  # Keras's documentation of the model without top


def formulas_as_stages(model):
    """The stages once more, from closed formulas alone."""
    stages = []
    for layer, _, (height, width, filters) in formulas(model).rows(model.input_shape[1:]):
        if type(layer).__name__ != "Conv2D":
            continue
        same = stages and stages[-1].height == height
        stages[-1:] = (
            [Stage(height, width, filters, stages[-1].convolutions + 1)]
            if same
            else [
                *stages[-1:],
                Stage(height, width, filters, 1),
            ]
        )
    return stages


def column_net(filters, pooling):
    inputs = x = keras.Input((16, 16, 3))
    for each in filters:
        x = layers.Conv2D(each, 3, padding="same")(x)
        x = layers.MaxPooling2D(2)(x) if pooling else layers.UpSampling2D(2)(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    ("filters", "pooling", "is_pyramid"),
    [((8, 16, 32), True, True), ((8, 16, 16), True, False), ((8, 8, 8), True, False), ((8, 16, 32), False, False)],
)
def test_control_a_column_and_an_upside_down_pyramid_are_told_apart(filters, pooling, is_pyramid):
    assert slope(pyramid(column_net(filters, pooling))).is_pyramid is is_pyramid


def test_most_is_more_than_half():
    grown = [2.0] * 14
    assert verdict("pyramid", [True] * 8 + [False] * 6, grown).word == "holds"
    assert verdict("pyramid", [True] * 7 + [False] * 7, grown).word == "does not hold here"
    assert verdict("pyramid", [True] * 14, [2.0] * 13 + [1.0]).word == "holds here with a condition"


def test_the_slope_is_that_of_the_worst_stage():
    stages = [Stage(8, 8, 16, 1), Stage(4, 4, 32, 2), Stage(3, 3, 8, 1)]
    assert slope(stages) == Slope(smallest_growth=0.25, largest_remainder=0.75, total_growth=0.5)
    assert not slope(stages).is_pyramid


def test_squeeze_and_excitation_makes_no_stages():
    network = keras.applications.EfficientNetV2B0(weights=None, include_top=False, input_shape=(96, 96, 3))
    stages = pyramid(network)
    # Tan & Le 2021, table 4 for S; B0 has the same stages with fewer filters: its widest maps are expanded ones
    assert [stage.height for stage in stages] == [48, 24, 12, 6, 3]
    assert slope(stages).is_pyramid


def test_a_stage_is_as_wide_as_its_widest_map():
    inputs = keras.Input((8, 8, 3))
    wide = layers.Conv2D(12, 1)(inputs)
    narrow = layers.Conv2D(4, 1)(wide)
    joined = layers.Concatenate()([narrow, layers.Conv2D(10, 1)(inputs)])
    smaller = layers.Conv2D(6, 3, strides=2, padding="same")(joined)
    assert pyramid(keras.Model(inputs, smaller)) == [Stage(8, 8, 14, 3), Stage(4, 4, 6, 1)]


def test_every_family_is_in_keras_applications():
    assert len(FAMILIES) == 14
    assert all(callable(getattr(keras.applications, network)) for network in FAMILIES.values())


# Blocks


def test_an_unknown_block_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"kind='dense'.*mini-Xception"):
        block("dense", 8, channels=8)


def test_a_shortcut_is_projected_only_where_the_shape_changes():
    assert block("residual", 8, channels=8, pooling=False).shortcut.layers == ()
    (projection,) = block("residual", 8, channels=8, pooling=True).shortcut.layers
    assert (projection.kernel_size, projection.strides) == (1, 2)


def test_the_blocks_of_the_mini_xception_have_the_parameters_of_the_model_itself():
    from utils.mini_xception import mini_xception

    model = mini_xception(32, filters=(8, 16))
    built = sum(layer.count_params() for layer in model.layers if layer.name.startswith("block2"))
    assert int(block("mini-Xception", 16, channels=8).parameters((8, 8, 8))) == built


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_block_gives_the_same_shape_for_the_same_settings(kind):
    assert block(kind, 10, channels=4, strides=2).output_shape((15, 15, 4)) == (4, 4, 10)
