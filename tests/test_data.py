"""The data sets that need no download, and photographs of one's own."""

import contextlib
import io
import os
import socket
import struct
import tempfile
import zlib

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from utils import data
from utils.data import as_pipeline, load, open_photograph, photograph, photographs


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


# photos


@pytest.mark.parametrize(
    ("task", "size", "colour", "train", "test", "frequencies"),
    [
        ("scenes", 32, False, 2400, 800, [300] * 8),
        ("scenes", 64, True, 80, 16, [10] * 8),
        ("cat", 48, True, 100, 50, [50, 50]),
        ("cat", 8, False, 8, 8, [4, 4]),
    ],
)
def test_photos_have_the_shapes_and_classes_asked_for(task, size, colour, train, test, frequencies):
    dataset = load("photos", task=task, size=size, colour=colour, train=train, test=test)
    channels = 3 if colour else 1
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
    monkeypatch.setattr(data, "_patch_source", lambda name, colour: np.broadcast_to(rows[:, None, None], (256, 300, 1)))
    dataset = load("photos", size=size, train=2000, test=2000)
    train, test = set(dataset.train_images.ravel()), set(dataset.test_images.ravel())
    assert min(abs(a - b) for a in train for b in test) > data.GAP
    assert test == set(range(128, 192))
    assert max(train) == 255 or size > 56  # the lowest band is too narrow for larger patches
    assert min(train) == 0


def test_patches_are_pieces_of_their_photograph():
    dataset = load("photos", task="cat", size=16, colour=True, train=40, test=40)
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
        ({"colour": 1}, "colour=1: one of False, True is needed"),
        ({"train": 7, "seed": -1}, "train=7: .*; seed=-1: .*"),
        ({"sise": 3}, "photos has no option sise; it has task, size, colour, train, test, seed"),
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
    load("photos", colour=True, train=8, test=8)
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


# photograph, open_photograph


def test_the_bundled_photographs_are_those_of_scikit_image():
    from skimage import data as skimage_data

    assert np.array_equal(photograph("chelsea"), skimage_data.chelsea())
    assert np.array_equal(photograph("gravel")[..., 0], skimage_data.gravel())
    assert photograph("camera").shape == (512, 512, 1)
    assert {photograph(name).dtype for name in photographs()} == {np.dtype("uint8")}
    with pytest.raises(ValueError, match=r"photograph 'dog': one of astronaut, chelsea, .*, gravel is needed"):
        photograph("dog")


def test_a_photograph_may_be_changed_without_changing_the_next():
    photograph()[:] = 0
    assert photograph().mean() > 50


