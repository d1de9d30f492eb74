"""Batch normalization before and after the activation, over three learning rates and two data sets.

Beside it: what the channels hold while a network learns, and where published networks put the layer.
"""

from functools import partial

import numpy as np

from utils.batch_normalization import (
    QUICK,
    SLOW,
    net_for,
    normalized_networks,
    settled,
    standardized,
    usage,
)
from utils.data import kept_back, load
from utils.training import accuracy

CLAIMS = ("bn-order", "bn-normalizes", "bn-everywhere")
DATA = "fashion_mnist"
SECOND = "photos"
IMAGES = {DATA: {"size": 28, "train": 6000, "test": 2000}, SECOND: {"size": 32, "train": 2400, "test": 800}}
EPOCHS = {DATA: 6, SECOND: 10}
KEPT_BACK = {DATA: 1000, SECOND: 400}
RATES = (0.00125, 0.005, 0.02)
FIRST, MORE = range(101, 109), range(109, 114)
PIECES = (
    {"what": "practice"},
    *({"what": "order", "data": DATA, "seed": seed} for seed in FIRST),
    *({"what": "channels", "seed": seed} for seed in FIRST),
    *({"what": "order", "data": SECOND, "seed": seed} for seed in FIRST),
    *({"what": "order", "data": data, "seed": seed} for seed in MORE for data in (DATA, SECOND)),
)
ELSEWHERE = tuple(piece for piece in PIECES if piece.get("data") != SECOND)


def perform(piece, checkpoint=None):
    """What one piece finds: for an order, the accuracies on images kept back and on test images by learning rate."""
    if piece["what"] == "practice":
        names = piece.get("networks", [*QUICK, *SLOW])
        return {name: vars(usage(name)) for name in names}
    if piece["what"] == "channels":
        data = _images(piece.get("data", DATA), piece)
        networks = normalized_networks(
            data, seeds=[piece["seed"]], epochs=piece.get("epochs", 3), other_camera=lambda images: 0.5 * images + 0.5
        )
        return {name: shares[0].tolist() for name, shares in networks.shares.items()}
    data, (images, labels) = kept_back(
        _images(piece["data"], piece), piece.get("kept_back", KEPT_BACK[_alike(piece["data"])])
    )
    found = {"chance": 1 / len(data.class_names)}
    for order in ("before", "after"):
        found[order] = {"kept_back": [], "test": []}
        for rate in RATES:
            build = partial(net_for, data, normalized=order, stride=4)
            epochs = piece.get("epochs", EPOCHS[_alike(piece["data"])])
            run = next(settled(build, data, seeds=[piece["seed"]], epochs=epochs, learning_rate=rate))
            found[order]["kept_back"].append(accuracy(run.model, images, labels))
            found[order]["test"].append(accuracy(run.model, data.test_images, data.test_labels))
    return found


def values(found):
    """The values of each claim's criteria, from the pieces that are there."""
    practice = next((numbers for piece, numbers in found if piece["what"] == "practice"), None)
    channels = [numbers for piece, numbers in found if piece["what"] == "channels"]
    first, second = (
        [numbers for piece, numbers in found if piece["what"] == "order" and piece["data"] == data]
        for data in (DATA, SECOND)
    )
    judged = {}
    if practice:
        networks = practice.values()
        judged["bn-everywhere"] = ([each["normalizations"] >= each["convolutions"] / 2 for each in networks],)
    if channels:
        judged["bn-normalizes"] = (
            [min(each["training"]) for each in channels],
            *([each[name][-1] for each in channels] for name in ("after γ and β", "inference", "other camera")),
        )
    if practice and first:
        with_it = [each for each in practice.values() if each["normalizations"]]
        quarter, _, fourfold = np.array(
            [np.subtract(each["after"]["test"], each["before"]["test"]) for each in first]
        ).T
        judged["bn-order"] = (
            [each["before_activation"] > each["after_activation"] for each in with_it],
            [_at_its_best(each["after"]) >= 3 * each["chance"] for each in first],
            _differences(first),
            quarter.tolist(),
            fourfold.tolist(),
            _differences(second) or None,
        )
    return judged


def _differences(pieces):
    """Test accuracy after − before, each at the rate that is best on the images kept back."""
    return [_at_its_best(each["after"]) - _at_its_best(each["before"]) for each in pieces]


def _at_its_best(order):
    return order["test"][int(np.argmax(order["kept_back"]))]


def _images(name, piece):
    return standardized(load(name, seed=piece["seed"], **IMAGES[_alike(name)] | piece.get("images", {})))


def _alike(name):
    """The data set whose sizes serve this one, too."""
    return name if name in IMAGES else DATA
