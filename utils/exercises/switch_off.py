"""Switch off what one layer adds, in a copy of the network."""

import numpy as np

from utils.exercises import Slip
from utils.exercises._lazily import keras, layers

KIND = "fill in"
POINTS = 3
TEXT = (
    "Write a function that returns a copy of the network in which the named layer returns zeros for every image. The "
    "original network must not change."
)
STUB = '''
def switched_off_copy(model, layer_name):
    """model: a Keras model; layer_name: the last layer of a branch, a Conv2D
    or a BatchNormalization.

    Returns a model with the same layers and weights, but the output of the
    named layer is 0 for every image.
    """
    ...  # your code
'''
HINTS = (
    "keras.models.clone_model copies the layers. Which weights does a copy have?",
    "Which of the layer's weights must be 0, so that it returns 0 for every input? A convolution may have a bias; a "
    "batch normalization scales and shifts at the end.",
)
SECONDS = 60  # building the models takes most of it


def cases(random):
    for kind, channels, use_bias, switched in (
        ("conv", 1, True, 1),
        ("conv", 2, False, 2),
        ("bn", 3, True, 2),
        ("bn", 2, True, 1),
    ):
        yield {
            "model": _network(kind, channels, use_bias, random),
            "layer_name": f"branch{switched}_{kind}",
            "images": random.normal(size=(2, 4, 3, channels)).astype("float32"),
        }


def _network(kind, channels, use_bias, random):
    """Two residual blocks whose branch ends with a layer of that kind, and a classifier."""
    inputs = x = keras.Input((None, None, channels))
    for number in (1, 2):
        branch = layers.ReLU(name=f"branch{number}_relu")(x)
        branch = layers.Conv2D(channels, 3, padding="same", use_bias=use_bias, name=f"branch{number}_conv")(branch)
        if kind == "bn":
            branch = layers.BatchNormalization(name=f"branch{number}_bn")(branch)
        x = layers.Add(name=f"add{number}")([x, branch])
    outputs = layers.Dense(3, name="logits")(layers.GlobalAveragePooling2D(name="average")(x))
    model = keras.Model(inputs, outputs, name=f"two_blocks_with_{kind}")
    model.set_weights([random.uniform(0.2, 1.5, each.shape) * random.choice([-1, 1]) for each in model.weights])
    for layer in model.layers:
        if kind == "bn" and layer.name.endswith("bn"):
            layer.moving_variance.assign(random.uniform(0.5, 2, channels))
    return model


def run(function, model, layer_name, images):
    """What the copy says to the images, and what the network says afterwards."""
    copy = function(model, layer_name)
    if copy is None:
        return None
    if not isinstance(copy, keras.Model):
        raise TypeError(f"a keras.Model is needed, and it returns a {type(copy).__name__}")
    return {"copy": copy(images, training=False), "original": model(images, training=False)}


def reference(model, layer_name, images):
    """Layer after layer, by hand, and one branch is left out."""
    found = {}
    for name, without in (("copy", layer_name), ("original", None)):
        x = images
        for number in (1, 2):
            names = [f"branch{number}_{part}" for part in ("relu", "conv", "bn")]
            branch = x
            for each in model.layers:
                if each.name in names:
                    branch = each(branch)
            x = x if without in names else x + branch
        found[name] = model.get_layer("logits")(np.mean(x, axis=(1, 2)))
    return found


def switched_off_copy(model, layer_name):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for weight in copy.get_layer(layer_name).trainable_weights:
        weight.assign(keras.ops.zeros_like(weight))
    return copy


SOLUTION = switched_off_copy


def _wrong(chosen=lambda layer: layer.trainable_weights, named=lambda name: name, on_itself=False):
    """The same with one mistake: other weights, another layer, or the network itself."""

    def switched(model, layer_name):
        copy = model
        if not on_itself:
            copy = keras.models.clone_model(model)
            copy.set_weights(model.get_weights())
        for weight in chosen(copy.get_layer(named(layer_name))):
            weight.assign(np.zeros(weight.shape))
        return copy

    return switched


def _all_zero(model, layer_name):
    copy = keras.models.clone_model(model)
    copy.set_weights([np.zeros(each.shape) for each in copy.weights])
    return copy


def _other_branch(name):
    return name.replace("1", "2") if "1" in name else name.replace("2", "1")


def _kernel_or_scale(layer):
    return layer.trainable_weights[:1]


def _last_of(layer):
    return layer.trainable_weights[1:] or layer.trainable_weights


SLIPS = (
    Slip(
        _wrong(chosen=lambda layer: []),
        "nothing is switched off",
        "The copy gives the same outputs as the network. Did you write the new weights into the copy's layer?",
    ),
    Slip(
        _wrong(chosen=_kernel_or_scale),
        "what the layer adds remains",
        "The layer multiplies by 0 now, but it still adds a constant of its own.",
    ),
    Slip(
        _wrong(chosen=_last_of),
        "what the layer multiplies by remains",
        "The layer no longer adds a constant, but it still multiplies its input.",
    ),
    Slip(
        _wrong(on_itself=True),
        "the network is changed",
        "The original network gives other outputs than before. Work on a copy that has weights of its own.",
    ),
    Slip(
        _wrong(named=_other_branch),
        "the other branch is off",
        "A branch is off, but not the one that was named.",
    ),
    Slip(
        _all_zero,
        "everything is off",
        "All outputs are 0. Only the weights of one layer may change; copy all others from the network.",
    ),
)
