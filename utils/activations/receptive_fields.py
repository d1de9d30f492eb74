"""What part of an image a unit sees, and which parts excite it most."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from utils.activations.layer_calls import LayerCalls


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

    ``size`` is the image's ``(height, width)``, for models that take any. Layers that are not known to look at a
    window only (dense layers, global pooling, resizing) see all of it.
    """
    calls = LayerCalls(model)
    size = size or calls.input_shape[1:3]
    if None in size:
        raise ValueError(f"{model.name} takes images of any size: size=(height, width) is needed")
    image = tf.zeros((1, *size, calls.input_shape[3]))
    needed = calls.needed([calls[layer]])
    shapes = {0: tuple(size)}
    for call, outputs in zip(needed, calls.outputs(image, needed), strict=True):
        shapes |= {place: _map_size(each) for place, each in zip(call.writes, outputs, strict=True)}
    with_maps(calls[layer])
    place = calls[layer].writes[0]
    unit = [shapes[place][axis] // 2 if given is None else given for axis, given in enumerate((row, column))]
    if not all(0 <= at < most for at, most in zip(unit, shapes[place], strict=True)):
        raise ValueError(f"unit {tuple(unit)}: {layer} has {shapes[place][0]} × {shapes[place][1]} units")
    seen = {place: [(at, at + 1) for at in unit]}
    for call in reversed(needed):
        spans = [seen[place] for place in call.writes if place in seen]
        for read in set(call.reads):
            for span in spans:
                before = _span_before(call, span, shapes[read], shapes[call.writes[0]])
                seen[read] = [_union(a, b) for a, b in zip(seen.get(read, before), before, strict=True)]
    (top, bottom), (left, right) = seen[0]
    return Window(top, left, bottom, right)


@dataclass(frozen=True)
class Excited:
    """A part of a photograph that excites a channel: which image, where, and the unit's activation."""

    image: int
    window: Window
    activation: float


def most_exciting(model, layer, channel, images, count=8):
    """The ``count`` parts of ``images`` that excite a channel most, one an image at most, the strongest first."""
    images = np.asarray(images)
    maps = LayerCalls(model, images.shape).run(images, [layer])[layer].numpy()[..., channel]
    found = []
    for index in np.argsort(-maps.max(axis=(1, 2)), kind="stable")[:count]:
        row, column = np.unravel_index(maps[index].argmax(), maps[index].shape)
        window = receptive_field(model, layer, int(row), int(column), images.shape[1:3])
        found.append(Excited(int(index), window, float(maps[index, row, column])))
    return found


def with_maps(call):
    if len(call.shape) != 4:
        raise ValueError(f"{call.name} gives {call.shape}: a layer with maps (height, width, channels) is needed")


def _map_size(tensor):
    """Height and width; what has none counts as a single place."""
    return tuple(tensor.shape[1:3]) if len(tensor.shape) == 4 else (1, 1)


def _span_before(call, span, size, given):
    """The rows and columns of a call's input, of ``size``, that the ``span`` of its output, of size ``given``, sees."""
    layer = call.operation
    window = _both(layer, "kernel_size") or _both(layer, "pool_size")
    if window and "Transpose" not in call.kind:
        strides, dilation = _both(layer, "strides") or window, _both(layer, "dilation_rate") or (1, 1)
        return [
            _through_window(*each)
            for each in zip(span, size, window, strides, dilation, [layer.padding] * 2, strict=True)
        ]
    if call.kind == "ZeroPadding2D":
        return [(start - pad[0], stop - pad[0]) for (start, stop), pad in zip(span, layer.padding, strict=True)]
    return span if size == given else [(0, axis) for axis in size]


def _through_window(span, size, window, stride, dilation, padding):
    reach = (window - 1) * dilation + 1
    pad = max((-(-size // stride) - 1) * stride + reach - size, 0) // 2 if padding == "same" else 0
    return span[0] * stride - pad, (span[1] - 1) * stride - pad + reach


def _both(layer, name):
    value = getattr(layer, name, None)
    return (value, value) if isinstance(value, int) else value if value and len(value) == 2 else None


def _union(one, other):
    return min(one[0], other[0]), max(one[1], other[1])
