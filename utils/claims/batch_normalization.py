"""The claims of notebook 03."""

from utils.verdicts import Claim, Criterion

BATCH_NORMALIZATION = "seed 001, batch normalization"
IOFFE = "Ioffe & Szegedy 2015, Batch normalization: accelerating deep network training"
SANTURKAR = "Santurkar et al. 2018, How does batch normalization help optimization?"
CLAIMS = (
    Claim(
        id="bn-normalises",
        statement="Whatever comes in, batch normalization keeps a channel's mean near 0 and its variance near 1.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="largest |mean| of any channel that leaves",
                because="a hundredth of the standard deviation that the channel ought to have is close to 0",
                at_most=0.01,
                control="not named yet",
            ),
            Criterion(
                name="smallest variance that leaves, ordinary and loud photographs",
                because="close to 1 means within a tenth; ε can only make a variance smaller",
                at_least=0.9,
                at_most=1.1,
                control="not named yet",
            ),
            Criterion(
                name="smallest variance that leaves, faint photographs",
                because="the same tenth: the claim says that what comes in does not matter",
                at_least=0.9,
                at_most=1.1,
                control="not named yet",
            ),
        ),
        literature=(
            IOFFE + ", algorithm 1: ε is added to the variance, so a channel far quieter than ε is not brought to 1",
        ),
    ),
    Claim(
        id="bn-two-modes",
        statement="Training uses the batch's own mean and variance, inference the averages kept from training.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="training: spread over companions ÷ spread over images",
                because="a hundredth of what tells images apart is ten thousand times more than rounding",
                at_least=0.01,
                control="not named yet",
            ),
            Criterion(
                name="inference: largest change when the companions change",
                because="the same sum in another place of memory may differ in the last digit of float32",
                at_most=0.0001,
                control="not named yet",
            ),
            Criterion(
                name="inference: largest distance from the formula with the kept averages",
                because="the layer and the formula may add up in another order, no more",
                at_most=0.001,
                control="not named yet",
            ),
        ),
        literature=(IOFFE + ", algorithm 2", "Ioffe 2017, Batch renormalization: when the two modes drift apart"),
    ),
    Claim(
        id="bn-order",
        statement="Batch normalization usually stands before the activation, but the order is not strictly critical.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="test accuracy with it before the activation",
                because="three times what guessing among eight classes gives: it trains well",
                at_least=0.375,
                control="not named yet",
            ),
            Criterion(
                name="test accuracy with it after the activation",
                because="three times what guessing among eight classes gives: it trains well",
                at_least=0.375,
                control="not named yet",
            ),
            Criterion(
                name="after minus before",
                because="a critical choice decides whether the network learns, which is worth more than 0.4 here; a quarter of that either way is not critical",
                at_least=-0.1,
                at_most=0.1,
                control="not named yet",
            ),
        ),
        literature=(
            IOFFE + ": before",
            "Mishkin et al. 2017, Systematic evaluation of convolution neural network advances on the ImageNet: after is slightly better there",
        ),
    ),
    Claim(
        id="bn-gradients",
        statement="Batch normalization helps gradients propagate and allows larger learning rates and deeper networks.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="distance from an even gradient, with minus without, default starting weights",
                because="a factor of 1 a layer is even; below 0 the gradient flows more evenly with it than without",
                at_most=0.0,
                control="not named yet",
            ),
            Criterion(
                name="the same, He's starting weights",
                because="the claim does not depend on how the weights start",
                at_most=0.0,
                control="not named yet",
            ),
            Criterion(
                name="largest learning rate that trains, with ÷ without",
                because="the rates tried are half a power of ten apart, so less could be chance",
                at_least=0.5,
                control="not named yet",
            ),
            Criterion(
                name="loss of a deep network, without minus with",
                because="a tenth of a nat: a tenth more probability on the right answer",
                at_least=0.1,
                control="not named yet",
            ),
        ),
        literature=(
            SANTURKAR + ": a smoother loss, not less internal covariate shift",
            "Bjorck et al. 2018, Understanding batch normalization: larger learning rates are the gain",
            "Yang et al. 2019, A mean field theory of batch normalization: gradients grow by a factor of 1.21 a layer",
        ),
    ),
    Claim(
        id="bn-noise",
        statement="Batch normalization adds noise, and so is a weak regularizer, like dropout or data augmentation.",
        source="seed 000, intuitions",
        criteria=(
            Criterion(
                name="exponent of the noise against the batch size",
                because="means of n independent values vary as n to the power of −0.5; no dependence is 0, a plain share is −1",
                at_least=-0.6,
                at_most=-0.4,
                control="not named yet",
            ),
            Criterion(
                name="how much noisier statistics narrow the gap between test and training loss",
                because="a regularizer narrows it; the whole interval must lie above 0, or it could be the seeds",
                at_least=0.0,
                control="not named yet",
            ),
            Criterion(
                name="test accuracy that noisier statistics gain",
                because="to regularize pays when new images gain; the whole interval must lie above 0",
                at_least=0.0,
                control="not named yet",
            ),
        ),
        literature=(
            "Luo et al. 2018, Towards understanding regularization in batch normalization",
            "Hoffer et al. 2017, Train longer, generalize better: statistics of small groups",
        ),
    ),
)
