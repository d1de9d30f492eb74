"""Convnets, the same without reuse, and Dense layers, over growing numbers of garments.

Every network has its own learning rate for every number of images, the best of three on images kept back; all take
the same number of steps. A piece is one seed: other images, initial weights and batches.
"""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
from keras import layers

from utils.architecture import (
    at_places,
    best_rate,
    changed,
    convnet,
    dense,
    follows,
    in_a_corner,
    kept_back,
    learning,
    scrambled,
    shifted_crops,
    stays,
    unshared,
)
from utils.data import load
from utils.photographs import photograph

CLAIMS = "architecture-data", "reuse", "hypothesis-space"
DATA = "fashion_mnist"
PARTS = "data", "reuse", "places"
AMOUNTS, KEPT, TEST, STEPS = (1250, 5000, 20_000), 1000, 3000, 1560
FRESH = {"data": 0, "reuse": 100, "places": 200}  # seeds on: earlier ones were used up on other canvases
FIRST, LATER = range(101, 106), range(106, 114)
PIECES = tuple(
    {"part": part, "seed": seed + FRESH[part]}
    for seeds, parts in ((FIRST, PARTS), (LATER, PARTS[:1]), (LATER, PARTS[1:]))
    for seed in seeds
    for part in parts
)
RATES = 3e-3, 1e-2, 3e-2
SMALL_RATES = 1e-3, 3e-3, 1e-2  # for networks with many weights
SHIFTS = tuple(range(1, 9))
GARMENT, MARGIN = 14, 2  # pixels; a place is then 18 pixels wide, a multiple of the convnet's strides, 3 · 2
OFF_GRID = 16  # pixels from the first place, which is none


def perform(piece, checkpoint=None, amounts=AMOUNTS, kept=KEPT, test=TEST, steps=STEPS):
    """The accuracies of one seed, for one of the ``PARTS``: growing data, reuse, or places.

    A piece takes a few minutes, and begins anew after a stop.
    """
    part, seed = piece["part"], piece["seed"]
    name = piece.get("data", DATA)
    if part == "data":
        return _growing_data(name, seed, amounts, kept, test, steps)
    return (_reuse if part == "reuse" else _places)(name, seed, amounts[1], kept, test, steps)


