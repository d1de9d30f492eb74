"""Training with and without shortcuts: the identity, and depth. Each arm has its own learning rate."""

from dataclasses import dataclass, field

import keras
import numpy as np

from utils.data import kept_back
from utils.residual_connections.networks import Kind, deep_network, residual_block
from utils.training import Training, accuracy, outputs, trained

AT_ONCE = 1600  # images: at this size Keras's cost per layer call no longer shows
KEPT_BACK = 5  # one of so many training images is kept back, to choose the learning rate on
RATES = (1e-3, 3e-3, 1e-2)
NEAREST = float(np.finfo("float32").eps) ** 2  # 32 bits tell no smaller distance


# Identity


@dataclass(frozen=True)
class IdentityLearned:
    """How far a block is from the identity, ‖block(x) − x‖² / ‖x‖² on fresh images, one value a seed.

    A distance of 1e-14 or less counts as ``NEAREST``: a branch that is 0 everywhere would make it exactly 0.
    """

    before: np.ndarray
    after: np.ndarray
    learning_rate: float


def learn_identity(images, shortcut, *, filters=16, seeds=(0, 1, 2), epochs=8, learning_rates=RATES, batch_size=16):
    """Train one block (plain with ``shortcut=False``) to return its input: an ``IdentityLearned``.

    Its input is what an untrained stem makes of ``images``: never negative, so that a plain block with ReLU could
    return it exactly. It is trained on half of the images; on a quarter the learning rate is chosen, by the (geometric)
    mean distance over the seeds; the last quarter is kept for the measurement.
    """
    keras.utils.set_random_seed(0)
    stem = deep_network(2, filters=filters, size=images.shape[1], channels=images.shape[-1])
    x = keras.ops.convert_to_numpy(keras.Model(stem.input, stem.get_layer("stem_pool").output)(images))
    x = x / np.sqrt(np.mean(x**2))
    train, kept_back, fresh = np.split(x, [len(x) // 2, 3 * len(x) // 4])

    def build():
        inputs = keras.Input(x.shape[1:])
        return keras.Model(inputs, residual_block(inputs, filters, shortcut=shortcut))

    def distance(network, given):
        returned = keras.ops.convert_to_numpy(network(given))
        return max(float(np.sum((returned - given) ** 2) / np.sum(given**2)), NEAREST)

    before = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        before.append(distance(build(), fresh))
    runs = trained(
        build,
        train,
        train,
        seeds=[seed for _ in learning_rates for seed in seeds],
        factors=[rate for rate in learning_rates for _ in seeds],
        learning_rate=1.0,
        epochs=epochs,
        batch_size=batch_size,
        loss=keras.losses.MeanSquaredError(),
    )
    distances = np.array([(distance(run.model, kept_back), distance(run.model, fresh)) for run in runs])
    chosen, after = np.moveaxis(distances.reshape(len(learning_rates), len(seeds), 2), 2, 0)
    best = int(np.argmin(np.log(chosen).mean(axis=1)))
    return IdentityLearned(np.array(before), after[best], learning_rates[best])


# Depth


@dataclass(frozen=True)
class Runs:
    """One kind of network at one depth, trained from several seeds: accuracies on the training images, ``(seeds,)``."""

    kind: Kind
    depth: int
    learning_rate: float
    train_accuracy: np.ndarray
    weights: tuple = field(repr=False)
    chance: float


def train_deep(
    kind,
    depth,
    data,
    *,
    filters=16,
    seeds=(0, 1, 2),
    epochs=6,
    learning_rates=RATES,
    tuning_seeds=(9001,),
    batch_size=64,
):
    """Train a deep network once for each seed, with the learning rate that suits its kind and depth: ``Runs``.

    The rate is the one whose networks, of ``tuning_seeds``, have the lowest mean loss on a fifth of the training images
    that is kept back. All others are trained on. Networks of every kind and depth see the same batches for the same
    seed, and Adam takes the same number of steps.
    """
    (images, labels), aside = split(data)

    def build():
        return kind.build(
            depth, filters=filters, size=images.shape[1], channels=images.shape[-1], classes=len(data.class_names)
        )

    training = Training(build, images, labels, batch_size=batch_size, learning_rate=1.0)
    rate = learning_rates[0]
    if len(learning_rates) > 1:
        rate = chosen_rate(training, aside, learning_rates, seeds=tuning_seeds, epochs=epochs)
    rows = [
        (accuracy(run.model, images, labels, AT_ONCE), run.model.get_weights())
        for run in training.runs(seeds=seeds, factors=[rate for _ in seeds], epochs=epochs)
    ]
    accuracies, weights = zip(*rows, strict=True)
    return Runs(kind, depth, rate, np.array(accuracies), weights, 1 / len(data.class_names))


def chosen_rate(training, kept_back, learning_rates, *, seeds, epochs):
    """The learning rate with the lowest mean loss over ``seeds`` on the images kept back, ``(images, labels)``.

    ``training`` is a ``Training`` with a learning rate of 1, or with by what the rate is multiplied at each step.
    """
    runs = training.runs(
        seeds=[seed for _ in learning_rates for seed in seeds],
        factors=[rate for rate in learning_rates for _ in seeds],
        epochs=epochs,
    )
    losses = np.reshape([cross_entropy(run.model, *kept_back) for run in runs], (len(learning_rates), len(seeds)))
    # A run that overflowed has no loss; its rate is the last to be chosen.
    return learning_rates[int(np.argmin(np.nan_to_num(losses, nan=np.inf, posinf=np.inf).mean(axis=1)))]


def split(data):
    """The training images as ``(images, labels)`` to train on and ``(images, labels)`` kept back, a fifth."""
    rest, aside = kept_back(data, len(data.train_images) // KEPT_BACK)
    return (rest.train_images, rest.train_labels), aside


def cross_entropy(model, images, labels):
    """The mean cross-entropy of the model's logits in inference mode, in nats."""
    logits = outputs(model, images, AT_ONCE)
    return float(np.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)))
