"""Where in an image the answer of a network comes from: Grad-CAM and occlusion."""

import math
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from utils.activations.layer_calls import LayerCalls
from utils.activations.maps import compiled_later, in_batches

CACHED_BYTES = 8_000_000  # of the largest layer's maps: with more, each layer waits for the memory


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
        self._look = compiled_later(lambda images, classes: _grad_cam(self.calls, images, self.layer, classes))

    def __call__(self, images, classes=None, batch_size=None):
        """``classes`` is one class for all images or one for each; by default the most probable.

        A single sigmoid unit has the classes 0 and 1, and both can be asked for. By default a batch is as large as
        its maps stay in the processor's cache.
        """
        images = self.calls.images(images)
        classes = tf.constant(_class_of_each(classes, len(images), max(2, self.calls.last.shape[-1])))
        size = batch_size or max(1, min(16, CACHED_BYTES // _bytes_of_one(self.calls, images)))
        batches = [self._look(*each) for each in zip(in_batches(images, size), in_batches(classes, size), strict=True)]
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
    logits = compiled_later(lambda batch: _class_logits(calls.run(batch, [], logits=True)[None]))
    images = np.concatenate([image, covered])
    batches = [logits(tf.constant(images[at : at + batch_size])) for at in range(0, len(images), batch_size)]
    before, *after = np.concatenate(batches)[:, _allowed(classes, batches[0].shape[1])]
    return (before - np.array(after)).T.reshape(-1, len(tops), len(lefts))


def _bytes_of_one(calls, images):
    """Those of one image's largest maps; where the model leaves a size open, the image's own stands for it."""
    sizes = [[known or own for known, own in zip(call.shape[1:], images.shape[1:], strict=False)] for call in calls]
    return 4 * max(map(math.prod, sizes))


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
