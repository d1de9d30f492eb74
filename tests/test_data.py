"""The data sets that need no download, and photographs of one's own."""

import socket

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from utils import data
from utils.data import as_pipeline, load, photograph, photographs


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


# photos


@pytest.mark.parametrize(
    ("task", "size", "color", "train", "test", "frequencies"),
    [
        ("scenes", 32, False, 2400, 800, [300] * 8),
        ("scenes", 64, True, 80, 16, [10] * 8),
        ("cat", 48, True, 100, 50, [50, 50]),
        ("cat", 8, False, 8, 8, [4, 4]),
    ],
)
def test_photos_have_the_shapes_and_classes_asked_for(task, size, color, train, test, frequencies):
    dataset = load("photos", task=task, size=size, color=color, train=train, test=test)
    channels = 3 if color else 1
    assert dataset.train_images.shape == (train, size, size, channels)
    assert dataset.test_images.shape == (test, size, size, channels)
    assert {dataset.train_images.dtype, dataset.test_images.dtype} == {np.dtype("float32")}
    assert {dataset.train_labels.dtype, dataset.test_labels.dtype} == {np.dtype("int32")}
    assert np.bincount(dataset.train_labels).tolist() == frequencies
    assert len(set(np.bincount(dataset.test_labels))) == 1
    assert len(dataset.class_names) == len(frequencies)
    assert 0 <= dataset.train_images.min() < 50
    assert 200 < dataset.train_images.max() <= 255


def test_classes_are_equally_frequent_within_one():
    frequencies = np.bincount(load("photos", train=100, test=9).train_labels)
    assert sorted(frequencies) == [12] * 4 + [13] * 4


def test_the_seed_decides_every_patch():
    first = load("photos", train=80, test=80, seed=5)
    assert same(first, load("photos", train=80, test=80, seed=5))
    other = load("photos", train=80, test=80, seed=6)
    assert not np.array_equal(first.train_images, other.train_images)
    assert not np.array_equal(first.test_images, other.test_images)


def test_the_test_part_stays_when_the_training_part_grows():
    assert np.array_equal(load("photos", train=80, test=80).test_images, load("photos", train=800, test=80).test_images)


@pytest.mark.parametrize("size", [8, 33, 60])
def test_no_pixel_is_in_both_parts(monkeypatch, size):
    rows = np.arange(256, dtype=np.uint8)  # every pixel of these photographs is the number of its row
    monkeypatch.setattr(data, "_patch_source", lambda name, color: np.broadcast_to(rows[:, None, None], (256, 300, 1)))
    dataset = load("photos", size=size, train=2000, test=2000)
    train, test = set(dataset.train_images.ravel()), set(dataset.test_images.ravel())
    assert min(abs(a - b) for a in train for b in test) > data.GAP
    assert test == set(range(128, 192))
    assert max(train) == 255 or size > 56  # the lowest band is too narrow for larger patches
    assert min(train) == 0


def test_patches_are_pieces_of_their_photograph():
    dataset = load("photos", task="cat", size=16, color=True, train=40, test=40)
    windows = sliding_window_view(photograph("chelsea"), (16, 16), axis=(0, 1))
    corners = windows[:, :, :, 0, 0].astype("float32")
    for part in ("train", "test"):
        images, labels = getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels")
        for image, label in zip(images, labels, strict=True):
            places = np.argwhere((corners == image[0, 0]).all(-1))
            found = [place for place in places if np.array_equal(np.moveaxis(windows[tuple(place)], 0, -1), image)]
            assert bool(found) == (label == 1)
            assert all(150 <= row <= 225 - 16 for row, _ in found) or part == "train"
    assert dataset.class_names == ("other", "cat")


