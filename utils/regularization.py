"""Four regularizers side by side, in one small convnet: dropout, augmentation, the noise of batch statistics, decay.

Whoever trains slowly has a small gap for a while, so networks are compared at equal training accuracy only: how many
test images each of them labels right by the time that it labels so many of its training images right.
"""

from functools import partial

import keras
import numpy as np
from keras import layers

from utils.batch_normalization import GroupedNormalization
from utils.training import accuracy, trained

BATCH_SIZE = 64
# What each network adds to the one without: a layer, a penalty, or smaller groups for the batch statistics.
ARMS = ("none", "dropout", "augmentation", "BN's noise", "weight decay")
SMALL_GROUP = 4


def network(arm, shape=(28, 28, 1), classes=10, width=16):
    """A convnet for images of 0…255 that gives logits: two convolutions with strides and BN, then two Dense layers.

    ``arm`` is one of ``ARMS``: "dropout" drops half of what goes into the last layer, "augmentation" mirrors and moves
    the training images by up to a tenth, "BN's noise" takes the batch statistics of ``SMALL_GROUP`` images instead of
    all ``BATCH_SIZE``, "weight decay" adds the squares of all kernels to the loss. Raises ``ValueError`` for another.
    """
    if arm not in ARMS:
        raise ValueError(f"arm={arm!r}: one of {', '.join(ARMS)} is needed")
    group = SMALL_GROUP if arm == "BN's noise" else BATCH_SIZE
    decay = {"kernel_regularizer": keras.regularizers.L2(1e-3)} if arm == "weight decay" else {}
    inputs = keras.Input(shape)
    x = layers.Rescaling(1 / 255)(inputs)
    if arm == "augmentation":
        x = layers.RandomFlip("horizontal", seed=0)(x)
        x = layers.RandomTranslation(0.1, 0.1, fill_mode="constant", seed=1)(x)
    for filters in (width, 2 * width):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False, **decay)(x)
        x = layers.ReLU()(GroupedNormalization(group)(x))
    x = layers.Dense(64, activation="relu", **decay)(layers.Flatten()(x))
    if arm == "dropout":
        x = layers.Dropout(0.5, seed=0)(x)
    return keras.Model(inputs, layers.Dense(classes, **decay)(x))


def curves(arm, data, *, seeds, learning_rate, epochs, every=2, kept=0, width=16, checkpoint=None):
    """Accuracies on training and test images while the network of ``arm`` learns, ``(seeds, looks, 2)``, 0…1.

    ``data`` is a ``utils.data.Dataset``. The last ``kept`` of its training images are kept back from training and give
    a third number, by which a learning rate may be chosen. There is a look after every ``every`` epochs. The learning
    rate stays as it is: were it to fall, the slower of two networks would pass an accuracy with the smaller rate.
    """
    end = len(data.train_images) - kept
    images, labels = data.train_images, data.train_labels
    parts = [(images[:end], labels[:end]), (data.test_images, data.test_labels)]
    parts += [(images[end:], labels[end:])] if kept else []

    def look(model, epoch):
        return None if epoch % every else [accuracy(model, *part) for part in parts]

    runs = trained(
        partial(network, arm, images.shape[1:], len(data.class_names), width), images[:end], labels[:end],
        seeds=seeds, epochs=epochs, batch_size=BATCH_SIZE, learning_rate=learning_rate, watch=look,
        checkpoint=checkpoint,
    )  # fmt: skip
    return np.array([[seen for seen in run.watched if seen] for run in runs])


def taken_off(curve, base, stretch=0.15):
    """By how much the gap of ``curve`` is smaller than that of ``base`` at equal training accuracy, from one seed each.

    A curve is ``(looks, 2)``: accuracies on training and test images. Test accuracies are averaged over the last
    ``stretch`` of the training accuracies that both curves reach, between the looks at which a curve's training
    accuracy was a new best; at equal training accuracy, more test images right is a smaller gap. Nothing is smoothed:
    that would lower the steeper of two curves that bend. Raises ``ValueError`` where they share no training accuracy.
    """
    (train_1, test_1), (train_2, test_2) = (_new_bests(*np.transpose(each)[:2]) for each in (curve, base))
    high = min(train_1[-1], train_2[-1])
    low = max(high - stretch, train_1[0], train_2[0])
    if low > high:
        raise ValueError(f"training accuracies from {low:.2f} to {high:.2f}: both curves must pass some")
    levels = np.linspace(low, high, 9)
    return float(np.mean(np.interp(levels, train_1, test_1) - np.interp(levels, train_2, test_2)))


def _new_bests(train, test):
    """The accuracies at the looks where the training accuracy was higher than ever before."""
    before = np.concatenate([[-1], np.maximum.accumulate(train)[:-1]])
    return train[train > before], test[train > before]
