"""The claims of notebook 01."""

from utils.verdicts import Claim, Criterion

NOT_LUCK = "the whole interval over the seeds must lie above 0: else the seeds alone could explain it"
CLAIMS = (
    Claim(
        id="hypothesis-space",
        statement="An architecture carries prior knowledge: a convolution assumes that a pattern may be anywhere.",
        source="seed 001, the essence of model architecture",
        criteria=(
            Criterion(
                name="convolution: distance from moving along with the picture",
                because="0 is perfect; float32 sums may differ in their last digits",
                at_most=0.0001,
                control="not named yet",
            ),
            Criterion(
                name="Dense: the same distance",
                because="1 is what unrelated outputs give; a layer that followed even half-way would stay under 0.5",
                at_least=0.5,
                control="not named yet",
            ),
            Criterion(
                name="change of the averaged convolution ÷ change of Dense",
                because="to assume that the place does not matter means to change clearly less; we ask for half",
                at_most=0.5,
                control="not named yet",
            ),
        ),
        literature=(
            "LeCun et al. 1998, Gradient-based learning applied to document recognition: shared weights make the maps move with the picture",
            "Zhang 2019, Making convolutional networks shift-invariant again: strides break it",
        ),
    ),
    Claim(
        id="architecture-data",
        statement="A poor architecture stays poor however much data it gets; a good one learns faster, from less.",
        source="seed 001, impact on success",
        criteria=(
            Criterion(
                name="accuracy with all patches: convnet − Dense of the same size",
                because=NOT_LUCK,
                at_least=0,
                control="not named yet",
            ),
            Criterion(
                name="accuracy with all patches: convnet − Dense ten times as large",
                because=NOT_LUCK,
                at_least=0,
                control="not named yet",
            ),
            Criterion(
                name="accuracy: convnet with the fewest patches − Dense with all",
                because=NOT_LUCK,
                at_least=0,
                control="not named yet",
            ),
            Criterion(
                name="training steps to Dense's final loss: convnet ÷ Dense",
                because="faster has to be noticeable: at most half of the steps",
                at_most=0.5,
                control="not named yet",
            ),
        ),
        literature=(
            "LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition: constraints on the connections improve generalisation",
            "d'Ascoli et al. 2019, Finding the needle in the haystack with convolutions: a Dense network does not find the convolutional solution by itself",
            "Tolstikhin et al. 2021, MLP-Mixer: with hundreds of millions of images the gap to convnets nearly closes",
        ),
    ),
    Claim(
        id="pyramid",
        statement="Most convnets are pyramids: from stage to stage the filters grow in number while the maps shrink.",
        source="seed 001, module, hierarchy, reuse",
        criteria=(
            Criterion(
                name="filters from one stage to the next, smallest ratio of all networks",
                because="grow means that no stage has fewer filters than the one before",
                at_least=1,
                control="not named yet",
            ),
            Criterion(
                name="filters, last stage ÷ first, smallest of all networks",
                because="a ratio of 1 everywhere would be a column: over the whole network they must at least double",
                at_least=2,
                control="not named yet",
            ),
            Criterion(
                name="height of the maps from one stage to the next, largest ratio of all networks",
                because="shrink means that each stage's maps are smaller than those before, be it by a pixel",
                at_most=0.999,
                control="not named yet",
            ),
        ),
        literature=(
            "Simonyan & Zisserman 2014, Very deep convolutional networks (VGG)",
            "Han et al. 2017, Deep pyramidal residual networks: growing at every layer is better still",
        ),
    ),
)