def test_the_scenes_can_be_told_apart_but_not_by_shuffled_labels():
    dataset = load("photos")

    def histograms(images):
        return np.stack([np.histogram(image, 16, (0, 255), density=True)[0] for image in images])

    def right(labels):
        means = np.stack([histograms(dataset.train_images[labels == label]).mean(0) for label in range(8)])
        distance = ((histograms(dataset.test_images)[:, None] - means) ** 2).sum(-1)
        return np.mean(distance.argmin(1) == dataset.test_labels)

    # Nearest class by brightness alone; chance is 0.125, with a standard deviation of 0.012 over 800 patches.
    assert right(dataset.train_labels) > 0.25
    assert right(np.random.default_rng(0).permutation(dataset.train_labels)) < 0.25


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "dogs"}, "task='dogs': one of 'scenes', 'cat' is needed"),
        ({"size": 65}, "size=65: a whole number from 8 to 64 is needed"),
        ({"color": 1}, "color=1: one of False, True is needed"),
        ({"train": 7, "seed": -1}, "train=7: .*; seed=-1: .*"),
        ({"sise": 3}, "photos has no option sise; it has task, size, color, train"),  # codespell:ignore
    ],
)
def test_wrong_options_are_named_with_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        load("photos", **options)


def test_an_unknown_data_set_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'mnist': one of photos, fashion_mnist, cifar10, cats_vs_dogs, folder"):
        load("mnist")


def test_nothing_is_downloaded(monkeypatch, tmp_path):
    def no_network(*arguments):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setenv("CONVNET_COURSE_DATA", str(tmp_path))
    data._patch_source.cache_clear()
    load("photos", color=True, train=8, test=8)
    for name in photographs():
        photograph(name)
    for name in ("cifar10", "cats_vs_dogs"):
        with pytest.raises(FileNotFoundError, match=f"course data fetch {name}"):
            load(name)


# as_pipeline


def test_a_pipeline_gives_every_image_once_an_epoch_in_seeded_order():
    dataset = load("photos", size=8, train=100, test=20)

    def epochs(seed):
        pipeline = as_pipeline(dataset, 32, seed)
        return [[(images.numpy(), labels.numpy()) for images, labels in pipeline] for _ in range(2)]

    first, second = epochs(seed=1)
    assert [len(images) for images, _ in first] == [32, 32, 32, 4]
    for epoch in (first, second):
        images, labels = (np.concatenate(each) for each in zip(*epoch, strict=True))
        place = [np.flatnonzero((dataset.train_images == image).all((1, 2, 3)))[0] for image in images]
        assert sorted(place) == list(range(100))
        assert np.array_equal(labels, dataset.train_labels[place])
    assert not np.array_equal(first[0][0], second[0][0])
    assert np.array_equal(first[0][0], epochs(seed=1)[0][0][0])
    assert not np.array_equal(first[0][0], epochs(seed=2)[0][0][0])


def test_the_test_part_comes_in_its_own_order():
    dataset = load("photos", size=8, train=8, test=20)
    images = np.concatenate([images.numpy() for images, _ in as_pipeline(dataset, 8, part="test")])
    assert np.array_equal(images, dataset.test_images)
    with pytest.raises(ValueError, match="part='validation': one of 'train', 'test'"):
        as_pipeline(dataset, part="validation")


# folder


@pytest.fixture
def own(tmp_path):
    """Twelve red and eight blue images: JPEG, gray, RGBA, palette, in odd sizes."""
    for kind, color, count in (("red", (230, 20, 20), 12), ("blue", (20, 20, 230), 8)):
        (tmp_path / kind).mkdir()
        for number in range(count):
            image = Image.new("RGB", (40 + number, 30), color)
            if number == 1:
                image = image.convert("RGBA")
            if number == 2:
                image = image.quantize(4)
            image.save(tmp_path / kind / f"{number}.{'png' if number in (1, 2) else 'jpg'}")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "__MACOSX" / "red").mkdir(parents=True)  # each zip from a Mac has it
    (tmp_path / "__MACOSX" / "red" / "._1.png").write_bytes(b"no image")
    (tmp_path / "red" / ".DS_Store").write_bytes(b"no image")
    (tmp_path / "red" / "Thumbs.db").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("beside the class folders, anything may lie")
    return tmp_path


