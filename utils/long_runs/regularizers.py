"""Dropout, augmentation, the noise of batch statistics and weight decay side by side, on garments.

One small convnet learns from 1,000 images, once for each regularizer and once without. Every arm has its own learning
rate, the best of three on images kept back. Gaps are compared at equal training accuracy. A piece is one seed: other
images, initial weights and batches.
"""

import numpy as np

from utils.data import load
from utils.mini_xception import dropped_share
from utils.regularization import ARMS, curves, taken_off

CLAIMS = "dropout-regularizes", "weak-regularizer"
DATA = "fashion_mnist"
RATES = 5e-4, 1e-3, 2e-3
TRAIN, KEPT, TEST, EPOCHS = 1000, 500, 2000, 60
PIECES = tuple({"seed": seed} for seed in range(101, 122))


def perform(piece, checkpoint=None, train=TRAIN, kept=KEPT, test=TEST, epochs=EPOCHS):
    """For each arm its learning rate and its curve: accuracies on training and test images, ``[[…], …]``.

    A piece takes a few minutes, and begins anew after a stop.
    """
    data = load(piece.get("data", DATA), size=28, train=train + kept, test=test, seed=piece["seed"])
    rates, found = {}, {}
    for arm in ARMS:
        tried = [
            curves(arm, data, seeds=[piece["seed"]], learning_rate=rate, epochs=epochs, every=1, kept=kept)[0]
            for rate in RATES
        ]
        best = int(np.argmax([curve[-3:, 2].mean() for curve in tried]))
        rates[arm], found[arm] = RATES[best], np.round(tried[best][:, :2], 4).tolist()
    shares = [dropped_share(0.5) - 0.5, dropped_share(0.5, inference=True)]
    return {"rates": rates, "curves": found, "dropped": shares}


def values(found):
    """The values of the criteria from the pieces that are there; a seed counts once for all of them."""
    if not found:
        return {}
    pieces = [numbers for _, numbers in found]
    off = {
        arm: [taken_off(each["curves"][arm], each["curves"]["none"]) for each in pieces]
        for arm in ARMS
        if arm != "none"
    }
    noise, augmented = np.array(off["BN's noise"]), np.array(off["augmentation"])
    at_the_end = [each["curves"]["dropout"][-1][1] - each["curves"]["none"][-1][1] for each in pieces]
    share, at_inference = pieces[0]["dropped"]
    return {
        "dropout-regularizes": (off["dropout"], at_the_end, [share], [at_inference]),
        "weak-regularizer": (
            noise.tolist(),
            (noise - augmented).tolist(),
            off["augmentation"],
            off["dropout"],
            off["weight decay"],
        ),
    }
