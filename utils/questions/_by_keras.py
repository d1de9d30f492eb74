"""Roads to an answer through Keras that need more than one layer's count."""

from dataclasses import asdict

import keras
import numpy as np
import tensorflow as tf
from skimage import data

from utils.arithmetic import Elementwise, Residual, Sequential


def model(layer, shape):
    """The Keras model of a layer, or of layers put together, that is described in ``utils.arithmetic``."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, _called(layer, inputs))


def multiply_adds(kind, shape, **arguments):
    """The multiply-adds of ``keras.layers.<kind>`` on one input, as TensorFlow's profiler counts them in the graph."""
    layer = getattr(keras.layers, kind)(**arguments, use_bias=False)
    layer.build((None, *shape))
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((1, *shape))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return tf.compat.v1.profiler.profile(graph, options=options).total_float_ops // 2


def receptive_field(layers, size):
    """How many rows of a column of ``size`` pixels reach a unit in the middle of the output, all weights being 1.

    Each pixel is lit alone, all at once as a batch. Where units see differently many rows, the largest number counts.
    """
    model = keras.Sequential([keras.Input((size, 1, 1)), *layers])
    for weights in model.weights:
        if len(weights.shape) == 4:
            weights.assign(np.ones(weights.shape))
    reached = model(np.eye(size, dtype="float32")[:, :, None, None], training=False).numpy()[:, :, 0, 0].T != 0
    middle = len(reached) // 2
    units = reached[max(0, middle - 14) : middle + 14]  # more than a period of three layers with strides up to 3
    return max(int(np.ptp(np.flatnonzero(unit))) + 1 for unit in units if unit.any())


def normalized_in_training(batch, gamma, beta, epsilon):
    """What BatchNormalization makes of ``batch``, rows of as many values as there are channels, in training mode."""
    batch = np.array(batch, dtype="float32")
    layer = keras.layers.BatchNormalization(epsilon=epsilon)
    layer.build(batch.shape)
    layer.gamma.assign(np.full(batch.shape[-1:], gamma))
    layer.beta.assign(np.full(batch.shape[-1:], beta))
    return tuple(map(tuple, layer(batch, training=True).numpy().tolist()))


def initial_share(momentum, steps):
    """What is left of a moving mean that begins at 1, after training steps on batches of zeros."""
    layer = keras.layers.BatchNormalization(momentum=momentum)
    layer.build((None, 1))
    layer.moving_mean.assign([1.0])
    for _ in range(steps):
        layer(np.zeros((2, 1)), training=True)
    return float(layer.moving_mean[0])


def true_of_a_first_layer():
    """Which of the sentences of ``separable-first-layer`` are true, tried on layers and on three photographs."""
    separable, ordinary = (kind(16, 3, strides=2) for kind in (keras.layers.SeparableConv2D, keras.layers.Conv2D))
    pixels, photographs = np.zeros((1, 8, 8, 3)), (data.astronaut(), data.chelsea(), data.coffee())
    is_halved = separable(pixels).shape[1] == ordinary(pixels).shape[1] == 3
    shared = [np.corrcoef(each.reshape(-1, 3).T)[np.triu_indices(3, 1)].mean() for each in photographs]
    true = {
        "correlated": np.mean(shared) >= 0.7,
        "few": separable.count_params() >= ordinary.count_params(),
        "stride": not is_halved,
        "depthwise": keras.layers.DepthwiseConv2D(3)(pixels).shape[-1] != 3,
    }
    return [name for name, is_true in true.items() if is_true]


def _called(layer, x):
    if isinstance(layer, Residual):
        return keras.layers.add([_called(layer.body, x), _called(layer.shortcut, x)])
    if isinstance(layer, Sequential):
        for each in layer.layers:
            x = _called(each, x)
        return x
    return x if isinstance(layer, Elementwise) else getattr(keras.layers, type(layer).__name__)(**asdict(layer))(x)
