"""What a Keras model computes, read off its graph; and the one place for what Keras does not document.

Keras offers no public way to the calls of a model's layers. What is used here in its stead: ``_nodes_by_depth``, the
fields of its nodes (``operation``, ``arguments.fill_in``, ``outputs``, ``is_input``), ``_flatten_layers``, and the
modules in which some classes live. ``tests/test_keras_graph.py`` names each.
"""

from dataclasses import dataclass, field

import keras
from keras import activations, layers
from keras.src.activations import activations as FUNCTIONS
from keras.src.models.functional import Functional
from keras.src.ops import core, nn
from keras.src.ops import numpy as array_ops

# Layers of Keras whose ``activation`` is the last thing that they do, to each of their outputs.
ACTIVATED = (
    layers.Dense, layers.EinsumDense,
    layers.Conv1D, layers.Conv2D, layers.Conv3D,
    layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose,
    layers.DepthwiseConv1D, layers.DepthwiseConv2D, layers.SeparableConv1D, layers.SeparableConv2D,
)  # fmt: skip
# Activations and nothing else: what they are given is what stands before the activation.
PURE = (
    layers.Activation, layers.Softmax, layers.ReLU, layers.LeakyReLU, layers.ELU, layers.PReLU,
    nn.Softmax, nn.Sigmoid, nn.HardSigmoid, nn.Relu, nn.Relu6, nn.LeakyRelu, nn.Elu, nn.Selu, nn.Silu, nn.HardSilu,
    nn.Gelu, nn.Softplus, FUNCTIONS.ReLU,
)  # fmt: skip
# What gives its input's numbers on in inference mode, in another shape or precision at most.
INERT = (
    layers.Identity, layers.Flatten, layers.Reshape, layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise,
    layers.GaussianDropout, layers.AlphaDropout, layers.ActivityRegularization, core.Cast, array_ops.Reshape,
    array_ops.Squeeze, array_ops.ExpandDims,
)  # fmt: skip
# Operations on maps, (batch, height, width, channels), that look at one place only, along the last axis if at all.
POINTWISE = (
    *PURE, core.Cast, array_ops.Absolute, array_ops.Add, array_ops.Clip, array_ops.Concatenate, array_ops.Divide,
    array_ops.Exp, array_ops.Log, array_ops.Maximum, array_ops.Minimum, array_ops.Multiply, array_ops.Negative,
    array_ops.Power, array_ops.Sqrt, array_ops.Square, array_ops.Subtract, array_ops.Tanh, array_ops.TrueDivide,
)  # fmt: skip
REDUCTIONS = (array_ops.Mean, array_ops.Max, array_ops.Min, array_ops.Sum)
WHOLE = (array_ops.Reshape, array_ops.Transpose)


@dataclass(frozen=True, eq=False)
class Node:
    """One call of an operation (a layer, a model, or one of ``keras.ops``) in a graph of symbolic tensors.

    ``parents`` are the places, in the list of nodes, of those that ``inputs`` come from.
    """

    operation: object
    inputs: tuple
    outputs: tuple
    parents: tuple[int, ...]
    is_input: bool
    _arguments: object = field(repr=False)

    def arguments(self, values):
        """The call's arguments, ``(args, kwargs)``; ``values`` maps the ``id`` of each input to what stands for it."""
        return self._arguments.fill_in(values)


def has_graph(model):
    """Whether Keras knows what ``model`` computes: functional or built sequential, without a ``call`` of its own."""
    try:
        known = isinstance(model, keras.Model) and bool(model.inputs)
    except AttributeError:  # a sequential model that was never called
        return False
    return known and not has_own_call(model)


def has_own_call(model):
    """Whether ``model`` computes something else than its graph says: a subclass may override ``call``."""
    kind = type(model)
    own = kind.call not in (Functional.call, keras.Sequential.call) or kind.__call__ is not keras.Model.__call__
    return own or bool({"call", "__call__"} & vars(model).keys())


def nodes(model):
    """The calls of a model that ``has_graph``, as a list of ``Node``, each after those that it depends on."""
    by_depth = keras.Function(model.inputs, model.outputs)._nodes_by_depth
    found = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    place = {id(tensor): number for number, node in enumerate(found) for tensor in node.outputs}
    return [
        Node(
            node.operation,
            tuple(node.arguments.keras_tensors),
            tuple(node.outputs),
            tuple(dict.fromkeys(place[id(tensor)] for tensor in node.arguments.keras_tensors)),
            node.is_input,
            node.arguments,
        )
        for node in found
    ]


def layers_inside(layer):
    """All layers within a layer or model, however deep; a model within a model is among them."""
    return list(layer._flatten_layers(include_self=False))


def activation_of(operation):
    """The function of ``keras.activations`` that is the last thing ``operation`` does: ``linear`` where it has none.

    None where that is not known. Known are Keras's own layers and operations, and nothing that is derived from them:
    what a class of one's own does with its ``activation``, nobody can tell from outside.
    """
    kind = type(operation)
    if kind in ACTIVATED or kind is layers.Activation:
        return operation.activation or activations.linear
    if kind in (layers.Softmax, nn.Softmax):
        return activations.softmax if operation.axis in (-1, 1) else None
    return {nn.Sigmoid: activations.sigmoid, nn.HardSigmoid: activations.hard_sigmoid}.get(kind)


def is_activation(operation):
    """Whether ``operation`` is an activation and nothing else, so that its input is what the activation gets."""
    return type(operation) in PURE


def has_keras_activation(operation):
    """Whether it has no ``activation``, or one of ``keras.activations``: these look at one place of a map only."""
    activation = getattr(operation, "activation", None)
    return activation is None or getattr(activation, "__module__", None) == FUNCTIONS.__name__


def is_inert(operation):
    """Whether ``operation`` gives on the numbers that it gets, in inference mode."""
    linear = type(operation) is layers.Activation and operation.activation is activations.linear
    return linear or type(operation) in INERT
