"""The worked example of the last notebook: maps halved by max pooling or by a stride, learning rates chosen alike."""

import keras
import numpy as np
from keras import layers

from utils.training import accuracy, settled

HALVED_BY = "pooling", "stride"
BATCH_SIZE, EPOCHS = 64, 8


def network(halved_by, shape=(32, 32, 1), classes=8):
    """Images of 0…255, ``(batch, height, width, channels)`` → logits, ``(batch, classes)``.

    After a first convolution with stride 2, the maps are halved twice, by max "pooling" after the activation or by a
    "stride" in the convolution. Both have the same parameters. Raises ``ValueError`` for another word.
    """
    if halved_by not in HALVED_BY:
        raise ValueError(f"halved_by={halved_by!r}: one of {', '.join(HALVED_BY)} is needed")
    inputs = keras.Input(shape)
    x = _convolution(layers.Rescaling(1 / 255)(inputs), 8, strides=2)
    for filters in (16, 32):
        x = _convolution(x, filters, strides=2 if halved_by == "stride" else 1)
        if halved_by == "pooling":
            x = layers.MaxPooling2D(2, padding="same")(x)
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def accuracies(build, training, test, *, seeds, learning_rate):
    """The accuracy on ``test`` after training on ``training``, 0…1, one for each seed; both are (images, labels)."""
    runs = settled(build, *training, seeds=seeds, epochs=EPOCHS, batch_size=BATCH_SIZE, learning_rate=learning_rate)
    return np.array([accuracy(run.model, *test) for run in runs])


def best_rate(build, training, kept, rates, seeds=(0, 1)):
    """The one of ``rates`` with the highest mean accuracy on ``kept``, images that are not trained on.

    The seeds are below 100: those that ``draws`` gives, and those of a registered claim, are not among them.
    """
    each = list(seeds) * len(rates)
    factors = np.repeat(rates, len(seeds)).tolist()
    runs = settled(
        build, *training, seeds=each, factors=factors, epochs=EPOCHS, batch_size=BATCH_SIZE, learning_rate=1.0
    )
    found = np.reshape([accuracy(run.model, *kept) for run in runs], (len(rates), len(seeds)))
    return rates[int(found.mean(axis=1).argmax())]


def _convolution(x, filters, strides):
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
