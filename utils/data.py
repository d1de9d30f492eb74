"""The data sets of the course, one call each: ``load("photos")`` gives arrays. Nothing here ever downloads.

``photos`` needs no file of its own: it is cut out of the photographs that scikit-image carries in its wheel.
``course data fetch`` brings the larger public data sets; ``folder`` takes your own images.
"""

import functools
import inspect
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageOps

from data_scripts import cats_vs_dogs as cats_and_dogs
from data_scripts.data_sets import DATA_SETS, available
from data_scripts.prepared import cache_folder
from utils.parameters import Choice, Whole, check_parameters
from utils.photographs import COLOR, bundled, open_photograph, photograph, photographs

__all__ = ["Dataset", "as_pipeline", "changed", "kept_back", "load", "open_photograph", "photograph", "photographs"]

# Patches are cut at one scale. The two largest photographs would otherwise give patches without anything in them.
SHORTER_SIDE = 512
# Rows left out between train and test: the photographs' JPEG blocks, and their shrinking, reach that far.
GAP = 8
# The retina is a disc on black: patches come from a square inside it, since a black patch shows no retina.
INSIDE_THE_RETINA = 0.15, 0.85
# Files that operating systems leave in folders of images.
NOT_MEANT = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class Dataset:
    """A labeled set of images, split into a training and a test part.

    Images are float32 from 0 to 255, ``(n, size, size, 1 or 3)``; labels are int32, ``(n,)``, and index
    ``class_names``.
    """

    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]


def load(name, **options):
    """The ``Dataset`` of that name: "photos", "fashion_mnist", "cifar10", "cats_vs_dogs" or "folder".

    All take ``size=32`` (pixels a side), ``color=False`` (one channel, or three), ``train=2400`` and ``test=800`` (how
    many images of each part), ``seed=0`` (which images, and their order). ``photos`` also takes ``task``, and
    ``folder`` needs the ``path`` of your own images.

    Raises ``ValueError`` for a name or an option that there is not, and ``FileNotFoundError`` for a data set that
    has to be fetched first; it says how.
    """
    loaders = _loaders()
    if name not in loaders:
        raise ValueError(f"data set {name!r}: one of {', '.join(loaders)} is needed")
    allowed = inspect.signature(loaders[name]).parameters
    if unknown := [option for option in options if option not in allowed]:
        raise ValueError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(allowed)}")
    return loaders[name](**options)


def kept_back(data, count):
    """The ``Dataset`` without its last ``count`` training images, and these, ``(images, labels)``, to choose by."""
    images, labels, end = data.train_images, data.train_labels, len(data.train_images) - count
    return replace(data, train_images=images[:end], train_labels=labels[:end]), (images[end:], labels[end:])


def changed(data, change):
    """The ``Dataset`` with ``change`` applied to its training and its test images."""
    return replace(data, train_images=change(data.train_images), test_images=change(data.test_images))


