"""Veit et al. 2016: which paths through trained residual networks of 20 blocks the gradient takes.

Without batch normalization, as the course builds its blocks, and with it, as Veit's networks had it. The learning rate
is chosen for each, on a fifth of the training images that is kept back. The images are drawn anew for each seed.
"""

from utils.data import load
from utils.residual_connections import RATES, RESIDUAL, RESIDUAL_BN, initial_weights, path_gradients, train_deep

CLAIMS = ("residual-short-paths",)
DATA = "fashion_mnist"
PIECES = tuple({"seed": seed, "bn": bn} for seed in range(101, 114) for bn in (False, True))
TUNING = 1000  # is added to a seed for the trainings that choose the learning rate


def perform(piece, checkpoint=None, *, depth=40, train=6000, test=1000, epochs=15, rates=RATES):
    """The share of the gradient through at most a third of the blocks, after training and before it; and by length."""
    seed, kind = piece["seed"], RESIDUAL_BN if piece["bn"] else RESIDUAL
    data = load(piece.get("data", DATA), size=28, train=train, test=test, seed=seed)
    options = {"seeds": (seed,), "tuning_seeds": (seed + TUNING,), "learning_rates": rates}
    runs = train_deep(kind, depth, data, epochs=epochs, batch_size=128, **options)
    network = kind.build(depth, size=28, classes=len(data.class_names))
    untrained = initial_weights(network, kind.kernel_initializer, [seed])
    weights = {"trained": runs.weights[0], "untrained": untrained[0]}
    found = {"learning_rate": runs.learning_rate, "train_accuracy": float(runs.train_accuracy[0])}
    for name, each in weights.items():
        paths = path_gradients(network, [each], data.test_images, data.test_labels, seeds=(seed,), count=16)
        found[name] = {
            "sums": float(paths.share_of_sums[0]),
            "singles": float(paths.share_of_singles[0]),
            "by_length": (paths.sums[0] / paths.sums[0].sum()).tolist(),
        }
    return found


def values(found):
    """The values of the claim's criteria, for each seed that has networks with and without batch normalization."""
    by = {(piece["seed"], piece["bn"]): numbers for piece, numbers in found}
    seeds = sorted(seed for seed, bn in by if bn and (seed, False) in by)
    if not seeds:
        return {"residual-short-paths": (None,) * 4}
    without = [by[seed, False] for seed in seeds]
    return {
        "residual-short-paths": (
            [each["trained"]["sums"] for each in without],
            [each["trained"]["singles"] for each in without],
            [each["untrained"]["sums"] for each in without],
            [by[seed, True]["trained"]["sums"] for seed in seeds],
        )
    }
