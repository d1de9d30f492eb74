"""Veit et al. 2016: what trained networks of 40 layers with batch normalization lose with a block, a layer, several.

Both kinds are trained with the learning rate that suits them, chosen on a fifth of the training images that is kept
back. The images are drawn anew for each seed. Networks of 20 layers follow, for comparison; they are not judged.
"""

import numpy as np

from utils.data import load
from utils.residual_connections import PLAIN_BN, RATES, RESIDUAL_BN, lesions, train_deep

CLAIMS = ("residual-ensemble",)
DATA = "fashion_mnist"
JUDGED, SHALLOWER = 40, 20
PIECES = tuple(
    {"seed": seed, "depth": depth}
    for seeds, depths in ((range(101, 109), (JUDGED,)), (range(101, 109), (SHALLOWER,)), (range(109, 114), (JUDGED,)))
    for depth in depths
    for seed in seeds
)
KINDS = {"plain": PLAIN_BN, "residual": RESIDUAL_BN}
TUNING = 1000  # is added to a seed for the trainings that choose the learning rate


def perform(piece, checkpoint=None, *, train=6000, test=1000, epochs=15, rates=RATES):
    """The shares of what both kinds learned that are left without a part, the most important part, three tenths."""
    seed = piece["seed"]
    data = load(piece.get("data", DATA), size=28, train=train, test=test, seed=seed)
    options = {"seeds": (seed,), "tuning_seeds": (seed + TUNING,), "learning_rates": rates}
    found = {}
    for name, kind in KINDS.items():
        runs = train_deep(kind, piece["depth"], data, epochs=epochs, batch_size=128, **options)
        left = lesions(runs, data)
        found[name] = {
            "learning_rate": runs.learning_rate,
            "train_accuracy": float(runs.train_accuracy[0]),
            "test_accuracy": float(left.whole[0]),
            "kept": float(left.kept[0]),
            "worst": float(left.kept_without_the_most_important[0]),
            "several": float(left.kept_without_several[0]),
        }
    return found


def values(found):
    """The values of the claim's criteria, for each seed whose networks of 40 layers are there."""
    rows = [numbers for piece, numbers in found if piece["depth"] == JUDGED]
    if not rows:
        return {"residual-ensemble": (None,) * 4}
    kept = {kind: np.array([row[kind]["kept"] for row in rows]) for kind in KINDS}
    worst, several = ([row["residual"][each] for row in rows] for each in ("worst", "several"))
    return {
        "residual-ensemble": (
            kept["residual"].tolist(),
            (kept["residual"] - kept["plain"]).tolist(),
            worst,
            several,
        )
    }
