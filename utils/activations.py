"""Looking inside a convnet: activations, mosaics, sparsity, heatmaps, for any functional or sequential Keras model.

Nothing here changes the model given: layers run in inference mode, nested models and shared layers call by call.
Images are in the model's own range, ``(n, height, width, channels)``.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from utils.depth import Sparsity, sparsity
from utils.filters import filters_by_ascent, most_exciting, receptive_field
from utils.layer_calls import LayerCalls

__all__ = [
    "GradCam",
    "Heatmaps",
    "Mosaic",
    "Observer",
    "Sparsity",
    "activations",
    "filters_by_ascent",
    "grad_cam",
    "mosaic",
    "most_exciting",
    "occlusion",
    "receptive_field",
    "sparsity",
]

LEVELS = 250  # shades of a mosaic; the codes above them mark what is no value
GAP, BLANK, CONSTANT, DEAD, BAD = range(LEVELS, LEVELS + 5)
CACHED_BYTES = 8_000_000  # of the largest layer's maps: with more, each layer waits for the memory


class Observer:
    """Looks at the same layers of a model again and again: ``Observer(model, layers)(images)`` → arrays by name.

    ``layers`` are names, all by default. The first look runs layer by layer; from the second on it is compiled.
    """

    def __init__(self, model, layers=None, images_shape=None):
        self.calls = LayerCalls(model, images_shape)
        self.layers = [call.name for call in self.calls] if layers is None else _names(layers)
        for name in self.layers:
            self.calls[name]
        self._look = _compiled_later(self._seen)

    def __call__(self, images, batch_size=16, most_bytes=1_000_000_000):
        """The activations as float32, ``{name: (n, height, width, channels)}``, ``batch_size`` images at a time.

        The arrays are TensorFlow's own and read-only: copy what you want to change. Raises ``ValueError`` before it
        needs more than ``most_bytes`` for the result.
        """
        images = self.calls.images(images)
        batches = []
        for batch in _batches(images, batch_size):
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


@dataclass(frozen=True)
class Mosaic:
    """All channels of one image side by side, as bytes: ``LEVELS`` shades, and codes for what is no value.

    ``tile`` is the height and width of one channel's tile in pixels, ``low`` and ``high`` the values that the
    darkest and the brightest shade stand for, one for each channel; ``marked`` counts the marked channels by kind.
    """

    codes: np.ndarray = field(repr=False)
    columns: int
    tile: tuple[int, int]
    low: np.ndarray = field(repr=False)
    high: np.ndarray = field(repr=False)
    shared: bool
    marked: dict


def mosaic(maps, *, shared=False, dead=None, columns=None, least=32):
    """The ``Mosaic`` of one image's activations, ``(height, width, channels)``: any shape, any number of channels.

    Each channel has a scale of its own unless ``shared``. Channels of one value only are marked: blank (0
    everywhere), constant (another value), dead (those that ``dead``, a boolean a channel, says are blank for
    every image), bad (not finite). Small maps are enlarged by a whole factor to at least ``least`` pixels.
    """
    maps = np.asarray(maps, dtype="float32")
    if maps.ndim == 1:  # a dense layer's units, or pooled channels: maps of one pixel
        maps = maps[None, None]
    if maps.ndim != 3 or 0 in maps.shape:
        raise ValueError(f"maps of shape {maps.shape}: those of one image, (height, width, channels), are needed")
    height, width, channels = maps.shape
    columns = columns or math.ceil(math.sqrt(channels * height / width))
    columns = min(columns, channels)
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    finite = np.isfinite(low) & np.isfinite(high)  # a channel's extremes are not where one of its values is not
    safe = maps if finite.all() else np.where(finite, maps, 0)
    low, high = np.where(finite, low, 0), np.where(finite, high, 0)
    flat = low == high
    if shared:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    span = np.where(high > low, high - low, 1)
    codes = safe - low
    codes /= span
    codes *= LEVELS - 1
    codes = codes.astype(np.uint8)
    marks = {
        CONSTANT: flat & finite & (safe[0, 0] != 0),
        BLANK: flat & finite & (safe[0, 0] == 0),
        DEAD: np.zeros(channels, bool) if dead is None else np.asarray(dead, bool),
        BAD: ~finite,
    }
    factor = max(1, math.ceil(least / min(height, width)))
    tiles = codes.transpose(2, 0, 1)
    if factor > 1:
        tiles = tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    for code, which in marks.items():
        if which.any():
            tiles[which] = _hatched(tiles.shape[1:], code)
    marked = {name: int(marks[code].sum()) for name, code in MARKS.items()}
    return Mosaic(_grid(tiles, columns), columns, tiles.shape[1:], low, high, shared, marked)


MARKS = {"blank": BLANK, "constant": CONSTANT, "dead": DEAD, "not finite": BAD}


@dataclass(frozen=True)
class Heatmaps:
    """Class-activation heatmaps: ``maps`` ``(n, height, width)`` ≥ 0 in the logit's units, for one class an image.

    ``silent`` says of which images nothing speaks for the class: their maps are 0 everywhere.
    """

    maps: np.ndarray = field(repr=False)
    classes: np.ndarray
    probabilities: np.ndarray
    layer: str

    @property
    def silent(self):
        return ~(self.maps > 0).any(axis=(1, 2))

    @property
    def scaled(self):
        """The maps with their highest value at 1; silent ones stay 0."""
        highest = self.maps.max(axis=(1, 2), keepdims=True)
        return self.maps / np.where(highest > 0, highest, 1)


class GradCam:
    """Draws the heatmaps of one layer again and again: ``GradCam(model, layer)(images)`` → ``Heatmaps``.

    ``layer`` is the last one with maps by default. The first call runs layer by layer; the later ones are compiled.
    """

    def __init__(self, model, layer=None, images_shape=None):
        self.calls = LayerCalls(model, images_shape)
        self.layer = layer or last_maps(self.calls)
        shape = self.calls[self.layer].shape
        if len(shape) != 4:
            raise ValueError(f"{self.layer} gives {shape}: a layer with maps (height, width, channels) is needed")
        self._look = _compiled_later(lambda images, classes: _grad_cam(self.calls, images, self.layer, classes))

    def __call__(self, images, classes=None, batch_size=None):
        """``classes`` is one class for all images or one for each; by default the most probable.

        A single sigmoid unit has the classes 0 and 1, and both can be asked for. By default a batch is as large as
        its maps stay in the processor's cache.
        """
        images = self.calls.images(images)
        classes = tf.constant(_class_of_each(classes, len(images), max(2, self.calls.last.shape[-1])))
        size = batch_size or max(1, min(16, CACHED_BYTES // _bytes_of_one(self.calls, images)))
        batches = [self._look(*each) for each in zip(_batches(images, size), _batches(classes, size), strict=True)]
        return Heatmaps(*map(np.concatenate, zip(*batches, strict=True)), self.layer)


def grad_cam(model, images, layer=None, classes=None, batch_size=None):
    """The ``Heatmaps`` of ``images``: where in ``layer`` (the last one with maps) the logit of a class comes from.

    ``classes`` is one class for all images or one for each; by default the most probable. A single sigmoid
    unit has the classes 0 and 1, and both can be asked for. Selvaraju et al. 2017, Grad-CAM. For looking more than
    once, keep a ``GradCam``.
    """
    return GradCam(model, layer, np.shape(images))(images, classes, batch_size)


def last_maps(calls):
    """The name of the last layer whose output still has a height and a width."""
    with_maps = [call.name for call in calls if len(call.shape) == 4 and call.shape[1:3] != (1, 1)]
    if not with_maps:
        raise ValueError(f"{calls.model.name}: no layer gives maps (height, width, channels)")
    return with_maps[-1]


def occlusion(model, image, classes, size=32, stride=16, batch_size=16):
    """How much the logits of ``classes`` fall when a square covers a part of the image: ``(classes, rows, columns)``.

    ``image`` is ``(1, height, width, channels)``; the square of ``size`` pixels moves by ``stride`` and has the image's
    mean colour. The check on a heatmap that uses no gradient (Zeiler & Fergus 2014).
    """
    calls = LayerCalls(model, np.shape(image))
    image = np.asarray(calls.images(image), dtype="float32")
    height, width = image.shape[1:3]
    tops, lefts = _starts(height, size, stride), _starts(width, size, stride)
    covered = np.repeat(image, len(tops) * len(lefts), axis=0)
    for each, (top, left) in zip(covered, np.ndindex(len(tops), len(lefts)), strict=True):
        top, left = tops[top], lefts[left]
        each[top : top + size, left : left + size] = image.mean(axis=(0, 1, 2))
    logits = _compiled_later(lambda batch: _class_logits(calls.run(batch, [], logits=True)[None]))
    images = np.concatenate([image, covered])
    batches = [logits(tf.constant(images[at : at + batch_size])) for at in range(0, len(images), batch_size)]
    before, *after = np.concatenate(batches)[:, _allowed(classes, batches[0].shape[1])]
    return (before - np.array(after)).T.reshape(-1, len(tops), len(lefts))


def _names(layers):
    if isinstance(layers, str):
        raise ValueError(f"layers={layers!r}: a list of names is needed, [{layers!r}]")
    return list(layers)


def _batches(images, size):
    if len(images) <= size:
        return [images]
    return [images[start : start + size] for start in range(0, len(images), size)]


def _bytes_of_one(calls, images):
    """Those of one image's largest maps; where the model leaves a size open, the image's own stands for it."""
    sizes = [[known or own for known, own in zip(call.shape[1:], images.shape[1:], strict=False)] for call in calls]
    return 4 * max(map(math.prod, sizes))


def _array(tensor):
    """The tensor's own memory as an array; its ``numpy()`` would copy it."""
    return np.asarray(memoryview(tensor))


