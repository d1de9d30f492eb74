"""Training with and without shortcuts: the identity, depth, and what the loss of a block costs."""

from dataclasses import dataclass, field

import keras
import numpy as np

from utils.residual_connections.networks import deep_network, residual_block, without
from utils.training import accuracy, trained

BATCH_SIZE = 16
AT_ONCE = 1600  # images: at this size Keras's cost per layer call no longer shows


# The blocks


# Messages through deep chains, before any training


# Identity


@dataclass(frozen=True)
class IdentityLearned:
    """How far a block is from the identity, ‖block(x) − x‖² / ‖x‖² on fresh photographs, one value a seed."""

    before: np.ndarray
    after: np.ndarray


def learn_identity(images, shortcut, *, filters=16, seeds=(0, 1, 2), epochs=8):
    """Train one block (plain with ``shortcut=False``) to return its input: an ``IdentityLearned``.

    Its input is what an untrained stem makes of ``images``: never negative, so that a plain block with ReLU could
    return it exactly. A quarter of the images is kept for the measurement.
    """
    keras.utils.set_random_seed(0)
    stem = deep_network(2, filters=filters, size=images.shape[1], channels=images.shape[-1])
    x = keras.ops.convert_to_numpy(keras.Model(stem.input, stem.get_layer("stem_pool").output)(images))
    x = x / np.sqrt(np.mean(x**2))
    train, fresh = np.split(x, [3 * len(x) // 4])

    def build():
        inputs = keras.Input(x.shape[1:])
        return keras.Model(inputs, residual_block(inputs, filters, shortcut=shortcut))

    def distance(network):
        return float(np.sum((keras.ops.convert_to_numpy(network(fresh)) - fresh) ** 2) / np.sum(fresh**2))

    before = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        before.append(distance(build()))
    runs = trained(
        build,
        train,
        train,
        seeds=seeds,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=2e-3,
        loss=keras.losses.MeanSquaredError(),
    )
    return IdentityLearned(np.array(before), np.array([distance(run.model) for run in runs]))


# Training, by depth


@dataclass(frozen=True)
class Kind:
    """A kind of deep network: with shortcuts or without, and how its weights start."""

    name: str
    shortcuts: bool
    kernel_initializer: str


PLAIN = Kind("plain", False, "glorot_uniform")
PLAIN_HE = Kind("plain, He's start", False, "he_normal")
RESIDUAL = Kind("residual", True, "glorot_uniform")


@dataclass(frozen=True)
class Runs:
    """One kind of network at one depth, trained from several seeds: accuracies on the training images, ``(seeds,)``."""

    kind: Kind
    depth: int
    learning_rate: float
    train_accuracy: np.ndarray
    weights: tuple = field(repr=False)
    chance: float


def train_deep(kind, depth, data, *, filters=16, seeds=(0, 1, 2), epochs=2, learning_rates=(3e-3,)):
    """Train ``deep_network`` once for each seed and learning rate, and return the ``Runs`` of the best rate.

    The best has the highest mean accuracy on the training images. Networks of every kind and depth see the same
    batches for the same seed, and Adam takes the same number of steps.
    """

    def build():
        return deep_network(
            depth,
            kind.shortcuts,
            filters=filters,
            size=data.train_images.shape[1],
            channels=data.train_images.shape[-1],
            classes=len(data.class_names),
            kernel_initializer=kind.kernel_initializer,
        )

    candidates = []
    for rate in learning_rates:
        runs = trained(
            build,
            data.train_images,
            data.train_labels,
            seeds=seeds,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            learning_rate=rate,
        )
        rows = [
            (accuracy(run.model, data.train_images, data.train_labels, AT_ONCE), run.model.get_weights())
            for run in runs
        ]
        accuracies, weights = zip(*rows, strict=True)
        candidates.append(Runs(kind, depth, rate, np.array(accuracies), weights, 1 / len(data.class_names)))
    return max(candidates, key=lambda runs: runs.train_accuracy.mean())


# Lesions


@dataclass(frozen=True)
class Deletions:
    """The test accuracy of trained networks, whole ``(seeds,)``, and with one part deleted ``(seeds, parts)``."""

    whole: np.ndarray
    deleted: np.ndarray
    chance: float

    @property
    def kept(self):
        """The share of the accuracy above chance left after one deletion, the mean over the parts: ``(seeds,)``."""
        learned = np.maximum(self.whole - self.chance, 0.01)
        return (self.deleted.mean(axis=1) - self.chance) / learned


def lesions(runs, data):
    """Delete each block of trained residual networks, or each layer of plain ones, one at a time (Veit et al. 2016)."""
    network = deep_network(
        runs.depth,
        runs.kind.shortcuts,
        filters=runs.weights[0][0].shape[-1],
        size=data.test_images.shape[1],
        channels=data.test_images.shape[-1],
        classes=len(data.class_names),
    )
    blocks = range(1, runs.depth // 2 + 1)
    last_of_block = ("conv2",) if runs.kind.shortcuts else ("conv1", "conv2")
    parts = [f"block{number}_{part}" for number in blocks for part in last_of_block]
    whole, deleted = [], []
    for weights in runs.weights:
        network.set_weights(weights)
        whole.append(accuracy(network, data.test_images, data.test_labels, AT_ONCE))
        row = []
        for part in parts:
            with without(network, part):
                row.append(accuracy(network, data.test_images, data.test_labels, AT_ONCE))
        deleted.append(row)
    return Deletions(np.array(whole), np.array(deleted), runs.chance)


# Helpers
