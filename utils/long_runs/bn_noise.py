"""The noise of batch statistics as a regularizer: groups of 4 and 16 images against all 64, on few real images."""

import keras
import numpy as np

from utils.batch_normalization import (
    Curves,
    gain_at_equal_training_accuracy,
    net_for,
    settled,
    slopes,
    spread_by_batch_size,
    standardized,
    with_groups,
)
from utils.data import kept_back, load

CLAIMS = ("bn-noise",)
DATA = "fashion_mnist"
GROUPS = (4, 16, 64)
RATES = (0.001, 0.004)
BATCH_SIZES = (4, 16, 64, 256)
EPOCHS = 40
LEVELS = np.linspace(0.7, 0.98, 15)
PIECES = tuple({"seed": seed} for seed in range(101, 126))


def perform(piece, checkpoint=None):
    """One seed: the curves of each group size and learning rate, and the noise of three images by batch size."""
    seed, images = piece["seed"], {"size": 28, "train": 1500, "test": 2000} | piece.get("images", {})
    everything = standardized(load(piece.get("data", DATA), seed=seed, **images))
    data, aside = kept_back(everything, images["train"] // 3)
    curves = {}
    for group in GROUPS:
        for rate in RATES:
            options = {"epochs": piece.get("epochs", EPOCHS), "stride": 4, "kept_back": aside}
            found = with_groups(data, group, seeds=[seed], learning_rate=rate, **options)
            curves[f"{group}, {rate}"] = {name: each[0].tolist() for name, each in vars(found).items()}
    (run,) = settled(lambda: net_for(data), data, seeds=[seed], epochs=3)
    entering = np.asarray(run.model.get_layer("conv1")(data.train_images))
    layer = keras.layers.BatchNormalization()
    layer.build(entering.shape)
    sizes = [size for size in BATCH_SIZES if size < len(entering)]
    spreads = spread_by_batch_size(layer, entering[:3], entering[3:], sizes, draws=30, seed=seed)
    return {"curves": curves, "batch sizes": sizes, "spreads": spreads.tolist()}


def values(found):
    """Exponents, and what noisy statistics gain in test accuracy: each at the rate best on the images kept back."""
    if not found:
        return {}
    numbers = [each for _, each in found]
    four, sixteen, calm = (_joined([_at_its_best(each, group) for each in numbers]) for group in GROUPS)
    gains = [gain_at_equal_training_accuracy(noisy, calm, LEVELS) for noisy in (four, sixteen)]
    return {
        "bn-noise": (
            [float(slopes(each["batch sizes"], each["spreads"]).mean()) for each in numbers],
            *([gain for gain in each.tolist() if np.isfinite(gain)] or None for each in gains),
            (four.test[:, -1] - calm.test[:, -1]).tolist(),
        )
    }


def _at_its_best(numbers, group):
    return max((numbers["curves"][f"{group}, {rate}"] for rate in RATES), key=lambda each: max(each["kept_back"]))


def _joined(curves):
    return Curves(*(np.array([each[name] for each in curves]) for name in ("train", "test", "kept_back")))
