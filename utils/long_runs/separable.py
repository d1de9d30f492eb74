"""Separable against ordinary convolutions: five sizes of the training set, three networks, a rate chosen for each.

Everything is drawn anew for each seed: images, initial weights, batches. Both kinds of network take the same steps.
"""

from functools import cache

import keras
import numpy as np
from keras import layers

from utils.data import load
from utils.mini_xception import mini_xception
from utils.separable_convolutions import (
    NARROW_FILTERS,
    RATES,
    deeper_network,
    early_accuracy,
    gap_difference_at_equal_training,
    learned,
    network,
    speed_ratio,
)

CLAIMS = ("separable-better", "separable-head-start", "separable-overfits-less")
DATA = "fashion_mnist"
SIZES = (150, 400, 1000, 2500, 6000)
NARROW_SIZE = 1000  # where a network with as many weights runs as well
STEPS, BATCH_SIZE, LOOKS = 600, 50, 9
KEPT_BACK, TEST = 500, 2000
SMALL, MINI, DEEPER = "small", "mini-Xception", "deeper"
PIECES = tuple(
    {"network": network, "seed": seed, "sizes": list(SIZES), "steps": STEPS}
    for network, seeds in (
        (SMALL, range(101, 114)), (MINI, range(101, 106)), (DEEPER, range(101, 106)), (MINI, range(106, 112)),
        (DEEPER, range(106, 112)),
    )
    for seed in seeds
)  # fmt: skip


def perform(piece, checkpoint=None):
    """For each size and kind: the steps of the looks, accuracies there at every rate, the chosen rate's number."""
    data = _data(piece.get("data", DATA), piece["seed"], max(piece["sizes"]))
    found = {}
    for size in piece["sizes"]:
        for kind, build in _networks(piece["network"]).items():
            if kind == "narrow" and size != NARROW_SIZE:
                continue
            run = learned(
                build, data, train=size, kept_back=KEPT_BACK, seed=piece["seed"], rates=RATES, steps=piece["steps"],
                batch_size=BATCH_SIZE, looks=LOOKS,
            )  # fmt: skip
            found[f"{kind} {size}"] = {
                "parameters": run.model.count_params(),
                "best": run.best,
                "steps": run.steps.tolist(),
                "train": run.train.round(5).tolist(),
                "test": run.test.round(5).tolist(),
                "kept_back": run.kept_back.round(5).tolist(),
            }
    return found


def values(found):
    """The values of the criteria, a number for each seed performed; the smallest set is "few", the largest "many"."""
    if not found:
        return {}
    by_network = {
        name: [numbers for piece, numbers in found if piece["network"] == name] for name in (SMALL, MINI, DEEPER)
    }
    sizes = found[0][0]["sizes"]
    few, many = min(sizes), max(sizes)

    def over(name, measure):
        return [measure(numbers) for numbers in by_network[name]] or None

    def better(numbers):
        return float(
            np.mean([_final(numbers, size, "separable") - _final(numbers, size, "ordinary") for size in sizes])
        )

    def as_small(numbers):
        return _final(numbers, NARROW_SIZE, "separable") - _final(numbers, NARROW_SIZE, "narrow")

    def least_favorable(numbers):
        return min(_speed(numbers, few, rate) for rate in range(len(numbers[f"ordinary {few}"]["test"])))

    return {
        "separable-better": (
            over(SMALL, better),
            over(MINI, better),
            over(DEEPER, better),
            over(SMALL, as_small) if NARROW_SIZE in sizes else None,
        ),
        "separable-head-start": (
            over(SMALL, lambda numbers: _speed(numbers, few)),
            over(SMALL, lambda numbers: _speed(numbers, few) / _speed(numbers, many)),
            over(SMALL, lambda numbers: _early(numbers, few, "separable") - _early(numbers, few, "ordinary")),
            over(SMALL, least_favorable),
        ),
        "separable-overfits-less": (
            over(SMALL, lambda numbers: _gap(numbers, few)),
            over(SMALL, lambda numbers: _gap(numbers, many)),
            over(MINI, lambda numbers: _gap(numbers, few)),
            over(DEEPER, lambda numbers: _gap(numbers, few)),
        ),
    }


def _final(numbers, size, kind):
    return _curve(numbers, size, kind)[-1]


def _early(numbers, size, kind):
    return early_accuracy(numbers[f"{kind} {size}"]["steps"], _curve(numbers, size, kind))


def _speed(numbers, size, rate=None):
    """Ordinary ÷ separable steps, at the number ``rate`` for both, or at the chosen ones."""
    steps = [numbers[f"{kind} {size}"]["steps"] for kind in ("ordinary", "separable")]
    curves = [_curve(numbers, size, kind, rate=rate) for kind in ("ordinary", "separable")]
    return speed_ratio(steps[0], curves[0], steps[1], curves[1])


def _gap(numbers, size):
    curves = [_curve(numbers, size, kind, part) for kind in ("separable", "ordinary") for part in ("train", "test")]
    return gap_difference_at_equal_training(*curves)


def _curve(numbers, size, kind, part="test", rate=None):
    run = numbers[f"{kind} {size}"]
    return run[part][run["best"] if rate is None else rate]


def _networks(name):
    """The kinds of one network: {kind: a function that builds it}."""
    if name == SMALL:
        return {
            "ordinary": lambda: network(separable=False, classes=10, channels=1),
            "separable": lambda: network(classes=10, channels=1),
            "narrow": lambda: network(separable=False, filters=NARROW_FILTERS, classes=10, channels=1),
        }
    if name == MINI:
        return {"ordinary": lambda: ten_classes(separable=False), "separable": ten_classes}
    return {"ordinary": lambda: deeper_network(separable=False), "separable": deeper_network}


def ten_classes(separable=True):
    """The mini-Xception with ten logits in place of its one unit, for gray images of 28 pixels; no dropout."""
    model = mini_xception(28, 1, separable=separable, dropout=0)
    return keras.Model(model.input, layers.Dense(10, name="classes")(model.get_layer("average").output))


@cache
def _data(name, seed, train):
    return load(name, size=28, train=train + KEPT_BACK, test=TEST, seed=seed)
