"""Questions on what an architecture knows before it sees any data. Texts alone: nothing is measured here."""

from utils.concepts._form import Asking, Concept

CONCEPTS = (
    Concept(
        id="place",
        topic="architecture",
        first=Asking(
            "In all training images the object is in the left half; in all test images it is in the right half. Two "
            "networks have learned the training images. One has convolutions and global average pooling, the other has "
            "Dense layers on all pixels. Which one finds the object more often in the test images?",
            {
                "a": ("The one with Dense layers: it has more weights, so it can learn more.", "more weights"),
                "b": ("The one with convolutions: a kernel is the same at every place.", ""),
                "c": ("Neither: a network knows only the places that it saw in training.", "only what was shown"),
                "d": ("Both, equally often: each of them sees all pixels.", "all pixels are seen"),
            },
        ),
        last=Asking(
            "Two networks have learned to find a click in a recording of one second. In all training recordings it "
            "comes in the first half; in new ones it comes in the second half. One network slides kernels along the "
            "time axis and averages over it; the other has Dense layers on all samples. Which one finds the click more "
            "often in new recordings?",
            {
                "a": ("Both, equally often: each of them gets all samples.", "all pixels are seen"),
                "b": ("Neither: a network knows only the times that it saw in training.", "only what was shown"),
                "c": ("The one with Dense layers: it has more weights, so it can learn more.", "more weights"),
                "d": ("The one with kernels: a kernel is the same at every time.", ""),
            },
        ),
        because="A kernel has the same weights everywhere, and the average forgets where it answered. So what was "
        "learned at one place serves at others. The notebook on architecture measures it: at places where no training "
        "image was, the convnet's accuracy is higher than that of the Dense layers by more than 0.1.",
        ideas={
            "more weights": "Here the many weights are the trouble: Dense layers have separate weights for each place, "
            "and those for places that training never showed have not met the object.",
            "only what was shown": "This is true of Dense layers. A convolution uses the same kernel at every place, "
            "whatever training shows: this is what its architecture assumes.",
            "all pixels are seen": "To see all of the input is not enough: the weights that look there must have "
            "learned something. Those of a Dense layer have not met the object there.",
        },
    ),
    Concept(
        id="weights",
        topic="architecture",
        first=Asking(
            "A Conv2D layer with 3×3 kernels works on images of 64×64 pixels. Now the images have 128×128 pixels. How "
            "many weights does the layer have?",
            {
                "a": ("As many as before.", ""),
                "b": ("Twice as many.", "longer rows"),
                "c": ("Four times as many.", "weights for each pixel"),
                "d": ("It can no longer be used: its weights belong to 64×64 pixels.", "one size only"),
            },
        ),
        last=Asking(
            "A Conv2D layer with 5×5 kernels works on maps of 20×20. Now the maps are 60×60. How many weights does "
            "the layer have?",
            {
                "a": ("Nine times as many.", "weights for each pixel"),
                "b": ("It can no longer be used: its weights belong to 20×20.", "one size only"),
                "c": ("As many as before.", ""),
                "d": ("Three times as many.", "longer rows"),
            },
        ),
        because="A kernel is used at every place. Its weights are those of one window, for each input channel and each "
        "filter. A larger image means more work, but no more weights.",
        ideas={
            "longer rows": "A kernel is not stretched along with the image: its size is chosen when the layer is made.",
            "weights for each pixel": "A Dense layer has weights for each pixel. A convolution shares one kernel over "
            "all places.",
            "one size only": "A Dense layer is bound to the size of its input. A convolution is not: the same kernel "
            "moves over an image of any size.",
        },
    ),
)
