"""The mini-Xception: its structure, its training, its ablation, its file."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

import utils.mini_xception
from utils.claims import over_seeds, verdict
from utils.data import Dataset
from utils.figures.mini_xception import draw_ablation, draw_guesses, draw_losses, draw_pyramid, draw_race
from utils.mini_xception import (
    Outcome,
    Recipe,
    ablation,
    averaging,
    dropped_share,
    for_any_size,
    mini_xception,
    model_path,
    outcome,
    ready_model,
    recipe,
    save,
    train,
)

TINY = Recipe(size=16, filters=(4, 8), train=96, test=48, epochs=2)


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setattr(utils.mini_xception, "MODELS", tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture(scope="module")
def easy():
    """Light patches and dark ones: any network that trains at all tells them apart."""
    random = np.random.default_rng(0)

    def part(count):
        labels = np.arange(count) % 2
        images = random.uniform(0, 100, (count, 16, 16, 3)) + 120 * labels[:, None, None, None]
        return images.astype("float32"), labels.astype("int32")

    return Dataset(*part(96), *part(48), ("dark", "light"))


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_it_holds_the_parameters_that_one_counts_by_hand():
    def block(given, filters):
        separable = (9 * given + given * filters) + (9 * filters + filters * filters)
        return 4 * (given + filters) + separable + given * filters  # batch normalizations, convolutions, shortcut

    stem, unit = 5 * 5 * 3 * 16, 64 + 1
    assert mini_xception().count_params() == stem + block(16, 16) + block(16, 32) + block(32, 64) + unit == 14_561


def test_every_stage_halves_the_maps_rounded_up():
    model = mini_xception(50, filters=(4, 8, 16))
    names = ("stem", "block1_add", "block2_add", "block3_add")
    shapes = [tuple(model.get_layer(name).output.shape[1:]) for name in names]
    assert shapes == [(25, 25, 4), (13, 13, 4), (7, 7, 8), (4, 4, 16)]
    assert model.output_shape == (None, 1)


def test_each_switch_takes_out_its_technique_and_nothing_else():
    whole, small = mini_xception(16, filters=(4, 8)), {"size": 16, "filters": (4, 8)}
    assert kinds(whole).count("Add") == 2
    assert not {"Add"} & set(kinds(mini_xception(**small, residual=False)))
    assert "BatchNormalization" not in kinds(mini_xception(**small, normalized=False))
    assert "SeparableConv2D" not in kinds(mini_xception(**small, separable=False))
    assert kinds(mini_xception(**small, separable=False)).count("Conv2D") == kinds(whole).count("Conv2D") + 4
    assert "Dropout" not in kinds(mini_xception(**small, dropout=0))
    assert [layer.use_bias for layer in whole.layers if "conv" in layer.name] == [False] * 4
    plain = mini_xception(**small, normalized=False)
    assert all(layer.use_bias for layer in plain.layers if "conv" in layer.name)


def test_the_stem_is_an_ordinary_convolution_and_rescaling_is_inside():
    model = mini_xception()
    assert type(model.get_layer("stem")) is layers.Conv2D
    assert model.get_layer("stem").kernel_size == (5, 5)
    assert not model.get_layer("stem").use_bias
    inside = keras.Model(model.input, model.get_layer("rescaling").output)
    np.testing.assert_allclose(inside(np.full((1, 32, 32, 3), 255.0)), 1, rtol=1e-6)


def test_it_learns_what_is_easy_and_the_same_for_the_same_seed(easy):
    first, second, other = (next(train(TINY, easy, [seed])) for seed in (0, 0, 1))
    assert first.losses[-3:].mean() < first.losses[:3].mean() - 0.1
    np.testing.assert_allclose(first.losses, second.losses, rtol=1e-4)
    assert not np.allclose(first.losses, other.losses, rtol=1e-2)


def test_the_learning_rate_has_fallen_to_nothing_after_the_last_step(easy, monkeypatch):
    asked = {}
    monkeypatch.setattr("utils.training.trained", lambda build, *data, **options: asked.update(options))
    train(TINY, easy)
    steps = 96 // asked["batch_size"] * asked["epochs"]
    assert float(asked["learning_rate"](steps)) == 0 < float(asked["learning_rate"](steps - 2))
    assert asked["seeds"] == [TINY.seed]


def test_an_outcome_has_an_accuracy_for_each_seed(easy):
    found = outcome("everything", replace(TINY, epochs=8), easy, [0, 1])
    assert found.train_accuracy.shape == found.test_accuracy.shape == (2,)
    assert found.parameters == mini_xception(16, filters=(4, 8)).count_params()
    assert found.test_accuracy.mean() > 0.8
    np.testing.assert_allclose(found.gap, found.train_accuracy - found.test_accuracy)


def test_the_ablation_leaves_out_one_technique_at_a_time(easy):
    found = ablation(Recipe(size=16, filters=(4,), epochs=1), easy, [0])
    assert found[0].name == "everything"
    sizes = [each.parameters for each in found]
    assert sizes[1] == sizes[0] - 4 * 4  # one projection
    assert sizes[2] == sizes[0] - 4 * 4 * 2 + 3 * 4  # two normalizations; three biases in their place
    assert sizes[3] == sizes[0] + 2 * (9 * 4 * 4 - 9 * 4 - 4 * 4)


def test_each_variant_learns_at_its_own_rate(easy, monkeypatch):
    rates = {}
    monkeypatch.setattr(
        utils.mini_xception, "outcome", lambda name, recipe, data, seeds, rate, **changes: rates.update({name: rate})
    )
    ablation(TINY, easy, [0])
    assert rates == {
        "everything": 3e-3,
        "without shortcuts": 3e-3,
        "without batch normalization": 1e-2,
        "without separable convolutions": 1e-3,
    }


def test_more_than_two_classes_get_a_unit_each():
    model = mini_xception(16, 1, filters=(4,), classes=10)
    assert model.output_shape == (None, 10)
    assert model.count_params() - mini_xception(16, 1, filters=(4,)).count_params() == 9 * (4 + 1)
    assert np.ptp(model(np.full((1, 16, 16, 1), 255.0))) > 0
    assert model.layers[-1].activation is keras.activations.linear


def test_a_technique_that_changes_nothing_is_not_called_essential():
    nothing, ruin = np.array([0.01, -0.02, 0.01, 0.0, 0.02, 0.0, -0.01, 0.0]), np.full(8, 0.4)
    assert verdict("techniques-essential", ruin, ruin, nothing, ruin).word == "does not hold here"
    assert verdict("techniques-essential", ruin, ruin, ruin, nothing).word == "holds here with a condition"
    assert verdict("techniques-essential", ruin, ruin, ruin, ruin).word == "holds"
    assert verdict("techniques-essential", ruin[:4], ruin, ruin, ruin).word == "undecided here"


def test_global_average_pooling_gives_the_mean_of_each_map_and_maximum_pooling_does_not(easy):
    model = mini_xception(16, filters=(4, 8))
    numbers, distance = averaging(model, easy.test_images[:5])
    assert numbers == 1
    assert distance < 1e-6
    assert verdict("average-one-number", [numbers], [distance]).word == "holds"
    assert verdict("average-one-number", [4], [distance]).word == "does not hold here"
    assert verdict("average-one-number", [numbers], [0.1]).word == "the experiment failed"
    x = model.get_layer("block2_add").output
    other = keras.Model(model.input, layers.GlobalMaxPooling2D(name="average")(x))
    assert averaging(other, easy.test_images[:5])[1] > 0.01


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
def test_dropout_sets_its_share_to_zero_in_training_only(rate):
    assert dropped_share(rate) == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / 10_000))
    assert dropped_share(rate, inference=True) == 0


def test_the_same_network_takes_images_of_any_size(easy):
    model = mini_xception(16, filters=(4, 8))
    larger = for_any_size(model)
    np.testing.assert_allclose(larger(easy.test_images), model(easy.test_images), rtol=1e-5)
    assert larger(np.zeros((1, 47, 61, 3))).shape == (1, 1)


def test_recipes_follow_the_parameters():
    assert recipe("quick", filters=8, blocks=4, seed=3).filters == (8, 16, 32, 64)
    assert recipe("full").test > recipe("quick").test
    assert recipe("quick", seed=3).seed == 3


def test_a_trained_network_is_found_again_and_trained_anew_if_its_file_is_damaged(monkeypatch, models):
    tiny = Recipe(size=16, filters=(4,), train=32, test=8, epochs=1)
    images = tiny.data().test_images
    first = ready_model(tiny)
    assert [path.suffix for path in models.iterdir()] == [".keras"]
    monkeypatch.setattr(utils.mini_xception, "train", None)  # from now on only the file can answer
    found = ready_model(tiny)
    np.testing.assert_allclose(found(images), first(images), rtol=1e-6)
    model_path(tiny).write_bytes(model_path(tiny).read_bytes()[:1000])
    with pytest.raises(TypeError):
        ready_model(tiny)
    monkeypatch.undo()
    monkeypatch.setattr(utils.mini_xception, "MODELS", models)
    np.testing.assert_allclose(ready_model(tiny)(images), first(images), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ready_model(tiny)(images), first(images), rtol=1e-3, atol=1e-4)


def test_another_recipe_or_other_code_has_another_file(monkeypatch):
    one = model_path(Recipe())
    assert model_path(Recipe()) == one
    assert len({one, model_path(Recipe(seed=1)), model_path(Recipe(size=48)), model_path(Recipe(epochs=3))}) == 4
    monkeypatch.setattr(utils.mini_xception.inspect, "getsource", lambda module: "other code")
    assert model_path(Recipe()) != one


def test_a_network_that_cannot_be_saved_leaves_the_old_file_whole_and_nothing_half_written(models):
    tiny = Recipe(size=16, filters=(4,))
    path = save(mini_xception(16, filters=(4,)), tiny)
    before = path.read_bytes()

    class Full:
        def save(self, target):
            target.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        save(Full(), tiny)
    assert path.read_bytes() == before
    assert list(models.iterdir()) == [path]


def test_a_course_in_a_folder_without_write_permission_still_has_its_network(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(utils.mini_xception, "MODELS", tmp_path / "file" / "models")
    tiny = Recipe(size=16, filters=(4,), train=32, test=8, epochs=1)
    assert ready_model(tiny).count_params() == mini_xception(16, filters=(4,)).count_params()
    with pytest.raises(OSError):
        save(mini_xception(16, filters=(4,)), tiny)


def test_every_figure_says_in_words_what_it_shows(easy):
    outcomes = [
        Outcome("everything", 100, np.array([0.9, 1.0]), np.array([0.8, 0.9])),
        Outcome("without shortcuts", 90, np.array([0.7, 0.8]), np.array([0.6, 0.5])),
    ]
    accuracies = [over_seeds(each.test_accuracy) for each in outcomes]
    runs = {"no dropout": np.array([[[0.2, 0.1], [0.9, 0.5]]]), "dropout": np.array([[[0.2, 0.1], [0.8, 0.6]]])}
    probabilities = np.where(easy.test_labels[:8] == 1, 0.9, 0.1)
    probabilities[0] = 0.8
    said = {
        draw_pyramid([("image", (32, 32, 3)), ("stem", (16, 16, 8))]): "stem 16 × 16 × 8",
        draw_losses(np.linspace(1, 0.2, 60)): "from ≈ 1.0 to ≈ 0.3 in 60 steps",
        draw_guesses(easy.test_images[:8], probabilities, easy.test_labels[:8]): "it gets ≈ 0.12 of them wrong",
        draw_ablation(outcomes, accuracies): "without shortcuts (90 parameters) ≈ 0.55",
        draw_race(runs): "dropout: from test ≈ 0.10 at training ≈ 0.20 to test ≈ 0.60 at training ≈ 0.80",
    }
    for picture, words in said.items():
        assert words in picture.alt
        assert picture.data.startswith(b"\x89PNG")
