"""The claims of notebook 01."""

from utils.scoring import Quantity
from utils.verdicts import CHECK, CONDITION, LOG_RATIO, SHARE, Claim, Criterion

TWO_POINTS = "two points are about what published improvements bring; tuning alone could give a smaller lead"
AS_GOOD = "with only a quarter, being just as good is enough"
BETTER_DENSE = "the better of two Dense networks, as large and ten times as large, each at its own learning rate"

CLAIMS = (
    Claim(
        id="hypothesis-space",
        statement="An architecture carries prior knowledge: a convolution assumes that a pattern may be anywhere.",
        source="source document 001, the essence of model architecture",
        criteria=(
            Criterion(
                name="accuracy at a place where no training image was: convnet − Dense",
                because="a network that does not assume it can only guess there; a lead of ten points is clear",
                control="a network of Dense layers, same images and steps; in the long run, each at its own learning "
                "rate",
                at_least=0.1,
            ),
            Criterion(
                name="accuracy that the convnet loses from the trained place to the other",
                because="if a pattern may be anywhere, another place should cost less than the ten points asked for "
                "above",
                role=CONDITION,
                control="the same trained network, the same test images, at the place where it was trained",
                at_most=0.1,
            ),
            Criterion(
                name="before training: change of the averaged convolution ÷ change of Dense",
                because="if the place does not matter, the output should change clearly less; we ask for half",
                role=CONDITION,
                scale=LOG_RATIO,
                unit="draws of weights and crops",
                control="Dense units on the same crops",
                at_most=0.5,
            ),
            Criterion(
                name="convolution: how far its map is from moving along with the picture",
                because="a convolution gives 0 by definition; float32 sums may differ in their last digits",
                role=CHECK,
                unit="draws of weights and crops",
                at_most=1e-4,
            ),
            Criterion(
                name="Dense: the same",
                because="unrelated outputs give 1; a layer that moves along even half-way would stay under 0.5",
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
        source="source document 001, impact on success",
        criteria=(
            Criterion(
                name="test accuracy with all images: convnet − Dense",
                because=TWO_POINTS,
                control=BETTER_DENSE,
                at_least=0.02,
            ),
            Criterion(
                name="this lead with all images − the lead with the fewest",
                because="“stays poor” means: with sixteen times the images, the lead shrinks by less than two points",
                control=BETTER_DENSE,
                at_least=-0.02,
            ),
            Criterion(
                name="from less: test accuracy, convnet with a quarter of the images − Dense with all",
                because=AS_GOOD,
                control=BETTER_DENSE,
                at_least=0,
            ),
            Criterion(
                name="faster: test accuracy, convnet after a quarter of its steps − Dense after its best epoch",
                because=AS_GOOD,
                control=BETTER_DENSE,
                at_least=0,
            ),
            Criterion(
                name="test accuracy that the convnet loses when the pixels of all images are put into one random order",
                because="the lead must come from what the convnet assumes about neighbors; " + TWO_POINTS,
                role=CONDITION,
                control="the convnet with the pixels in their places; each has its own learning rate",
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
        source="source document 001, module, hierarchy, reuse",
        criteria=(
            Criterion(
                name="test accuracy where objects may be anywhere: shared kernels − a kernel for every position",
                because=TWO_POINTS,
                control="the same windows, stages and steps without sharing, each at its own learning rate",
                at_least=0.02,
            ),
            Criterion(
                name="the same difference where all objects are centered",
                because=TWO_POINTS,
                role=CONDITION,
                control="the same windows, stages and steps without sharing, each at its own learning rate",
                at_least=0.02,
            ),
        ),
        literature=(
            "LeCun 1989, Generalization and network design strategies: of networks of equal form, the one that "
            "shares weights generalizes best",
            "Bartunov et al. 2018, Assessing the scalability of biologically-motivated deep learning: without sharing, "
            "a network falls far behind on ImageNet, and a little on smaller images",
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
        source="source document 001, module, hierarchy, reuse",
        criteria=(
            Criterion(
                name="families in which every stage has more filters, and smaller maps, than the one before",
                because="“most” means more than half",
                scale=SHARE,
                unit="families of keras.applications",
                drawn=False,
                control="with its stages in random order, 1 family in 24 would grow all along with four stages, 1 in "
                "120 with five",
                at_least=0.51,
            ),
            Criterion(
                name="filters, last stage ÷ first",
                because="a ratio of 1 would be a column: over the whole network they must at least double",
                role=CONDITION,
                scale=LOG_RATIO,
                unit="families of keras.applications",
                drawn=False,
                control="none is needed: it is counted",
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
