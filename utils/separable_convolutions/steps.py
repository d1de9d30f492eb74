"""The two steps of a separable convolution in NumPy, and the ordinary kernels that they can and cannot make."""

import numpy as np


def convolution(images, kernels):
    """The ordinary convolution, padding "same", in NumPy.

    ``images`` is ``(batch, height, width, channels)``, ``kernels`` ``(k, k, channels, filters)`` as in Keras; returns
    ``(batch, height, width, filters)``.
    """
    return np.einsum("bhwcij,ijcf->bhwf", windows(images, len(kernels)), kernels, optimize=True)


def depthwise(images, kernels):
    """Each channel with its own kernel, ``(k, k, channels)``, and no channel with another; the shape stays."""
    return np.einsum("bhwcij,ijc->bhwc", windows(images, len(kernels)), kernels, optimize=True)


def pointwise(images, weights):
    """At every pixel by itself: ``filters`` mixes of its channels; ``weights`` is ``(channels, filters)``."""
    return images @ weights


def windows(images, kernel_size):
    """The ``kernel_size`` × ``kernel_size`` window around every pixel, zeros beyond the border.

    Returns ``(batch, height, width, channels, kernel_size, kernel_size)``: a view that copies only the border. An even
    window reaches one pixel further to the right and down, as TensorFlow's does.
    """
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    padded = np.pad(images, ((0, 0), (before, after), (before, after), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), axis=(1, 2))


def as_ordinary(depthwise_kernels, pointwise_weights):
    """The one ordinary kernel, ``(k, k, channels, filters)``, that does what both steps do in a row."""
    return depthwise_kernels[..., None] * pointwise_weights


def nearest_separable(kernels):
    """The two steps that come closest to an ordinary kernel, and the share of it that they keep.

    ``kernels`` is ``(k, k, channels, filters)``. Returns ``(k, k, channels)``, ``(channels, filters)`` and the
    share of the squared weights, 0…1. For each channel the ordinary kernel is a matrix, positions × filters;
    the two steps can make any such matrix of rank one, and the best is the first singular pair (Eckart & Young 1936).
    """
    k, _, channels, filters = kernels.shape
    matrices = np.moveaxis(kernels, 2, 0).reshape(channels, k * k, filters)
    left, strengths, right = np.linalg.svd(matrices, full_matrices=False)
    first = np.moveaxis(left[:, :, 0].reshape(channels, k, k), 0, 2)
    mix = strengths[:, :1] * right[:, 0]
    return first, mix, float((strengths[:, 0] ** 2).sum() / (strengths**2).sum())


def kept_by_shared_windows(kernels, weights):
    """The share of an ordinary kernel that a few windows over *all* channels keep, with at most so many ``weights``.

    ``kernels`` is ``(k, k, channels, filters)``; every filter mixes the same windows of ``(k, k, channels)``. The
    number of weights that is allowed need not be that of whole windows: between two numbers the share is interpolated.
    """
    matrix = kernels.reshape(-1, kernels.shape[-1])
    strengths = np.linalg.svd(matrix, compute_uv=False) ** 2
    kept = np.append(0, np.cumsum(strengths) / strengths.sum())
    return float(np.interp(weights / sum(matrix.shape), np.arange(kept.size), kept))
