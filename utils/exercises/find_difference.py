"""Find the first layer in which two networks of the same architecture differ."""

import numpy as np

from utils.exercises import Slip
from utils.exercises._lazily import keras, layers

KIND = "fill in"
POINTS = 3
TEXT = (
    "Write a function that names the first layer, in the order of model.layers, whose activations for these images "
    "differ between the two networks."
)
STUB = '''
def first_difference(one, other, images):
    """one, other: Keras models with the same layers, by the same names. Both
    are used in inference mode.

    Returns the name of the first layer whose outputs for the images differ by
    more than 0.001 anywhere.
    """
    ...  # your code
'''
HINTS = (
    "A model with the same input, and the outputs of all layers, gives all activations in one pass.",
    "Go through the layers in order and compare: np.abs(a - b).max(). Different weights can give the same activations.",
)
PLACE = "place of the named layer in model.layers, counted from 1"
SECONDS = 60  # building the models takes most of it


def cases(random):
    for place, weight, silent in (
        ("conv1", "kernel", None),
        ("bn2", "moving_mean", None),
        ("bn2", "beta", "conv1"),
        ("logits", "kernel", "conv2"),
    ):
        one, other = _pair(random, place, weight, silent)
        yield {"one": one, "other": other, "images": random.normal(size=(2, 5, 4, 2)).astype("float32")}
    one, other = _pair(random, "bn2", "beta", None)
    kernel, images = other.get_layer("conv1").kernel, random.normal(size=(2, 5, 4, 2)).astype("float32")
    kernel.assign(np.asarray(kernel) + np.array([0, 1])[:, None])  # it meets a channel that is 0, and changes nothing
    images[..., 1] = 0
    other.get_layer("bn2").beta.assign(np.asarray(one.get_layer("bn2").beta) + 1)  # all differences have one sign
    yield {"one": one, "other": other, "images": images}


def _network(name):
    inputs = x = keras.Input((None, None, 2), name="image")
    for number in (1, 2):
        x = layers.Conv2D(3, 3, padding="same", name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"bn{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(3, name="logits")(x), name=name)


def _pair(random, place, weight, silent):
    """Two networks that differ in one layer; ``silent`` names another one, which differs by too little to count."""
    one, other = _network("one"), _network("other")
    one.set_weights([random.normal(size=each.shape) for each in one.weights])
    for layer in one.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(random.uniform(0.5, 2, 3))
            layer.beta.assign(random.uniform(1, 2, 3))
    other.set_weights(one.get_weights())
    changed = getattr(other.get_layer(place), weight)
    changed.assign(np.asarray(changed) + random.choice([-1, 1], changed.shape))
    if silent:
        bias = other.get_layer(silent).bias
        bias.assign(np.asarray(bias) + 1e-5)
    return one, other


def run(function, one, other, images):
    """The place of the layer that is named."""
    name = function(one, other, images)
    if name is None:
        return None
    names = [layer.name for layer in one.layers]
    if name not in names:
        raise ValueError(f"{str(name)[:60]!r} is not the name of a layer: one of {', '.join(names)} is needed")
    return {PLACE: names.index(name) + 1}


def reference(one, other, images):
    """Both networks side by side, layer after layer."""
    left = right = images
    for place, (here, there) in enumerate(zip(one.layers, other.layers, strict=True), 1):
        if place > 1:
            left, right = here(left), there(right)
        if np.abs(np.asarray(left) - np.asarray(right)).max() > 0.001:
            return {PLACE: place}
    raise ValueError("the networks do not differ")


def first_difference(one, other, images):
    names = [layer.name for layer in one.layers]
    insides = [keras.Model(model.input, [model.get_layer(name).output for name in names]) for model in (one, other)]
    left, right = (inside(images, training=False) for inside in insides)
    for name, a, b in zip(names, left, right, strict=True):
        if np.abs(np.subtract(a, b)).max() > 0.001:
            return name
    return None


SOLUTION = first_difference


def _differing(one, other, images, least=0.001):
    """The names of all layers whose activations differ by more than ``least``."""
    found, left, right = [], images, images
    for place, (here, there) in enumerate(zip(one.layers, other.layers, strict=True)):
        if place:
            left, right = here(left), there(right)
        if np.abs(np.subtract(left, right)).max() > least:
            found.append(here.name)
    return found


def _without_abs(one, other, images):
    left = right = images
    for place, (here, there) in enumerate(zip(one.layers, other.layers, strict=True)):
        if place:
            left, right = here(left), there(right)
        if np.subtract(left, right).max() > 0.001:
            return here.name
    return one.layers[-1].name


def _by_weights(weights):
    def first(one, other, images):
        for here, there in zip(one.layers, other.layers, strict=True):
            pairs = zip(weights(here), weights(there), strict=True)
            if any(not np.array_equal(a, b) for a, b in pairs):
                return here.name
        return one.layers[-1].name

    return first


def _last(one, other, images):
    return _differing(one, other, images)[-1]


def _second(one, other, images):
    return [*_differing(one, other, images), one.layers[-1].name][1]


def _layer_before(one, other, images):
    names = [layer.name for layer in one.layers]
    return names[names.index(_differing(one, other, images)[0]) - 1]


def _largest(one, other, images):
    largest, name = -1, one.layers[0].name
    left = right = images
    for place, (here, there) in enumerate(zip(one.layers, other.layers, strict=True)):
        if place:
            left, right = here(left), there(right)
        if (difference := np.abs(np.subtract(left, right)).max()) > largest:
            largest, name = difference, here.name
    return name


SLIPS = (
    Slip(
        _last,
        "the last layer that differs",
        "After the first difference, everything may differ. Stop there.",
    ),
    Slip(
        _second,
        "one layer too late",
        "The layer that you name differs, but so does the one before it.",
    ),
    Slip(
        _layer_before,
        "one layer too early",
        "The layer that you name gives the same outputs in both networks. The next one does not.",
    ),
    Slip(
        _by_weights(lambda layer: layer.get_weights()),
        "the weights are compared",
        "You compare weights. A different weight need not change the activations. The task asks for activations.",
    ),
    Slip(
        _by_weights(lambda layer: [np.asarray(each) for each in layer.trainable_weights]),
        "only trainable weights are compared",
        "You compare trained weights. A batch normalization also has moving averages. The task asks for activations.",
    ),
    Slip(
        lambda one, other, images: _differing(one, other, images, least=0)[0],
        "every rounding counts",
        "You stop at a difference that is too small to count: np.allclose and == see 0.00001. Compare the largest "
        "difference with 0.001.",
    ),
    Slip(
        _without_abs,
        "differences of one sign only",
        "You miss a layer whose outputs are lower in the first network. Take the absolute difference: np.abs.",
    ),
    Slip(
        _largest,
        "the largest difference",
        "You name the layer that differs most. The task asks for the first one that differs.",
    ),
)
