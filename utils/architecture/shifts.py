"""What a layer assumes about places: pictures that are moved, and outputs that move along or stay."""

import numpy as np
from keras import layers


def shifted_crops(photographs, size, shifts, each, seed=0):
    """Square crops of photographs, and the same crops ``shifts`` pixels further right.

    ``photographs`` is a list of ``(height, width, channels)`` arrays of bytes, of which ``each`` crops are
    taken at random places. Returns float32 in −1…1, ``(1 + len(shifts), n, size, size, channels)``: first the
    unshifted crops.
    """
    random = np.random.default_rng(seed)
    crops = []
    for pixels in photographs:
        for _ in range(each):
            row = random.integers(pixels.shape[0] - size + 1)
            column = random.integers(pixels.shape[1] - size - max(shifts) + 1)
            crops.append([pixels[row : row + size, column + k : column + k + size] for k in (0, *shifts)])
    return np.asarray(crops, dtype="float32").swapaxes(0, 1) / 127.5 - 1


def follows(layer, crops, shifts, strides=1):
    """How far the layer's output map is from moving along with its input, one number a shift.

    ``crops`` come from ``shifted_crops`` with the same ``shifts``. Only the interior is compared: what both
    crops show. 0: the output moves exactly; 1: it differs as much as two unrelated outputs would. Where the
    shift is no multiple of ``strides``, the nearer of the two neighboring positions counts.
    """
    before, *after = (np.asarray(layer(batch)) for batch in crops)
    spread = np.sqrt(2) * before.std(axis=(0, 1, 2)).mean()
    distances = []
    for shift, moved in zip(shifts, after, strict=True):
        steps = {shift // strides, -(-shift // strides)}
        distances.append(min(_rms(before[:, :, k:] - moved[:, :, : moved.shape[2] - k]) for k in steps) / spread)
    return np.array(distances)


def stays(layer, crops):
    """How much the layer's output changes when the input moves, one number a shift; for outputs without positions.

    0: not at all; 1: as much as from one picture to another.
    """
    before, *after = (np.asarray(layer(batch)) for batch in crops)
    spread = np.sqrt(2) * np.sqrt(before.var(axis=0).mean())
    return np.array([_rms(moved - before) / spread for moved in after])


def as_dense(convolution, shape):
    """The ``Dense`` layer (on flattened pictures of ``shape``) that computes exactly what ``convolution`` computes."""
    pixels = int(np.prod(shape))
    probes = np.concatenate([np.zeros((1, pixels)), np.eye(pixels)]).reshape(-1, *shape).astype("float32")
    bias, *columns = np.asarray(convolution(probes)).reshape(pixels + 1, -1)
    dense = layers.Dense(len(bias))
    dense.build((None, pixels))
    dense.set_weights([np.array(columns) - bias, bias])
    return dense


def in_a_corner(images, corner):
    """The images in one corner of an empty canvas twice as high and wide; 0…3: upper left, upper right, lower ones."""
    count, height, width, channels = images.shape
    canvas = np.zeros((count, 2 * height, 2 * width, channels), dtype="float32")
    top, left = height * (corner // 2), width * (corner % 2)
    canvas[:, top : top + height, left : left + width] = images
    return canvas


def _rms(values):
    return float(np.sqrt(np.mean(np.square(values, dtype="float64"))))
