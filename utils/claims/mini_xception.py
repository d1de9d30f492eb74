"""The claims of notebook 06."""

from utils.scoring import Quantity
from utils.verdicts import CHECK, CONDITION, COUNT, Claim, Criterion

ESSENTIAL = "“essential” must mean more than a change of seed, which moves the same network by up to 5 points"
NOTICED = "published networks differ by about one point of test accuracy (Xception and Inception V3: 0.8)"
WEAK = "half a point: the effect is said to be weak, and this is ten of 2,000 test images"
SAME_BATCHES = "the same network and the same batches without it; in the long run, each at its own learning rate"
WHOLE = "the whole network with the same seed and batches, each at its own learning rate, chosen on images kept back"

CLAIMS = (
    Claim(
        id="techniques-essential",
        statement="Shortcuts, batch normalization and separable convolutions are essential for a good image model.",
        source="source document 001",
        criteria=(
            Criterion(
                name="test accuracy lost without shortcuts",
                because=ESSENTIAL,
                control=WHOLE,
                at_least=0.05,
            ),
            Criterion(
                name="test accuracy lost without batch normalization",
                because=ESSENTIAL,
                control=WHOLE,
                at_least=0.05,
            ),
            Criterion(
                name="test accuracy lost without separable convolutions",
                because=ESSENTIAL,
                control=WHOLE,
                at_least=0.05,
            ),
            Criterion(
                name="test accuracy lost without batch normalization after four times the steps",
                because=ESSENTIAL + "; if more steps made up for it, the only gain would be speed",
                role=CONDITION,
                control="the whole network, which takes four times the steps, too",
                at_least=0.05,
            ),
        ),
        literature=(
            "He et al. 2015 (table 2): a residual network beats a plain one by 0.06 points with 18 layers, by 3.5 with "
            "34",
            "Chollet 2017: on ImageNet Xception beats Inception V3, which has as many parameters, by 0.8 points",
            "Ioffe & Szegedy 2015: the same accuracy in 14 times fewer steps",
        ),
        long_run="ablation",
        asked=Quantity("the test accuracy that is lost without shortcuts", scale=0.3, least=-1, most=1),
    ),
    Claim(
        id="average-one-number",
        statement="Global average pooling leaves a single number for each feature map.",
        source="source document 000",
        criteria=(
            Criterion(
                name="numbers per feature map",
                because="the claim says: a single one",
                scale=COUNT,
                unit="networks",
                drawn=False,
                control="flattening the same maps keeps height × width numbers for each",
                at_least=1,
                at_most=1,
            ),
            Criterion(
                name="largest difference from the map's mean",
                because="the number must be the mean; float32 sums may differ in their last digits",
                role=CHECK,
                unit="networks",
                drawn=False,
                at_most=1e-5,
            ),
        ),
        literature=("Lin et al. 2013 (Network in Network): in place of dense layers, which overfit",),
    ),
    Claim(
        id="dropout-regularizes",
        statement="Dropout sets a random share of its inputs to 0 during training, and so reduces overfitting.",
        source="source document 000",
        criteria=(
            Criterion(
                name="gap between training and test accuracy, without dropout − with it, at equal training accuracy",
                because=NOTICED,
                control=SAME_BATCHES,
                at_least=0.01,
            ),
            Criterion(
                name="test accuracy at the end, with dropout − without",
                because="a smaller gap must not cost correct answers",
                role=CONDITION,
                control=SAME_BATCHES,
                at_least=0,
            ),
            Criterion(
                name="share set to 0 in training, minus the rate",
                because="four standard errors of a share counted over 10,000 numbers",
                role=CHECK,
                unit="layers",
                drawn=False,
                at_least=-0.02,
                at_most=0.02,
            ),
            Criterion(
                name="share changed at inference",
                because="dropout works in training only",
                role=CHECK,
                scale=COUNT,
                unit="layers",
                drawn=False,
                at_most=0,
            ),
        ),
        literature=(
            "Srivastava et al. 2014 (section 7.4): no gain with 100 and 500 examples, then a rise, then a decline",
            "Ioffe & Szegedy 2015 (section 4.2): with batch normalization dropout can be reduced or left out",
        ),
        long_run="regularizers",
        asked=Quantity(
            "by how much dropout shrinks the gap between training and test accuracy", scale=0.1, least=-1, most=1
        ),
    ),
    Claim(
        id="weak-regularizer",
        statement="The noise of batch normalization is a weak regularizer, like dropout or data augmentation.",
        source="source document 000",
        criteria=(
            Criterion(
                name="reduction of the gap by the noise, at equal training accuracy",
                because=WEAK,
                control="the same network with statistics of 64 images instead of 4, each at its own learning rate",
                at_least=0.005,
            ),
            Criterion(
                name="the same, minus the reduction by augmentation",
                because="a weak regularizer does less than a strong one",
                control="the same network and batches, with mirrored and shifted images instead of the noise",
                at_most=0,
            ),
            Criterion(
                name="reduction by augmentation",
                because=NOTICED,
                role=CONDITION,
                control=SAME_BATCHES,
                at_least=0.01,
            ),
            Criterion(
                name="reduction by dropout",
                because=NOTICED,
                role=CONDITION,
                control=SAME_BATCHES,
                at_least=0.01,
            ),
            Criterion(
                name="reduction by weight decay",
                because=WEAK,
                role=CONDITION,
                control=SAME_BATCHES,
                at_least=0.005,
            ),
        ),
        literature=(
            "Ioffe & Szegedy 2015 (section 3.4): normalizing with other images regularizes",
            "Luo et al. 2018, Towards understanding regularization in batch normalization",
            "Hoffer et al. 2017, Train longer, generalize better: statistics of small groups",
        ),
        long_run="regularizers",
        asked=Quantity(
            "by how much augmentation shrinks the gap between training and test accuracy",
            scale=0.1,
            least=-1,
            most=1,
            criterion=2,
        ),
    ),
)
