"""Batch normalization by hand: two images of one pixel with two channels."""

import numpy as np

from utils.parameters import Real, Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "first": Parameter(1, Whole(-99, 99), (1, 3)),
    "second": Parameter(10, Whole(-99, 99), (6, 10)),
    "third": Parameter(7, Whole(-99, 99), (7, 11)),
    "fourth": Parameter(14, Whole(-99, 99), (12, 14, 18)),
    "gamma": Parameter(2, Real(-10, 10), (2, 3)),
    "beta": Parameter(1, Real(-10, 10), (1, -1)),
    "epsilon": Parameter(1, Real(1e-6, 100), (1, 4)),
}


def normalised(batch, gamma, beta, epsilon, axis=0, ddof=0):
    deviation = np.sqrt(batch.var(axis, ddof=ddof, keepdims=True) + epsilon)
    return tuple(map(tuple, (gamma * (batch - batch.mean(axis, keepdims=True)) / deviation + beta).tolist()))


def question(first, second, third, fourth, gamma, beta, epsilon):
    if {first, fourth} & {second, third}:
        raise ValueError("a channel or an image with two equal values has no variance")
    batch = np.array([[first, second], [third, fourth]], dtype=float)
    given = batch, gamma, beta, epsilon
    means, variances = ([f"{value:g}" for value in values] for values in (batch.mean(0), batch.var(0)))
    sample, by_image = normalised(*given, ddof=1), normalised(*given, axis=1)
    plain, unscaled = normalised(batch, gamma, beta, 0), normalised(batch, 1, 0, epsilon)
    return Question(
        text=f"[[{first}, {second}], [{third}, {fourth}]] are two images of one pixel and two channels. What does "
        f"BatchNormalization (γ={gamma}, β={beta}, ε={epsilon}) make of them in training? Three digits suffice.",
        answer=normalised(*given),
        tolerance=0.005,
        derivation=(
            f"channels: means {' and '.join(means)}, variances (divided by n) {' and '.join(variances)}",
            f"γ · (x − mean) / √(variance + ε) + β = {np.round(normalised(*given), 3).tolist()}",
        ),
        slips=(
            Slip(
                plain, "ε forgotten", "You divided by the plain standard deviation. Something is added under the root."
            ),
            Slip(sample, "divided by n − 1", "The layer's variance is the plain mean of the squared differences."),
            Slip(by_image, "per image instead of per channel", "You took rows. A row is an image, a column a channel."),
            Slip(unscaled, "γ and β forgotten", "You stopped after normalizing. The layer then scales and shifts."),
        ),
        hints=(
            "Take each channel (column) by itself: its mean, its variance, then scale and shift.",
            f"First channel: mean {means[0]}, variance {variances[0]}; divide by √({variances[0]} + {epsilon}).",
        ),
    )


def by_keras(first, second, third, fourth, gamma, beta, epsilon):
    from utils.questions._by_keras import normalised_in_training

    return normalised_in_training([[first, second], [third, fourth]], gamma, beta, epsilon)
