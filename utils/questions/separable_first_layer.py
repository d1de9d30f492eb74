"""Why the first layer of our network is an ordinary convolution."""

from utils.questions import Question, Slip

PARAMETERS = {}


def question():
    return Question(
        text="Why is the first layer of our network an ordinary convolution, not a separable one?",
        answer="correlated",
        choices={
            "correlated": "The red, green and blue channels of a photograph are strongly correlated.",
            "few": "Three channels are too few to save anything.",
            "stride": "The first layer has a stride, and a separable convolution cannot have one.",
            "depthwise": "A depthwise kernel cannot look at a colour image.",
        },
        derivation=(
            "A separable convolution looks at each channel by itself: good for channels that say different things.",
            "Red, green and blue mostly say the same, and what tells colours apart is their joint pattern at an edge. "
            "An ordinary convolution sees all three at once.",
        ),
        slips=(
            Slip(
                "few",
                "too few channels to save",
                "The share of weights that remains is 1/filters + 1/kernel²: the input's channels cancel out. "
                "What matters is how the channels relate to each other.",
            ),
            Slip(
                "stride",
                "the stride",
                "SeparableConv2D takes strides like any convolution: its depthwise step makes them. Think of what the "
                "three channels of a photograph show.",
            ),
            Slip(
                "depthwise",
                "no colour for a depthwise kernel",
                "It can: every channel gets its own kernel, and the pointwise step mixes them. The question is whether "
                "treating them apart is a good assumption.",
            ),
        ),
        hints=(
            "Which assumption about channels does a separable convolution build in? Does it hold for a photograph?",
            "Look at the measured correlation between red, green and blue.",
        ),
    )


def by_keras():
    import numpy as np
    from keras import layers, ops
    from skimage.data import coffee

    assert ops.shape(layers.SeparableConv2D(2, 3, strides=2)(np.zeros((1, 8, 8, 3))))[1:] == (3, 3, 2)
    shared = np.corrcoef(coffee().reshape(-1, 3).T)[np.triu_indices(3, 1)]
    return "correlated" if shared.min() > 0.5 else "few"