def test_a_folder_of_ones_own_is_split_class_by_class(own):
    dataset = load("folder", path=own, size=16, color=True)
    assert dataset.class_names == ("blue", "red")
    assert np.bincount(dataset.train_labels).tolist() == [6, 9]
    assert np.bincount(dataset.test_labels).tolist() == [2, 3]
    assert dataset.train_images.shape == (15, 16, 16, 3)
    for images, labels in (
        (dataset.train_images, dataset.train_labels),
        (dataset.test_images, dataset.test_labels),
    ):
        assert (images.dtype, labels.dtype) == (np.float32, np.int32)
        red, _, blue = images.mean((1, 2)).T
        assert np.array_equal(red > blue, labels == 1)
        assert np.all(np.maximum(red, blue) > 200)


def test_a_folder_s_split_follows_the_seed_and_shares_no_image(own):
    for number, file in enumerate(sorted(own.glob("*/[0-9]*"))):
        Image.new("L", (20, 20), 10 * number).save(file.with_suffix(".png"))
        if file.suffix == ".jpg":
            file.unlink()
    first = load("folder", path=own, size=8, seed=3)
    shades = [set(images.mean((1, 2, 3)).round(3)) for images in (first.train_images, first.test_images)]
    assert (len(shades[0]), len(shades[1]), shades[0] & shades[1]) == (15, 5, set())
    assert same(first, load("folder", path=own, size=8, seed=3))
    other = load("folder", path=own, size=8, seed=4)
    assert set(other.test_images.mean((1, 2, 3)).round(3)) != shades[1]
    assert sorted(first.train_labels) != first.train_labels.tolist()


def test_a_folder_gives_no_more_than_was_asked_for(own):
    dataset = load("folder", path=own, size=8, train=14, test=3)
    assert np.bincount(dataset.train_labels).tolist() == [6, 8]
    assert len(dataset.test_labels) == 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (60, 1), (2, 3000)])
def test_images_of_any_shape_are_squared(own, shape):
    Image.new("RGB", shape, (230, 20, 20)).save(own / "red" / "odd.png")
    dataset = load("folder", path=own, size=8, color=True)
    assert dataset.train_images.shape[1:] == dataset.test_images.shape[1:] == (8, 8, 3)
    assert np.all(np.concatenate([dataset.train_images, dataset.test_images]).max((1, 2, 3)) > 200)


def test_gray_files_give_three_equal_channels(own):
    for file in own.glob("*/[0-9]*"):
        file.unlink()
    for number in range(8):
        Image.new("L", (9, 9), 100 + number).save(own / ("red" if number % 2 else "blue") / f"{number}.png")
    images = load("folder", path=own, size=8, color=True).train_images
    assert images.shape == (6, 8, 8, 3)
    assert np.all(np.ptp(images, axis=-1) == 0)


def test_a_damaged_image_in_a_folder_is_named(own):
    for name in ("3.jpg", "4.jpg"):
        (own / "blue" / name).write_bytes((own / "blue" / name).read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"blue/[34]\.jpg: the image is damaged or cut short"):
        load("folder", path=own)


def test_a_file_that_is_no_image_in_a_class_folder_is_named(own):
    (own / "blue" / "notes.txt").write_text("not meant to be here")
    with pytest.raises(ValueError, match=r"blue/notes\.txt: this is no image"):
        load("folder", path=own)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda own: (own / "green").mkdir(), r"green: 0 image\(s\) in it; at least 2"),
        (lambda own: [file.unlink() for file in sorted((own / "blue").iterdir())[1:]], r"blue: 1 image\(s\) in it"),
        (lambda own: (own / "blue").rename(own / ".blue"), "only the class folder 'red' is in it; at least 2"),
        (lambda own: [(own / kind).rename(own / f".{kind}") for kind in ("red", "blue")], "no class folder is in it"),
        (lambda own: (own / "blue").rename(own / "red" / "blue"), "red/blue: a folder within a class folder"),
    ],
    ids=["empty class", "one image", "one class", "no class", "nested"],
)
def test_a_folder_that_is_not_one_folder_a_class_is_explained(own, spoil, message):
    spoil(own)
    with pytest.raises(ValueError, match=message):
        load("folder", path=own)


@pytest.mark.parametrize("path", [None, "", "nowhere", __file__])
def test_a_path_that_is_no_folder_is_refused(path):
    with pytest.raises(ValueError, match="a folder that holds one folder of images a class is needed"):
        load("folder", path=path)
