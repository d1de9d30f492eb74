"""Batch normalization by hand: two images of one pixel with two channels."""

import numpy as np

from utils.parameters import Real, Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    **{name: Parameter(default, Whole(-99, 99), values) for name, default, values in (
        ("first", 1, (1, 3)), ("second", 10, (6, 10)), ("third", 7, (7, 11)), ("fourth", 14, (12, 14, 18)))},
    "gamma": Parameter(2, Real(-10, 10), (2, 3)),
    "beta": Parameter(1, Real(-10, 10), (1, -1)),
    "epsilon": Parameter(1, Real(1e-6, 100), (1, 4)),
}  # fmt: skip


def normalised(batch, gamma, beta, epsilon, axis=0, ddof=0):
    values = (batch - batch.mean(axis, keepdims=True)) / np.sqrt(batch.var(axis, ddof=ddof, keepdims=True) + epsilon)
    return tuple(tuple(row) for row in (gamma * values + beta).tolist())


def question(first, second, third, fourth, gamma, beta, epsilon):
    batch = np.array([[first, second], [third, fourth]], dtype=float)
    if first in (second, third) or fourth in (second, third):
        raise ValueError("a channel or an image with two equal values has no variance")
    arguments = batch, gamma, beta, epsilon
    (mean_1, mean_2), (variance_1, variance_2) = batch.mean(0).tolist(), batch.var(0).tolist()
    rounded = [[round(value, 3) for value in row] for row in normalised(*arguments)]
    return Question(
        text=f"Two images of one pixel with two channels make the batch [[{first}, {second}], [{third}, {fourth}]]. "
        f"What does BatchNormalization with γ={gamma}, β={beta}, ε={epsilon} make of it in training? (Three digits "
        "suffice. ε is far larger than usual, so that you can see what it does.) Answer in the same shape.",
        answer=normalised(*arguments),
        tolerance=0.005,
        derivation=(
            f"channels: means {mean_1:g} and {mean_2:g}, variances (divided by n) {variance_1:g} and {variance_2:g}",
            f"{gamma} · (x − mean) / √(variance + {epsilon}) + {beta} = {rounded}",
        ),
        slips=(
            Slip(normalised(batch, gamma, beta, 0), "ε forgotten", "You divided by the plain standard deviation."),
            Slip(
                normalised(*arguments, ddof=1), "divided by n − 1", "The layer's variance is the plain mean of squares."
            ),
            Slip(
                normalised(*arguments, axis=1),
                "per image instead of per channel",
                "A column is a channel, a row an image.",
            ),
            Slip(
                normalised(batch, 1, 0, epsilon), "γ and β forgotten", "You stopped after normalizing; scale and shift."
            ),
        ),
        hints=(
            "Take each channel (column) by itself: its mean, its variance, then scale and shift.",
            f"First channel: mean {mean_1:g}, variance {variance_1:g}; divide by √({variance_1:g} + {epsilon}).",
        ),
    )


def by_keras(first, second, third, fourth, gamma, beta, epsilon):
    from keras import initializers, layers

    start = {"gamma_initializer": initializers.Constant(gamma), "beta_initializer": initializers.Constant(beta)}
    layer = layers.BatchNormalization(epsilon=epsilon, **start)
    return tuple(
        map(tuple, layer(np.array([[first, second], [third, fourth]], "float32"), training=True).numpy().tolist())
    )
