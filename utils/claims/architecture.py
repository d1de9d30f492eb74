"""The claims of notebook 01."""

from utils.scoring import Quantity
from utils.verdicts import CHECK, CONDITION, LOG_RATIO, SHARE, Claim, Criterion

TWO_POINTS = "two points are what a published improvement is worth; a smaller lead could be had by tuning"
AS_GOOD = "with a quarter, being as good is enough"
BETTER_DENSE = "the better of two Dense networks, as large and ten times as large, each at its own learning rate"

CLAIMS = (
    Claim(
        id="hypothesis-space",
        statement="An architecture carries prior knowledge: a convolution assumes that a pattern may be anywhere.",
        source="seed 001, the essence of model architecture",
        criteria=(
            Criterion(
                name="accuracy at a place where no training image was: convnet − Dense",
                because="who does not assume it can only guess there; ten points cannot be overlooked",
                control="a network of Dense layers, same images and steps, each at its own learning rate",
                at_least=0.1,
            ),
            Criterion(
                name="what the convnet loses from the trained place to the other",
                because="if a pattern may be anywhere, the place costs less than the ten points that count above",
                role=CONDITION,
                control="the same trained network, the same test images, at the place where it was trained",
                at_most=0.1,
            ),
            Criterion(
                name="untrained, change of the averaged convolution ÷ change of Dense",
                because="if the place does not matter, the output changes clearly less; we ask for half",
                role=CONDITION,
                scale=LOG_RATIO,
                unit="draws of weights and crops",
                control="Dense units on the same crops",
                at_most=0.5,
            ),
            Criterion(
                name="convolution: distance from moving along with the picture",
                because="0 is perfect, by a convolution's definition; float32 sums may differ in their last digits",
                role=CHECK,
                unit="draws of weights and crops",
                at_most=1e-4,
            ),
            Criterion(
                name="Dense: the same distance",
                because="1 is what unrelated outputs give; a layer that followed even half-way would stay under 0.5",
                role=CHECK,
                unit="draws of weights and crops",
                at_least=0.5,
            ),
        ),
        literature=(
            "LeCun et al. 1998, Gradient-based learning applied to document recognition: shared weights make the maps "
            "move with the picture",
            "Zhang 2019, Making convolutional networks shift-invariant again: strides break it",
        ),
        long_run="architecture_data",
        asked=Quantity(
            "by how much the convnet's accuracy in the other corner is above that of Dense",
            scale=0.5,
            least=-1,
            most=1,
        ),
    ),
    Claim(
        id="architecture-data",
        statement="A poor architecture stays poor however much data it gets; a good one learns faster, from less.",
        source="seed 001, impact on success",
        criteria=(
            Criterion(
                name="test accuracy with all images: convnet − Dense",
                because=TWO_POINTS,
                control=BETTER_DENSE,
                at_least=0.02,
            ),
            Criterion(
                name="this lead with all images − the lead with the fewest",
                because="stays poor: with sixteen times the images the lead shrinks by less than two points",
                control=BETTER_DENSE,
                at_least=-0.02,
            ),
            Criterion(
                name="from less: convnet with a quarter of the images − Dense with all",
                because=AS_GOOD,
                control=BETTER_DENSE,
                at_least=0,
            ),
            Criterion(
                name="faster: convnet after a quarter of its steps − Dense after the best of all its epochs",
                because=AS_GOOD,
                control=BETTER_DENSE,
                at_least=0,
            ),
            Criterion(
                name="what the convnet loses when the pixels of all images are put into one new order",
                because="its lead must come from what it assumes about neighbors; " + TWO_POINTS,
                role=CONDITION,
                control="the convnet with the pixels in their places, each at its own learning rate",
                at_least=0.02,
            ),
        ),
        literature=(
            "LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition: constraints on the "
            "connections improve generalization",
            "d'Ascoli et al. 2019, Finding the needle in the haystack with convolutions: a Dense network does not find "
            "the convolutional solution by itself",
            "Tolstikhin et al. 2021, MLP-Mixer: with hundreds of millions of images the gap to convnets nearly closes",
        ),
        long_run="architecture_data",
    ),
    Claim(
        id="reuse",
        statement="Reuse is central: a kernel that works at every position learns more from the same images.",
        source="seed 001, module, hierarchy, reuse",
        criteria=(
            Criterion(
                name="test accuracy where things may be anywhere: shared kernels − a kernel for every position",
                because=TWO_POINTS,
                control="the same windows, stages and steps without sharing, each at its own learning rate",
                at_least=0.02,
            ),
            Criterion(
                name="the same where all things are centered",
                because=TWO_POINTS,
                role=CONDITION,
                control="the same windows, stages and steps without sharing, each at its own learning rate",
                at_least=0.02,
            ),
        ),
        literature=(
            "LeCun 1989, Generalization and network design strategies: of equal networks the one that shares weights "
            "generalizes best",
            "Bartunov et al. 2018, Assessing the scalability of biologically-motivated deep learning: without sharing, "
            "a network falls far behind on ImageNet and little on smaller images",
        ),
        long_run="architecture_data",
        asked=Quantity(
            "by how much the test accuracy with shared kernels is above that with a kernel for every position",
            scale=0.3,
            least=-1,
            most=1,
        ),
    ),
    Claim(
        id="pyramid",
        statement="Most convnets are pyramids: from stage to stage the filters grow in number while the maps shrink.",
        source="seed 001, module, hierarchy, reuse",
        criteria=(
            Criterion(
                name="families in which every stage has more filters, and smaller maps, than the one before",
                because="most means more than half",
                scale=SHARE,
                unit="families of keras.applications",
                drawn=False,
                control="stages in random order would grow all along in 1 of 24 families with four, 1 of 120 with five",
                at_least=0.51,
            ),
            Criterion(
                name="filters, last stage ÷ first",
                because="a ratio of 1 would be a column: over the whole network they must at least double",
                role=CONDITION,
                scale=LOG_RATIO,
                unit="families of keras.applications",
                drawn=False,
                control="nothing is needed: it is counted",
                at_least=2,
            ),
        ),
        literature=(
            "Simonyan & Zisserman 2014, Very deep convolutional networks (VGG)",
            "Han et al. 2017, Deep pyramidal residual networks: growing at every layer is better still",
        ),
        asked=Quantity(
            "the share of the families in which every stage has more filters, and smaller maps, than the one before",
            scale=0.8,
            least=0,
            most=1,
        ),
    ),
)
