"""A network that learns its training images and guesses at new ones, since its moving averages are too slow."""

import numpy as np

from utils.exercises import Slip
from utils.exercises._lazily import keras
from utils.exercises._networks import drawn

KIND = "repair"
POINTS = 2
SECONDS = 60
TWICE = False  # it is a training
STEPS, BATCH_SIZE, LEARNING_RATE = 40, 32, 0.3
GOOD = 0.85  # of 1; guessing one of four classes gives 0.25
TEXT = (
    "This network is trained for 40 steps, with batches of 32. With the batches' own statistics it is then right on "
    "all training images. At inference it does little better than guessing. Repair the network; do not change the "
    "training."
)
STUB = '''
def small_network(shape, classes):
    """For images of that shape, bytes. Returns a keras.Model; 40 steps train
    it.
    """
    inputs = x = keras.Input(shape)
    for filters in (16, 8):  # repair this
        x = keras.layers.Conv2D(filters, 3, use_bias=False)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    outputs = keras.layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs)
'''
HINTS = (
    "The weights are fine: in training the network is right. What does it use at inference, and not in training?",
    "Keras's default momentum is 0.99. What share of the initial values is still in the averages after 40 steps?",
)


def cases(random):
    images, labels = _stripes(random, STEPS * BATCH_SIZE // 2)
    new_images, new_labels = _stripes(random, 200)
    yield {"images": images, "labels": labels, "new_images": new_images, "new_labels": new_labels}


def run(function, images, labels, new_images, new_labels):
    """What is seen of the network after its training, as yes or no."""
    model = function(images.shape[1:], 4)
    return None if model is None else _seen(model, images, labels, new_images, new_labels)


def reference(**arguments):
    return dict.fromkeys(
        (
            "names its training images, with the batch's own statistics",
            "names new images, at inference",
            "has batch normalization",
            "in training, an image's companions in the batch matter",
            "at inference, they do not",
            "its averages hold more than the last batch or two",
        ),
        True,
    )


def small_network(shape, classes):
    inputs = x = keras.Input(shape)
    for filters in (16, 8):
        x = keras.layers.Conv2D(filters, 3, use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.8)(x)
        x = keras.layers.Activation("relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))


SOLUTION = small_network


def _stripes(random, images):
    """Gray bytes of four kinds of stripes with noise, and which kind each image is."""
    rows, columns = np.mgrid[:10, :10]
    kinds = [each % 3 == 0 for each in (rows, columns, rows + columns, rows - columns)]
    labels = random.integers(0, 4, images)
    shifted = [np.roll(kinds[label], random.integers(0, 3, 2), (0, 1)) for label in labels]
    bright = 120 + 60 * np.stack(shifted) + random.normal(0, 25, (images, 10, 10))
    return np.clip(bright, 0, 255)[..., None].astype("float32"), labels


def _seen(model, images, labels, new_images, new_labels):
    for weight in model.weights:  # no chance but in the images
        if weight.name == "kernel":
            weight.assign(drawn("kernel", tuple(weight.shape)))
    _train(model, images, labels)
    normalizing = [each for each in model.layers if isinstance(each, keras.layers.BatchNormalization)]

    def share(images, labels, training):
        return np.mean(np.argmax(model(images, training=training), axis=-1) == labels)

    def matters(training):
        alone, in_company = (np.asarray(model(images[:n], training=training))[:8] for n in (8, 64))
        return np.abs(alone - in_company).max() > 1e-3

    at_inference = share(new_images, new_labels, training=False), matters(training=False)
    seen = (
        share(images[:200], labels[:200], training=True) >= GOOD,
        at_inference[0] >= GOOD,
        bool(normalizing),
        matters(training=True),
        not at_inference[1],
        all(each.momentum >= 0.5 for each in normalizing),
    )
    return dict(zip(reference(), map(bool, seen), strict=True))


def _train(model, images, labels):
    import tensorflow as tf

    loss_of, optimizer = keras.losses.SparseCategoricalCrossentropy(), keras.optimizers.SGD(LEARNING_RATE)
    for step in range(STEPS):
        first = step * BATCH_SIZE % len(images)
        with tf.GradientTape() as tape:
            answers = model(images[first : first + BATCH_SIZE], training=True)
            loss = loss_of(labels[first : first + BATCH_SIZE], answers)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)


def _wrong(normalized, scaled=False):
    """The network with another normalization, or with pixels divided by 255."""

    def network(shape, classes):
        inputs = x = keras.Input(shape)
        if scaled:
            x = keras.layers.Rescaling(1 / 255)(x)
        for filters in (16, 8):
            x = normalized(keras.layers.Conv2D(filters, 3, use_bias=False)(x))
            x = keras.layers.Activation("relu")(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))

    return network


def _by_the_batch(x):
    mean = keras.ops.mean(x, axis=(0, 1, 2))
    return (x - mean) / keras.ops.sqrt(keras.ops.var(x, axis=(0, 1, 2)) + 1e-3)


SLIPS = (
    Slip(
        _wrong(lambda x: keras.layers.BatchNormalization()(x), scaled=True),
        "the averages are still too slow",
        "At inference it is still often wrong. After 40 steps, the averages of at least one layer still consist to a "
        "large part of their initial values.",
    ),
    Slip(
        _wrong(lambda x: x),
        "the normalization removed",
        "There is no BatchNormalization left, and without it the network learns nothing in 40 steps. Keep it.",
    ),
    Slip(
        _wrong(lambda x: keras.layers.BatchNormalization(trainable=False)(x)),
        "the normalization frozen",
        "A frozen layer is in inference mode, even in training: it normalizes with the initial values of its averages.",
    ),
    Slip(
        _wrong(lambda x: keras.layers.BatchNormalization(momentum=0.01)(x)),
        "averages that hold one batch",
        "It works, but by luck: such averages hold hardly more than the last batch. In Keras, momentum is the share "
        "of the old average that stays.",
    ),
    Slip(
        _wrong(_by_the_batch),
        "the batch's own statistics at inference",
        "It is right on new images, but it uses the statistics of the batch that they are in. Its output for one image "
        "now depends on the others.",
    ),
)
