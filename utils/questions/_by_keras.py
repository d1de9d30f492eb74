"""Roads to an answer through Keras that need more than a count: the work of a layer, and what its units see."""

import keras
import numpy as np
import tensorflow as tf


def multiply_adds(kind, shape, **arguments):
    """The multiply-adds of ``keras.layers.<kind>`` on one input, as TensorFlow's profiler counts them in the graph."""
    layer = getattr(keras.layers, kind)(**arguments, use_bias=False)
    layer.build((None, *shape))
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((1, *shape))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return tf.compat.v1.profiler.profile(graph, options=options).total_float_ops // 2


def receptive_field(layers, size):
    """How many input rows the middle unit of the output depends on: the extent of its gradient, all weights 1."""
    model = keras.Sequential([keras.Input((size, size, 1)), *layers])
    model.set_weights([np.ones_like(weights) for weights in model.get_weights()])
    image = tf.zeros((1, size, size, 1))
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = model(image)
        middle = output[0, output.shape[1] // 2, output.shape[2] // 2, 0]
    (rows,) = np.nonzero(tape.gradient(middle, image).numpy().sum((0, 2, 3)))
    return int(rows[-1] - rows[0] + 1)
