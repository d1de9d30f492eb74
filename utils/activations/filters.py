"""What single filters look for: their kernels, and the images that excite them most."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import tensorflow as tf

from utils.activations.maps import compiled_once, refuse_all_but_positive, refuse_other_sizes, shape_of, with_maps
from utils.activations.receptive_fields import receptive_field
from utils.layer_calls import LayerCalls

# Directions in color space: brightness, red against green, blue against yellow.
COLOR_AXES = np.array([[1, 1, 1], [1, -1, 0], [-1, -1, 2]]) / np.sqrt([[3], [2], [6]])
WAVELENGTHS = (32, 16, 8, 4)  # pixels


def orientation_selectivity(kernels):
    """How much each first-layer kernel prefers stripes of one orientation: 0 (not at all) … 1.

    ``kernels`` is ``(height, width, 3 or 1, filters)``. The power of its answers to stripes of all orientations, in
    brightness and, with three channels, in color, each weighted as frequent as in photographs (power ∝ wavelength²),
    summed up as arrows of twice the stripes' angle. An edge detector as simple as can be, a difference of two
    neighbors, has 1/2.
    """
    kernels = np.asarray(kernels, dtype="float64")
    kernels, axes = (kernels, np.ones((1, 1))) if kernels.shape[2:3] == (1,) else (_color(kernels), COLOR_AXES)
    rows, columns = np.indices(kernels.shape[:2])
    angles = np.pi * np.arange(24) / 24
    power = np.zeros((len(angles), kernels.shape[-1]))
    for wavelength in WAVELENGTHS:
        along = np.cos(angles)[:, None, None] * columns + np.sin(angles)[:, None, None] * rows
        stripes = np.exp(2j * np.pi * along / wavelength)
        for axis in axes:
            answers = np.tensordot(stripes, np.tensordot(kernels, axis, axes=([2], [0])), axes=2)
            power += wavelength**2 * np.abs(answers) ** 2
    total = power.sum(axis=0)
    arrows = np.abs((power * np.exp(2j * angles)[:, None]).sum(axis=0))
    return np.where(total > 0, arrows / np.where(total > 0, total, 1), 0.0)


def color_opponency(kernels):
    """The share of each first-layer kernel's weight that sets colors against each other.

    ``kernels`` is ``(height, width, 3, filters)``. 0: the kernel treats red, green and blue alike and sees
    brightness only. 1: gray does not excite it at all. Random kernels have 2/3, since two of three directions in
    color space are colors.
    """
    kernels = _color(kernels)
    brightness = np.tensordot(kernels, COLOR_AXES[0], axes=([2], [0]))
    total = (kernels**2).sum(axis=(0, 1, 2))
    return np.where(total > 0, 1 - (brightness**2).sum(axis=(0, 1)) / np.where(total > 0, total, 1), 0.0)


def random_kernels(like, count=4000, seed=0):
    """``count`` kernels of independent normal numbers in the shape of ``like``: the control for both measures."""
    return np.random.default_rng(seed).normal(size=(*np.shape(like)[:3], count))


def oriented(kernels):
    """Which first-layer kernels are more oriented than 95 of 100 random ones of their size: booleans."""
    return orientation_selectivity(kernels) > oriented_limit(np.shape(kernels)[:3])


@cache
def oriented_limit(shape):
    """The orientation selectivity that 5 of 100 random kernels of ``shape``, (height, width, channels), exceed."""
    return float(np.quantile(orientation_selectivity(random_kernels(np.empty((*shape, 1)))), 0.95))


@dataclass(frozen=True)
class Ascent:
    """Images made to excite one filter each, ``(filters, size, size, channels)``, and how far that went.

    ``before`` and ``after`` are the filters' mean pre-activations at the first and the last step, ``peak`` the
    highest one in the last image. A ``stuck`` filter's image did not come to excite it more than the noise it began
    with.
    """

    layer: str
    filters: np.ndarray
    images: np.ndarray = field(repr=False)
    before: np.ndarray = field(repr=False)
    after: np.ndarray = field(repr=False)
    peak: np.ndarray = field(repr=False)

    @property
    def stuck(self):
        return ~(self.after > self.before + 1e-3 * np.abs(self.before))


def filters_by_ascent(
    model, layer, filters=None, *, steps=30, step=0.05, value_range=(0, 255), regularized=True, size=None, seed=0
):
    """Images that excite the ``filters`` of ``layer`` (all by default), found by gradient ascent; an ``Ascent``.

    All filters climb in one compiled batch, each by its own gradient: a filter's image does not depend on the others.
    What climbs is the layer's output before its activation, since a unit that a ReLU holds at 0 has no gradient. The
    images are tiles of ``size`` pixels, by default little more than the receptive field, and each step moves a
    pixel by ``step`` of ``value_range`` on average. ``regularized`` shifts the image a little before each
    step, smooths the gradient and keeps the pixels in range.
    """
    calls = LayerCalls(model)
    with_maps(calls, calls[layer])
    filters = _numbers(filters, calls[layer].shape[-1])
    size = tile_size(model, layer) if size is None else size
    refuse_all_but_positive(steps=steps, size=size)
    low, high = value_range
    random = np.random.default_rng(seed)
    noise = random.uniform(-0.1, 0.1, (1, size, size, calls.input_shape[3]))  # the same start for every filter
    images = tf.constant(np.repeat((low + high) / 2 + (high - low) * noise, len(filters), axis=0), "float32")
    refuse_other_sizes(calls, [layer], images.shape)
    shifts = random.integers(-2, 3, (steps, 2)) if regularized else np.zeros((steps, 2), int)
    climb = _climber(calls, layer, filters, regularized)
    stay = tf.constant([0, 0]), tf.constant(0.0)
    _, before, _ = climb(images, *stay)
    for shift in shifts:
        images, _, _ = climb(images, tf.constant(shift, tf.int32), tf.constant((high - low) * step, "float32"))
        if regularized:
            images = tf.clip_by_value(images, low, high)
    _, after, peak = climb(images, *stay)
    return Ascent(layer, filters, *(each.numpy() for each in (images, before, after, peak)))


def natural_peaks(model, layer, images, filters):
    """The highest pre-activation of each of the ``filters`` anywhere in ``images``: what the world has to offer it."""
    calls = LayerCalls(model, shape_of(images))
    with_maps(calls, calls[layer])
    filters, images = _numbers(filters, calls[layer].shape[-1]), calls.images(images)
    refuse_other_sizes(calls, [layer], images.shape)
    return tf.reduce_max(calls.run_unactivated(images, layer), axis=[0, 1, 2]).numpy()[filters]


def roughness(images):
    """The share of the images' power in waves shorter than 4 pixels, 0…1: photographs have little, noise much.

    ``images`` is ``(n, height, width, channels)``; the mean brightness does not count.
    """
    images = np.asarray(images, dtype="float64")
    power = (np.abs(np.fft.fft2(images, axes=(1, 2))) ** 2).sum(axis=(0, 3))
    power[0, 0] = 0
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(size) for size in power.shape), indexing="ij"))
    return float(power[frequency > 0.25].sum() / power.sum())


def tile_size(model, layer):
    """The side of a square somewhat larger than the receptive field of ``layer``, at most the model's own image."""
    most = LayerCalls(model).input_shape[1] or 1024
    try:
        field = max(receptive_field(model, layer, size=(most, most)).shape)
    except ValueError:
        if not LayerCalls(model).input_shape[1]:
            raise
        return most  # where nobody knows how much the layer sees, the model's own image is large enough
    return min(most, max(24, field + field // 2))


def _numbers(filters, channels):
    """The numbers of filters as an array: all of them by default, or one, or several."""
    numbers = np.arange(channels) if filters is None else np.atleast_1d(filters)
    if numbers.dtype.kind not in "iu" or numbers.size == 0 or numbers.min() < 0 or numbers.max() >= channels:
        raise ValueError(f"filters={filters!r}: whole numbers from 0 to {channels - 1} are needed")
    return numbers


def _color(kernels):
    kernels = np.asarray(kernels, dtype="float64")
    if kernels.ndim != 4 or kernels.shape[2] != 3:
        raise ValueError(
            f"kernels of shape {kernels.shape}: (height, width, 3, filters) is needed, those of color images"
        )
    return kernels


def _climber(calls, layer, filters, regularized):
    """One compiled step of ascent: images, shift, step → images, each filter's mean and highest pre-activation."""
    pick = tf.constant(filters, tf.int32)
    blur = np.outer([1, 2, 1], [1, 2, 1]).astype("float32") / 16

    def climb(images, shift, step):
        images = tf.roll(images, shift, [1, 2])
        with tf.GradientTape() as tape:
            tape.watch(images)
            maps = tf.gather(calls.run_unactivated(images, layer), pick, axis=3, batch_dims=0)
            own = tf.linalg.diag_part(tf.transpose(maps, [1, 2, 0, 3]))  # filter i of image i: (height, width, filters)
            scores = tf.reduce_mean(own, axis=[0, 1])
        gradient = tape.gradient(scores, images)
        if regularized:
            kernel = tf.constant(np.tile(blur[..., None, None], (1, 1, images.shape[-1], 1)))
            gradient = tf.nn.depthwise_conv2d(gradient, kernel, [1, 1, 1, 1], "SAME")
        length = tf.sqrt(tf.reduce_mean(gradient**2, axis=[1, 2, 3], keepdims=True))
        images = tf.roll(images + step * gradient / (length + 1e-12), -shift, [1, 2])
        return images, scores, tf.reduce_max(own, axis=[0, 1])

    return compiled_once(climb)
