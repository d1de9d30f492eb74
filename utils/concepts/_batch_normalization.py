"""Questions on what batch normalization computes, and when. Texts alone: nothing is measured here."""

from utils.concepts._form import Asking, Concept

CONCEPTS = (
    Concept(
        id="alone",
        topic="batch_normalization",
        first=Asking(
            "A trained network with batch normalization labels a photograph with predict: once alone, and once in a "
            "batch with 31 others. What about its output for this photograph?",
            {
                "a": ("It is the same, up to rounding.", ""),
                "b": ("It differs: the batch has another mean and another variance.", "batch statistics at inference"),
                "c": ("There is none for the photograph alone: its variance is 0.", "the variance of one image"),
                "d": ("It differs a little: the averages move at every call.", "averages move at inference"),
            },
        ),
        last=Asking(
            "A trained network with batch normalization, and without dropout, is called with training=True by mistake. "
            "The same photograph then gets another label when other photographs are beside it. Why?",
            {
                "a": ("Every call trains the weights a little.", "a call changes weights"),
                "b": ("Every call moves the averages, with which the layers normalize.", "averages are used"),
                "c": ("A larger batch is rounded in another way.", "rounding"),
                "d": ("Each channel is normalized with the mean and the variance of this batch.", ""),
            },
        ),
        because="Batch normalization has two modes. In training it uses the mean and the variance of the batch, at "
        "inference the averages that it kept during training. So at inference the other images do not matter, and "
        "with training=True they do.",
        ideas={
            "batch statistics at inference": "This is how it works in training. At inference the layer uses the "
            "averages that it kept during training.",
            "the variance of one image": "At inference no variance of the batch is computed. And in training, the "
            "variance of a channel is that over all places of the images, too.",
            "averages move at inference": "A call in inference mode changes nothing in the network. The averages move "
            "in training mode alone.",
            "a call changes weights": "A call changes no trained weight: that takes a gradient and an optimizer.",
            "averages are used": "In training mode the averages are written, and not used: the layer takes the "
            "statistics of the batch.",
            "rounding": "Rounding changes the last digits. Here whole channels are shifted and scaled in another way.",
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
        because="The layer subtracts the channel's mean and divides by its standard deviation, and both change along "
        "with the values. What is left is the same. So a bias right before the layer has no effect, either.",
        ideas={
            "the change goes through": "The channel's mean and standard deviation change along with its values: "
            "subtracting the one and dividing by the other takes the change out again.",
            "γ scales the change": "γ multiplies what is left when the mean was subtracted and the rest divided by the "
            "standard deviation. Nothing of the change is left by then.",
            "the mean forgotten": "The mean is subtracted before the division, and it has grown by as much as the "
            "values.",
            "the values forgotten": "The standard deviation is larger, and so are the values that are divided by it.",
        },
    ),
)
