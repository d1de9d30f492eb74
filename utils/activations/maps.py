"""The activations of a model's layers, as arrays."""

import math
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from utils.layer_calls import LayerCalls


class Observer:
    """Looks at the same layers of a model again and again: ``Observer(model, layers)(images)`` → arrays by name.

    ``layers`` are names or numbers (0 is the first), all by default. The first look runs layer by layer; from the
    second on it is compiled.
    """

    def __init__(self, model, layers=None, images_shape=None):
        self.calls = LayerCalls(model, images_shape)
        self.layers = [
            call.name for call in (self.calls if layers is None else map(self.calls.__getitem__, _list(layers)))
        ]
        self._look = compiled_later(self._seen, self.calls, self.layers)

    def __call__(self, images, batch_size=16, most_bytes=1_000_000_000):
        """The activations as float32, ``{name: (n, height, width, channels)}``, ``batch_size`` images at a time.

        The arrays are TensorFlow's own and read-only: copy what you want to change. Raises ``ValueError`` before it
        needs more than ``most_bytes`` for the result.
        """
        images = self.calls.images(images)
        batches = []
        for batch in in_batches(images, batch_size):
            found = self._look(batch)
            if not batches:
                _refuse_too_many_bytes(found, len(images), most_bytes)
            batches.append([_array(found[name]) for name in self.layers])
        if len(batches) == 1:  # the usual case, spared a copy of everything
            return dict(zip(self.layers, batches[0], strict=True))
        return dict(zip(self.layers, map(np.concatenate, zip(*batches, strict=True)), strict=True))

    def _seen(self, images):
        return {name: tf.cast(maps, "float32") for name, maps in self.calls.run(images, self.layers).items()}


def activations(model, images, layers=None, **limits):
    """The activations of ``images`` in all layers, or in those named: ``{name: (n, height, width, channels)}``.

    All layers in one pass. For looking more than once, keep an ``Observer``.
    """
    return Observer(model, layers, shape_of(images))(images, **limits)


def in_batches(images, size):
    """``images`` in parts of at most ``size``, the first ones whole."""
    refuse_all_but_positive(batch_size=size)
    if len(images) <= size:
        return [images]
    return [images[start : start + size] for start in range(0, len(images), size)]


def compiled_later(function, calls, names):
    """``function`` of images, compiled from its second call on: tracing costs several calls, so the first goes without.

    It looks at ``names`` of ``calls``, as ``LayerCalls.run`` does; images that do not go so far are refused. Where a
    layer cannot be compiled, nothing is.
    """
    compiled, sizes = compiled_once(function), set()
    looks = [compiled, function]

    def call(images, *others):
        if images.shape[1:] not in sizes:
            refuse_other_sizes(calls, names, images.shape)
            sizes.add(images.shape[1:])
        look = looks.pop()
        looks[:] = looks or [look]
        try:
            return look(images, *others)
        except Exception:
            if look is function:
                raise
            found = function(images, *others)
            looks[:] = [function]
            return found

    return call


def refuse_other_sizes(calls, names, shape):
    """``ValueError`` for images of a size that a model of any size cannot take as far as the calls of ``names``.

    TensorFlow would say so with an error of its own, give empty maps, or end the process.
    """
    if None not in calls.input_shape[1:]:
        return
    values = {0: keras.KerasTensor((1, *shape[1:]), calls.input_dtype)}
    try:
        for call in calls.needed([calls.last if name is None else calls[name] for name in names]):
            outputs = [values[call.reads[0]]]
            if call.node is not None:
                args, kwargs = call.node.arguments({key: values[place] for key, place in call.places.items()})
                if isinstance(call.operation, keras.layers.Concatenate):  # it does not look at the other axes
                    keras.ops.concatenate(*args, **kwargs, axis=call.operation.axis)
                outputs = keras.tree.flatten(call.operation.compute_output_spec(*args, **kwargs))
            values.update(zip(call.writes, outputs, strict=True))
    except ValueError as error:
        raise ValueError(
            f"images of shape {tuple(shape)} do not go through {call.name}: they are too small, or the maps that meet "
            "there are of different sizes"
        ) from error


def shape_of(images):
    """The shape of what is to be an array of images; ``ValueError`` for a list of images that are not of one size."""
    try:
        return np.shape(images)
    except ValueError as error:
        raise ValueError(
            "images of several sizes: one array is needed, (n, height, width, channels); resize or crop them"
        ) from error


def with_maps(calls, call):
    """``ValueError`` unless ``call`` gives maps (height, width, channels)."""
    if len(call.shape) != 4:
        raise ValueError(f"{call.name} gives {call.shape}: a layer with maps (height, width, channels) is needed")
    for each in calls.needed([call]):
        if len(each.shape) == 4 and getattr(each.operation, "data_format", None) == "channels_first":
            raise ValueError(f"{each.name} has data_format='channels_first': maps (height, width, channels) are needed")


def is_whole(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def refuse_all_but_positive(**values):
    """``ValueError`` for the first of ``values`` that is no whole number from 1 on."""
    for name, value in values.items():
        if not is_whole(value) or value < 1:
            raise ValueError(f"{name}={value!r}: a positive whole number is needed")


def compiled_once(function, **options):
    """``function`` compiled. TensorFlow counts the traces of a function's code: two of one code would be one to it."""
    return tf.function(partial(function), reduce_retracing=True, **options)


def _list(layers):
    if isinstance(layers, str | bytes) or not hasattr(layers, "__iter__"):
        raise ValueError(f"layers={layers!r}: a list of layers is needed, [{layers!r}]")
    return layers


def _array(tensor):
    """The tensor's own memory as an array; its ``numpy()`` would copy it."""
    return np.asarray(memoryview(tensor))


def _refuse_too_many_bytes(found, images, most_bytes):
    needed = images * sum(4 * math.prod(tensor.shape[1:]) for tensor in found.values())
    if needed > most_bytes:
        raise ValueError(
            f"{len(found)} layers of {images} images take {needed / 1e9:.1f} GB, more than most_bytes={most_bytes:,}: "
            "choose layers, or look at fewer images at a time"
        )