def as_pipeline(dataset, batch_size=64, seed=0, part="train"):
    """A ``tf.data`` pipeline of ``(images, labels)`` batches of one part of a ``Dataset``.

    The training part comes in a new order in every epoch; the orders follow from ``seed`` and TensorFlow's own seed.
    The test part comes as it is. The last batch may be smaller.
    """
    check_parameters(locals(), batch_size=Whole(1, 8_000), seed=Whole(0, 9999), part=Choice("train", "test"))
    import tensorflow as tf

    images, labels = getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels")
    pipeline = tf.data.Dataset.from_tensor_slices((images, labels))
    if part == "train":
        pipeline = pipeline.shuffle(len(images), seed=seed)
    return pipeline.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def photos(*, task="scenes", size=32, color=False, train=2400, test=800, seed=0):
    """A ``Dataset`` of square patches, ``size`` pixels a side, of scikit-image's color photographs.

    The task is to say which of the eight photographs a patch is from ("scenes"), or whether it shows Chelsea
    the cat ("cat": label 1, half of the patches). Test patches come from a band across the middle of each
    photograph, training patches from above and below it, at least ``GAP`` rows away: no pixel is shared.
    Gray patches (``color=False``) keep color alone from deciding. ``seed`` decides which patches are cut;
    classes are equally frequent (within one patch).
    """
    check_parameters(
        locals(),
        task=Choice("scenes", "cat"),
        size=Whole(8, 64),
        color=Choice(False, True),
        train=Whole(8, 8_000),
        test=Whole(8, 8_000),
        seed=Whole(0, 9999),
    )
    names, arrays = tuple(COLOR), []
    for part, count in (("train", train), ("test", test)):
        random = np.random.default_rng([seed, part == "test"])
        if task == "scenes":
            sources = _evenly(dict.fromkeys(names, count), count)
        else:
            others = _evenly({name: count for name in names if name != "chelsea"}, count - count // 2)
            sources = {"chelsea": count // 2} | others
        patches = [_patches(each, part, often, size, color, random) for each, often in sources.items()]
        labels = np.repeat(
            [names.index(each) if task == "scenes" else each == "chelsea" for each in sources], list(sources.values())
        )
        order = random.permutation(count)
        arrays += [np.concatenate(patches)[order].astype("float32"), labels[order].astype("int32")]
    return Dataset(*arrays, class_names=names if task == "scenes" else ("other", "cat"))


def folder(*, path=None, size=32, color=False, train=2400, test=800, seed=0):
    """A ``Dataset`` of your own images: ``path`` holds one folder a class, each with images directly in it.

    A quarter of each class, drawn by ``seed``, is for the test; ``train`` and ``test`` are the most images that
    are taken, as evenly from the classes as they allow. Images are cut to the square in their middle.
    Raises ``ValueError`` and names the folder or the file when something is not as it should be.
    """
    _check(size, 256, color, train, test, seed)
    classes = _class_folders(path)
    random = np.random.default_rng(seed)
    files = {name: [found[i] for i in random.permutation(len(found))] for name, found in classes.items()}
    quarters = {name: max(1, len(found) // 4) for name, found in files.items()}
    parts = (
        ({name: found[quarters[name] :] for name, found in files.items()}, train),
        ({name: found[: quarters[name]] for name, found in files.items()}, test),
    )
    arrays = []
    for pool, most in parts:
        often = _evenly({name: len(found) for name, found in pool.items()}, most)
        labeled = [(file, label) for label, name in enumerate(pool) for file in pool[name][: often[name]]]
        labeled = [labeled[i] for i in random.permutation(len(labeled))]
        arrays.append(np.stack([_square(open_photograph(file, 4 * size), size, color) for file, _ in labeled]))
        arrays.append(np.array([label for _, label in labeled], dtype="int32"))
    return Dataset(*arrays, class_names=tuple(classes))


def _loaders():
    fetched = {name: functools.partial(_fetched, name) for name in DATA_SETS}
    return {"photos": photos, **fetched, "folder": folder}


def _fetched(name, *, size=32, color=False, train=2400, test=800, seed=0):
    """A ``Dataset`` that ``course data fetch`` brought here, its classes equally frequent (within one image).

    Images of another size are resized; ``color`` gives images that are gray three equal channels.
    """
    _check(size, cats_and_dogs.SIDE, color, train, test, seed)
    arrays = available(name)
    if arrays is None:
        raise FileNotFoundError(
            f"{name} is not on this machine, or not whole (looked in {cache_folder() / name}). "
            f"Fetch it once with the command: course data fetch {name}"
        )
    chosen = []
    for part, count in (("train", train), ("test", test)):
        random = np.random.default_rng([seed, part == "test"])
        images, labels = arrays[f"{part}_images"], np.asarray(arrays[f"{part}_labels"])
        rows = _balanced(labels, count, random, f"{part}={count:,}: {name}")
        chosen.append(np.stack([_square(images[row], size, color) for row in rows]))
        chosen.append(labels[rows].astype("int32"))
    return Dataset(*chosen, class_names=DATA_SETS[name].CLASS_NAMES)


def _check(size, largest, color, train, test, seed):
    check_parameters(
        locals(),
        size=Whole(8, largest),
        color=Choice(False, True),
        train=Whole(2, 100_000),
        test=Whole(2, 100_000),
        seed=Whole(0, 9999),
    )


def _balanced(labels, count, random, what):
    """The rows of ``count`` images, in random order, every class equally often (within one)."""
    there = {each: int(np.sum(labels == each)) for each in np.unique(labels)}
    if count > (most := min(there.values()) * len(there)):
        raise ValueError(f"{what} has no more than {most:,} in classes of the same size")
    often = _evenly(there, count)
    rows = [random.choice(np.flatnonzero(labels == each), often[each], replace=False) for each in there]
    return random.permutation(np.concatenate(rows))


def _square(pixels, size, color):
    """The middle square of a uint8 image as float32 ``(size, size, 1 or 3)``."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).convert("RGB" if color else "L")
    image = ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)
    return np.array(image, dtype="float32").reshape(size, size, -1)


def _class_folders(path):
    """The image files of each class, ``{class name: [path, …]}``, both in alphabetical order."""
    if not path or not Path(path).expanduser().is_dir():
        raise ValueError(f"path={path!r}: a folder that holds one folder of images a class is needed")
    path = Path(path).expanduser()
    classes = {each.name: _images_in(each) for each in sorted(path.iterdir()) if each.is_dir() and _is_meant(each)}
    if len(classes) < 2:
        found = f"only the class folder {next(iter(classes))!r}" if classes else "no class folder"
        raise ValueError(f"{path}: {found} is in it; at least 2 are needed, named after the classes")
    return classes


def _images_in(class_folder):
    found = sorted(each for each in class_folder.iterdir() if _is_meant(each))
    if inner := [each for each in found if each.is_dir()]:
        raise ValueError(f"{inner[0]}: a folder within a class folder; images must lie directly in {class_folder}")
    if len(found) < 2:
        raise ValueError(f"{class_folder}: {len(found)} image(s) in it; at least 2 are needed, to train and to test")
    return found


def _is_meant(path):
    return not path.name.startswith(".") and path.name.lower() not in NOT_MEANT


def _evenly(there, count):
    """How many to take of each class so that they sum to ``count``, as evenly as what is ``there`` allows."""
    often, left = {}, count
    rarest_first = sorted(there, key=there.get)
    for place, name in enumerate(rarest_first):
        often[name] = min(there[name], left // (len(there) - place))
        left -= often[name]
    return often


def _patches(name, part, count, size, color, random):
    """``count`` different patches from the ``part`` of a photograph, uint8 ``(count, size, size, 1 or 3)``."""
    pixels = _patch_source(name, color)
    height, width = pixels.shape[:2]
    middle, lower = height // 2, 3 * height // 4
    if part == "test":
        rows = np.arange(middle, lower - size + 1)
    else:
        rows = np.r_[0 : middle - GAP - size + 1, lower + GAP : height - size + 1]
    columns = width - size + 1
    chosen = random.choice(len(rows) * columns, count, replace=False)
    windows = sliding_window_view(pixels, (size, size), axis=(0, 1))
    return np.moveaxis(windows[rows[chosen // columns], chosen % columns], 1, -1)


@functools.cache
def _patch_source(name, color):
    """A photograph at the scale that patches are cut at, uint8 ``(height, width, 1 or 3)``; read-only."""
    with bundled(name) as image:
        image = image.convert("RGB" if color else "L")
        if name == "retina":
            image = image.crop([round(side * share) for share in INSIDE_THE_RETINA for side in image.size])
        shrink = SHORTER_SIDE / min(image.size)
        if shrink < 1:
            image = image.resize([round(side * shrink) for side in image.size], Image.Resampling.LANCZOS)
        pixels = np.array(image).reshape(image.height, image.width, -1)
    pixels.flags.writeable = False
    return pixels
