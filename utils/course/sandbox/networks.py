"""A network that came back, made anew from its description: of known layers with plain settings, and of numbers alone.

Keras's own way to load a network would run what the description names. Here each layer is looked up in a list, and
what is in no list ends it.
"""

import json
import math

import keras
import numpy as np

LAYERS = {
    name: getattr(keras.layers, name)
    for name in (
        "Activation", "Add", "Average", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D",
        "Conv2DTranspose", "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout", "ELU", "Flatten", "GaussianNoise",
        "GlobalAveragePooling2D", "GlobalMaxPooling2D", "GroupNormalization", "Identity", "InputLayer",
        "LayerNormalization", "LeakyReLU", "MaxPooling2D", "Maximum", "Minimum", "Multiply", "PReLU", "Permute", "ReLU",
        "Rescaling", "Reshape", "SeparableConv2D", "Softmax", "SpatialDropout2D", "Subtract", "UpSampling2D",
        "ZeroPadding2D",
    )
}  # fmt: skip
# What a sum of two tensors or a function of keras.ops leaves in a network.
OPERATIONS = {
    "Absolute": "absolute", "Add": "add", "Divide": "divide", "Gelu": "gelu", "LeakyRelu": "leaky_relu", "Max": "max",
    "Maximum": "maximum", "Mean": "mean", "Minimum": "minimum", "Multiply": "multiply", "Negative": "negative",
    "ReLU": "relu", "Relu": "relu", "Sigmoid": "sigmoid", "Softmax": "softmax", "Sqrt": "sqrt", "Square": "square",
    "Subtract": "subtract", "Sum": "sum", "Tanh": "tanh", "TrueDivide": "true_divide", "Var": "var",
    "ZerosLike": "zeros_like",
}  # fmt: skip
ACTIVATIONS = {
    "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "log_softmax", "mish", "relu",
    "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
}  # fmt: skip
LEFT_TO_KERAS = ("initializer", "regularizer", "constraint", "quantization_config", "dtype")  # ends of settings' names
MOST_LAYERS, DEEPEST = 300, 3
LARGEST_SETTING = 100_000
MOST_VALUES = 2_000_000  # of one layer's weights, or of what it puts out for one image
UNKNOWN_SIDE = 64  # pixels, where a side is left open


class NotRebuilt(ValueError):
    """The network cannot be made anew; the message says why."""


def rebuilt(text, weights):
    """The network of this description, as ``to_json`` gives it, and these weights: layer's name → arrays.

    ``NotRebuilt`` where it holds what is not known here, or is too large.
    """
    try:
        model = _model(json.loads(text))
        for layer in model.layers:
            own = weights.get(layer.name, [])
            if [np.shape(each) for each in own] != [tuple(each.shape) for each in layer.weights]:
                raise NotRebuilt(f"the weights of its layer {layer.name} have other shapes than the layer")
            layer.set_weights(own)
    except NotRebuilt:
        raise
    except Exception as error:  # Keras refuses with errors of any kind what does not fit together
        raise NotRebuilt(f"it does not fit together: {str(error).strip()[:200]}") from error
    return model


def _model(described, depth=0):
    kind, config = described["class_name"], described["config"]
    if depth > DEEPEST or len(config["layers"]) > MOST_LAYERS:
        raise NotRebuilt(f"it has more than {MOST_LAYERS} layers, or networks in networks in networks")
    if kind == "Sequential":
        model = keras.Sequential(name=_name(config["name"]))
        for each in config["layers"]:
            layer = _layer(each, depth)
            if model.built and not isinstance(layer, keras.layers.InputLayer):
                _within_bounds(layer, each, [model.outputs[0]])
            model.add(layer)
            if model.built:
                _not_too_large(model.outputs)
        return model
    if kind not in ("Functional", "Model"):
        raise NotRebuilt(f"it is a class of its own, {str(kind)[:60]}, whose code is not run here")
    return _functional(config, depth)


def _functional(config, depth):
    made, tensors, waiting = {}, {}, []
    for each in config["layers"]:
        name = _name(each["name"])
        made[name] = _layer(each, depth)
        if each["class_name"] == "InputLayer":
            tensors[name, 0] = [made[name].output]
            _not_too_large(tensors[name, 0])
        waiting += [(name, number, each, node) for number, node in enumerate(each["inbound_nodes"])]
    while waiting:
        later = [each for each in waiting if not _call(made, tensors, *each)]
        if len(later) == len(waiting):
            raise NotRebuilt("a layer of it waits for what never comes")
        waiting = later
    ends = (_ends(tensors, config[each]) for each in ("input_layers", "output_layers"))
    model = keras.Model(*ends, name=_name(config["name"]))
    model.trainable = bool(config.get("trainable", True))
    return model


