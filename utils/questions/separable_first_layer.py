"""What speaks against a separable convolution as the first layer of our network."""

from utils.questions import Question, Slip

PARAMETERS = {}


def question():
    return Question(
        text="The first layer of our network is an ordinary convolution. One of these sentences is true, and it is the "
        "reason that is usually given against a separable one. Which?",
        answer="correlated",
        choices={
            "correlated": "The red, green and blue channels of a photograph are strongly correlated.",
            "few": "With three channels coming in, a separable convolution has no fewer weights.",
            "stride": "The first layer has a stride, and a separable convolution cannot have one.",
            "depthwise": "A depthwise kernel cannot look at a color image.",
        },
        derivation=(
            "A separable convolution filters each channel by itself. Red, green and blue mostly carry the same "
            "information.",
            "Whether this costs accuracy is another matter: the claim separable-not-first of notebook 05 measures it, "
            "and counts how little a separable first layer would save.",
        ),
        slips=(
            Slip(
                "few",
                "no fewer weights",
                "It has fewer: the share that remains is 1/filters + 1/kernel², and the input's channels cancel out. "
                "The layer is small, so little is saved in all. Which sentence says how the channels are related?",
            ),
            Slip(
                "stride",
                "the stride",
                "SeparableConv2D takes strides: its depthwise step makes them. What do the three channels show?",
            ),
            Slip(
                "depthwise",
                "no color for a depthwise kernel",
                "It can: every channel gets its own kernel. Is it a good assumption to filter the colors separately?",
            ),
        ),
        hints=(
            "Which assumption about channels does a separable convolution build in? Does it hold for a photograph?",
            "Look at the edges of red, green and blue in the photograph of section 3: how different are they?",
        ),
    )


def by_keras():
    from utils.questions._by_keras import true_of_a_first_layer

    (answer,) = true_of_a_first_layer()
    return answer
