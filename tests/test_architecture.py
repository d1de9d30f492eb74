"""The experiments of notebook 01 measure what they say, and the controls come out the other way."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from utils.architecture import (
    BLOCKS,
    Slope,
    Stage,
    as_dense,
    block,
    changed,
    features,
    follows,
    formulas,
    grow,
    known_networks,
    learning,
    linear_losses,
    pyramid,
    scrambled,
    shifted_crops,
    slope,
    smooth,
    standardized_per_image,
    stays,
    steps_to,
    surface,
)
from utils.claims import counted, measured, over_seeds, verdict
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


def test_the_verdict_on_the_hypothesis_space_turns_when_the_layers_change_places(crops):
    dense = keras.Sequential([layers.Flatten(), layers.Dense(10 * 10 * 2), layers.Reshape((10, 10, 2))])
    convolution, other = (follows(layer, crops, SHIFTS) for layer in (layers.Conv2D(2, 3), dense))
    assert verdict("hypothesis-space", measured(convolution.max()), over_seeds(other), counted(0.3)).word == "holds"
    swapped = verdict("hypothesis-space", measured(other.max()), over_seeds(convolution), counted(1))
    assert swapped.word == "does not hold here"


# Learning


@pytest.fixture(scope="module")
def scenes():
    return changed(load("photos", train=600, test=400), standardized_per_image)


def small_convnet():
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(16, 5, strides=3, padding="same", activation="relu"),
            layers.Conv2D(58, 3, strides=2, padding="same", activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(8),
        ]
    )


def dense_network():
    return keras.Sequential(
        [keras.Input((32, 32, 1)), layers.Flatten(), layers.Dense(9, activation="relu"), layers.Dense(8)]
    )


def test_the_convnet_leads_and_loses_much_of_its_lead_when_pixels_are_scrambled(scenes):
    convnet = learning(small_convnet, scenes, [160], range(2), steps=120)
    dense = learning(dense_network, scenes, [160, 600], range(2), steps=240)
    mixed = learning(small_convnet, changed(scenes, scrambled), [160], range(2), steps=120)
    lead = convnet.accuracies[0].mean() - dense.accuracies[1].mean()
    assert lead > 0.08
    assert mixed.accuracies.mean() - dense.accuracies[1].mean() < lead / 2 + 0.05
    assert (convnet.parameters, dense.parameters) == (9298, 9305)
    assert dense.accuracies.shape == dense.remembered.shape == (2, 2)
    assert convnet.losses.shape == (2, 24 * 5)  # 24 epochs of 5 whole batches of 32


def test_control_labels_without_a_rule_are_learned_by_heart_and_no_better_than_chance(scenes):
    labels = np.random.default_rng(0).integers(0, 8, size=600).astype("int32")
    learned = learning(small_convnet, replace(scenes, train_labels=labels), [160], [0], steps=200)
    assert learned.remembered[0, 0] > 0.5
    assert learned.accuracies[0, 0] < 0.25


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


def test_smoothing_is_the_mean_of_the_last_steps_and_the_first_step_below_a_level_is_found():
    losses = np.array([[4.0, 2.0, 2.0, 0.0, 0.0], [4.0, 4.0, 4.0, 4.0, 4.0]])
    assert smooth(losses, 2).tolist() == [[3, 2, 1, 0], [4, 4, 4, 4]]
    assert steps_to(losses, [1, 1], 2).tolist() == [4, 6]


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
    ("filters", "pooling", "word"),
    [
        ((8, 16, 32), True, "holds"),
        ((8, 8, 8), True, "holds here with a condition"),
        ((32, 16, 8), False, "does not hold here"),
    ],
)
def test_control_a_column_and_an_upside_down_pyramid_are_told_apart(filters, pooling, word):
    each = slope(pyramid(column_net(filters, pooling)))
    judged = verdict(
        "pyramid", counted(each.smallest_growth), counted(each.total_growth), counted(each.largest_remainder)
    )
    assert judged.word == word


def test_the_slope_is_that_of_the_worst_stage():
    stages = [Stage(8, 8, 16, 1), Stage(4, 4, 32, 2), Stage(3, 3, 8, 1)]
    assert slope(stages) == Slope(smallest_growth=0.25, largest_remainder=0.75, total_growth=0.5)


def test_the_other_published_networks_come_without_a_classifier():
    ((name, model),) = known_networks("quick", size=96)
    assert name == "MobileNet"
    assert len(model.output_shape) == 4
    assert [stage.filters for stage in pyramid(model)] == [16, 32, 64, 128, 256]  # a quarter of Howard et al. 2017


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
