"""A folder of one's own: what is read, left out or refused, and the two trainings."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from utils import fine_tuning
from utils.fine_tuning import fine_tuned, images_in
from utils.photographs import photograph


@pytest.fixture
def own(tmp_path):
    for name, source in (("cat", "chelsea"), ("coffee", "coffee")):
        (tmp_path / name).mkdir()
        pixels = photograph(source)
        for number in range(6):
            Image.fromarray(pixels[20 * number : 20 * number + 150, :150]).save(tmp_path / name / f"{number}.png")
    return tmp_path


def tiny_base():
    inputs = keras.Input((224, 224, 3))
    x = layers.BatchNormalization(name="bn")(layers.Conv2D(4, 8, strides=16)(inputs))
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x))


def test_without_a_folder_it_is_neutral():
    assert "No folder yet" in str(fine_tuned(None))
    assert fine_tuned(None).model is None


def test_it_trains_and_keeps_a_quarter_back_with_moving_averages_untouched(own, monkeypatch):
    monkeypatch.setattr(fine_tuning, "_base", tiny_base)
    found = fine_tuned(own)
    assert found.class_names == ("cat", "coffee")
    assert "Images: cat 6, coffee 6. Right of 2 kept back" in str(found)
    assert found.model.output_shape == (None, 2)
    assert 0 <= found.before <= 1
    averages = [each for each in found.model.get_layer("bn").non_trainable_weights if "moving" in each.path]
    assert [set(np.asarray(each)) for each in averages] == [{0.0}, {1.0}]


def test_each_image_that_cannot_be_read_is_named_in_one_sentence(own):
    (own / "cat" / "notes.txt").write_text("no image")
    (own / "coffee" / "0.png").write_bytes((own / "coffee" / "0.png").read_bytes()[:-200])
    (own / "empty").mkdir()
    (own / "cat" / "inner").mkdir()
    classes, problems = images_in(own)
    assert {name: len(images) for name, images in classes.items()} == {"cat": 6, "coffee": 5}
    assert classes["cat"][0].shape == (224, 224, 3)
    for part, words in (("notes.txt", "no image"), ("coffee/0.png", "damaged"), ("inner", "folder"), ("'empty'", "4")):
        assert [each for each in problems if part in each and words in each and "\n" not in each], problems
    assert len(problems) == 4


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        (lambda own: own / "nowhere", "there is no such folder"),
        (lambda own: own / "cat", "two folders with 4 images each are needed, 0 found"),
        (lambda own: own / "cat" / "0.png", "there is no such folder"),
        (lambda own: 7, "there is no such folder"),
        (lambda own: "zero\0byte", "folder"),
        (lambda own: "~nobody-of-this-name/x", "folder"),
    ],
)
def test_a_folder_that_will_not_do_is_refused_in_a_sentence(own, folder, words):
    found = fine_tuned(folder(own))
    assert found.model is None
    assert words in str(found)


def test_many_files_are_bounded(own, monkeypatch):
    monkeypatch.setattr(fine_tuning, "MOST", 5)
    monkeypatch.setattr(fine_tuning, "MOST_SAID", 2)
    for number in range(5):
        (own / "cat" / f".{number}").write_text("hidden")
        (own / "coffee" / f"0{number}.txt").write_text("no image")
    classes, problems = images_in(own)
    assert [len(images) for images in classes.values()] == [5, 5]
    assert problems[-1] == "… and 3 more."
