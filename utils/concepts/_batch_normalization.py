"""Questions on what batch normalization computes, and when. Texts alone: nothing is measured here."""

from utils.concepts._form import Asking, Concept

CONCEPTS = (
    Concept(
        id="alone",
        topic="batch_normalization",
        first=Asking(
            "A trained network with batch normalization labels a photograph with predict: once alone, and once in a "
            "batch with 31 others. Does its output for this photograph differ?",
            {
                "a": ("No: it is the same, up to rounding.", ""),
                "b": ("Yes: the batch has a different mean and a different variance.", "batch statistics at inference"),
                "c": (
                    "There is no output for the photograph alone: its variance is 0.",
                    "the variance of one image",
                ),
                "d": ("Yes, a little: the moving averages change at every call.", "averages move at inference"),
            },
        ),
        last=Asking(
            "A trained network with batch normalization, and without dropout, is called with training=True by mistake. "
            "The same photograph then gets a different label when the other photographs in its batch change. Why?",
            {
                "a": ("Every call trains the weights a little.", "a call changes weights"),
                "b": (
                    "Every call changes the moving averages, and the layers normalize with them.",
                    "averages are used",
                ),
                "c": ("A different batch is rounded differently.", "rounding"),
                "d": ("Each channel is normalized with the mean and the variance of this batch.", ""),
            },
        ),
        because="Batch normalization has two modes. In training it uses the mean and the variance of the batch. At "
        "inference it uses the moving averages that it kept during training. So the other images do not matter at "
        "inference, but they do with training=True.",
        ideas={
            "batch statistics at inference": "This is how it works in training. At inference the layer uses the "
            "moving averages that it kept during training.",
            "the variance of one image": "At inference no variance of the batch is computed. In training, the "
            "variance of a channel is taken over all places of the images, too, so a single image has one.",
            "averages move at inference": "A call in inference mode changes nothing in the network. The moving "
            "averages change only in training mode.",
            "a call changes weights": "A call does not change any trained weight: that takes a gradient and an "
            "optimizer.",
            "averages are used": "In training mode the layer updates the moving averages but does not use them: it "
            "normalizes with the statistics of the batch.",
            "rounding": "Rounding changes the last digits. Here whole channels are shifted and scaled differently.",
        },
    ),
    Concept(
        id="shift",
        topic="batch_normalization",
        first=Asking(
            "A batch normalization layer is in training mode. All values of one of its input channels grow by 7. How "
            "does the output of this channel change? (ε is too small to matter.)",
            {
                "a": ("It grows by 7.", "the change goes through"),
                "b": ("It grows by 7 times γ.", "γ scales the change"),
                "c": ("It grows by 7 divided by the standard deviation.", "the mean forgotten"),
                "d": ("Not at all.", ""),
            },
        ),
        last=Asking(
            "A batch normalization layer is in training mode. All values of one of its input channels become three "
            "times as large. How does the output of this channel change? (ε is too small to matter.)",
            {
                "a": ("It becomes a third as large.", "the values forgotten"),
                "b": ("Not at all.", ""),
                "c": ("It becomes three times as large.", "the change goes through"),
                "d": ("It becomes 3 times γ as large.", "γ scales the change"),
            },
        ),
        because="The layer subtracts the channel's mean and divides by its standard deviation. A shift changes the "
        "mean by as much as the values, and a factor changes both by the same factor, so the result stays the same. "
        "For the same reason, a bias right before the layer has no effect.",
        ideas={
            "the change goes through": "The channel's statistics change along with its values. Subtracting the new "
            "mean and dividing by the new standard deviation removes the change again.",
            "γ scales the change": "γ multiplies the values after normalization. Nothing of the change is left by "
            "then.",
            "the mean forgotten": "The mean is subtracted before the division, and the mean has grown by 7, too.",
            "the values forgotten": "The standard deviation is larger, and so are the values that are divided by it.",
        },
    ),
)
