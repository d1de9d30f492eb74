"""How much of a moving average's initial value is left after some training steps."""

from fractions import Fraction

from utils.parameters import Choice, Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "momentum": Parameter(0.99, Choice(0.9, 0.95, 0.98, 0.99, 0.995), (0.9, 0.95, 0.98, 0.99)),
    "steps": Parameter(100, Whole(2, 120), (5, 10, 20, 40, 50, 80)),
}


def question(momentum, steps):
    kept, left = Fraction(str(momentum)), Fraction(momentum**steps).limit_denominator(10**9)
    if left < 0.02:
        raise ValueError("less than a fiftieth of the initial value is left")
    return Question(
        text=f"A BatchNormalization layer has momentum={momentum:g}. After {steps} training steps, which share of its "
        "moving mean is still its initial value? (Three digits are enough.)",
        answer=left,
        tolerance=0.005,
        derivation=(
            "moving ← momentum · moving + (1 − momentum) · batch: each step multiplies what is left of the initial "
            "value by the momentum, and adds something of the batch.",
            f"After {steps} steps, {momentum:g} to the power of {steps} of it is left: {float(left):.4f}",
        ),
        slips=(
            Slip(
                1 - left,
                "the share of the batches",
                "This share comes from the batches of the training. The question asks for the rest.",
            ),
            Slip(
                max(0, 1 - (1 - kept) * steps),
                "the same amount at each step",
                "You took away the same amount at each step. But a step takes away a share of what is still left.",
            ),
            Slip(kept, "one step only", "This is what a single step leaves. The next step takes a share of that."),
            Slip(
                1 - kept,
                "the weight of the newest batch",
                "So much of the average comes from the newest batch. What becomes of the initial value?",
            ),
        ),
        hints=(
            "What does one step do to the initial value's part of the average? What does the next step do to that?",
            f"Each step multiplies this part by {momentum:g}, and there are {steps} steps.",
        ),
    )


def by_keras(momentum, steps):
    from utils.questions._by_keras import initial_share

    return initial_share(momentum, steps)
