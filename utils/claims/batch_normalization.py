"""The claims of notebook 03: what batch normalization computes."""

from utils.scoring import Quantity
from utils.verdicts import CONDITION, LOG_RATIO, SHARE, Claim, Criterion

BATCH_NORMALIZATION = "source document 001, batch normalization"
NORMALIZATION = "source document 001, what normalization is for"
IOFFE = "Ioffe & Szegedy 2015, Batch normalization: accelerating deep network training"

CLAIMS = (
    Claim(
        id="normalization-equal",
        statement="Scaled to a similar range, all features contribute equally, and training is more effective and "
        "more stable.",
        source=NORMALIZATION,
        criteria=(
            Criterion(
                name="z-scores: smallest ÷ largest share of a feature in the first step",
                because="“equally” means within a factor of two",
                scale=LOG_RATIO,
                unit="draws of patches",
                control="the same features, raw",
                at_least=0.5,
            ),
            Criterion(
                name="min–max: smallest ÷ largest share of a feature in the first step",
                because="“equally” means within a factor of two; the claim names both methods",
                scale=LOG_RATIO,
                unit="draws of patches",
                control="the same features, raw",
                at_least=0.5,
            ),
            Criterion(
                name="effective: loss with raw features − loss with the worse of the two methods",
                because="a tenth of a nat less gives the right answer about a tenth more probability",
                unit="draws of patches",
                control="raw features; each side at its best of the same eleven learning rates",
                quantity="nats",
                at_least=0.1,
            ),
            Criterion(
                name="stable: number of learning rates that train (powers of ten), the worse method − raw",
                because="the learning rates are powers of ten, so one more is the smallest difference that can be seen",
                unit="draws of patches",
                control="raw features, the same eleven learning rates",
                quantity="powers of ten",
                at_least=1,
            ),
        ),
        literature=(
            "LeCun et al. 1998, Efficient backprop, section 4.3: inputs of mean 0 and equal variance converge faster",
        ),
        asked=Quantity(
            "after min–max scaling, the smallest ÷ the largest share of a feature in the first step",
            scale=1,
            ratio=True,
            criterion=1,
        ),
    ),
    Claim(
        id="bn-normalizes",
        statement="Batch normalization keeps a channel's mean close to 0 and its variance close to 1, even as the "
        "network learns.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="training mode: share of channels that leave with |mean| ≤ 0.1 and variance 1 ± 0.1, at the "
                "training step where it is smallest",
                because="“close” means within a tenth; with more than one exception in twenty it is not a rule",
                scale=SHARE,
                control="the same channels as they enter the layer; their share is shown beside it",
                at_least=0.95,
            ),
            Criterion(
                name="the same after γ and β, which is what the next layer gets, at the end of the training",
                because="the same share: the claim does not say that it is only about the values before γ and β",
                role=CONDITION,
                scale=SHARE,
                control="the same channels before γ and β",
                at_least=0.95,
            ),
            Criterion(
                name="inference mode, new images of the same kind, at the end of the training",
                because="the same share: the claim is not limited to the batches of the training",
                role=CONDITION,
                scale=SHARE,
                control="the images of the training, in training mode",
                at_least=0.95,
            ),
            Criterion(
                name="inference mode, images of half the contrast, and brighter, at the end of the training",
                because="the same share: images from another camera are common in practice",
                role=CONDITION,
                scale=SHARE,
                control="images of full contrast in inference mode",
                at_least=0.95,
            ),
        ),
        literature=(
            IOFFE + ", algorithm 1: ε is added to the variance, so a channel with a variance far below ε is not "
            "brought to 1",
        ),
        long_run="bn_order",
        asked=Quantity(
            "the share of channels whose mean is near 0 and variance near 1 after γ and β, at the end of the training",
            scale=0.8,
            least=0,
            most=1,
            criterion=1,
        ),
    ),
    Claim(
        id="bn-two-modes",
        statement="Training uses the batch's own mean and variance, inference the averages kept from training.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="training: spread of the logits over companions ÷ over photographs",
                because="a twentieth of the spread between photographs is enough to change close decisions",
                scale=LOG_RATIO,
                control="the same photograph with the same companions at inference",
                at_least=0.05,
            ),
            Criterion(
                name="inference: largest change of a logit when the companions change",
                because="a float32 sum in another order may differ in its last digits",
                control="the same photograph with the same companions in training",
                at_most=1e-4,
            ),
            Criterion(
                name="inference: largest distance from the formula with the kept averages",
                because="the layer and the formula may only differ in the order of their sums",
                control="the formula with the batch's own statistics; its distance is shown beside it",
                at_most=1e-3,
            ),
        ),
        literature=(IOFFE + ", algorithm 2", "Ioffe 2017, Batch renormalization: when the two modes drift apart"),
    ),
    Claim(
        id="bn-average-entire",
        statement="At inference, batch normalization uses an average of the means and variances over the entire "
        "training.",
        source=BATCH_NORMALIZATION,
        criteria=(
            Criterion(
                name="share of the moving average that comes from the first half of the training",
                because="if every step counted equally, it would be 0.5; half of that is far from equal",
                scale=SHARE,
                unit="trainings (111 steps with momentum 0.9, as here; 1,000 with Keras's 0.99)",
                drawn=False,
                control="an average over all steps, in which the first half counts for 0.5",
                at_least=0.25,
            ),
        ),
        literature=(IOFFE + ", algorithm 2: moving averages",),
        asked=Quantity(
            "the share of the moving average that comes from the first half of the training",
            scale=0.8,
            least=0,
            most=1,
        ),
    ),
)
