"""Grad-CAM from scratch."""

from itertools import pairwise

import numpy as np

from utils.exercises import Slip
from utils.exercises._lazily import keras, layers

KIND = "fill in"
POINTS = 4
TEXT = (
    "Write Grad-CAM: weight each map of the layer by the mean of the logit's gradient over rows and columns, add up "
    "the weighted maps, and set negative values to 0."
)
STUB = '''
def class_heatmap(model, layer_name, image, class_index):
    """model: a Keras model whose output are logits, (1, classes); image: (1,
    rows, columns, channels).

    Returns an array (rows, columns), as large as the maps of the layer. It is
    not scaled. For gradients, TensorFlow has tf.GradientTape; import
    tensorflow in the function.
    """
    ...  # your code
'''
HINTS = (
    "A model that returns two things, the layer's output and the logits, gives both in one pass. Call it inside the "
    "tape, and ask the tape for the gradient of one logit with respect to the maps. If the gradient is None, the maps "
    "and the logit do not come from the same call inside the tape.",
    "The gradient has the shape of the maps. Its mean over rows and columns is one weight for each channel. Compute "
    "everything in inference mode: training=False.",
)
SECONDS = 20


def cases(random):
    kernel, first, last = np.array([[[[1.0, 2.0]]]]), np.eye(2), np.array([[1.0, 0.0], [-1.0, 2.0]])
    yield {
        "model": _network([kernel, first, last]),
        "layer_name": "conv1",
        "image": np.array([1.0, 2.0, -1.0, 0.0], dtype="float32").reshape(1, 2, 2, 1),
        "class_index": 1,
    }
    for rows, columns, channels, maps, classes, layer in (
        (5, 4, 3, (4, 3), 3, 2),
        (3, 6, 1, (5, 4), 4, 1),
        (4, 4, 2, (3, 6), 5, 2),
    ):
        widths = channels, *maps
        kernels = [random.normal(size=(3, 3, *pair)) for pair in pairwise(widths)]
        model = _network([*kernels, random.normal(size=(maps[-1], 6)), random.normal(size=(6, classes))])
        image = random.normal(size=(1, rows, columns, channels)).astype("float32")
        order = np.argsort(np.asarray(model(image))[0])
        for class_index in order[[0, -1]] if layer == 1 else order[:1]:
            yield {"model": model, "layer_name": f"conv{layer}", "image": image, "class_index": int(class_index)}


def _network(kernels):
    """Convolutions with ReLU, global average pooling, Dense with ReLU but for the last."""
    inputs = x = keras.Input((None, None, kernels[0].shape[2]))
    convolutions = [each for each in kernels if each.ndim == 4]
    for number, each in enumerate(convolutions, 1):
        x = layers.Conv2D(
            each.shape[3], each.shape[0], padding="same", activation="relu", use_bias=False, name=f"conv{number}"
        )(x)
    x = layers.GlobalAveragePooling2D()(x)
    for each in kernels[len(convolutions) : -1]:
        x = layers.Dense(each.shape[1], activation="relu", use_bias=False)(x)
    x = layers.Dense(kernels[-1].shape[1], use_bias=False, name="logits")(x)
    model = keras.Model(inputs, x, name="small")
    model.set_weights(kernels)
    return model


def reference(model, layer_name, image, class_index):
    """NumPy in double precision: how the logit grows when a whole map grows by a little."""
    kernels = [np.asarray(each, dtype=float) for each in model.get_weights()]
    depth = int(layer_name.removeprefix("conv"))
    maps = _forward(kernels[:depth], image.astype(float))[0]
    little, sides = 1e-6, maps.shape[0] * maps.shape[1]

    def logit(channel, change):
        changed = maps.copy()
        changed[..., channel] += change
        return _forward(kernels[depth:], changed[None])[0, class_index]

    weights = [(logit(c, little) - logit(c, -little)) / (2 * little * sides) for c in range(maps.shape[2])]
    return np.maximum(maps @ weights, 0)