def _call(made, tensors, name, number, described, node):
    """Call a layer on what comes into it, if that is there; returns whether it was."""
    into = []

    def value(plain):
        match plain:
            case {"class_name": "__keras_tensor__", "config": {"keras_history": [origin, at, place]}}:
                into.append(tensors.get((origin, at), [None])[place])
                return into[-1]
            case None | bool() | int() | float() | str():
                return _plain(plain)
            case list():
                return [value(each) for each in plain]
        raise NotRebuilt(f"its layer {name} is called with something that is neither maps nor numbers")

    placed = [value(each) for each in node["args"]]
    named = {_name(key): value(each) for key, each in node["kwargs"].items() if each is not None}
    if any(each is None for each in into):
        return False
    layer = made[name]
    _within_bounds(layer, described, into)
    came = layer(*placed, **named)
    tensors[name, number] = keras.tree.flatten(came)
    _not_too_large(tensors[name, number])
    return True


def _layer(described, depth):
    kind, config = described["class_name"], described["config"]
    if "layers" in config:
        return _model(described, depth + 1)
    operation = described["module"] != "keras.layers"
    known = OPERATIONS if operation else LAYERS
    if described.get("registered_name") not in (None, kind) or kind not in known:
        raise NotRebuilt(f"it holds a layer or an operation that is not known here, {str(kind)[:60]}")
    if operation:
        settings = {_name(key): _plain(each) for key, each in config.items() if key != "name" and each is not None}
        return lambda *placed, **named: getattr(keras.ops, known[kind])(*placed, **settings | named)
    return known[kind](**{_name(key): _setting(key, each) for key, each in config.items() if not _is_left(key, each)})


def _is_left(key, value):
    if key == "activity_regularizer" and value is not None:
        raise NotRebuilt("it punishes activations, which is not done here")
    return key.endswith(LEFT_TO_KERAS)


def _setting(key, value):
    if key.endswith("activation") and not (value is None or (isinstance(value, str) and value in ACTIVATIONS)):
        raise NotRebuilt("it has an activation of its own, whose code is not run here")
    return _plain(value)


def _plain(value):
    if isinstance(value, list) and len(value) <= 16:
        return tuple(map(_plain, value))
    if isinstance(value, str):
        return _name(value)
    if not (value is None or isinstance(value, bool | int | float)) or abs(value or 0) > LARGEST_SETTING:
        raise NotRebuilt(f"it has a setting that is not a plain one: {str(value)[:60]}")
    return value


def _name(text):
    if not isinstance(text, str) or len(text) > 200:
        raise NotRebuilt("it has a name that is none")
    return text


def _within_bounds(layer, described, into):
    """The number of weights that the layer would have, at most, before it makes them."""
    if described["class_name"] in ("BatchNormalization", "PReLU", "LayerNormalization", "GroupNormalization"):
        return _not_too_large(into)
    settings = described["config"]
    sides = [settings.get(key) or 1 for key in ("filters", "units", "depth_multiplier")]
    kernel = settings.get("kernel_size") or [1]
    count = math.prod(each.shape[-1] or 1 for each in into) if into else 1
    for each in (*sides, *(kernel if isinstance(kernel, list) else [kernel])):
        if not isinstance(each, int):
            raise NotRebuilt("it has a size that is no whole number")
        count *= max(each, 1)
    if sides != [1, 1, 1] and count > MOST_VALUES:
        raise NotRebuilt(f"a layer of it has more than {MOST_VALUES:,} weights")
    return None


def _not_too_large(tensors):
    for each in tensors:
        size = math.prod(UNKNOWN_SIDE if side is None else side for side in each.shape[1:])
        if size > MOST_VALUES:
            raise NotRebuilt(f"a layer of it puts out more than {MOST_VALUES:,} numbers for an image")


def _ends(tensors, described):
    """The tensors at the ends of a network: one, a list, or a dictionary of them."""
    match described:
        case [str() as name, int() as node, int() as place]:
            return tensors[name, node][place]
        case list():
            return [_ends(tensors, each) for each in described]
        case dict():
            return {_name(key): _ends(tensors, each) for key, each in described.items()}
    raise NotRebuilt("it has no outputs")