def values(found):
    """The values of the criteria for each claim that has pieces; a seed is one piece for each part."""
    parts = {part: [numbers for piece, numbers in found if piece["part"] == part] for part in PARTS}
    results = {}
    if data := parts["data"]:
        found_by = np.array([each["convnet"] for each in data])
        dense_found = np.maximum([each["Dense"] for each in data], [each["wide Dense"] for each in data])
        lead = found_by - dense_found
        best = [max(*each["epochs"]["Dense"], *each["epochs"]["wide Dense"]) for each in data]
        quarter = [each["epochs"]["convnet"][len(each["epochs"]["convnet"]) // 4 - 1] for each in data]
        results["architecture-data"] = (
            lead[:, -1].tolist(),
            (lead[:, -1] - lead[:, 0]).tolist(),
            (found_by[:, -2] - dense_found[:, -1]).tolist(),
            np.subtract(quarter, best).tolist(),
            (found_by[:, -1] - [each["scrambled"] for each in data]).tolist(),
        )
    if reuse := parts["reuse"]:
        gains = [[each[where]["shared"] - each[where]["unshared"] for each in reuse] for where in ("moved", "centered")]
        results["reuse"] = tuple(gains)
    if places := parts["places"]:
        results["hypothesis-space"] = (
            [each["convnet"][1] - each["Dense"][1] for each in places],
            [each["convnet"][0] - each["convnet"][1] for each in places],
            *([each[name] for each in places] for name in ("change", "convolution", "distance")),
        )
    return results


def pooled_convnet(shape, classes):
    """A convnet that keeps positions: two convolutions with max pooling, then one Dense layer."""
    inputs = x = keras.Input(shape)
    for filters in (16, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(inputs, layers.Dense(classes)(layers.Flatten()(x)))


def moved(images, size, seed):
    """Each image at a random place of an empty canvas of ``size`` pixels a side."""
    random = np.random.default_rng(seed)
    count, height, width, channels = images.shape
    canvas = np.zeros((count, size, size, channels), dtype="float32")
    for place, image in zip(canvas, images, strict=True):
        top, left = random.integers(size - height + 1), random.integers(size - width + 1)
        place[top : top + height, left : left + width] = image
    return canvas


def _growing_data(name, seed, amounts, kept, test, steps):
    data = changed(load(name, size=28, train=amounts[-1] + kept, test=test, seed=seed), _scaled)
    shape, classes = data.train_images.shape[1:], len(data.class_names)
    networks = {
        "convnet": (lambda: pooled_convnet(shape, classes), SMALL_RATES),
        "Dense": (lambda: dense(shape, classes, 25), RATES),
        "wide Dense": (lambda: dense(shape, classes, 256), SMALL_RATES),
    }
    found, epochs = {}, {}
    for name, (build, rates) in networks.items():
        runs = [_tuned(build, data, amount, kept, seed, steps, rates) for amount in amounts]
        found[name] = [run.accuracies[0, 0] for run in runs]
        epochs[name] = runs[-1].by_epoch[0].tolist()
    mixed = _tuned(networks["convnet"][0], changed(data, scrambled), amounts[-1], kept, seed, steps, SMALL_RATES)
    return found | {"epochs": epochs, "scrambled": mixed.accuracies[0, 0]}


def _reuse(name, seed, amount, kept, test, steps):
    data = changed(load(name, size=28, train=amount + kept, test=test, seed=seed), _on_black)
    found = {}
    for where, size in (("moved", 40), ("centered", 28)):
        here = data if size == 28 else changed(data, lambda images: moved(images, 40, seed))
        shape = (size, size, 1)
        found[where] = {
            name: _tuned(partial(build, shape, 10), here, amount, kept, seed, steps, RATES).accuracies[0, 0]
            for name, build in (("shared", convnet), ("unshared", unshared))
        }
    return found


def _places(name, seed, amount, kept, test, steps):
    garments = load(name, size=GARMENT, train=amount + kept, test=test, seed=seed)
    data = changed(garments, lambda images: _with_margin(_on_black(images)))
    corner = changed(data, lambda images: in_a_corner(images, 0))
    other = in_a_corner(data.test_images, 3)
    off_grid = np.roll(corner.test_images, (OFF_GRID, OFF_GRID), axis=(1, 2))
    shape, found = other.shape[1:], {}
    for name, build in (("convnet", lambda: convnet(shape, 10)), ("Dense", lambda: dense(shape, 10, 90))):
        rest, to_choose = kept_back(corner, kept)
        rate = best_rate(build, to_choose, seed, steps, RATES)
        found[name] = at_places(build, rest, [other, off_grid], [seed], steps, learning_rate=rate)[:, 0].tolist()
    return found | _untrained(seed)


def _untrained(seed):
    """How a convolution and a Dense layer with random weights answer to crops that move."""
    keras.utils.set_random_seed(seed)
    names = ("astronaut", "chelsea", "coffee", "motorcycle", "rocket")
    crops = shifted_crops([photograph(name) for name in names], 24, SHIFTS, each=6, seed=seed)
    flat = crops.reshape(*crops.shape[:2], -1)
    average = keras.Sequential([layers.Conv2D(32, 3, activation="relu"), layers.GlobalAveragePooling2D()])
    as_map = keras.Sequential([layers.Dense(22 * 22 * 4), layers.Reshape((22, 22, 4))])
    change = stays(average, crops).mean() / stays(layers.Dense(32, activation="relu"), flat).mean()
    return {
        "change": float(change),
        "convolution": float(follows(layers.Conv2D(4, 3), crops, SHIFTS).max()),
        "distance": float(follows(as_map, flat, SHIFTS).mean()),
    }


def _tuned(build, data, amount, kept, seed, steps, rates):
    """What the network learns from ``amount`` images with the learning rate that is best on ``kept`` others."""
    rest, to_choose = kept_back(data, kept)
    few = replace(to_choose, train_images=rest.train_images[:amount], train_labels=rest.train_labels[:amount])
    rate = best_rate(build, few, seed, steps, rates)
    return learning(build, rest, [amount], [seed], steps, learning_rate=rate)


def _scaled(images):
    """Bytes as numbers from −0.3 to 0.7, about 0 on average."""
    return (images / 255 - 0.3).astype("float32")


def _on_black(images):
    """Bytes as numbers from 0 to 1: around a garment is the same 0 as on the canvas, so that no frame comes along."""
    return (images / 255).astype("float32")


def _with_margin(images):
    return np.pad(images, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)))
