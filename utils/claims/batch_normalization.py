"""The claims of notebook 03."""

from utils.claims import Claim, Criterion

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
                "largest |mean| of any channel that leaves",
                "a hundredth of the standard deviation that the channel ought to have is close to 0",
                at_most=0.01,
            ),
            Criterion(
                "smallest variance that leaves, ordinary and loud photographs",
                "close to 1 means within a tenth; ε can only make a variance smaller",
                at_least=0.9,
                at_most=1.1,
            ),
            Criterion(
                "smallest variance that leaves, faint photographs",
                "the same tenth: the claim says that what comes in does not matter",
                at_least=0.9,
                at_most=1.1,
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
                "training: spread over companions ÷ spread over images",
                "a hundredth of what tells images apart is ten thousand times more than rounding",
                at_least=0.01,
            ),
            Criterion(
                "inference: largest change when the companions change",
                "the same sum in another place of memory may differ in the last digit of float32",
                at_most=1e-4,
            ),
            Criterion(
                "inference: largest distance from the formula with the kept averages",
                "the layer and the formula may add up in another order, no more",
                at_most=1e-3,
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
                "test accuracy with it before the activation",
                "three times what guessing among eight classes gives: it trains well",
                at_least=0.375,
            ),
            Criterion(
                "test accuracy with it after the activation",
                "three times what guessing among eight classes gives: it trains well",
                at_least=0.375,
            ),
            Criterion(
                "after minus before",
                "a critical choice decides whether the network learns, which is worth more than 0.4 here; a quarter of "
                "that either way is not critical",
                at_least=-0.1,
                at_most=0.1,
            ),
        ),
        literature=(
            IOFFE + ": before",
            "Mishkin et al. 2017, Systematic evaluation of convolution neural network advances on the ImageNet: after "
            "is slightly better there",
        ),
    ),
    Claim(
        id="bn-gradients",
        statement="Batch normalization helps gradients propagate and allows larger learning rates and deeper networks.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                "distance from an even gradient, with minus without, default starting weights",
                "a factor of 1 a layer is even; below 0 the gradient flows more evenly with it than without",
                at_most=0.0,
            ),
            Criterion(
                "the same, He's starting weights",
                "the claim does not depend on how the weights start",
                at_most=0.0,
            ),
            Criterion(
                "largest learning rate that trains, with ÷ without",
                "the rates tried are half a power of ten apart, so less could be chance",
                at_least=0.5,
            ),
            Criterion(
                "loss of a deep network, without minus with",
                "a tenth of a nat: a tenth more probability on the right answer",
                at_least=0.1,
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
                "exponent of the noise against the batch size",
                "means of n independent values vary as n to the power of −0.5; no dependence is 0, a plain share is −1",
                at_least=-0.6,
                at_most=-0.4,
            ),
            Criterion(
                "how much noisier statistics narrow the gap between test and training loss",
                "a regularizer narrows it; the whole interval must lie above 0, or it could be the seeds",
                at_least=0.0,
            ),
            Criterion(
                "test accuracy that noisier statistics gain",
                "to regularize pays when new images gain; the whole interval must lie above 0",
                at_least=0.0,
            ),
        ),
        literature=(
            "Luo et al. 2018, Towards understanding regularization in batch normalization",
            "Hoffer et al. 2017, Train longer, generalize better: statistics of small groups",
        ),
    ),
)
