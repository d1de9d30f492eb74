"""What part of an image a unit sees, and which parts excite it most."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from keras import layers

from utils import keras_graph
from utils.activations.maps import is_whole, refuse_all_but_positive, refuse_other_sizes, shape_of, with_maps
from utils.keras_graph import has_keras_activation
from utils.layer_calls import LayerCalls

# Keras's own layers, by what a place of their output sees of their input. What is derived from them is not known.
WINDOWED = (
    layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.MaxPooling2D, layers.AveragePooling2D,
)  # fmt: skip
TRANSPOSED = (layers.Conv2DTranspose,)
SHIFTED = (layers.ZeroPadding2D, layers.Cropping2D)
POINTWISE = (
    layers.Dense, layers.BatchNormalization, layers.LayerNormalization, layers.RMSNormalization,
    layers.UnitNormalization, layers.Normalization, layers.Rescaling, layers.Add, layers.Subtract, layers.Multiply,
    layers.Average, layers.Maximum, layers.Minimum, layers.Concatenate, layers.Identity, layers.Dropout,
    layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout, layers.AlphaDropout,
    layers.ActivityRegularization, layers.RandomFlip, layers.RandomRotation, layers.RandomZoom,
    layers.RandomTranslation, layers.RandomContrast, layers.RandomBrightness, *keras_graph.POINTWISE,
)  # fmt: skip
WHOLE = (
    layers.Flatten, layers.Reshape, layers.Permute, layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D,
    layers.GroupNormalization, layers.Resizing, layers.Attention, layers.AdditiveAttention, layers.MultiHeadAttention,
    layers.GroupQueryAttention, *keras_graph.WHOLE,
)  # fmt: skip
LAST_AXIS = (None, -1, 3, (-1,), (3,))


@dataclass(frozen=True)
class Window:
    """A rectangle of an image, up to but without ``bottom`` and ``right``; it may reach beyond the image."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self):
        return self.bottom - self.top, self.right - self.left

    def crop(self, image):
        """The part of ``image``, ``(height, width, …)``, inside the window."""
        return image[max(0, self.top) : max(0, self.bottom), max(0, self.left) : max(0, self.right)]


