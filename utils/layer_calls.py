"""A Keras model as the list of its layer calls, which can be run up to any of them. The model itself stays as it is.

Keras's own way, a second ``Model`` from the inputs to some layer's output, stops at nested models, shows only the
first call of a shared layer, and cannot look behind the last layer's softmax. Here the calls are carried out one by
one, those inside nested models too, always in inference mode.
"""

import inspect
import re
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from utils.keras_graph import activation_of, has_graph, is_activation, is_inert, nodes

BEFORE = "before the activation"


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer. ``name`` is the layer's; "outer/name" in a nested model; "name (call 2)" when called again.

    Where a call gives several tensors, the further ones stand as calls of their own, "name (output 2)". ``shape`` is
    that of its output, ``(None, …)``; ``reads`` and ``writes`` are the places of its tensors; ``has_modes`` says that
    it can be told ``training``.
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

    @property
    def dtype(self):
        """The precision of its output, such as "float32"."""
        return self.node.outputs[0].dtype


class LayerCalls:
    """The calls of ``model`` in the order in which they are carried out.

    ``model`` has one input and one output and is functional or sequential; it may nest models and share layers. A
    sequential model that was never called is built for ``images_shape``, as its first call would do it.
    Raises ``TypeError`` for a model whose graph Keras does not know or that overrides ``call``, ``ValueError`` for
    several inputs or outputs.
    """

    def __init__(self, model, images_shape=None):
        if isinstance(model, keras.Sequential) and not model.built:
            if images_shape is None:
                raise ValueError(f"{model.name}: call it on an image first; until then its layers have no weights")
            model.build((None, *images_shape[1:]))
        if not has_graph(model):
            raise TypeError(
                f"{type(model).__name__} {getattr(model, 'name', '')!r}: a functional or sequential Keras model is "
                "needed; what a model computes in a call of its own, Keras does not know"
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
        self._by_name = {call.name: call for call in self.calls if call.name}
        if self._output == 0:
            raise ValueError(f"{model.name}: a model without layers shows nothing")
        self._refuse_names()

    def __iter__(self):
        return (call for call in self.calls if call.name)

    def __getitem__(self, layer):
        """The call of that name or number, counted from 0; ``ValueError`` lists the names there are."""
        names = list(self._by_name)
        if isinstance(layer, int | np.integer) and not isinstance(layer, bool) and -len(names) <= layer < len(names):
            return self._by_name[names[layer]]
        if not isinstance(layer, str) or layer not in self._by_name:
            raise ValueError(f"no layer {layer!r} in {self.model.name}; its layers are: {', '.join(names)}")
        return self._by_name[layer]

    def before(self, call):
        """The calls whose output ``call`` reads."""
        return [each for each in self.calls if set(each.writes) & set(call.reads)]

    @property
    def last_shape(self):
        """The shape of the model's output, ``(None, …)``."""
        return tuple(self.model.outputs[0].shape)

    @property
    def last(self):
        """The call that gives the model's output."""
        return next(call for call in self.calls if self._output in call.writes)

    def head(self):
        """The call whose activation the output comes from, and that activation: of ``keras.activations``, or None.

        The output may be that call's in another shape or precision: nothing else lies between. None stands for an
        activation that is not known.
        """
        call = self.last
        while len(call.reads) == 1 and call.reads != (0,) and (call.node is None or is_inert(call.operation)):
            (call,) = self.before(call)
        known = call.node is not None and len(call.writes) == len(call.reads) == 1
        return call, activation_of(call.operation) if known else None

    def images(self, images):
        """``images`` as the model's input tensor; ``ValueError`` for a shape that the model does not take."""
        tensor = _as_tensor(images)
        shape, wanted = tuple(tensor.shape), self.input_shape
        if len(shape) != len(wanted):
            raise ValueError(
                f"images of shape {shape}: a batch {_as_text(wanted)} is needed; one image is images[None], "
                "and gray ones have a last axis of length 1"
            )
        if any(size not in (None, given) for size, given in zip(wanted[1:], shape[1:], strict=True)) or 0 in shape:
            raise ValueError(f"images of shape {shape}: {self.model.name} takes {_as_text(wanted)}")
        return tensor

    def run(self, images, names=(), before_activation=None, watch=lambda name, tensor: None):
        """Run the model as far as the calls of ``names`` need it, and return their outputs by name.

        ``None`` among the names stands for the model's own output. ``before_activation`` is a call: what its activation
        is given comes under the name ``BEFORE``, as float32. ``watch(name, tensor)`` is told every output as soon as it
        is there. Sizes are not checked: without dense layers on the way, ``images`` may be of any size.
        """
        values, found = {0: tf.cast(images, self.input_dtype)}, {}
        wanted = [self.last if name is None else self[name] for name in names]
        # Keras opens a scope of each layer's name: within one of ours, a name such as "_conv" is allowed.
        with tf.name_scope("look"):
            for call in self.needed([*wanted, *([before_activation] if before_activation else [])]):
                if call is before_activation:
                    found[BEFORE] = tf.cast(self._unactivated(call, values), "float32")
                    if not names:
                        return found
                outputs = self._carry_out(call, values)
                if call.name:
                    watch(call.name, outputs[0])
                values.update(zip(call.writes, outputs, strict=True))
        for name, call in zip(names, wanted, strict=True):
            found[name] = values[self._output if name is None else call.writes[0]]
        return found

    def run_unactivated(self, images, name):
        """The output of the call before its activation: before its own ``activation``, or the input of a ReLU layer."""
        return self.run(images, before_activation=self[name])[BEFORE]

    def _unactivated(self, call, values):
        """What the call's activation is given; its output where there is none that is known."""
        operation = call.operation
        if is_activation(operation) and len(call.reads) == 1:
            return values[call.reads[0]]
        if activation_of(operation) in (None, keras.activations.linear) or len(call.reads) != 1:
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
            value = values[call.reads[0]]
            return [value if call.name else tf.cast(value, call.operation)]
        args, kwargs = call.node.arguments({key: values[place] for key, place in call.places.items()})
        if call.has_modes:
            kwargs["training"] = False
        return keras.tree.flatten(call.operation(*args, **kwargs))

    def _read(self, model, inputs, prefix):
        """Append the calls of one graph that reads the places ``inputs``; the place of each of its tensors."""
        places = {}
        for tensor, place in zip(model.inputs, inputs, strict=True):
            places[id(tensor)] = self._cast(place, tensor.dtype) if prefix else place
        times = {}
        for node in (each for each in nodes(model) if not each.is_input):
            operation = node.operation
            times[operation.name] = times.get(operation.name, 0) + 1
            again = f" (call {times[operation.name]})" if times[operation.name] > 1 else ""
            name = f"{prefix}{operation.name}{again}"
            read = {id(tensor): places[id(tensor)] for tensor in node.inputs}
            if _is_nested(node):
                inner = self._read(operation, [read[id(tensor)] for tensor in node.inputs], f"{name}/")
                for tensor, result in zip(node.outputs, operation.outputs, strict=True):
                    places[id(tensor)] = inner[id(result)]
                continue
            writes = self._new_places(len(node.outputs))
            places.update(zip(map(id, node.outputs), writes, strict=True))
            shapes = [tuple(tensor.shape) for tensor in node.outputs]
            modes = _has_modes(operation)
            self.calls.append(Call(name, operation, shapes[0], tuple(read.values()), writes, node, read, modes))
            for number, (place, shape) in enumerate(zip(writes[1:], shapes[1:], strict=True), 2):
                further = f"{name} (output {number})"
                self.calls.append(Call(further, operation, shape, (place,), self._new_places(1)))
        return places

    def _cast(self, place, dtype):
        """A nested model takes its input in its own precision."""
        self.calls.append(Call("", dtype, (), (place,), self._new_places(1)))
        return self._places - 1

    def _new_places(self, count):
        self._places += count
        return tuple(range(self._places - count, self._places))

    def _refuse_names(self):
        for call in self.calls:
            name = call.operation.name if call.name else "_"
            if not re.fullmatch(r"[\w.\\/>-]+", name, re.ASCII):
                raise ValueError(
                    f"layer {name!r}: TensorFlow compiles no layer of this name, nor does Keras's own predict; "
                    "only letters from a to z, digits, '_', '.' and '-' are allowed in it: give the layer another name"
                )


def _is_nested(node):
    """Whether a model is called as its graph has it; Keras adds or drops a last axis of length 1 where it must."""
    operation = node.operation
    return has_graph(operation) and all(
        len(given.shape) == len(taken.shape) for given, taken in zip(node.inputs, operation.inputs, strict=True)
    )


def _has_modes(operation):
    """Whether it does something else in training than at inference."""
    return isinstance(operation, keras.Layer) and "training" in inspect.signature(operation.call).parameters


def _as_tensor(images):
    try:
        tensor = tf.convert_to_tensor(images)
    except (ValueError, TypeError) as error:
        raise ValueError(f"images of type {type(images).__name__}: an array of numbers is needed ({error})") from error
    if not (tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool):
        raise ValueError(f"images of {tensor.dtype.name}: an array of numbers is needed")
    return tensor


def _as_text(shape):
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
