"""What share of an ordinary convolution's weights a separable one has."""

from fractions import Fraction

from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "kernel_size": Parameter(3, Whole(2, 11), (2, 3, 4, 5, 7)),
    "channels": Parameter(32, Whole(1, 2048), (16, 48, 128)),
    "filters": Parameter(64, Whole(2, 2048), (8, 10, 20, 32, 50, 100)),
}


def question(kernel_size, channels, filters):
    window, mixing = Fraction(1, kernel_size**2), Fraction(1, filters)
    ordinary = kernel_size**2 * channels * filters
    separable = kernel_size**2 * channels + channels * filters
    return Question(
        text=f"A convolution of {kernel_size}×{kernel_size} goes from {channels} to {filters} channels. What share of "
        "the ordinary convolution's weights does the separable one have? (No biases; give three significant digits.)",
        answer=mixing + window,
        tolerance=0.005,
        derivation=(
            f"separable: {kernel_size**2} × {channels} + {channels} × {filters} = {separable:,} weights",
            f"ordinary: {kernel_size**2} × {channels} × {filters} = {ordinary:,} weights",
            f"share: 1/{filters} + 1/{kernel_size**2} = {float(mixing + window):.4f}; the input's channels cancel out",
        ),
        slips=(
            Slip(window, "the depthwise step forgotten", "This is the pointwise step's share. Add the other step's."),
            Slip(mixing, "the pointwise step forgotten", "This is the depthwise step's share. Add the other step's."),
            Slip(mixing * window, "the shares multiplied", "The weights of the two steps add up. So do their shares."),
            Slip(
                1 / (mixing + window),
                "turned upside down",
                "This says how many times more weights the ordinary convolution has. Divide the other way round.",
            ),
            Slip(
                1 - mixing - window,
                "the share that is saved",
                "This share is saved. The question asks for the share that remains.",
            ),
        ),
        hints=(
            "Write down both numbers of weights as products and divide; most factors cancel.",
            f"The depthwise step has 1/filters of the ordinary weights, the pointwise step 1/{kernel_size}².",
        ),
    )


def by_keras(kernel_size, channels, filters):
    from keras import layers

    weights = []
    for layer in layers.SeparableConv2D, layers.Conv2D:
        built = layer(filters, kernel_size, use_bias=False)
        built.build((None, kernel_size, kernel_size, channels))
        weights.append(built.count_params())
    return weights[0] / weights[1]
