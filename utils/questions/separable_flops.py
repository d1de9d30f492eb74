"""How many multiply-adds a separable and an ordinary convolution need."""

from utils.arithmetic import Conv2D, SeparableConv2D
from utils.parameters import Choice, Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "size": Parameter(14, Whole(1, 512), (8, 10, 14, 15)),
    "channels": Parameter(8, Whole(1, 1024), (4, 6, 8)),
    "filters": Parameter(16, Whole(1, 1024), (6, 10, 12)),
    "kernel_size": Parameter(3, Whole(1, 11), (3, 5)),
    "strides": Parameter(2, Whole(1, 4), (1, 2)),
    "padding": Parameter("same", Choice("same", "valid"), ("same", "valid")),
}
MOST_DIGITS = 6  # products of five small numbers


def both(shape, filters, kernel_size, strides, padding):
    """The multiply-adds of the separable and of the ordinary convolution."""
    layers = (layer(filters, kernel_size, strides, padding) for layer in (SeparableConv2D, Conv2D))
    return tuple(layer.multiply_adds(shape) for layer in layers)


def question(size, channels, filters, kernel_size, strides, padding):
    shape, setting = (size, size, channels), (filters, kernel_size, strides, padding)
    separable, ordinary = both(shape, *setting)
    positions = Conv2D(*setting).output_shape(shape)[0]
    once = tuple(counted.value // positions**2 for counted in (separable, ordinary))
    everywhere = Slip(
        tuple(number * size**2 for number in once),
        "at the input's positions",
        "You count a window at every position of the input. It moves by the stride, and padding decides where it fits.",
    )
    return Question(
        text=f"A layer has {filters} filters of {kernel_size}×{kernel_size}, strides={strides} and "
        f"padding='{padding}'. Its input is {shape}. How many multiply-adds does it need as a separable convolution, "
        "and how many as an ordinary one? (The depthwise step has the stride; there are no biases.) Answer with "
        "(separable, ordinary).",
        answer=(separable.value, ordinary.value),
        derivation=(*separable.steps, *(f"ordinary: {step}" for step in ordinary.steps)),
        slips=(
            Slip(once, "the positions forgotten", "This is the work at one position. How many are there?"),
            Slip((ordinary.value, separable.value), "the two swapped", "The numbers are right, their order is not."),
            *([everywhere] if positions != size else []),
        ),
        hints=(
            "Find the size of the output first. Each output value costs one multiply-add for each kernel weight.",
            f"The output has {positions} × {positions} positions. The depthwise step works on {channels} channels.",
        ),
    )


def by_keras(**setting):
    from utils.questions._by_keras import multiply_adds

    size, channels = setting.pop("size"), setting.pop("channels")
    return tuple(multiply_adds(kind, (size, size, channels), **setting) for kind in ("SeparableConv2D", "Conv2D"))