def receptive_field(model, layer, row=None, column=None, size=None):
    """The ``Window`` of the image that the unit of ``layer`` at ``(row, column)``, by default in the middle, can see.

    ``size`` is the image's ``(height, width)``, for models that take any. Dense layers after flattening, pooling or
    normalizing over all places, attention and resizing see all of it. Raises ``ValueError`` where a layer on the way is
    none of which that is known: a ``Lambda``, a layer of one's own.
    """
    calls = LayerCalls(model)
    if len(calls.input_shape) != 4:
        raise ValueError(f"{model.name} takes {calls.input_shape}: (batch, height, width, channels) is needed")
    size = calls.input_shape[1:3] if size is None else size
    if size == (None, None):
        raise ValueError(f"{model.name} takes images of any size: size=(height, width) is needed")
    if np.shape(size) != (2,) or not all(is_whole(each) and each > 0 for each in size):
        raise ValueError(f"size={size!r}: the image's (height, width) is needed")
    call = calls[layer]
    with_maps(calls, call)
    image = tf.zeros((1, *size, calls.input_shape[3]))
    needed = calls.needed([call])
    for each in needed:
        _refuse_unknown(each)
    shapes = {0: tuple(size)}
    refuse_other_sizes(calls, [layer], image.shape)
    for each, outputs in zip(needed, calls.outputs(image, needed), strict=True):
        shapes |= {place: _map_size(output) for place, output in zip(each.writes, outputs, strict=True)}
    place = call.writes[0]
    unit = [shapes[place][axis] // 2 if given is None else given for axis, given in enumerate((row, column))]
    if not all(is_whole(at) and 0 <= at < most for at, most in zip(unit, shapes[place], strict=True)):
        raise ValueError(f"unit {tuple(unit)}: {call.name} has {shapes[place][0]} × {shapes[place][1]} units")
    seen = {place: [(at, at + 1) for at in unit]}
    for each in reversed(needed):
        spans = [seen[place] for place in each.writes if place in seen]
        spans = [span for span in spans if all(start < stop for start, stop in span)]  # padding may be all that is seen
        for read in set(each.reads):
            for span in spans:
                before = _span_before(each, span, shapes[read], shapes[each.writes[0]])
                seen[read] = [_union(a, b) for a, b in zip(seen.get(read, before), before, strict=True)]
    (top, bottom), (left, right) = seen.get(0, [(0, 0), (0, 0)])
    return Window(top, left, bottom, right)


@dataclass(frozen=True)
class Excited:
    """A part of a photograph that excites a channel: which image, where, and the unit's activation."""

    image: int
    window: Window
    activation: float


def most_exciting(model, layer, channel, images, count=8):
    """The ``count`` parts of ``images`` that excite a channel most, one an image at most, the strongest first.

    Raises ``ValueError`` for a layer without maps, and as ``receptive_field`` does.
    """
    refuse_all_but_positive(count=count)
    calls = LayerCalls(model, shape_of(images))
    images = np.asarray(calls.images(images))
    with_maps(calls, calls[layer])
    channels = calls[layer].shape[-1]
    if not is_whole(channel) or not 0 <= channel < channels:
        raise ValueError(f"channel={channel!r}: a whole number from 0 to {channels - 1} is needed")
    refuse_other_sizes(calls, [layer], images.shape)
    maps = calls.run(images, [layer])[layer].numpy()[..., channel]
    found = []
    for index in np.argsort(-maps.max(axis=(1, 2)), kind="stable")[:count]:
        row, column = np.unravel_index(maps[index].argmax(), maps[index].shape)
        window = receptive_field(model, layer, int(row), int(column), images.shape[1:3])
        found.append(Excited(int(index), window, float(maps[index, row, column])))
    return found


def _map_size(tensor):
    """Height and width; what has none counts as a single place."""
    return tuple(tensor.shape[1:3]) if len(tensor.shape) == 4 else (1, 1)


def _refuse_unknown(call):
    if call.node is None or len(call.shape) != 4 or all(len(tensor.shape) != 4 for tensor in call.node.inputs):
        return  # between tensors without maps there are no places that could be told apart
    operation, kind = call.operation, type(call.operation)
    known = (*WINDOWED, *TRANSPOSED, *SHIFTED, *WHOLE, *keras_graph.REDUCTIONS, layers.UpSampling2D)
    pointwise = kind in POINTWISE and _axis(operation) in LAST_AXIS
    channels_last = getattr(operation, "data_format", None) in (None, "channels_last")
    if not ((kind in known or pointwise) and channels_last and has_keras_activation(operation)):
        raise ValueError(f"receptive field: not known beyond layer {call.name} ({kind.__name__})")


def _axis(operation):
    axis = getattr(operation, "axis", None)
    return tuple(axis) if isinstance(axis, list | tuple) else axis


def _sees_all(operation):
    if type(operation) in keras_graph.REDUCTIONS:
        return not operation.keepdims or _axis(operation) not in LAST_AXIS[1:]
    return type(operation) in WHOLE


def _span_before(call, span, size, given):
    """The rows and columns of a call's input, of ``size``, that the ``span`` of its output, of size ``given``, sees."""
    layer, kind = call.operation, type(call.operation)
    if kind in WINDOWED + TRANSPOSED:
        window = _both(layer, "kernel_size") or _both(layer, "pool_size")
        strides, dilation = _both(layer, "strides") or window, _both(layer, "dilation_rate") or (1, 1)
        through = _through_window if kind in WINDOWED else _through_transposed
        padding = [layer.padding] * 2
        return [through(*each) for each in zip(span, size, given, window, strides, dilation, padding, strict=True)]
    if kind is layers.UpSampling2D and layer.interpolation == "nearest":
        return [(start // by, (stop - 1) // by + 1) for (start, stop), by in zip(span, layer.size, strict=True)]
    if kind is layers.ZeroPadding2D:
        inner = [(start - pad[0], stop - pad[0]) for (start, stop), pad in zip(span, layer.padding, strict=True)]
        only_padding = [stop <= 0 or start >= end for (start, stop), end in zip(inner, size, strict=True)]
        return [(0, 0)] * 2 if any(only_padding) else inner
    if kind is layers.Cropping2D:  # what lies beyond its output is padding, and not what was cut off
        inside = [(max(0, start), min(end, stop)) for (start, stop), end in zip(span, given, strict=True)]
        return [(start + cut[0], stop + cut[0]) for (start, stop), cut in zip(inside, layer.cropping, strict=True)]
    if _sees_all(layer):
        return [(0, each) for each in size]
    # One place that is spread over all is seen by all; what has no maps counts as one place.
    return [seen if each == out else (0, each) for seen, each, out in zip(span, size, given, strict=True)]


def _through_window(span, size, given, window, stride, dilation, padding):
    reach = (window - 1) * dilation + 1
    pad = max((given - 1) * stride + reach - size, 0) // 2 if padding == "same" else 0
    return span[0] * stride - pad, (span[1] - 1) * stride - pad + reach


def _through_transposed(span, size, given, window, stride, dilation, padding):
    """Input ``i`` is spread over the outputs from ``i · stride − pad`` on, as many as the window reaches."""
    reach = (window - 1) * dilation + 1
    pad = max((size - 1) * stride + reach - given, 0) // 2 if padding == "same" else 0
    first = -(-(span[0] + pad - reach + 1) // stride)
    return max(0, first), min(size, (span[1] - 1 + pad) // stride + 1)


def _both(layer, name):
    value = getattr(layer, name, None)
    return (value, value) if isinstance(value, int) else tuple(value) if value else None


def _union(one, other):
    return min(one[0], other[0]), max(one[1], other[1])
