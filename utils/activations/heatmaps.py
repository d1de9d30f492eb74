"""Where in an image the answer of a network comes from: Grad-CAM and occlusion."""

import math
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from utils.activations.answers import Answer
from utils.activations.maps import compiled_later, in_batches, refuse_all_but_positive, shape_of, with_maps
from utils.layer_calls import LayerCalls

CACHED_BYTES = 8_000_000  # of the largest layer's maps: with more, each layer waits for the memory


@dataclass(frozen=True)
class Heatmaps:
    """Class-activation heatmaps: ``maps`` ``(n, height, width)`` ≥ 0, for one class an image.

    ``explained`` says which tensor's gradient they show, and in whose units they are: "logit", "probability" or
    "output". ``probabilities`` are the model's own, ``(n,)``; None where its outputs are no probabilities. ``silent``
    says of which images nothing speaks for the class: their maps are 0 everywhere.
    """

    maps: np.ndarray = field(repr=False)
    classes: np.ndarray
    probabilities: np.ndarray | None
    layer: str
    explained: str

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

    ``layer`` is a name or a number, the last one with maps by default; ``one_unit`` is explained at ``Answer``. The
    first call runs layer by layer; the later ones are compiled.
    """

    def __init__(self, model, layer=None, images_shape=None, one_unit=None):
        self.calls = LayerCalls(model, images_shape)
        call = last_maps(self.calls) if layer is None else self.calls[layer]
        with_maps(self.calls, call)
        self.layer = call.name
        self.answer = Answer(self.calls, one_unit)
        self._look = compiled_later(
            lambda images, classes: _grad_cam(self.answer, images, self.layer, classes), self.calls, [None]
        )

    def __call__(self, images, classes=None, batch_size=None):
        """``classes`` is one class for all images or one for each; by default the most probable.

        A single unit has the classes 0 and 1, and both can be asked for. By default a batch is as large as
        its maps stay in the processor's cache.
        """
        images = self.calls.images(images)
        classes = tf.constant(_class_of_each(classes, len(images), self.answer.classes))
        size = batch_size
        if size is None:
            size = max(1, min(16, CACHED_BYTES // _bytes_of_one(self.calls, images)))
        parts = list(zip(in_batches(images, size), in_batches(classes, size), strict=True))
        self.answer.find_out(parts[0][0])
        batches = [self._look(*each) for each in parts]
        maps, classes, outputs, far = map(np.concatenate, zip(*batches, strict=True))
        self.answer.check(outputs, far)
        probabilities = np.asarray(self.answer.of_classes(outputs))[np.arange(len(classes)), classes]
        return Heatmaps(
            maps, classes, probabilities if self.answer.is_probability else None, self.layer, self.answer.explained
        )


def grad_cam(model, images, layer=None, classes=None, batch_size=None, one_unit=None):
    """The ``Heatmaps`` of ``images``: where in ``layer`` (the last one with maps) the score of a class comes from.

    ``classes`` is one class for all images or one for each; by default the most probable. A single
    unit has the classes 0 and 1, and both can be asked for. The score is the logit where the model's output is that
    of a softmax or sigmoid, else the output itself: see ``Answer``, which explains ``one_unit``, too.
    Selvaraju et al. 2017, Grad-CAM. For looking more than once, keep a ``GradCam``.
    """
    return GradCam(model, layer, shape_of(images), one_unit)(images, classes, batch_size)


def last_maps(calls):
    """The last call whose output still has a height and a width."""
    with_maps = [call for call in calls if len(call.shape) == 4 and call.shape[1:3] != (1, 1)]
    if not with_maps:
        raise ValueError(f"{calls.model.name}: no layer gives maps (height, width, channels)")
    return with_maps[-1]


@dataclass(frozen=True)
class Occlusion:
    """How much the scores of ``classes`` fall when a square covers a part of the image: ``(classes, rows, columns)``.

    ``explained`` says which score: "logit", "probability" or "output". ``scaled`` are the falls with the highest at 1
    and rises at 0.
    """

    falls: np.ndarray = field(repr=False)
    classes: np.ndarray
    explained: str

    @property
    def scaled(self):
        falls = np.maximum(self.falls, 0)
        highest = falls.max(axis=(1, 2), keepdims=True)
        return falls / np.where(highest > 0, highest, 1)


def occlusion(model, image, classes, size=32, stride=16, batch_size=16, one_unit=None):
    """The ``Occlusion`` of an image for each of ``classes``: which parts its score depends on.

    ``image`` is ``(1, height, width, channels)``; the square of ``size`` pixels moves by ``stride`` and has the image's
    mean color. The check on a heatmap that uses no gradient (Zeiler & Fergus 2014).
    """
    refuse_all_but_positive(size=size, stride=stride)
    calls = LayerCalls(model, shape_of(image))
    image = np.asarray(calls.images(image), dtype="float32")
    if image.ndim != 4 or len(image) != 1:
        raise ValueError(f"images of shape {image.shape}: one is needed, (1, height, width, channels)")
    answer = Answer(calls, one_unit)
    classes = np.atleast_1d(_allowed(classes, answer.classes))
    height, width = image.shape[1:3]
    tops, lefts = _starts(height, size, stride), _starts(width, size, stride)
    covered = np.repeat(image, len(tops) * len(lefts), axis=0)
    for each, (top, left) in zip(covered, np.ndindex(len(tops), len(lefts)), strict=True):
        top, left = tops[top], lefts[left]
        each[top : top + size, left : left + size] = image.mean(axis=(0, 1, 2))
    answer.find_out(tf.constant(image))
    look = compiled_later(answer.scores, calls, [None])
    batches = [look(batch) for batch in in_batches(tf.constant(np.concatenate([image, covered])), batch_size)]
    scores, outputs, far = (np.concatenate(part) for part in zip(*batches, strict=True))
    answer.check(outputs, far)
    before, *after = scores[:, classes]
    return Occlusion((before - np.array(after)).T.reshape(-1, len(tops), len(lefts)), classes, answer.explained)


def _bytes_of_one(calls, images):
    """Those of one image's largest maps; where the model leaves a size open, the image's own stands for it."""
    sizes = [[known or own for known, own in zip(call.shape[1:], images.shape[1:], strict=False)] for call in calls]
    return 4 * max(map(math.prod, sizes))


def _grad_cam(answer, images, layer, classes):
    """Maps, classes, outputs and distances of a batch; where ``classes`` is −1, the most probable class."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        seen = {}

        def watch(name, tensor):
            if name == layer:
                tape.watch(tensor)
                seen[name] = tensor

        scores, outputs, far = answer.scores(images, watch)
        if not seen:
            raise ValueError(f"{layer}: the model's output does not depend on it")
        classes = tf.where(classes < 0, tf.argmax(scores, axis=1), classes)
        chosen = tf.gather(scores, classes, batch_dims=1)
    # Inference mode: no image's score depends on another image, so one gradient serves the whole batch.
    gradients = tape.gradient(chosen, seen[layer])
    if gradients is None:
        raise ValueError(f"{layer}: the model's output does not depend on it, or has no gradient there")
    weights = tf.reduce_mean(tf.cast(gradients, "float32"), axis=(1, 2), keepdims=True)
    maps = tf.nn.relu(tf.reduce_sum(weights * tf.cast(seen[layer], "float32"), axis=-1))
    return maps, classes, outputs, far


def _allowed(classes, count):
    try:
        numbers = keras.ops.convert_to_numpy(classes)
    except (TypeError, ValueError):
        numbers = np.array([])
    if numbers.ndim == 2 and numbers.shape[1] == 1:  # as keras.datasets has them
        numbers = numbers[:, 0]
    if numbers.dtype.kind not in "iu" or numbers.size == 0 or numbers.min() < 0 or numbers.max() >= count:
        raise ValueError(f"classes={classes!r}: whole numbers from 0 to {count - 1} are needed")
    if numbers.ndim > 1:
        raise ValueError(f"classes of shape {numbers.shape}: one number, or a list of them, is needed")
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
