"""What speaks against a separable convolution as the first layer of our network."""

from utils.arithmetic import Conv2D, SeparableConv2D
from utils.questions import Question, Slip

PARAMETERS = {}
IMAGENET_PARAMETERS = 4_694_024  # of EfficientNet-Lite0, whose first layer has 32 filters of 3×3


def question():
    ordinary, separable = (
        layer(32, 3, use_bias=False).parameters((9, 9, 3)).value for layer in (Conv2D, SeparableConv2D)
    )
    saved = (ordinary - separable) / IMAGENET_PARAMETERS
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
            "A separable convolution looks at each channel by itself. That suits channels that say different things.",
            "Red, green and blue mostly say the same (notebook 04 measures |r| ≥ 0.7), and an ordinary convolution "
            "sees all three at once.",
            "Whether this costs accuracy is another matter: the claim separable-not-first of notebook 04 measures it. "
            f"And {saved:.3%} of the ImageNet network's parameters would be saved: the share of the layer is as large "
            "as anywhere, but the layer is small.",
        ),
        slips=(
            Slip(
                "few",
                "no fewer weights",
                "It has fewer: the share that remains is 1/filters + 1/kernel², and the input's channels cancel out. "
                "True is that the whole layer has few weights, so hardly anybody misses what could be saved. Which "
                "sentence says how the three channels relate to each other?",
            ),
            Slip(
                "stride",
                "the stride",
                "SeparableConv2D takes strides like any convolution: its depthwise step makes them. Think of what the "
                "three channels of a photograph show.",
            ),
            Slip(
                "depthwise",
                "no color for a depthwise kernel",
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
    """The one sentence that is true: each is tried, on Keras's layers and on three photographs."""
    import numpy as np
    from keras import layers, ops
    from skimage import data

    separable, ordinary = layers.SeparableConv2D(16, 3, strides=2), layers.Conv2D(16, 3, strides=2)
    for layer in (separable, ordinary):
        layer.build((None, 8, 8, 3))
    shared = [
        np.corrcoef(pixels.reshape(-1, 3).T)[np.triu_indices(3, 1)].mean()
        for pixels in (data.astronaut(), data.chelsea(), data.coffee())
    ]
    true = {
        "correlated": np.mean(shared) >= 0.7,
        "few": separable.count_params() >= ordinary.count_params(),
        "stride": ops.shape(separable(np.zeros((1, 8, 8, 3))))[1:3] == (8, 8),
        "depthwise": layers.DepthwiseConv2D(3)(np.zeros((1, 8, 8, 3))).shape[-1] != 3,
    }
    (answer,) = [name for name, is_true in true.items() if is_true]
    return answer