def png(width, height, content=b""):
    """A PNG file that claims to be so large."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


def encoded(image, format, **options):
    image.save(buffer := io.BytesIO(), format, **options)
    return buffer.getvalue()


def test_a_large_photograph_is_shrunk_and_looks_the_same(tmp_path):
    chelsea = Image.fromarray(photograph())
    (tmp_path / "cat.jpg").write_bytes(encoded(chelsea.resize((4000, 3000)), "JPEG"))
    pixels = open_photograph(tmp_path / "cat.jpg")
    assert (pixels.shape, pixels.dtype) == ((768, 1024, 3), np.uint8)
    expected = np.asarray(chelsea.resize((1024, 768))).astype(float)
    assert abs(pixels - expected).mean() < 4


def test_a_photograph_is_turned_as_the_camera_was_held(tmp_path):
    scene = np.zeros((40, 60, 3), np.uint8)
    scene[:20] = (250, 0, 0)  # the sky is red
    held = Image.fromarray(np.rot90(scene))  # the camera was turned: 6 says "turn me clockwise"
    exif = held.getexif()
    exif[0x0112] = 6
    (tmp_path / "held.jpg").write_bytes(encoded(held, "JPEG", exif=exif, quality=95))
    pixels = open_photograph(tmp_path / "held.jpg")
    assert pixels.shape == (40, 60, 3)
    assert abs(pixels.astype(int) - scene).mean() < 4


def palette(index, **options):
    image = Image.new("P", (9, 7), index)
    image.putpalette([250, 0, 0, 0, 250, 0] + [0] * 762)
    return image


STEPS = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16


@pytest.mark.parametrize(
    ("content", "shape", "first", "last"),
    [
        (encoded(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"), (1, 1, 3), (1, 2, 3), (1, 2, 3)),
        (encoded(Image.new("L", (5, 4), 7), "PNG"), (4, 5, 3), (7, 7, 7), (7, 7, 7)),
        (encoded(Image.new("1", (5, 4), 1), "PNG"), (4, 5, 3), (255,) * 3, (255,) * 3),
        (encoded(Image.new("RGBA", (5, 4), (250, 0, 0, 0)), "PNG"), (4, 5, 3), (255,) * 3, (255,) * 3),
        (encoded(Image.new("RGBA", (5, 4), (0, 0, 0, 128)), "PNG"), (4, 5, 3), (127,) * 3, (127,) * 3),
        (encoded(Image.new("LA", (5, 4), (0, 0)), "PNG"), (4, 5, 3), (255,) * 3, (255,) * 3),
        (encoded(palette(1), "PNG"), (7, 9, 3), (0, 250, 0), (0, 250, 0)),
        (encoded(palette(1), "PNG", transparency=1), (7, 9, 3), (255,) * 3, (255,) * 3),
        (encoded(palette(0), "GIF", save_all=True, append_images=[palette(1)]), (7, 9, 3), (250, 0, 0), (250, 0, 0)),
        (encoded(Image.fromarray(STEPS), "PNG"), (64, 64, 3), (0,) * 3, (255,) * 3),
        (encoded(Image.fromarray(STEPS), "TIFF"), (64, 64, 3), (0,) * 3, (255,) * 3),
        (encoded(Image.new("CMYK", (5, 4), (0, 0, 0, 0)), "JPEG"), (4, 5, 3), (255,) * 3, (255,) * 3),
    ],
    ids=[
        "1×1", "grey", "black and white", "transparent", "half transparent black", "transparent grey", "palette",
        "transparent palette", "animation", "16 bits", "16 bits TIFF", "CMYK",
    ],
)  # fmt: skip
def test_every_kind_of_image_becomes_rgb(tmp_path, content, shape, first, last):
    (tmp_path / "image").write_bytes(content)
    pixels = open_photograph(str(tmp_path / "image"))
    assert (pixels.shape, pixels.dtype) == (shape, np.uint8)
    assert np.allclose(pixels[0, 0], first, atol=1)
    assert np.allclose(pixels[-1, -1], last, atol=1)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):
    Image.fromarray(STEPS).save(tmp_path / "steps.png")
    assert abs(open_photograph(tmp_path / "steps.png")[..., 0].astype(float) - STEPS / 65535 * 255).max() <= 1


CHELSEA = Image.fromarray(photograph())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Dear diary, today", r"no image, whatever its name says \(it starts with b'Dear diary, '\); JPEG, PNG"),
        (b"", "the file is empty"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC images cannot be read; export it as JPEG"),
        (encoded(CHELSEA, "JPEG")[:9000], "damaged or cut short"),
        (encoded(CHELSEA, "PNG")[:9000], "damaged or cut short"),
        (encoded(CHELSEA, "GIF")[:9000], "damaged or cut short"),
        (encoded(CHELSEA, "WEBP")[:9000], "damaged or cut short"),
        (png(50_000, 50_000), "at most 80,000,000 pixels are allowed"),
        (png(10_000, 8_001), "at most 80,000,000 pixels are allowed"),
        (encoded(Image.fromarray(np.full((3, 3), 0.5, "float32")), "TIFF"), "its pixels are float32 numbers"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
    ],
    ids=["text", "empty", "HEIC", "JPEG", "PNG", "GIF", "WEBP", "bomb", "just too large", "float", "a program"],
)
def test_what_is_no_whole_image_is_refused_by_name(tmp_path, content, message):
    (tmp_path / "holiday.jpg").write_bytes(content)
    with pytest.raises(ValueError, match=rf"holiday\.jpg: .*{message}"):
        open_photograph(tmp_path / "holiday.jpg")


def test_any_damage_gives_an_image_or_a_value_error(tmp_path):
    random = np.random.default_rng(0)
    small = CHELSEA.resize((60, 40))
    for format in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF"):
        whole = encoded(small, format)
        for _ in range(40):
            damaged = bytearray(whole)
            for place in random.integers(0, min(300, len(whole)), 4):
                damaged[place] = random.integers(256)
            (tmp_path / "damaged").write_bytes(damaged)
            with contextlib.suppress(ValueError):
                assert open_photograph(tmp_path / "damaged").dtype == np.uint8


def test_a_path_that_leads_nowhere_is_answered_with_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        FileNotFoundError, match=f"holiday.jpg: there is no such file; the path is taken from {tmp_path}"
    ):
        open_photograph("holiday.jpg")
    with pytest.raises(ValueError, match="this is a folder"):
        open_photograph(tmp_path)
    with pytest.raises(ValueError, match="path='': the path of an image file is needed"):
        open_photograph("")


def test_a_file_that_may_not_be_read_is_named():
    user = os.geteuid()
    with tempfile.NamedTemporaryFile(suffix="locked.png") as locked:
        os.chmod(locked.name, 0)
        try:
            if user == 0:
                os.seteuid(65534)  # root reads everything: be nobody for a while
            with pytest.raises(PermissionError, match=r"locked\.png: you may not read this file"):
                open_photograph(locked.name)
        finally:
            os.seteuid(user)


# folder


@pytest.fixture
def own(tmp_path):
    """Twelve red and eight blue images: JPEG, grey, RGBA, palette, in odd sizes."""
    for kind, colour, count in (("red", (230, 20, 20), 12), ("blue", (20, 20, 230), 8)):
        (tmp_path / kind).mkdir()
        for number in range(count):
            image = Image.new("RGB", (40 + number, 30), colour)
            if number == 1:
                image = image.convert("RGBA")
            if number == 2:
                image = image.quantize(4)
            image.save(tmp_path / kind / f"{number}.{'png' if number in (1, 2) else 'jpg'}")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "red" / ".DS_Store").write_bytes(b"no image")
    (tmp_path / "red" / "Thumbs.db").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("beside the class folders, anything may lie")
    return tmp_path


def test_a_folder_of_ones_own_is_split_class_by_class(own):
    dataset = load("folder", path=own, size=16, colour=True)
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
    dataset = load("folder", path=own, size=8, colour=True)
    assert dataset.train_images.shape[1:] == dataset.test_images.shape[1:] == (8, 8, 3)
    assert np.all(np.concatenate([dataset.train_images, dataset.test_images]).max((1, 2, 3)) > 200)


def test_grey_files_give_three_equal_channels(own):
    for file in own.glob("*/[0-9]*"):
        file.unlink()
    for number in range(8):
        Image.new("L", (9, 9), 100 + number).save(own / ("red" if number % 2 else "blue") / f"{number}.png")
    images = load("folder", path=own, size=8, colour=True).train_images
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