def _compiled_later(function):
    """``function``, compiled from its second call on: tracing costs several calls, so the first is made without."""
    compiled = tf.function(function, reduce_retracing=True)
    calls = iter([function])

    def call(*arguments):
        return next(calls, compiled)(*arguments)

    return call


def _refuse_too_many_bytes(found, images, most_bytes):
    needed = images * sum(4 * math.prod(tensor.shape[1:]) for tensor in found.values())
    if needed > most_bytes:
        raise ValueError(
            f"{len(found)} layers of {images} images take {needed / 1e9:.1f} GB, more than most_bytes={most_bytes:,}: "
            "choose layers, or look at fewer images at a time"
        )


def _hatched(shape, code):
    """A tile in the colour ``code`` with a pattern that differs by code, so that colour alone carries nothing."""
    rows, columns = np.indices(shape)
    pattern = {
        BLANK: np.zeros(shape, bool),
        CONSTANT: (rows + columns) % 6 == 0,
        DEAD: ((rows + columns) % 8 == 0) | ((rows - columns) % 8 == 0),
        BAD: (rows % 4 == 0) | (columns % 4 == 0),
    }[code]
    return np.where(pattern, GAP, code).astype(np.uint8)


def _grid(tiles, columns):
    """The tiles, ``(n, height, width)``, row by row with a line of two pixels between them."""
    count, height, width = tiles.shape
    rows = -(-count // columns)
    padded = np.full((rows * columns, height + 2, width + 2), GAP, np.uint8)
    padded[:count, 1:-1, 1:-1] = tiles
    return padded.reshape(rows, columns, height + 2, width + 2).swapaxes(1, 2).reshape(rows * (height + 2), -1)


def _grad_cam(calls, images, layer, classes):
    """Maps, classes and probabilities of a batch; where ``classes`` is −1, the most probable class."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        found = calls.run(images, [layer], logits=True, watch=lambda name, tensor: name == layer and tape.watch(tensor))
        logits = _class_logits(found[None])
        classes = tf.where(classes < 0, tf.argmax(logits, axis=1), classes)
        scores = tf.gather(logits, classes, batch_dims=1)
    # Inference mode: no image's score depends on another image, so one gradient serves the whole batch.
    gradients = tape.gradient(scores, found[layer])
    if gradients is None:
        raise ValueError(f"{layer}: the model's output does not depend on it")
    weights = tf.reduce_mean(tf.cast(gradients, "float32"), axis=(1, 2), keepdims=True)
    maps = tf.nn.relu(tf.reduce_sum(weights * tf.cast(found[layer], "float32"), axis=-1))
    probabilities = tf.nn.sigmoid(logits) if found[None].shape[-1] == 1 else tf.nn.softmax(logits)
    return maps, classes, tf.gather(probabilities, classes, batch_dims=1)


def _class_logits(logits):
    """``(n, classes)``; a single unit's logit sets class 1 against class 0, so its negative is that of class 0."""
    logits = tf.reshape(logits, (tf.shape(logits)[0], logits.shape[-1]))
    return tf.concat([-logits, logits], axis=1) if logits.shape[1] == 1 else logits


def _allowed(classes, count):
    numbers = np.asarray(classes)
    if numbers.dtype.kind not in "iu" or numbers.size == 0 or numbers.min() < 0 or numbers.max() >= count:
        raise ValueError(f"classes={classes!r}: whole numbers from 0 to {count - 1} are needed")
    return numbers


def _class_of_each(classes, images, count):
    """A class for each image, −1 where it is to be the most probable one."""
    if classes is None:
        return np.full(images, -1)
    numbers = _allowed(classes, count)
    if numbers.ndim and len(numbers) != images:
        raise ValueError(f"{len(numbers)} classes for {images} images: one for all, or one for each, is needed")
    return np.broadcast_to(numbers, images).astype("int64")


def _starts(length, size, stride):
    """Where a square begins so that the squares cover the whole length, the last one flush with the end."""
    if size >= length:
        return [0]
    return sorted({*range(0, length - size, stride), length - size})
