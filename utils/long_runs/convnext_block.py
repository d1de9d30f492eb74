"""A ConvNeXt block against the course's separable residual block, at equal parameters, a learning rate for each."""

from functools import cache

from utils.data import load
from utils.separable_convolutions import (
    convnext_network,
    learned,
    multiply_adds,
    separable_residual_network,
)

CLAIMS = ("convnext-block",)
DATA = "fashion_mnist"
SIZES = (6000, 1000)
STEPS, BATCH_SIZE = 600, 50
RATES = (0.001, 0.004, 0.016, 0.064)  # down to 0.001: with 0.004 the smallest, ConvNeXt chose 0.004 in 5 of 5 trainings
KEPT_BACK, TEST = 500, 2000
KINDS = {"ConvNeXt": convnext_network, "separable residual": separable_residual_network}
PIECES = tuple({"seed": seed, "sizes": list(SIZES), "steps": STEPS, "rates": list(RATES)} for seed in range(201, 214))


def perform(piece, checkpoint=None):
    """For each size and kind the accuracies at every rate and the chosen rate's number; and what each network costs."""
    data = _data(piece.get("data", DATA), piece["seed"], max(piece["sizes"]))
    found = {}
    for kind, build in KINDS.items():
        for size in piece["sizes"]:
            run = learned(
                build, data, train=size, kept_back=KEPT_BACK, seed=piece["seed"], rates=tuple(piece["rates"]),
                steps=piece["steps"], batch_size=BATCH_SIZE, looks=4,
            )  # fmt: skip
            found[f"{kind} {size}"] = {
                "best": run.best,
                "steps": run.steps.tolist(),
                "train": run.train.round(5).tolist(),
                "test": run.test.round(5).tolist(),
                "kept_back": run.kept_back.round(5).tolist(),
            }
        found[kind] = {"parameters": run.model.count_params(), "multiply-adds": multiply_adds(run.model)}
    return found


def values(found):
    """The values of the criteria, a number for each seed that has been performed."""
    if not found:
        return {}
    sizes = found[0][0]["sizes"]

    def more_accurate(numbers, size):
        runs = [numbers[f"{kind} {size}"] for kind in KINDS]
        convnext, separable = (run["test"][run["best"]][-1] for run in runs)
        return convnext - separable

    costs = [found[0][1][kind] for kind in KINDS]
    return {
        "convnext-block": (
            [more_accurate(numbers, max(sizes)) for _, numbers in found],
            [more_accurate(numbers, min(sizes)) for _, numbers in found],
            *([costs[0][what] / costs[1][what]] for what in ("multiply-adds", "parameters")),
        )
    }


@cache
def _data(name, seed, train):
    return load(name, size=28, train=train + KEPT_BACK, test=TEST, seed=seed)