def _forward(kernels, x):
    for number, kernel in enumerate(kernels):
        if kernel.ndim == 4:
            side = len(kernel)
            x = np.pad(x, ((0, 0), (side // 2, side // 2), (side // 2, side // 2), (0, 0)))
            windows = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(1, 2))
            x = np.maximum(np.einsum("brcnij,ijnf->brcf", windows, kernel), 0)
        else:
            x = (x.mean(axis=(1, 2)) if x.ndim == 4 else x) @ kernel
            x = x if number == len(kernels) - 1 else np.maximum(x, 0)
    return x


def class_heatmap(model, layer_name, image, class_index):
    import tensorflow as tf

    inside = keras.Model(model.input, [model.get_layer(layer_name).output, model.output])
    with tf.GradientTape() as tape:
        maps, logits = inside(image, training=False)
        logit = logits[0, class_index]
    weights = np.mean(tape.gradient(logit, maps), axis=(1, 2))
    return np.maximum(np.sum(maps * weights, axis=-1)[0], 0)


SOLUTION = class_heatmap


def _wrong(
    score=lambda logits, index: logits[0, index], weights=lambda g: g.mean((0, 1)), heat=lambda x: np.maximum(x, 0)
):
    """The same with one mistake: in the score, in the weights from the gradient, or after the sum."""

    def heatmap(model, layer_name, image, class_index):
        import tensorflow as tf

        inside = keras.Model(model.input, [model.get_layer(layer_name).output, model.output])
        with tf.GradientTape() as tape:
            maps, logits = inside(image, training=False)
            explained = score(logits, class_index)
        gradient = np.asarray(tape.gradient(explained, maps))[0]
        return heat((np.asarray(maps)[0] * weights(gradient)).sum(axis=-1))

    return heatmap


def _scaled(heat):
    heat = np.maximum(heat, 0)
    return heat / max(float(heat.max()), 1e-12)


SLIPS = (
    Slip(
        _wrong(weights=lambda gradient: gradient),
        "the gradient is not averaged",
        "You multiply each place of a map by the gradient at this place. Grad-CAM gives the whole map one weight.",
    ),
    Slip(
        _wrong(weights=lambda gradient: gradient.sum((0, 1))),
        "summed, not averaged",
        "Your weights are the sum of the gradient over rows and columns. The task asks for the mean.",
    ),
    Slip(
        _wrong(heat=lambda heat: heat),
        "the last ReLU is missing",
        "Negative values are evidence against the class. Grad-CAM shows only evidence for it: set them to 0.",
    ),
    Slip(
        _wrong(weights=lambda gradient: np.maximum(gradient.mean((0, 1)), 0)),
        "negative weights are lost",
        "You set negative weights to 0. The sum needs them; only its negative values become 0.",
    ),
    Slip(
        _wrong(weights=lambda gradient: np.abs(gradient.mean((0, 1)))),
        "the sign of the weights is lost",
        "A map with a negative weight is evidence against the class. It must lower the heat, not raise it.",
    ),
    Slip(
        _wrong(weights=lambda gradient: 1 / gradient.shape[-1]),
        "no gradient at all",
        "This is the mean of the maps, the same for every class. Where does the class come in?",
    ),
    Slip(
        _wrong(score=lambda logits, index: logits[0, int(np.argmax(logits))]),
        "always the most probable class",
        "You explain the largest logit. Any class can be asked for by class_index.",
    ),
    Slip(
        _wrong(score=lambda logits, index: keras.ops.sum(logits)),
        "all classes together",
        "You take the gradient of the sum of all logits. Choose one logit before you ask for the gradient.",
    ),
    Slip(
        _wrong(score=lambda logits, index: keras.ops.softmax(logits)[0, index]),
        "the gradient of the probability",
        "After the softmax, all classes influence the gradient, and a confident network has almost none. Take the "
        "logit.",
    ),
    Slip(
        _wrong(heat=_scaled),
        "scaled to 1",
        "The pattern is right, but the task does not ask you to divide the heat by its largest value.",
    ),
)
