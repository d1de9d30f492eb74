"""How much an architecture needs to see: the same data and steps for each network."""

from dataclasses import dataclass, field, replace

import numpy as np

import utils.data
from utils.training import accuracy, settled

RATES = 3e-3, 1e-2, 3e-2  # the learning rates that are tried
AT_MOST = 600  # training images whose labels are asked for again


@dataclass(frozen=True)
class Learned:
    """What training gave: the share of training and of test images right, ``(amounts, seeds)``, and for the largest
    amount the share of test images right after every epoch, ``(seeds, epochs)``."""

    parameters: int
    learning_rate: float
    amounts: tuple[int, ...]
    remembered: np.ndarray
    accuracies: np.ndarray
    by_epoch: np.ndarray = field(repr=False)


def learning(build, data, amounts, seeds, steps, batch_size=64, learning_rate=1e-2):
    """Train the network of ``build()`` on the first images of a ``Dataset``, for each of ``amounts`` and ``seeds``.

    ``steps`` is the same for every amount, up to whole epochs. The learning rate falls to 0 along a cosine, so that
    the noise of the last steps does not decide. Returns a ``Learned``.
    """
    remembered, accuracies = [], []
    for amount in amounts:
        images, labels = data.train_images[:amount], data.train_labels[:amount]
        batch = min(batch_size, amount)
        epochs = max(1, round(steps / (amount // batch)))
        watched = (
            (lambda model, _: accuracy(model, data.test_images, data.test_labels)) if amount == amounts[-1] else None
        )
        by_epoch, parameters = [], 0
        for run in settled(
            build, images, labels, seeds=seeds, epochs=epochs, batch_size=batch, learning_rate=learning_rate,
            watch=watched,
        ):  # fmt: skip
            remembered.append(accuracy(run.model, images[:AT_MOST], labels[:AT_MOST]))
            accuracies.append(accuracy(run.model, data.test_images, data.test_labels))
            by_epoch.append(run.watched)
            parameters = run.model.count_params()
    shape = len(amounts), len(seeds)
    return Learned(
        parameters, learning_rate, tuple(amounts), np.reshape(remembered, shape), np.reshape(accuracies, shape),
        np.array(by_epoch),
    )  # fmt: skip


def at_places(build, data, elsewhere, seeds, steps, batch_size=64, learning_rate=1e-2):
    """The share of test images right, and the same for each of ``elsewhere``, these images at other places.

    Returns ``(1 + len(elsewhere), seeds)``.
    """
    count = len(data.train_images)
    epochs = max(1, round(steps / (count // batch_size)))
    right = []
    for run in settled(
        build, data.train_images, data.train_labels, seeds=seeds, epochs=epochs, batch_size=batch_size,
        learning_rate=learning_rate,
    ):  # fmt: skip
        right.append([accuracy(run.model, images, data.test_labels) for images in (data.test_images, *elsewhere)])
    return np.array(right).T


def kept_back(data, count):
    """The ``Dataset`` without its last ``count`` training images, and one whose test images these are."""
    rest, (images, labels) = utils.data.kept_back(data, count)
    return rest, replace(rest, test_images=images, test_labels=labels)


def best_rate(build, data, seed, steps, rates=RATES, batch_size=64):
    """Which of ``rates`` gives the best test accuracy; ``data`` has images kept back for its test part."""
    amount = [len(data.train_images)]
    found = [learning(build, data, amount, [seed], steps, batch_size, rate).accuracies[0, 0] for rate in rates]
    return rates[int(np.argmax(found))]


def standardized_per_image(images):
    """Every image brought to mean 0 and standard deviation 1: its brightness and contrast say nothing any more.

    Five gray levels are added to the deviation, so that the noise of an empty image stays small.
    """
    mean, deviation = images.mean(axis=(1, 2, 3), keepdims=True), images.std(axis=(1, 2, 3), keepdims=True)
    return ((images - mean) / (deviation + 5)).astype("float32")


def scrambled(images, seed=0):
    """Every image's pixels in one new order, the same for all: nothing is lost but who is whose neighbor."""
    count, height, width, channels = images.shape
    order = np.random.default_rng(seed).permutation(height * width)
    return images.reshape(count, -1, channels)[:, order].reshape(images.shape)
