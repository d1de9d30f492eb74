"""The claims of notebook 05."""

from utils.verdicts import Claim, Criterion

ESSENTIAL = "the same network differs by up to 5 points from seed to seed: what costs less, luck can make up for"
CLAIMS = (
    Claim(
        id="techniques-essential",
        statement="Shortcuts, batch normalization and separable convolutions are essential for a good image model.",
        source="seed 001",
        criteria=(
            Criterion(
                name="test accuracy lost without shortcuts", because=ESSENTIAL, at_least=0.05, control="not named yet"
            ),
            Criterion(
                name="test accuracy lost without batch normalization",
                because=ESSENTIAL,
                at_least=0.05,
                control="not named yet",
            ),
            Criterion(
                name="test accuracy lost without separable convolutions",
                because=ESSENTIAL,
                at_least=0.05,
                control="not named yet",
            ),
        ),
        literature=(
            "He et al. 2015 (table 2): with 18 layers a residual net beats a plain one by 0.06 points, with 34 by 3.5",
            "Chollet 2017: on ImageNet Xception beats Inception V3, which has as many parameters, by 0.8 points",
            "Ioffe & Szegedy 2015: the same accuracy in 14 times fewer steps",
        ),
    ),
    Claim(
        id="average-one-number",
        statement="Global average pooling leaves a single number of each feature map.",
        source="seed 000",
        criteria=(
            Criterion(
                name="numbers per feature map",
                because="a single one is claimed",
                at_least=1,
                at_most=1,
                control="not named yet",
            ),
            Criterion(
                name="largest difference from the map's mean",
                because="the number is to be the mean; float32 sums may differ in their last digits",
                at_most=1e-05,
                control="not named yet",
            ),
        ),
        literature=("Lin et al. 2013 (Network in Network): in place of dense layers, which overfit",),
    ),
    Claim(
        id="dropout-regularises",
        statement="Dropout sets a random share of its inputs to 0 during training, and so reduces overfitting.",
        source="seed 000",
        criteria=(
            Criterion(
                name="share set to 0 in training, minus the rate",
                because="four standard errors of a share counted over 10,000 numbers",
                at_least=-0.02,
                at_most=0.02,
                control="not named yet",
            ),
            Criterion(
                name="share changed at inference",
                because="dropout belongs to training only",
                at_most=0,
                control="not named yet",
            ),
            Criterion(
                name="what it takes off the gap between training and test accuracy",
                because="a gap that shrinks by less than 2 points would not be noticed",
                at_least=0.02,
                control="not named yet",
            ),
        ),
        literature=(
            "Srivastava et al. 2014: the gain is largest with wide dense layers and little data",
            "Ioffe & Szegedy 2015 (section 4.2): with batch normalization dropout can be reduced or left out",
        ),
    ),
)
