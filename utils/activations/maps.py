"""The activations of a model's layers, as arrays."""

import math
from functools import partial

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
        self._look = compiled_later(self._seen)

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
    return Observer(model, layers, np.shape(images))(images, **limits)


def in_batches(images, size):
    """``images`` in parts of at most ``size``, the first ones whole."""
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"batch_size={size!r}: a positive whole number is needed")
    if len(images) <= size:
        return [images]
    return [images[start : start + size] for start in range(0, len(images), size)]


def compiled_later(function):
    """``function``, compiled from its second call on: tracing costs several calls, so the first is made without."""
    compiled = compiled_once(function)
    calls = iter([function])

    def call(*arguments):
        return next(calls, compiled)(*arguments)

    return call


def compiled_once(function, **options):
    """``function`` compiled. TensorFlow counts the traces of a function's code: two of one code would be one to it."""
    return tf.function(partial(function), reduce_retracing=True, **options)


def _list(layers):
    if isinstance(layers, str | int):
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
