"""The noise of batch statistics, and whether it regularizes: compared at equal training accuracy."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from utils.batch_normalization.networks import GroupedNormalization, net_for
from utils.training import learning_curves


@dataclass(frozen=True)
class Curves:
    """Accuracies while networks learn, ``(seeds, looks)`` each; ``kept_back`` is empty where no image was."""

    train: np.ndarray
    test: np.ndarray
    kept_back: np.ndarray


def with_groups(
    data, group, *, seeds, epochs=24, every=2, batch_size=64, learning_rate=3e-3, depth=4, stride=8, kept_back=None
):
    """Train on few images, many times over, normalizing by groups of ``group``; returns ``Curves``.

    The accuracies are in inference mode, after each ``every`` epochs; ``kept_back`` is a pair of images and labels.
    The learning rate is constant: one that falls would pass the same training accuracy at another rate in each of two
    networks.
    """
    build = partial(net_for, data, depth=depth, stride=stride, normalization=partial(GroupedNormalization, group))
    parts = [(data.train_images, data.train_labels), (data.test_images, data.test_labels)]
    parts += [kept_back] if kept_back else []
    options = {"seeds": seeds, "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    found = learning_curves(build, parts, every=every, **options)
    return Curves(found[..., 0], found[..., 1], found[..., 2] if kept_back else np.empty((len(found), 0)))


def at_training_accuracy(train, test, levels):
    """The test accuracy when the training accuracy first reaches each of ``levels``; NaN where it never does.

    ``train`` and ``test`` are one network's accuracies in the order of training, ``(epochs,)``. Between two epochs the
    accuracies are taken to move along a straight line.
    """
    found = []
    for level in levels:
        reached = np.flatnonzero(np.asarray(train) >= level)
        if not reached.size:
            found.append(np.nan)
            continue
        after = reached[0]
        if after == 0:
            found.append(test[0] if train[0] == level else np.nan)
            continue
        way = (level - train[after - 1]) / (train[after] - train[after - 1])
        found.append(test[after - 1] + way * (test[after] - test[after - 1]))
    return np.array(found)


def gain_at_equal_training_accuracy(one, other, levels):
    """By how much ``one`` is more accurate on test images than ``other`` where both fit the training images as well.

    ``one`` and ``other`` are ``Curves`` of the same seeds. The mean over those of ``levels`` that both reach,
    ``(seeds,)``; NaN where they share none.
    """
    gains = []
    for numbers in zip(one.train, one.test, other.train, other.test, strict=True):
        pair = at_training_accuracy(*numbers[:2], levels) - at_training_accuracy(*numbers[2:], levels)
        gains.append(pair[np.isfinite(pair)].mean() if np.isfinite(pair).any() else np.nan)
    return np.array(gains)
