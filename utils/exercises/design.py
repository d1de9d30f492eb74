"""Design a small network that must learn within a budget of parameters and of training steps."""

import numpy as np

from utils.exercises import Fault
from utils.exercises._lazily import keras, layers

KIND = "design"
POINTS = 5
TEXT = (
    "Build a network of at most 10,000 parameters that says which of eight photographs a gray crop of 32 × 32 pixels "
    "is from. After a short training, it must be right for at least half of the test crops."
)
STUB = '''
def small_network():
    """Returns a Keras model that is not compiled. In go gray images, (32, 32,
    1), from 0 to 255; out come 8 logits.
    """
    ...  # your code
'''
HINTS = (
    "Which layers take most of the parameters? Stages of convolutions with strides, and global average pooling before "
    "the last layer, need few. Mind the range of the input values.",
    "Six epochs are few steps. Which technique of this course helps a network to learn in few steps, and which of its "
    "arguments must you set so that its moving averages can follow?",
)
SECONDS = 90  # a training takes some five on a free processor
MOST_PARAMETERS = 10_000
LEAST_ACCURACY = 0.5
TRAIN, TEST, EPOCHS, BATCH = 2400, 600, 6, 64


def cases(random):
    yield {"crops": int(random.integers(10_000))}


def run(function, crops):
    """The size of the network, and its accuracy on test crops after the training."""
    model = function()
    if model is None:
        return None
    if not isinstance(model, keras.Model):
        raise TypeError(f"a keras.Model is needed, and it returns a {type(model).__name__}")
    if not model.built:
        raise ValueError("the model does not know the shape of its images: begin it with keras.Input((32, 32, 1))")
    found = {
        "parameters": model.count_params(),
        "shapes": (tuple(model.input_shape[1:]), tuple(model.output_shape[1:])),
    }
    if found["shapes"] == ((32, 32, 1), (8,)) and found["parameters"] <= MOST_PARAMETERS:
        found |= _trained(model, crops)
    return found


def _trained(model, crops):
    from utils.data import load

    data = load("photos", train=TRAIN, test=TEST, seed=crops)
    outputs = np.asarray(model(data.test_images[:32]))
    probabilities = outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
    if probabilities:
        return {"probabilities": True}
    keras.utils.set_random_seed(crops)
    falling = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * TRAIN // BATCH)
    model.compile(keras.optimizers.Adam(falling), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(data.train_images, data.train_labels, BATCH, EPOCHS, verbose=0)

    def accuracy(training):
        return float((np.asarray(model(data.test_images, training=training)).argmax(axis=1) == data.test_labels).mean())

    return {"probabilities": False, "accuracy": accuracy(False), "with batch statistics": accuracy(True)}


def report(outcome):
    """What the network reached."""
    reached = f", and ≈ {outcome['accuracy']:.2f} of the test crops are right" if "accuracy" in outcome else ""
    return f"It has {outcome['parameters']:,} parameters{reached}. Guessing gives 0.125."


def small_network():
    inputs = keras.Input((32, 32, 1))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    for filters in (8, 16, 32):
        x = keras.layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(8)(x))


SOLUTION = small_network


def _example(filters=(8, 16, 32), momentum=0.9, classes=8, activation=None):
    def network():
        inputs = keras.Input((32, 32, 1))
        x = layers.Rescaling(1 / 255)(inputs)
        for count in filters:
            x = layers.Conv2D(count, 3, strides=2, padding="same")(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=momentum)(x))
        x = layers.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, layers.Dense(classes, activation=activation)(x))

    return network


def _dense():
    return keras.Sequential([keras.Input((32, 32, 1)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(8)])


FAULTS = (
    Fault(
        lambda outcome, **_: outcome["shapes"] != ((32, 32, 1), (8,)),
        "another shape",
        "The model must take images of (32, 32, 1) and give 8 numbers for each.",
        _example(classes=10),
    ),
    Fault(
        lambda outcome, **_: outcome["parameters"] > MOST_PARAMETERS,
        "too many parameters",
        "The network is too large. Which layer has the most parameters?",
        _example(filters=(16, 32, 64)),
    ),
    Fault(
        lambda outcome, **_: outcome.get("probabilities", False),
        "probabilities instead of logits",
        "The outputs of each image add up to 1. The training expects logits: leave the softmax out.",
        _example(activation="softmax"),
    ),
    Fault(
        lambda outcome, **_: outcome["accuracy"] < LEAST_ACCURACY <= outcome["with batch statistics"],
        "the moving averages are late",
        "With batch statistics the network is accurate enough, but at inference it is not: its moving averages could "
        "not follow in so few steps.",
        _example(momentum=0.99),
    ),
    Fault(
        lambda outcome, **_: outcome["accuracy"] < LEAST_ACCURACY,
        "not accurate enough",
        "After the training, the network gets too few of the test crops right.",
        _dense,
    ),
)
