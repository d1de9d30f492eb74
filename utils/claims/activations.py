"""The claims of notebook 06."""

from scipy import stats
from utils.verdicts import Claim, Criterion, Measurement

CHANCE = "of 33 layers in random order, one in twenty has a rank correlation beyond ±0.35"
ORIENTED = "5 of 100 random kernels are that oriented: that many are chance"
VISIBLE = "in a layer of 100 maps, 5 more or fewer are the least that one would notice"


def share(hits):
    """The share of ``hits``, a boolean each, with its exact 95 % interval (Clopper and Pearson)."""
    count, of = (int(sum(hits)), len(hits))
    interval = stats.binomtest(count, of).proportion_ci()
    return Measurement(count / of, float(interval.low), float(interval.high), "of the kernels", of)


CLAIMS = (
    Claim(
        id="first-layer-edges",
        statement="The first layer is a collection of edge detectors.",
        source="seed 000",
        criteria=(
            Criterion(
                name="ImageNet network: share of oriented kernels",
                because=ORIENTED,
                at_least=0.05,
                control="not named yet",
            ),
            Criterion(
                name="ImageNet network: share of kernels for brightness or for colour",
                because="10 of 100 random kernels are that one-sided: that many are chance",
                at_least=0.1,
                control="not named yet",
            ),
            Criterion(
                name="ImageNet network: most kernels are oriented",
                because="a collection of edge detectors should consist of them for the most part",
                at_least=0.5,
                control="not named yet",
            ),
            Criterion(
                name="our mini-Xception: share of oriented kernels",
                because=ORIENTED,
                at_least=0.05,
                control="not named yet",
            ),
        ),
        literature=(
            "Krizhevsky et al. 2012 (figure 3): oriented and coloured kernels after 90 epochs on ImageNet",
            "Zeiler & Fergus 2014: first layers settle within few epochs, the upper ones later",
        ),
    ),
    Claim(
        id="deeper-abstract",
        statement="Deeper activations become less visually interpretable and stand for higher-level concepts.",
        source="seed 000",
        criteria=(
            Criterion(
                name="edges predict the maps: rank correlation with depth",
                because=CHANCE,
                at_most=-0.35,
                control="not named yet",
            ),
            Criterion(
                name="class selectivity beyond an untrained network: rank correlation with depth",
                because=CHANCE,
                at_least=0.35,
                control="not named yet",
            ),
            Criterion(
                name="class selectivity by itself: rank correlation with depth",
                because=CHANCE,
                at_least=0.35,
                control="not named yet",
            ),
        ),
        literature=(
            "Zeiler & Fergus 2014: edges, then textures, parts, and whole objects",
            "Morcos et al. 2018: selectivity of single units is no measure of their importance",
        ),
    ),
    Claim(
        id="sparsity-depth",
        statement="Activations become sparser with depth: more and more channels are blank.",
        source="seed 000",
        criteria=tuple(
            (
                Criterion(
                    name=f"{network}: {what}, last third of the layers minus first",
                    because=VISIBLE,
                    at_least=0.05,
                    control="not named yet",
                )
                for network in ("ImageNet network", "mini-Xception")
                for what in ("share of zeros", "share of blank maps", "share of blank 2×2 windows")
            )
        ),
        literature=(
            "Chollet 2021 (Deep Learning with Python, section 9.4.1) says it of blank filters",
            "Glorot et al. 2011: about half of a rectifier's outputs are 0 before any training",
        ),
    ),
)
