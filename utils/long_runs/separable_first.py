"""An ordinary against a separable first layer on color patches, and what the layers inside get to see.

Everything is drawn anew for each seed: patches, initial weights, batches.
"""

import keras
import numpy as np
from keras import layers

from utils.data import Dataset, load
from utils.mini_xception import mini_xception
from utils.pretrained import imagenet_network
from utils.separable_convolutions import (
    RATES,
    decorrelated_colors,
    kept_by_shared_windows,
    learned,
    nearest_separable,
    network,
    prior_inside,
    within_photographs,
)

CLAIMS = ("separable-not-first", "separable-prior")
DATA = "photos"
TRAIN, KEPT_BACK, TEST = 2000, 400, 1600
STEPS, BATCH_SIZE = 600, 50
SMALL, MINI, IMAGENET = "small", "mini-Xception", "ImageNet"
PIECES = (
    {"network": IMAGENET},
    *(
        {"network": network, "seed": seed, "train": TRAIN, "steps": STEPS}
        for network in (SMALL, MINI)
        for seed in range(101, 114)
    ),
)
ELSEWHERE = ()  # what decides is the color within one photograph


def perform(piece, checkpoint=None):
    """The test accuracies of each network at its chosen rate, and the correlations inside; or the kernels' shares."""
    if piece["network"] == IMAGENET:
        return _kernels()
    seed, small = piece["seed"], piece["network"] == SMALL
    data = load(DATA, color=True, train=piece["train"] + KEPT_BACK, test=TEST, seed=seed)
    turned = Dataset(
        decorrelated_colors(data.train_images, data.train_images), data.train_labels,
        decorrelated_colors(data.test_images, data.train_images), data.test_labels, data.class_names,
    )  # fmt: skip
    build = network if small else eight_classes

    def run(kind, images):
        return learned(
            kind, images, train=piece["train"], kept_back=KEPT_BACK, seed=seed, rates=RATES, steps=piece["steps"],
            batch_size=BATCH_SIZE, looks=2,
        )  # fmt: skip

    arms = {
        "ordinary first": (build, data),
        "separable first": (lambda: build(first_separable=True), data),
        "ordinary first, decorrelated": (build, turned),
        "separable first, decorrelated": (lambda: build(first_separable=True), turned),
    }
    if small:
        arms["ordinary everywhere"] = (lambda: network(separable=False), data)
    runs = {name: run(*arm) for name, arm in arms.items()}
    found = {
        name: {"rate": each.rates[each.best], "test": float(each.test[each.best, -1])} for name, each in runs.items()
    }
    if small:
        kinds = {"ordinary": ("ordinary everywhere", False), "separable": ("ordinary first", True)}
        for name, (arm, separable) in kinds.items():
            found[name] = {
                "trained": prior_inside(runs[arm].model, data.test_images),
                "untrained": prior_inside(_untrained(separable, seed), data.test_images),
            }
        found["RGB"] = within_photographs(data.test_images, data.test_labels)
    return found


def values(found):
    """The values of the criteria, a number for each seed that has been performed."""
    by_network = {
        name: [numbers for piece, numbers in found if piece["network"] == name] for name in (SMALL, MINI, IMAGENET)
    }

    def over(name, measure):
        return [measure(numbers) for numbers in by_network[name]] or None

    def lost(numbers, colors=""):
        return numbers[f"ordinary first{colors}"]["test"] - numbers[f"separable first{colors}"]["test"]

    return {
        "separable-not-first": (
            over(SMALL, lost),
            over(SMALL, lambda numbers: lost(numbers) - lost(numbers, ", decorrelated")),
            over(MINI, lost),
            over(IMAGENET, lambda numbers: numbers["all colors"] - numbers["a color"]),
        ),
        "separable-prior": (
            over(SMALL, lambda numbers: numbers["ordinary"]["trained"]["neighbors"]),
            over(SMALL, lambda numbers: numbers["ordinary"]["trained"]["channels"]),
            over(SMALL, lambda numbers: numbers["RGB"]),
            over(
                SMALL,
                lambda numbers: (
                    numbers["ordinary"]["trained"]["channels"] - numbers["ordinary"]["untrained"]["channels"]
                ),
            ),
            over(SMALL, lambda numbers: numbers["separable"]["trained"]["channels"]),
            None,
            None,
        ),
    }


def eight_classes(first_separable=False):
    """The mini-Xception with eight logits and no dropout; its first layer is ordinary unless ``first_separable``."""
    inputs = keras.Input((32, 32, 3), name="image")
    body = mini_xception(32, 3, dropout=0)
    x, stem = body.get_layer("rescaling")(inputs), body.get_layer("stem")
    if first_separable:
        stem = layers.SeparableConv2D(stem.filters, 5, strides=2, padding="same", use_bias=False, name="stem")
    tail = keras.Model(body.get_layer("stem").output, body.get_layer("average").output)
    return keras.Model(inputs, layers.Dense(8, name="classes")(tail(stem(x))))


def _untrained(separable, seed):
    keras.utils.set_random_seed(seed)
    return network(separable)


def _kernels():
    """The share of the ImageNet network's first kernels, and of random ones, that fewer weights keep."""
    stem = imagenet_network().get_layer("stem_conv").get_weights()[0]
    random = np.random.default_rng(0).normal(size=stem.shape)
    weights = stem.shape[2] * (stem.shape[0] * stem.shape[1] + stem.shape[3])
    return {
        "a color": nearest_separable(stem)[2],
        "all colors": kept_by_shared_windows(stem, weights),
        "a color, random": nearest_separable(random)[2],
        "all colors, random": kept_by_shared_windows(random, weights),
    }
