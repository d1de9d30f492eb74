"""Batch normalization against group normalization in batches of 1 to 32: the same images, a rate chosen for each.

The moving averages of batch normalization cover the same number of images whatever the batch, so that small batches
suffer from their statistics in training and not from a careless momentum.
"""

from functools import partial

import numpy as np
from keras import layers

from utils.batch_normalization import MOMENTUM, group_normalization, net_for, settled, standardized
from utils.data import kept_back, load
from utils.training import accuracy

CLAIMS = ("bn-small-batches",)
DATA = "fashion_mnist"
NORMALIZATIONS = {"batch": layers.BatchNormalization, "group": group_normalization}
BATCH_SIZES = (32, 2, 8, 1, 4, 16)
RATES = (0.0008, 0.0032, 0.0128, 0.0512)
EPOCHS = 4
SEEDS = range(101, 114)
PIECES = tuple({"seed": seed, "normalization": name} for seed in SEEDS for name in NORMALIZATIONS)


def perform(piece, checkpoint=None):
    """One seed and normalization: accuracies on images kept back and on test images, by batch size and rate."""
    images = {"size": 28, "train": 6000, "test": 2000} | piece.get("images", {})
    everything = standardized(load(piece.get("data", DATA), seed=piece["seed"], **images))
    data, aside = kept_back(everything, images["train"] // 6)
    found = {}
    for size in piece.get("batch sizes", BATCH_SIZES):
        scores = {"kept_back": [], "test": []}
        momentum = 1 - (1 - MOMENTUM) * size / max(BATCH_SIZES)
        build = partial(
            net_for, data, stride=4, normalization=NORMALIZATIONS[piece["normalization"]], momentum=momentum
        )
        for rate in RATES:
            options = {"epochs": piece.get("epochs", EPOCHS), "batch_size": size, "learning_rate": rate}
            for run in settled(build, data, seeds=[piece["seed"]], **options):
                scores["kept_back"].append(accuracy(run.model, *aside))
                scores["test"].append(accuracy(run.model, data.test_images, data.test_labels))
        found[str(size)] = scores
    return found


def values(found):
    """The accuracies lost toward small batches, from the seeds for which both normalizations are there."""
    scores = {(piece["normalization"], piece["seed"]): numbers for piece, numbers in found}
    seeds = [seed for seed in SEEDS if {("batch", seed), ("group", seed)} <= set(scores)]
    if not seeds:
        return {}

    def at(name, size):
        best = (scores[name, seed][str(size)] for seed in seeds)
        return np.array([each["test"][int(np.argmax(each["kept_back"]))] for each in best])

    lost = {(name, size): at(name, 32) - at(name, size) for name in NORMALIZATIONS for size in (1, 2, 8)}
    return {
        "bn-small-batches": tuple(
            each.tolist()
            for each in (
                lost["batch", 2] - lost["group", 2],
                lost["group", 2],
                at("group", 32) - at("batch", 32),
                lost["batch", 8] - lost["group", 8],
                lost["batch", 1] - lost["group", 1],
            )
        )
    }
