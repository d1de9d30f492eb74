"""Batch normalization by hand: two images of one pixel with two channels."""

from math import sqrt

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


def normalized(pairs, gamma, beta, epsilon, n=2):
    """Pairs of values, each by its own mean and variance; the squared differences are divided by ``n``."""
    for half in ((one - other) / 2 for one, other in pairs):
        scaled = gamma * half / sqrt(2 * half**2 / n + epsilon)
        yield beta + scaled, beta - scaled


def question(first, second, third, fourth, gamma, beta, epsilon):
    if {first, fourth} & {second, third}:
        raise ValueError("a channel or an image with two equal values has no variance")
    channels, given = ((first, third), (second, fourth)), (gamma, beta, epsilon)
    of_channels = given, (*given, 1), (gamma, beta, 0), (1, 0, epsilon)
    answer, sample, plain, unscaled = (tuple(zip(*normalized(channels, *each), strict=True)) for each in of_channels)
    by_image = tuple(normalized(((first, second), (third, fourth)), *given))
    means, variances = zip(*((f"{(a + b) / 2:g}", f"{(a - b) ** 2 / 4:g}") for a, b in channels), strict=True)
    return Question(
        text=f"[[{first}, {second}], [{third}, {fourth}]] are two images of one pixel and two channels. What does "
        f"BatchNormalization (γ={gamma}, β={beta}, ε={epsilon}) return for them in training? Three digits are enough.",
        answer=answer,
        tolerance=0.005,
        derivation=(
            f"channels: means {' and '.join(means)}, variances (divided by n) {' and '.join(variances)}",
            f"γ · (x − mean) / √(variance + ε) + β = {[[round(value, 3) for value in image] for image in answer]}",
        ),
        slips=(
            Slip(plain, "ε forgotten", "You divided by the standard deviation. What is added under the root?"),
            Slip(sample, "divided by n − 1", "The layer's variance is the plain mean of the squared differences."),
            Slip(by_image, "per image instead of per channel", "A row is an image. Normalize each column, a channel."),
            Slip(unscaled, "γ and β forgotten", "You stopped after normalizing. The layer then scales and shifts."),
        ),
        hints=(
            "Take each channel (column) by itself: its mean, its variance, then scale and shift.",
            f"First channel: mean {means[0]}, variance {variances[0]}; divide by √({variances[0]} + {epsilon}).",
        ),
    )


def by_keras(first, second, third, fourth, gamma, beta, epsilon):
    from utils.questions._by_keras import normalized_in_training

    return normalized_in_training([[first, second], [third, fourth]], gamma, beta, epsilon)
