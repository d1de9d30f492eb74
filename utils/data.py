"""The data sets of the course, one call each: ``load("photos")`` gives arrays. Nothing here ever downloads.

``photos`` needs no file of its own: it is cut out of the photographs that scikit-image carries in its wheel.
"""

import functools
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageOps

from utils.parameters import Choice, Whole, check_parameters

COLOUR_PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "hubble": "hubble_deep_field.jpg",
    "ihc": "ihc.png",
    "motorcycle": "motorcycle_left.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}
GREY_PHOTOGRAPHS = {name: f"{name}.png" for name in ("brick", "camera", "grass", "gravel")}
PHOTOGRAPHS = COLOUR_PHOTOGRAPHS | GREY_PHOTOGRAPHS

# Patches are cut at one scale. The two largest photographs would otherwise give patches without anything in them.
SHORTER_SIDE = 512
# Rows left out between train and test: the photographs' JPEG blocks, and their shrinking, reach that far.
GAP = 8
# The retina is a disc on black: patches come from a square inside it, since a black patch shows no retina.
INSIDE_THE_RETINA = 0.15, 0.85


@dataclass(frozen=True)
class Dataset:
    """A labelled set of images, split into a training and a test part.

    Images are float32 from 0 to 255, ``(n, size, size, 1 or 3)``; labels are int32, ``(n,)``, and index
    ``class_names``.
    """

    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]


def load(name, **options):
    """The ``Dataset`` of that name."""
    return photos(**options)


def photos(*, task="scenes", size=32, colour=False, train=2400, test=800, seed=0):
    """A ``Dataset`` of square patches, ``size`` pixels a side, of scikit-image's colour photographs.

    The task is to say which of the eight photographs a patch is from ("scenes"), or whether it shows Chelsea
    the cat ("cat": label 1, half of the patches). Test patches come from a band across the middle of each
    photograph, training patches from above and below it, at least ``GAP`` rows away: no pixel is shared.
    Grey patches (``colour=False``) keep colour alone from deciding. ``seed`` decides which patches are cut;
    classes are equally frequent (within one patch).
    """
    check_parameters(
        locals(),
        task=Choice("scenes", "cat"),
        size=Whole(8, 64),
        colour=Choice(False, True),
        train=Whole(8, 8_000),
        test=Whole(8, 8_000),
        seed=Whole(0, 9999),
    )
    names = tuple(COLOUR_PHOTOGRAPHS)
    arrays = []
    for part, count in (("train", train), ("test", test)):
        random = np.random.default_rng([seed, part == "test"])
        sources = _equally_often(names, count) if task == "scenes" else _half_of_them("chelsea", names, count)
        patches = [_patches(each, part, often, size, colour, random) for each, often in sources.items()]
        labels = np.repeat(
            [names.index(each) if task == "scenes" else each == "chelsea" for each in sources], list(sources.values())
        )
        order = random.permutation(count)
        arrays += [np.concatenate(patches)[order].astype("float32"), labels[order].astype("int32")]
    return Dataset(*arrays, class_names=names if task == "scenes" else ("other", "cat"))


def photographs():
    """The names of scikit-image's photographs that ``photograph`` gives."""
    return tuple(PHOTOGRAPHS)


def photograph(name="chelsea"):
    """One of the bundled photographs as uint8, ``(height, width, 3)``, or ``(height, width, 1)`` where it is grey."""
    if name not in PHOTOGRAPHS:
        raise ValueError(f"no photograph {name!r}: one of {', '.join(PHOTOGRAPHS)} is needed")
    with Image.open(_bundled(name)) as image:
        pixels = np.array(image)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def open_photograph(path):
    """Your own photograph as uint8 RGB, ``(height, width, 3)``."""
    with Image.open(Path(path)) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def _equally_often(names, count):
    return {name: (count + place) // len(names) for place, name in enumerate(names)}


def _half_of_them(name, names, count):
    """``name`` for half of ``count``, the others equally often for the other half."""
    others = [each for each in names if each != name]
    return {name: count // 2} | _equally_often(others, count - count // 2)


def _patches(name, part, count, size, colour, random):
    """``count`` different patches from the ``part`` of a photograph, uint8 ``(count, size, size, 1 or 3)``."""
    pixels = _patch_source(name, colour)
    middle, lower = len(pixels) // 2, 3 * len(pixels) // 4
    bands = [pixels[middle:lower]] if part == "test" else [pixels[: middle - GAP], pixels[lower + GAP :]]
    windows = [sliding_window_view(band, (size, size), axis=(0, 1)) for band in bands]
    positions = [(w, row, column) for w, window in enumerate(windows) for row, column in [window.shape[:2]]]
    chosen = random.choice(sum(rows * columns for _, rows, columns in positions), count, replace=False)
    cut, start = [], 0
    for w, rows, columns in positions:
        here = chosen[(chosen >= start) & (chosen < start + rows * columns)] - start
        cut.append(windows[w][here // columns, here % columns])
        start += rows * columns
    return np.moveaxis(np.concatenate(cut), 1, -1)


@functools.cache
def _patch_source(name, colour):
    """A photograph at the scale that patches are cut at, uint8 ``(height, width, 1 or 3)``; read-only."""
    with Image.open(_bundled(name)) as image:
        image = image.convert("RGB" if colour else "L")
        if name == "retina":
            image = image.crop([round(side * share) for share in INSIDE_THE_RETINA for side in image.size])
        shrink = SHORTER_SIDE / min(image.size)
        if shrink < 1:
            image = image.resize([round(side * shrink) for side in image.size], Image.Resampling.LANCZOS)
        pixels = np.array(image).reshape(image.height, image.width, -1)
    pixels.flags.writeable = False
    return pixels


def _bundled(name):
    # The file itself: skimage.data's own functions would download what is missing.
    return resources.files("skimage.data") / PHOTOGRAPHS[name]
