"""One small network before, during and after its training: its first layer, its classes, its blank channels."""

from dataclasses import replace

import keras
import numpy as np
from keras import layers

from utils.activations.by_depth import profile, take_averages
from utils.activations.filters import oriented
from utils.mini_xception import mini_xception
from utils.training import accuracy, settled

LEARNING_RATE = 3e-3  # of 0.001, 0.003 and 0.01 the best on images kept back, for patches of photographs
BATCH_SIZE = 64
FILTERS = (16, 32, 64)
RELUS = tuple(f"block{block}_relu{number}" for block in (1, 2, 3) for number in (1, 2))
LOOKED_AT = 200  # images that every checkpoint is measured with; none of them is trained with


def classifier(size, channels, classes):
    """The body of the mini-Xception with a logit for each of ``classes``: ``(n, size, size, channels)``, 0…255."""
    body = mini_xception(size, channels, FILTERS, dropout=0)
    return keras.Model(body.input, layers.Dense(classes, name="classes")(body.get_layer("average").output))


def in_training(data, seeds, epochs, *, looks, learning_rate=LEARNING_RATE, checkpoint=None):
    """Train the ``classifier`` of a ``Dataset`` with each seed; look into it before, and after each epoch of ``looks``.

    Returns a list, one entry a seed: ``{epoch: {"oriented": share of the first layer's kernels, "moved": how far they
    are from where they began, in lengths of what they began with, "accuracy": on the images it is measured with, and
    the measures of ``profile``, one number a layer of ``RELUS``}}``. Epoch 0 is before the training, with the moving
    averages of the training images. The rate falls to 0 along half a cosine.
    """
    images = data.train_images
    shape = data.train_images.shape[1], data.train_images.shape[-1], len(data.class_names)
    found = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        fresh = classifier(*shape)
        take_averages(fresh, images[:LOOKED_AT])
        found.append({0: _seen(fresh, data) | {"moved": 0.0, "kernel": _first_kernel(fresh)}})
    runs = settled(
        lambda: classifier(*shape),
        images,
        data.train_labels,
        seeds=seeds,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=learning_rate,
        watch=lambda model, epoch: _seen(model, data) | {"kernel": _first_kernel(model)} if epoch in looks else None,
        checkpoint=checkpoint,
    )
    for each, run in zip(found, runs, strict=True):
        start = each[0].pop("kernel")
        for epoch, seen in enumerate(run.watched, 1):
            if seen:
                moved = np.linalg.norm(seen.pop("kernel") - start) / np.linalg.norm(start)
                each[epoch] = seen | {"moved": float(moved)}
    return found


def with_shuffled_labels(data, seed):
    """The same ``Dataset`` with the labels of its training images in another order: nothing in them can be learned."""
    return replace(data, train_labels=np.random.default_rng(seed).permutation(data.train_labels))


def _seen(model, data):
    images, labels = data.test_images[:LOOKED_AT], data.test_labels[:LOOKED_AT]
    return profile(model, images, labels, RELUS, batch_size=LOOKED_AT) | {
        "oriented": float(np.mean(oriented(_first_kernel(model)))),
        "accuracy": accuracy(model, images, labels),
    }


def _first_kernel(model):
    return keras.ops.convert_to_numpy(model.get_layer("stem").kernel)
