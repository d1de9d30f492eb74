"""Questions on convolutions in two steps. Texts alone: nothing is measured here."""

from utils.concepts._form import Asking, Concept

CONCEPTS = (
    Concept(
        id="mixing",
        topic="separable_convolutions",
        first=Asking(
            "A depthwise convolution with a window of 3×3 gets 32 channels and returns 32. On how many of the input "
            "channels does each output channel depend?",
            {
                "a": ("1", ""),
                "b": ("3", "a window over channels"),
                "c": ("9", "places taken for channels"),
                "d": ("32", "as in an ordinary convolution"),
            },
        ),
        last=Asking(
            "A depthwise convolution with a window of 5×5 gets 48 channels and returns 48. The values of one input "
            "channel change. In how many output channels can the values change?",
            {
                "a": ("48", "as in an ordinary convolution"),
                "b": ("25", "places taken for channels"),
                "c": ("5", "a window over channels"),
                "d": ("1", ""),
            },
        ),
        because="A depthwise convolution has one window of weights for each channel, and keeps the channels apart. "
        "The pointwise (1×1) convolution after it mixes them.",
        ideas={
            "a window over channels": "The window moves along rows and columns. Nothing moves along the channels, "
            "which have no order.",
            "places taken for channels": "This is the number of places in a window. All of them belong to one channel.",
            "as in an ordinary convolution": "An ordinary convolution adds up all input channels for each output "
            "channel. A depthwise one keeps them apart.",
        },
    ),
    Concept(
        id="kernels",
        topic="separable_convolutions",
        first=Asking(
            "A separable convolution (depthwise, then pointwise, with nothing in between) replaces an ordinary 3×3 "
            "convolution with the same numbers of input and output channels. What do you know before any training?",
            {
                "a": ("It can learn the same functions, with fewer weights.", "the same for less"),
                "b": ("It can learn more functions: it has two layers.", "two layers can do more"),
                "c": ("It will be more accurate: fewer weights overfit less.", "fewer weights are better"),
                "d": ("It can learn fewer functions, all of which the ordinary one could learn, too.", ""),
            },
        ),
        last=Asking(
            "In an ordinary convolution, one filter looks for horizontal edges in the red channel, and another for "
            "vertical edges in the red channel. Can one separable convolution (one window for each channel, then "
            "pointwise, with nothing in between) compute the same?",
            {
                "a": ("Yes: every convolution can be split into these two steps.", "the same for less"),
                "b": ("No: all its filters see the red channel through the same window.", ""),
                "c": ("Yes: two layers can compute whatever one can.", "two layers can do more"),
                "d": ("Yes, and better: fewer weights make fewer mistakes.", "fewer weights are better"),
            },
        ),
        because="The two steps together are one ordinary convolution in which all filters see a channel through the "
        "same window, only stronger or weaker. Most ordinary convolutions are not of this form. Whether the "
        "restriction helps or costs depends on the data.",
        ideas={
            "the same for less": "Most ordinary kernels are not the product of one window for each channel and a "
            "mixture of channels. With fewer weights, fewer functions can be learned.",
            "two layers can do more": "There is no activation between the two linear steps. So together they are one "
            "ordinary convolution of a special form.",
            "fewer weights are better": "That depends on the data. No verdict in the notebook on separable "
            "convolutions confirms that they are more accurate.",
        },
    ),
)
