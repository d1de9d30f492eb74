"""A Keras model as the list of its layer calls, which can be run up to any of them. The model itself stays as it is.

Keras's own way, a second ``Model`` from the inputs to some layer's output, stops at nested models, shows only the
first call of a shared layer, and cannot look behind the last layer's softmax. Here the calls are carried out one by
one, those inside nested models too, always in inference mode.
"""

import inspect
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer. ``name`` is the layer's; "outer/name" in a nested model; "name (call 2)" when called again.

    ``shape`` is that of its output, ``(None, …)``; ``reads`` and ``writes`` are the places of its tensors;
    ``has_modes`` says that it can be told ``training``.
    """

    name: str
    operation: object = field(repr=False)
    shape: tuple = ()
    reads: tuple[int, ...] = field(default=(), repr=False)
    writes: tuple[int, ...] = field(default=(), repr=False)
    node: object = field(default=None, repr=False)
    places: dict = field(default_factory=dict, repr=False)
    has_modes: bool = field(default=False, repr=False)

    @property
    def kind(self):
        """The class of the layer, such as "SeparableConv2D"."""
        return type(self.operation).__name__


class LayerCalls:
    """The calls of ``model`` in the order in which they are carried out.

    ``model`` has one input and one output and is functional or sequential; it may nest models and share layers. A
    sequential model that was never called is built for ``images_shape``, as its first call would do it.
    Raises ``TypeError`` for a model whose graph Keras does not know (subclassed), ``ValueError`` for several
    inputs or outputs.
    """

    def __init__(self, model, images_shape=None):
        if isinstance(model, keras.Sequential) and not _has_graph(model):
            if images_shape is None:
                raise ValueError(f"{model.name}: call it on an image first; until then its layers have no weights")
            model.build((None, *images_shape[1:]))
        if not _has_graph(model):
            raise TypeError(
                f"{type(model).__name__} {getattr(model, 'name', '')!r}: a functional or sequential Keras model is "
                "needed; what a subclassed model calls, Keras does not know"
            )
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise ValueError(
                f"{model.name}: {len(model.inputs)} inputs and {len(model.outputs)} outputs; one of each is needed"
            )
        self.model = model
        self.input_shape = tuple(model.inputs[0].shape)
        self.input_dtype = model.inputs[0].dtype
        self._places = 1  # place 0 holds the images
        self.calls = []
        places = self._read(model, [0], "")
        self._output = places[id(model.outputs[0])]
        self._by_name = {call.name: call for call in self.calls}

    def __iter__(self):
        return (call for call in self.calls if call.name)

    def __getitem__(self, name):
        """The call of that name; ``ValueError`` lists the names there are."""
        if name not in self._by_name or not name:
            names = ", ".join(call.name for call in self)
            raise ValueError(f"no layer {name!r} in {self.model.name}; its layers are: {names}")
        return self._by_name[name]

    def before(self, call):
        """The calls whose output ``call`` reads."""
        return [each for each in self.calls if set(each.writes) & set(call.reads)]

    @property
    def last(self):
        """The call that gives the model's output."""
        return next(call for call in self.calls if self._output in call.writes)

    def images(self, images):
        """``images`` as the model's input tensor; ``ValueError`` for a shape that the model does not take."""
        shape, wanted = tuple(np.shape(images)), self.input_shape
        if len(shape) != len(wanted):
            raise ValueError(
                f"images of shape {shape}: a batch {_as_text(wanted)} is needed; one image is images[None], "
                "and grey ones have a last axis of length 1"
            )
        if any(size not in (None, given) for size, given in zip(wanted[1:], shape[1:], strict=True)) or 0 in shape:
            raise ValueError(f"images of shape {shape}: {self.model.name} takes {_as_text(wanted)}")
        return tf.convert_to_tensor(np.asarray(images), dtype_hint=None) if not tf.is_tensor(images) else images

    def run(self, images, names, logits=False, watch=lambda name, tensor: None):
        """Run the model as far as the calls of ``names`` need it; their outputs by name.

        ``logits`` adds the model's output before its last softmax or sigmoid, as float32, under the name ``None``.
        ``watch(name, tensor)`` is told every output as soon as it is there. Sizes are not checked: without dense
        layers on the way, ``images`` may be of any size.
        """
        values = {0: tf.cast(images, self.input_dtype)}
        found = {}
        for call in self.needed([self[name] for name in names] + ([self.last] if logits else [])):
            if logits and call is self.last:
                found[None] = tf.cast(self.unactivated(call, values), "float32")
            outputs = self._carry_out(call, values)
            if call.name:
                watch(call.name, outputs[0])
            values.update(zip(call.writes, outputs, strict=True))
            if call.name in names:
                found[call.name] = outputs[0]
        return found

    def run_unactivated(self, images, name):
        """The output of the call before its activation: before its own ``activation``, or the input of a ReLU layer."""
        call = self[name]
        values = {0: tf.cast(images, self.input_dtype)}
        for each in self.needed([call]):
            if each is call:
                return tf.cast(self.unactivated(call, values), "float32")
            values.update(zip(each.writes, self._carry_out(each, values), strict=True))
        return None

    def unactivated(self, call, values):
        """What the call's activation is given; its output where there is none."""
        operation = call.operation
        if call.kind in ACTIVATION_LAYERS and len(call.reads) == 1:
            return values[call.reads[0]]
        activation = getattr(operation, "activation", None)
        if activation in (None, keras.activations.linear) or not isinstance(operation, keras.Layer):
            return self._carry_out(call, values)[0]
        # A copy that shares the weights loses the activation: setting it on the layer itself would change the model,
        # and Keras's own copies have weights of their own, which cannot be made while a function is compiled.
        twin = object.__new__(type(operation))
        twin.__dict__.update(operation.__dict__, activation=keras.activations.linear)
        return twin(values[call.reads[0]])

    def needed(self, wanted):
        """The wanted calls and all that they depend on, in order."""
        places, needed = set(), []
        for call in reversed(self.calls):
            if call in wanted or places & set(call.writes):
                needed.insert(0, call)
                places |= set(call.reads)
        return needed

    def outputs(self, images, calls):
        """The output tensors of each of ``calls``, one after the other; they hold all that they depend on."""
        values = {0: tf.cast(images, self.input_dtype)}
        for call in calls:
            outputs = self._carry_out(call, values)
            values.update(zip(call.writes, outputs, strict=True))
            yield outputs

    def _carry_out(self, call, values):
        if call.node is None:
            return [tf.cast(values[call.reads[0]], call.operation)]
        args, kwargs = call.node.arguments.fill_in({key: values[place] for key, place in call.places.items()})
        if call.has_modes:
            kwargs["training"] = False
        return keras.tree.flatten(call.operation(*args, **kwargs))

    def _read(self, model, inputs, prefix):
        """Append the calls of one graph that reads the places ``inputs``; the place of each of its tensors."""
        places = {}
        for tensor, place in zip(model.inputs, inputs, strict=True):
            places[id(tensor)] = self._cast(place, tensor.dtype) if prefix else place
        times = {}
        nodes = keras.Model(model.inputs, model.outputs)._nodes_by_depth
        for node in (node for depth in sorted(nodes, reverse=True) for node in nodes[depth] if not node.is_input):
            operation = node.operation
            times[operation.name] = times.get(operation.name, 0) + 1
            again = f" (call {times[operation.name]})" if times[operation.name] > 1 else ""
            name = f"{prefix}{operation.name}{again}"
            read = {id(tensor): places[id(tensor)] for tensor in node.arguments.keras_tensors}
            if isinstance(operation, keras.Model) and _has_graph(operation):
                inner = self._read(operation, [read[id(tensor)] for tensor in node.arguments.keras_tensors], f"{name}/")
                for tensor, result in zip(node.outputs, operation.outputs, strict=True):
                    places[id(tensor)] = inner[id(result)]
                continue
            writes = tuple(range(self._places, self._places + len(node.outputs)))
            self._places += len(writes)
            places.update(zip(map(id, node.outputs), writes, strict=True))
            shape = tuple(node.outputs[0].shape)
            self.calls.append(
                Call(name, operation, shape, tuple(read.values()), writes, node, read, _has_modes(operation))
            )
        return places

    def _cast(self, place, dtype):
        """A nested model takes its input in its own precision."""
        self.calls.append(Call("", dtype, (), (place,), (self._places,)))
        self._places += 1
        return self._places - 1


ACTIVATION_LAYERS = ("ReLU", "Relu", "Relu6", "Activation", "Softmax", "Sigmoid", "LeakyReLU", "ELU", "Elu", "PReLU")


def _has_modes(operation):
    """Whether it does something else in training than at inference."""
    return isinstance(operation, keras.Layer) and "training" in inspect.signature(operation.call).parameters


def _has_graph(model):
    try:
        return bool(model.inputs)
    except AttributeError:
        return False


def _as_text(shape):
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
