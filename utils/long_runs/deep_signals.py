"""What reaches the ends of deep networks, untrained and trained, and how near a block comes to the identity.

Gradients and their noise in 64 layers, what a linear map reads back behind 40 layers, and a block that learns to copy,
on images that are drawn anew for each seed.
"""

import keras
import numpy as np

from utils.data import load
from utils.residual_connections import (
    PLAIN,
    PLAIN_HE,
    RATES,
    RESIDUAL,
    learn_identity,
    readable,
    residual_block,
    signal_flows,
    train_deep,
)

CLAIMS = ("vanishing-gradient", "residual-information", "residual-identity")
DATA = "fashion_mnist"
PIECES = tuple({"seed": seed} for seed in range(101, 122))
DEEPEST, DEPTH = 64, 40
TUNING = 1000  # is added to a seed for the trainings that choose the learning rate


def perform(piece, checkpoint=None, *, deepest=DEEPEST, depth=DEPTH, train=6000, epochs=15, rates=RATES):
    """The numbers of one seed: ratios and cosines at 64 layers, R² at 40, distances from the identity."""
    seed = piece["seed"]
    data = load(piece.get("data", DATA), size=28, train=train, test=10, seed=seed)
    kinds = {"plain": PLAIN, "residual": RESIDUAL, "plain_he": PLAIN_HE}
    flows = signal_flows(data.train_images, data.train_labels, kinds.values(), depths=(deepest,), seeds=(seed,))
    found = {
        name: {part: float(getattr(flows[kind.name], part)[0, 0]) for part in ("gradient", "noise", "unrelated")}
        for name, kind in kinds.items()
    }
    tuned = {"seeds": (seed,), "tuning_seeds": (seed + TUNING,), "learning_rates": rates}
    runs = train_deep(RESIDUAL, depth, data, epochs=epochs, batch_size=128, **tuned)
    some = data.train_images[: min(2000, train)]
    found["read"] = {
        "plain": float(readable(some, PLAIN, depth, seeds=(seed,))[0]),
        "residual": float(readable(some, RESIDUAL, depth, seeds=(seed,))[0]),
        "trained": float(readable(some, RESIDUAL, depth, weights=runs.weights)[0]),
    }
    merged, distance = _absolute(seed)
    found["absolute"] = {"merged": merged, "distance": distance}
    for shortcut in (False, True):
        block = learn_identity(some, shortcut, seeds=(seed,), epochs=8, learning_rates=rates)
        found["identity" if shortcut else "copy"] = {
            "before": float(block.before[0]),
            "after": float(block.after[0]),
            "learning_rate": block.learning_rate,
        }
    found["switched_off"] = _switched_off(seed)
    return found


def values(found):
    """The values of the criteria of the three claims, a number for each seed."""
    rows = [numbers for _, numbers in found]
    if not rows:
        return {
            "vanishing-gradient": (None,) * 7,
            "residual-information": (None,) * 5,
            "residual-identity": (None,) * 3,
        }

    def each(*path):
        return [_at(row, path) for row in rows]

    read = {name: np.array(each("read", name)) for name in ("plain", "residual", "trained")}
    after, before = (
        {name: np.array(each(name, when)) for name in ("identity", "copy")} for when in ("after", "before")
    )
    left = {name: after[name] / before[name] for name in after}
    agreement = np.array(each("residual", "noise")) - np.array(each("residual", "unrelated"))
    return {
        "vanishing-gradient": (
            each("plain", "gradient"),
            each("residual", "gradient"),
            each("plain", "noise"),
            each("residual", "noise"),
            each("plain_he", "gradient"),
            each("plain_he", "noise"),
            agreement.tolist(),
        ),
        "residual-information": (
            max(each("absolute", "merged")),
            max(each("absolute", "distance")),
            read["residual"].tolist(),
            (read["residual"] - read["plain"]).tolist(),
            read["trained"].tolist(),
        ),
        "residual-identity": (
            max(each("switched_off")),
            (after["identity"] / after["copy"]).tolist(),
            (left["identity"] / left["copy"]).tolist(),
        ),
    }


def _at(row, path):
    for name in path:
        row = row[name]
    return row


def _block():
    inputs = keras.Input((6, 6, 8))
    return keras.Model(inputs, residual_block(inputs, 8, name="block"))


def _inputs(seed):
    return np.random.default_rng(seed).normal(size=(100, 6, 6, 8)).astype("float32")


def _absolute(seed):
    """For how many of 100 inputs x a block that is set to |x| gives x and −x the same output; its distance from |x|."""
    block, x, copy = _block(), _inputs(seed), np.zeros((3, 3, 8, 8), "float32")
    copy[1, 1] = np.eye(8)
    block.get_layer("block_conv1").set_weights([-copy, np.zeros(8)])
    block.get_layer("block_conv2").set_weights([2 * copy, np.zeros(8)])
    one, other = np.asarray(block(x)), np.asarray(block(-x))
    merged = sum(np.array_equal(*pair) for pair in zip(one, other, strict=True))
    return merged, float(np.abs(one - np.abs(x)).max())


def _switched_off(seed):
    """The largest |block(x) − x| with the last convolution at 0."""
    block, x = _block(), _inputs(seed)
    last = block.get_layer("block_conv2")
    last.set_weights([np.zeros_like(each) for each in last.get_weights()])
    return float(np.abs(np.asarray(block(x)) - x).max())
