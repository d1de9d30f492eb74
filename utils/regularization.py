"""Four regularizers side by side, in one small convnet: dropout, augmentation, the noise of batch statistics, decay.

Whoever trains slowly has a small gap for a while, so networks are compared at equal training accuracy only: how many
test images each of them labels right by the time that it labels so many of its training images right.
"""

from functools import partial

import keras
import numpy as np
from keras import layers

from utils.batch_normalization import GroupedNormalization
from utils.training import gain_at_equal_training, learning_curves

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
    return learning_curves(
        partial(network, arm, images.shape[1:], len(data.class_names), width), parts, every=every, seeds=seeds,
        epochs=epochs, batch_size=BATCH_SIZE, learning_rate=learning_rate, checkpoint=checkpoint,
    )  # fmt: skip


def taken_off(curve, base, stretch=0.15):
    """By how much the gap of ``curve`` is smaller than that of ``base`` at equal training accuracy, from one seed each.

    A curve is ``(looks, 2)``: accuracies on training and test images. They are compared over the last ``stretch`` of
    the training accuracies that both reach (``utils.training.gain_at_equal_training``).
    """
    return gain_at_equal_training(*(np.transpose(each)[:2] for each in (curve, base)), stretch)
