"""Training with batch normalization: short trainings, what it does while a network learns, its place, fine-tuning."""

from dataclasses import dataclass, field
from functools import partial

import keras
import numpy as np
from keras import layers

from utils import training
from utils.batch_normalization.networks import net_for
from utils.batch_normalization.statistics import accuracy_by_batches, normalization_statistics, share_normalized
from utils.training import accuracy, trained


@dataclass(frozen=True)
class ShortTraining:
    """Accuracies on the test images after ``steps`` steps, ``(seeds,)`` each, and the last seed's weights.

    ``by_batches`` normalizes with the test batches' own statistics, ``by_averages`` with the moving averages.
    """

    momentum: float
    steps: int
    by_batches: np.ndarray
    by_averages: np.ndarray
    weights: list = field(repr=False)


def short_training(data, momentum, *, seeds, epochs=2, depth=4):
    """Train a few steps with that ``momentum`` and Keras's default initialization; returns a ``ShortTraining``."""
    build = partial(net_for, data, depth=depth, momentum=momentum, initializer="glorot_uniform")
    by_batches, by_averages = [], []
    for run in trained(build, data.train_images, data.train_labels, seeds=seeds, epochs=epochs):
        by_batches.append(accuracy_by_batches(run.model, data.test_images, data.test_labels))
        by_averages.append(accuracy(run.model, data.test_images, data.test_labels))
    weights = [variable.numpy() for variable in run.model.trainable_variables]
    return ShortTraining(momentum, len(run.losses), np.array(by_batches), np.array(by_averages), weights)


def settled(build, data, *, learning_rate=5e-3, **options):
    """``utils.training.settled`` on the training images of a ``Dataset``; yields ``utils.training.Trained``."""
    return training.settled(build, data.train_images, data.train_labels, learning_rate=learning_rate, **options)


@dataclass(frozen=True)
class Networks:
    """One network a seed, trained alike; iterating gives each in turn, in **one** model object.

    ``accuracies`` on the test images are ``(seeds,)``. ``shares`` maps circumstances to the share of channels that are
    normalized, ``(seeds, looks)``: before training, and after each epoch.
    """

    seeds: list
    model: keras.Model = field(repr=False)
    weights: list = field(repr=False)
    accuracies: np.ndarray
    shares: dict = field(repr=False)

    def __iter__(self):
        for weights in self.weights:
            self.model.set_weights(weights)
            yield self.model


def normalized_networks(data, *, seeds, epochs=3, looked_at=128, other_camera=None):
    """Train a network for each seed and look at its channels before training and after each epoch: ``Networks``.

    ``other_camera(images)`` returns the test photographs as another camera would have taken them.
    """
    train, test = data.train_images[:looked_at], data.test_images[:looked_at]
    inference = {"inference": test} | ({"other camera": other_camera(test)} if other_camera else {})

    def look(model, epoch=0):
        came, normalized, scaled = normalization_statistics(model, train, training=True)
        found = {"coming in": came, "training": normalized, "after γ and β": scaled}
        for name, images in inference.items():
            found[name] = normalization_statistics(model, images, training=False)[1]
        return {name: share_normalized(each) for name, each in found.items()}

    looks, weights, accuracies = [], [], []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        looks.append([look(net_for(data))])
    for number, run in enumerate(settled(partial(net_for, data), data, seeds=seeds, epochs=epochs, watch=look)):
        looks[number] += run.watched
        weights.append(run.model.get_weights())
        accuracies.append(accuracy(run.model, data.test_images, data.test_labels))
    shares = {name: np.array([[each[name] for each in seen] for seen in looks]) for name in looks[0][0]}
    return Networks(list(seeds), run.model, weights, np.array(accuracies), shares)


def order_accuracies(data, normalized, *, seeds, epochs=3):
    """Test accuracies, ``(seeds,)``, with the normalization "before" or "after" the activation."""
    runs = settled(partial(net_for, data, normalized=normalized), data, seeds=seeds, epochs=epochs)
    return np.array([accuracy(run.model, data.test_images, data.test_labels) for run in runs])


def fine_tuned(networks, images, labels, *, frozen, epochs=2, batch_size=4, learning_rate=1e-3):
    """Train each of ``networks`` on with small batches and yield it; ``frozen`` keeps its batch normalizations as is.

    In Keras ``layer.trainable = False`` also puts a BatchNormalization layer into inference mode. What is yielded is
    one model object: measure it before asking for the next. ``networks`` stay as they were.
    """
    weights = iter(networks.weights)

    def build():
        copy = keras.models.clone_model(networks.model)
        copy.set_weights(next(weights))
        for layer in copy.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = not frozen
        return copy

    options = {"seeds": networks.seeds, "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    for run in trained(build, images, labels, **options):
        yield run.model
