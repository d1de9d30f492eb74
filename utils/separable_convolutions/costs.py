"""What a separable convolution saves and costs: parameters, multiply-adds, and time on this machine."""

import time
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from keras import layers

from utils import arithmetic


@dataclass(frozen=True)
class Timing:
    """Both 3×3 convolutions on a batch: milliseconds here, and counted multiply-adds."""

    batch: int
    size: int
    channels: int
    filters: int
    ordinary_ms: float
    separable_ms: float

    @property
    def counted_ratio(self):
        """How many times more multiply-adds the ordinary convolution needs."""
        ordinary, separable = (
            layer(self.filters, 3, padding="same").multiply_adds((self.size, self.size, self.channels)).value
            for layer in (arithmetic.Conv2D, arithmetic.SeparableConv2D)
        )
        return ordinary / separable

    @property
    def measured_ratio(self):
        """How many times longer the ordinary convolution takes."""
        return self.ordinary_ms / self.separable_ms


# Maps shrink while channels grow, as in a network's blocks: (height and width, channels, filters).
SIZES = ((64, 32, 64), (32, 64, 128), (16, 128, 256), (8, 256, 512))


def timings(sizes=SIZES, batch=8, rounds=15):
    """A ``Timing`` for each of ``sizes``: the median of ``rounds``, the two convolutions taking turns.

    Each is compiled and run once before the clock starts.
    """
    found = []
    for size, channels, filters in sizes:
        images = tf.random.stateless_normal((batch, size, size, channels), seed=(0, 0))
        turns = [tf.function(layer(filters, 3, padding="same")) for layer in (layers.Conv2D, layers.SeparableConv2D)]
        for turn in turns:
            _milliseconds(turn, images)
        times = [[_milliseconds(turn, images) for turn in turns] for _ in range(rounds)]
        found.append(Timing(batch, size, channels, filters, *np.median(times, axis=0).tolist()))
    return found


def convolutions_of(model):
    """The convolutions of a Keras model in order: [(layer, its input shape without the batch)]."""
    kinds = layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D
    return [(layer, tuple(layer.input.shape[1:])) for layer in model.layers if isinstance(layer, kinds)]


def multiply_adds(model):
    """The multiply-adds of the convolutions and the Dense layers of a Keras model, for one image."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            total += int(np.prod(layer.kernel.shape))
            continue
        kind = getattr(arithmetic, type(layer).__name__, None)
        if kind is None or not isinstance(layer, (layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D)):
            continue
        filters = () if isinstance(layer, layers.DepthwiseConv2D) else (layer.filters,)
        same = kind(*filters, layer.kernel_size, layer.strides, layer.padding)
        total += same.multiply_adds(tuple(layer.input.shape[1:])).value
    return total


def parameters_by_step(model):
    """Where the parameters of a Keras model are: {kind of layer: parameters}, largest first.

    The two steps of separable convolutions are told apart.
    """
    found = {}
    for layer in model.layers:
        steps = {type(layer).__name__: layer.count_params()}
        if isinstance(layer, layers.SeparableConv2D):
            first = int(np.prod(layer.depthwise_kernel.shape))
            steps = {"depthwise steps": first, "pointwise steps": layer.count_params() - first}
        elif isinstance(layer, layers.Conv2D) and layer.kernel_size == (1, 1):
            steps = {"Conv2D 1×1": layer.count_params()}
        for kind, count in steps.items():
            found[kind] = found.get(kind, 0) + count
    return dict(sorted(((kind, count) for kind, count in found.items() if count), key=lambda item: -item[1]))


def _milliseconds(turn, images):
    start = time.perf_counter()
    turn(images).numpy()
    return 1000 * (time.perf_counter() - start)
