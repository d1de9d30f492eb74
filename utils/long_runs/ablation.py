"""What the mini-Xception loses without shortcuts, batch normalization or separable convolutions, on garments.

Every variant has its own learning rate, the best of four on images kept back. Then the whole network and the one
without batch normalization take four times the steps. A piece is one seed: other images, initial weights and batches.
"""

from functools import partial

from utils.data import load
from utils.mini_xception import VARIANTS, mini_xception
from utils.training import accuracy, settled

CLAIMS = ("techniques-essential",)
DATA = "fashion_mnist"
RATES = 1e-3, 3e-3, 1e-2, 3e-2
TRAIN, KEPT, TEST, EPOCHS, LONGER, BATCH_SIZE = 5000, 1000, 2000, 6, 4, 64
LONG = "everything", "without batch normalization"
PIECES = tuple({"seed": seed} for seed in range(101, 114))


def perform(piece, checkpoint=None, train=TRAIN, kept=KEPT, test=TEST, epochs=EPOCHS):
    """For each variant its learning rate and its test accuracy, and that after four times the steps for ``LONG``.

    A piece takes a few minutes, and begins anew after a stop.
    """
    data = load(piece.get("data", DATA), size=28, train=train + kept, test=test, seed=piece["seed"])
    learn = partial(_accuracies, data, train, piece["seed"])
    rates, found, longer = {}, {}, {}
    for name, changes in VARIANTS.items():
        tried = {rate: learn(changes, rate, epochs) for rate in RATES}
        rates[name] = max(tried, key=lambda rate: tried[rate][0])
        found[name] = tried[rates[name]][1]
    for name in LONG:
        longer[name] = learn(VARIANTS[name], rates[name], LONGER * epochs)[1]
    return {"rates": rates, "test": found, "longer": longer}


def values(found):
    """The values of the criteria from the pieces that are there."""
    if not found:
        return {}
    pieces = [numbers for _, numbers in found]
    whole, *reduced = VARIANTS
    lost = [[each["test"][whole] - each["test"][name] for each in pieces] for name in reduced]
    longer = [each["longer"][LONG[0]] - each["longer"][LONG[1]] for each in pieces]
    return {"techniques-essential": (*lost, longer)}


def _accuracies(data, train, seed, changes, rate, epochs):
    """Accuracies on the images kept back and on the test images; the rate falls to 0 along half a cosine."""
    images, labels = data.train_images, data.train_labels
    run = next(
        settled(
            partial(mini_xception, 28, 1, classes=10, **changes), images[:train], labels[:train], seeds=[seed],
            epochs=epochs, batch_size=BATCH_SIZE, learning_rate=rate,
        )
    )  # fmt: skip
    parts = (images[train:], labels[train:]), (data.test_images, data.test_labels)
    return [accuracy(run.model, *part) for part in parts]
