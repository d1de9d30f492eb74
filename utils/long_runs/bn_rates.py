"""Learning rates, depth and covariate shift with and without batch normalization, on real images and for more steps."""

from functools import partial

import numpy as np

from utils.batch_normalization import (
    Unsettled,
    at_best_rate,
    distribution_shift,
    gradient_flow,
    largest_rate,
    losses_by_rate,
    net_for,
    share_lost,
    standardized,
    unevenness,
)
from utils.data import load

CLAIMS = ("bn-gradients", "bn-covariate-shift")
DATA = "fashion_mnist"
RATES = (0.01, 0.032, 0.1, 0.32, 1, 3.2, 10)
SHALLOW, DEEP = 6, 24
STEPS, LAST = 300, 30
ARMS = {
    "with, shallow": {"depth": SHALLOW},
    "without, shallow": {"depth": SHALLOW, "normalized": "no"},
    "shaken, shallow": {"depth": SHALLOW, "normalization": Unsettled},
    "with, deep": {"depth": DEEP},
    "without, deep": {"depth": DEEP, "normalized": "no"},
}
FLOWS = {
    f"{side}, {name}": {"normalized": normalized, "initializer": initializer}
    for side, normalized in (("with", "before"), ("without", "no"))
    for name, initializer in (("Glorot", "glorot_uniform"), ("He", "he_normal"))
}
PIECES = tuple({"seed": seed} for seed in range(101, 132))


def perform(piece, checkpoint=None):
    """One seed: the loss of each arm by learning rate, the gradient norms by layer, and the shift of the channels."""
    images = {"size": 28, "train": 6000, "test": 10} | piece.get("images", {})
    data, seeds = standardized(load(piece.get("data", DATA), seed=piece["seed"], **images)), [piece["seed"]]
    steps, deep = piece.get("steps", STEPS), piece.get("deep", DEEP)
    losses, shifts = {}, {}
    for name, options in ARMS.items():
        options = options | ({"depth": deep} if "deep" in name else {})
        found = losses_by_rate(partial(net_for, data, **options), data, RATES, seeds=seeds, steps=steps, last=LAST)
        losses[name] = [loss if np.isfinite(loss) else None for loss in found[0].tolist()]
    flows = {
        name: gradient_flow(data, seeds=seeds, depth=deep, **options)[0].tolist() for name, options in FLOWS.items()
    }
    for name, rate in (("shaken, shallow", 0.32), ("without, shallow", 0.1)):
        build = partial(net_for, data, **ARMS[name])
        shifts[name] = float(distribution_shift(build, data, rate, seeds=seeds, steps=min(steps, 40))[0])
    return {"losses": losses, "gradients": flows, "shifts": shifts, "guessing": float(np.log(len(data.class_names)))}


def values(found):
    """The values of both claims; a rate is chosen for each seed by the other seeds, so at least two are needed."""
    if len(found) < 2:
        return {}
    numbers = [each for _, each in found]
    losses = {
        name: np.array([[np.inf if loss is None else loss for loss in each["losses"][name]] for each in numbers])
        for name in ARMS
    }
    guessing = numbers[0]["guessing"]
    best = {name: at_best_rate(each, guessing) for name, each in losses.items()}
    uneven = {name: unevenness(np.array([each["gradients"][name] for each in numbers])) for name in FLOWS}
    rates = {name: largest_rate(losses[f"{name}, shallow"], RATES, 0.9 * guessing) for name in ("with", "without")}
    added = {name: best[f"{name}, deep"] - best[f"{name}, shallow"] for name in ("with", "without")}
    shifted = [each["shifts"]["shaken, shallow"] / each["shifts"]["without, shallow"] for each in numbers]
    calm, shaken, without = (best[f"{name}, shallow"] for name in ("with", "shaken", "without"))
    return {
        "bn-gradients": (
            (uneven["without, Glorot"] - uneven["with, Glorot"]).tolist(),
            (uneven["without, He"] - uneven["with, He"]).tolist(),
            (rates["with"] / rates["without"]).tolist(),
            (added["without"] - added["with"]).tolist(),
        ),
        "bn-covariate-shift": (share_lost(calm, shaken, without).tolist(), shifted, (without - calm).tolist()),
    }
