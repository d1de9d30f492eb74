"""Data brought to one scale: what normalization does to a linear model, and by hand what the layer does."""

from dataclasses import dataclass, field

import numpy as np

from utils.batch_normalization.networks import EPSILON
from utils.data import changed

FEATURES = ("mean brightness", "variance", "edge strength", "share of bright pixels")


def z_scores(data, axis=0):
    """``data`` moved and stretched to mean 0 and standard deviation 1 along ``axis``."""
    return (data - np.mean(data, axis=axis, keepdims=True)) / np.std(data, axis=axis, keepdims=True)


def min_max(data, axis=0):
    """``data`` moved and stretched to the range 0…1 along ``axis``."""
    low, high = np.min(data, axis=axis, keepdims=True), np.max(data, axis=axis, keepdims=True)
    return (data - low) / (high - low)


def batch_normalized(x, gamma=1.0, beta=0.0, epsilon=EPSILON, statistics=None):
    """What ``BatchNormalization`` makes of the batch ``x`` in training: each channel (the last axis) by itself.

    The variance is divided by n, not by n − 1. Ioffe & Szegedy 2015, algorithm 1. ``statistics`` are the mean and the
    variance to normalize with in place of the batch's own: the moving averages, as at inference.
    """
    all_but_channels = tuple(range(x.ndim - 1))
    mean, variance = statistics or (x.mean(all_but_channels), x.var(all_but_channels))
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def standardized(data):
    """The data set with mean 0 and standard deviation 1. The test images get the training images' numbers."""
    mean, deviation = data.train_images.mean(), data.train_images.std()
    return changed(data, lambda images: (images - mean) / deviation)


def zero_to_one(data):
    """The data set with its bytes divided by 255, as ``layers.Rescaling(1 / 255)`` does."""
    return changed(data, lambda images: images / 255)


def patch_features(images):
    """Four numbers an image, ``(n, 4)`` in the order of ``FEATURES``: in bytes, bytes², bytes, and a share of 0…1."""
    images = np.asarray(images, dtype=float)
    pixels, edges = images.reshape(len(images), -1), np.abs(np.diff(images, axis=2)).reshape(len(images), -1)
    bright = pixels > pixels.mean(1, keepdims=True)
    return np.stack([pixels.mean(1), pixels.var(1), edges.mean(1), bright.mean(1)], axis=1)


@dataclass(frozen=True)
class LinearTraining:
    """A linear classifier trained by plain gradient descent, once with each of ``rates``.

    ``losses`` is ``(rates, steps)``, before each step; infinite where the run overflowed. ``first_step`` is each
    feature's share, 0…1, in what the first step changes about the scores. ``condition`` is the largest eigenvalue
    of the features' covariance over the smallest: how unlike the steepest and the flattest direction are.
    """

    rates: np.ndarray
    losses: np.ndarray = field(repr=False)
    first_step: np.ndarray
    condition: float

    def best_loss(self):
        return float(self.losses[:, -1].min())


def linear_training(features, labels, rates, steps=100):
    """Train a softmax regression on ``features``, ``(n, k)``, from zero weights; returns a ``LinearTraining``."""
    features, rates = np.asarray(features, dtype=float), np.asarray(rates, dtype=float)
    wanted = np.eye(labels.max() + 1)[labels]
    inputs = np.c_[features, np.ones(len(features))]
    weights = np.zeros((len(rates), inputs.shape[1], wanted.shape[1]))
    losses = np.full((len(rates), steps), np.inf)
    with np.errstate(all="ignore"):  # a learning rate that is too large overflows, and that is a result
        for step in range(steps):
            scores = inputs @ weights
            scores -= scores.max(-1, keepdims=True)
            chances = np.exp(scores)
            chances /= chances.sum(-1, keepdims=True)
            loss = -np.log((chances * wanted).sum(-1)).mean(-1)
            losses[:, step] = np.where(np.isfinite(loss), loss, np.inf)
            gradient = inputs.T @ (chances - wanted) / len(inputs)
            if step == 0:
                change = features.std(0) * np.linalg.norm(gradient[0, :-1], axis=-1)
            weights -= rates[:, None, None] * gradient
    eigenvalues = np.linalg.eigvalsh(np.cov(features.T))
    return LinearTraining(rates, losses, change / change.sum(), float(eigenvalues[-1] / eigenvalues[0]))
