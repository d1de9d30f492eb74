"""The claims of notebook 04: what batch normalization does to training."""

from utils.scoring import Quantity
from utils.verdicts import CHECK, CONDITION, LOG_RATIO, SHARE, Claim, Criterion

BATCH_NORMALIZATION = "source document 001, batch normalization"
IOFFE = "Ioffe & Szegedy 2015, Batch normalization: accelerating deep network training"
SANTURKAR = "Santurkar et al. 2018, How does batch normalization help optimization?"
WU = "Wu & He 2018, Group normalization"

# Two points of accuracy: what a new architecture is published for.
TWO_POINTS = 0.02
FIVE_POINTS = 0.05

CLAIMS = (
    Claim(
        id="bn-everywhere",
        statement="Batch normalization is used extensively in many advanced convnets.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="share of the networks that have a batch normalization for at least every second convolution",
                because="“many” means at least half of them; “extensively” means at every second convolution",
                scale=SHARE,
                unit="families of keras.applications",
                drawn=False,
                control="none is needed: the layers are counted",
                at_least=0.5,
            ),
        ),
        literature=("Liu et al. 2022, A ConvNet for the 2020s: layer normalization instead",),
        long_run="bn_order",
        asked=Quantity(
            "the share of these networks that have a batch normalization for at least every second convolution",
            scale=0.5,
            least=0,
            most=1,
        ),
    ),
    Claim(
        id="bn-order",
        statement="Batch normalization usually stands before the activation, but the order is not strictly critical: "
        "the network will likely train well with it after, too.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="usually before: share of the networks with batch normalization that have it directly before the "
                "activation more often than directly after",
                because="“usually” means at least half of them",
                scale=SHARE,
                unit="families of keras.applications",
                drawn=False,
                control="none is needed: the layers are counted",
                at_least=0.5,
            ),
            Criterion(
                name="likely trains well: share of the networks with it after the activation whose test accuracy is at "
                "least three times that of guessing",
                because="“likely” means at least every second time",
                scale=SHARE,
                control="the same network with it before the activation, same seeds and batches: see the next line",
                at_least=0.5,
            ),
            Criterion(
                name="not critical: test accuracy with it after − before the activation",
                because="an order that changes less than five points matters no more than a learning rate; training "
                "gains more than forty points",
                control="the same network, seeds and batches with it before; in the long run each at the best of "
                "three learning rates",
                at_least=-FIVE_POINTS,
                at_most=FIVE_POINTS,
            ),
            Criterion(
                name="the same at a learning rate of 0.00125",
                because="the same five points",
                role=CONDITION,
                control="the same network, seeds and batches with it before",
                at_least=-FIVE_POINTS,
                at_most=FIVE_POINTS,
            ),
            Criterion(
                name="the same at a learning rate of 0.02",
                because="the same five points",
                role=CONDITION,
                control="the same network, seeds and batches with it before",
                at_least=-FIVE_POINTS,
                at_most=FIVE_POINTS,
            ),
            Criterion(
                name="the same with a second data set",
                because="the same five points: an order that is critical for other images is critical, too",
                role=CONDITION,
                control="the same network, seeds and batches with it before, each at its best learning rate",
                at_least=-FIVE_POINTS,
                at_most=FIVE_POINTS,
            ),
        ),
        literature=(
            IOFFE + ": before",
            "Mishkin et al. 2017, Systematic evaluation of convolution neural network advances on the ImageNet: after "
            "is slightly better there",
        ),
        long_run="bn_order",
        asked=Quantity(
            "test accuracy, batch normalization after − before the activation", scale=0.2, least=-1, most=1, criterion=2
        ),
    ),
    Claim(
        id="bn-gradients",
        statement="Batch normalization helps gradients propagate and allows larger learning rates and deeper networks.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="gradients: distance from an even flow, without − with, Keras's default initialization (Glorot)",
                because="0.02 powers of ten per layer make a factor of ten over fifty layers",
                control="the same network, weights and batch without batch normalization",
                quantity="powers of ten a layer",
                at_least=0.02,
            ),
            Criterion(
                name="the same with He's initialization, which is made for ReLU",
                because="the same 0.02; the network without batch normalization gets its best initialization",
                role=CONDITION,
                control="the same network, weights and batch without batch normalization",
                quantity="powers of ten a layer",
                at_least=0.02,
            ),
            Criterion(
                name="largest learning rate that trains, with ÷ without",
                because="the learning rates that we try are a factor of about 3.2 apart, so 3 is one of their steps",
                scale=LOG_RATIO,
                control="the same network without batch normalization, He's initialization, same rates and batches",
                at_least=3,
            ),
            Criterion(
                name="depth: loss that a deep network adds to a shallow one, without − with",
                because="a tenth of a nat less gives the right answer about a tenth more probability",
                control="the same networks without batch normalization, each of the four at its own best learning rate",
                quantity="nats",
                at_least=0.1,
            ),
        ),
        literature=(
            SANTURKAR + ": a smoother loss, not less internal covariate shift",
            "Bjorck et al. 2018, Understanding batch normalization: larger learning rates are the gain",
            "Yang et al. 2019, A mean field theory of batch normalization: gradients grow by a factor of 1.21 per "
            "layer",
        ),
        long_run="bn_rates",
        asked=Quantity(
            "the largest learning rate that trains, with ÷ without batch normalization",
            scale=2,
            ratio=True,
            criterion=2,
        ),
    ),
    Claim(
        id="bn-covariate-shift",
        statement="Batch normalization works because it reduces internal covariate shift.",
        source="Ioffe & Szegedy 2015; source document 001 leaves the reason open",
        criteria=(
            Criterion(
                name="share of the benefit that is lost when every layer gets a different distribution at each step",
                because="what explains less than half of the benefit is not the main reason",
                control="batch normalization left alone (nothing lost) and the network without it (all lost), each at "
                "its own best learning rate",
                at_least=0.5,
            ),
            Criterion(
                name="shift between two steps, shaken ÷ without batch normalization",
                because="below 1 the shaken network would be the steadier one, and the experiment would show nothing",
                role=CHECK,
                scale=LOG_RATIO,
                at_least=1,
            ),
            Criterion(
                name="the benefit: loss without − with batch normalization",
                because="if the benefit is less than a tenth of a nat, a share of it means nothing",
                role=CHECK,
                quantity="nats",
                at_least=0.1,
            ),
        ),
        literature=(IOFFE, SANTURKAR + ", section 2.2: noise after the layer hardly harms it"),
        long_run="bn_rates",
        asked=Quantity(
            "the share of the benefit that is lost in the shaken network (0: nothing, 1: all of it)", scale=0.8
        ),
    ),
    Claim(
        id="bn-noise",
        statement="Batch normalization adds noise, and so is a weak regularizer.",
        source="source document 000, intuitions",
        criteria=(
            Criterion(
                name="noise: exponent of the spread against the batch size",
                because="the mean of n independent values varies like n to the power of −0.5; without any dependence "
                "the exponent would be 0",
                control="the theory's −0.5; at inference the spread is 0",
                at_least=-0.6,
                at_most=-0.4,
            ),
            Criterion(
                name="regularizer: test accuracy at equal training accuracy, statistics of 4 images − of all 64",
                because="for less than one point of accuracy, nobody would use a regularizer",
                control="the same network, initial weights and batches with calm statistics, at the same training "
                "accuracies",
                at_least=0.01,
            ),
            Criterion(
                name="the same with statistics of 16 images, half as noisy",
                because="the same point: the noise of four images may be too strong",
                role=CONDITION,
                control="the same network, initial weights and batches with calm statistics, at the same training "
                "accuracies",
                at_least=0.01,
            ),
            Criterion(
                name="statistics of 4 images at the end of the training",
                because="the same point, for those who train for a fixed number of steps",
                role=CONDITION,
                control="the same network, initial weights and batches with calm statistics, after the same steps",
                at_least=0.01,
            ),
        ),
        literature=(
            "Luo et al. 2018, Towards understanding regularization in batch normalization",
            "Hoffer et al. 2017, Train longer, generalize better: statistics of small groups",
        ),
        long_run="bn_noise",
        asked=Quantity(
            "test accuracy at equal training accuracy, statistics of 4 images − of all 64",
            scale=0.2,
            least=-1,
            most=1,
            criterion=1,
        ),
    ),
    Claim(
        id="bn-small-batches",
        statement="In small batches, batch normalization loses accuracy; group normalization, which looks at each "
        "image by itself, does not.",
        source="Wu & He 2018; not in the source documents",
        criteria=(
            Criterion(
                name="accuracy lost from batches of 32 to batches of 2, batch − group normalization",
                because="two points of test accuracy are about what new architectures are published for",
                control="group normalization with the same images, each at the learning rate that is best on images "
                "kept back",
                at_least=TWO_POINTS,
            ),
            Criterion(
                name="accuracy that group normalization loses from batches of 32 to batches of 2",
                because="the same two points",
                control="group normalization in batches of 32, at its own best learning rate",
                at_most=TWO_POINTS,
            ),
            Criterion(
                name="in batches of 32: group − batch normalization",
                because="the same two points: a replacement must not be worse where batches are large",
                role=CONDITION,
                control="batch normalization with the same images, at its own best learning rate",
                at_least=-TWO_POINTS,
            ),
            Criterion(
                name="accuracy lost from batches of 32 to batches of 8, batch − group normalization",
                because="the same two points: this shows at which batch size the loss begins",
                role=CONDITION,
                control="group normalization with the same images, at its own best learning rate",
                at_least=TWO_POINTS,
            ),
            Criterion(
                name="accuracy lost from batches of 32 to batches of 1, batch − group normalization",
                because="the same two points: a single image still has its positions",
                role=CONDITION,
                control="group normalization with the same images, at its own best learning rate",
                at_least=TWO_POINTS,
            ),
        ),
        literature=(WU + ": 10.6 points less error than batch normalization with 2 images per processor",),
        long_run="bn_small_batches",
        asked=Quantity(
            "in the long run, how much more accuracy batch normalization loses than group normalization, from batches "
            "of 32 to batches of 2",
            scale=0.2,
            least=-1,
            most=1,
        ),
    ),
)
