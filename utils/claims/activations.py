"""The claims of notebook 07."""

from utils.scoring import Quantity
from utils.verdicts import CONDITION, SHARE, Claim, Criterion

HERE = "small networks"
FASHION = "Fashion-MNIST (the long run)"
BEFORE = "the same networks before their training; if the control falls, this counts as no change"
BEFORE_OR_SHUFFLED = (
    "the same networks before their training, and networks trained with shuffled labels: the higher of the two, and 0 "
    "where both fall"
)
UNTRAINED = (
    "an untrained network of the same shape, drawn anew with each draw of crops; if it falls, this counts as no change"
)
VISIBLE = (
    "on a scale from 0 to 1, a change of less than a twentieth over the whole network cannot be seen in the figure"
)
CROPS = "draws of crops"
VIEWS = "draws of views"
POINTS = (
    "one view in four more than any control: if a channel stands for the part, anyone who looks at the views should "
    "see it"
)
THREE_CONTROLS = (
    "the highest of three, chosen in the same way: deep channels for boxes of the same size elsewhere in the "
    "photograph, the network's first layers, and the deep layers of an untrained network"
)

CLAIMS = (
    Claim(
        id="first-layer-edges",
        statement="The first layer is a collection of edge detectors.",
        source="source document 000",
        criteria=(
            Criterion(
                name="ImageNet network: share of oriented kernels in the first layer",
                because="in a collection of edge detectors, most kernels are edge detectors",
                scale=SHARE,
                unit="kernels of this one network",
                drawn=False,
                control="4,000 random kernels of the same size, of which 5 in 100 are oriented by definition",
                at_least=0.5,
            ),
            *(
                Criterion(
                    name=f"{networks}: share of oriented kernels, after − before the training",
                    because="the layer has 16 kernels: a change of fewer than two of them would not be noticed",
                    role=CONDITION,
                    control="the same networks before their training",
                    at_least=0.1,
                )
                for networks in (HERE, FASHION)
            ),
        ),
        literature=(
            "Krizhevsky et al. 2012 (figure 3): oriented and colored kernels after 90 epochs on ImageNet",
            "Zeiler & Fergus 2014: first layers settle within few epochs, the upper ones later",
        ),
        long_run="activations_in_training",
        asked=Quantity(
            "in the small networks, the share of oriented kernels, after − before the training",
            scale=0.5,
            least=-1,
            most=1,
            criterion=1,
        ),
    ),
    Claim(
        id="deeper-abstract",
        statement="Deeper activations become less visually interpretable and stand for higher-level concepts.",
        source="source document 000",
        criteria=(
            Criterion(
                name="edges, ImageNet network: how well they predict the maps, first third of the layers − last",
                because=VISIBLE,
                unit=CROPS,
                control="the edges of another photograph, whose prediction is subtracted in every layer",
                at_least=0.05,
            ),
            Criterion(
                name=f"classes, {HERE}: how much of a channel they explain, last third − first, beyond the control",
                because=VISIBLE,
                control=BEFORE,
                at_least=0.05,
            ),
            Criterion(
                name="edges beyond the control, ImageNet network: first third − last",
                because=VISIBLE,
                role=CONDITION,
                unit=CROPS,
                control=UNTRAINED,
                at_least=0.05,
            ),
            Criterion(
                name="photographs, ImageNet network: how much of a channel is explained by the one (of eight) that a "
                "crop is from, last third − first, beyond the control",
                because=VISIBLE,
                role=CONDITION,
                unit=CROPS,
                control=UNTRAINED,
                at_least=0.05,
            ),
            Criterion(
                name=f"classes, {FASHION}: how much of a channel they explain, last third − first, beyond the controls",
                because=VISIBLE,
                role=CONDITION,
                control=BEFORE_OR_SHUFFLED,
                at_least=0.05,
            ),
        ),
        literature=(
            "Zeiler & Fergus 2014: edges, then textures, parts, and whole objects",
            "Bau et al. 2017 (Network Dissection): with labeled images, more channels of deep layers match objects",
            "Morcos et al. 2018: the selectivity of single units does not measure their importance",
        ),
        long_run="activations_in_training",
    ),
    Claim(
        id="parts-of-objects",
        statement="Deep channels stand for parts of objects, such as “cat ear” and “cat eye”.",
        source="source document 000",
        criteria=tuple(
            Criterion(
                name=f"{part} of Chelsea: share of views in which a deep channel of the ImageNet network points there, "
                "beyond the controls",
                because=POINTS,
                unit=VIEWS,
                control=THREE_CONTROLS,
                at_least=0.25,
                **role,
            )
            for part, role in (("eyes", {}), ("ears", {}), ("nose", {"role": CONDITION}))
        ),
        literature=(
            "Zhou et al. 2015: object detectors emerge in networks trained on scenes, without labels for objects",
            "Bau et al. 2017 (Network Dissection): single channels match labeled parts, fewer than objects or textures",
        ),
        long_run="activations_in_training",
        asked=Quantity(
            "the share of views in which a deep channel points to the cat's eyes, minus that of the best control",
            scale=0.8,
            least=-1,
            most=1,
        ),
    ),
    Claim(
        id="sparsity-depth",
        statement="Activations become sparser with depth: more and more channels are blank.",
        source="source document 000",
        criteria=(
            *(
                Criterion(
                    name=f"{what}, ImageNet network: share in the last third of the layers − first, beyond the control",
                    because=VISIBLE,
                    unit=CROPS,
                    control=UNTRAINED,
                    at_least=0.05,
                    **role,
                )
                for what, role in (
                    ("blank maps", {}),
                    ("blank 2×2 windows", {"role": CONDITION}),
                    ("zeros", {"role": CONDITION}),
                )
            ),
            *(
                Criterion(
                    name=f"{what}, {networks}: share in the last third of the layers − first, beyond the control",
                    because=VISIBLE,
                    role=CONDITION,
                    control=control,
                    at_least=0.05,
                )
                for networks, what, control in (
                    (HERE, "blank maps", BEFORE),
                    (HERE, "blank 2×2 windows", BEFORE),
                    (FASHION, "blank maps", BEFORE_OR_SHUFFLED),
                )
            ),
            Criterion(
                name=f"epochs, {HERE}: share of blank maps in the last third of the layers, after the last epoch − "
                "after the first",
                because=VISIBLE,
                role=CONDITION,
                control="the same networks after one epoch, to see whether more training makes them sparser",
                at_least=0.05,
            ),
        ),
        literature=(
            "Chollet 2021 (Deep Learning with Python, section 9.4.1) says this of blank filters",
            "Glorot et al. 2011: about half of the outputs of a ReLU are 0 before any training",
        ),
        long_run="activations_in_training",
        asked=Quantity(
            "in the ImageNet network, the share of blank maps, last third of layers − first, minus that of the control",
            scale=0.5,
            least=-1,
            most=1,
        ),
    ),
)
