"""The claims of notebook 04."""

from utils.verdicts import Claim, Criterion

CHOLLET = "Chollet 2017, Xception: deep learning with depthwise separable convolutions (CVPR)"
MOBILENETS = "Howard et al. 2017, MobileNets (arXiv:1704.04861)"
A_FEW_POINTS = "“a few percentage points” are two at least, and the whole interval over the seeds must lie there"
STRONG = "“highly” is r ≥ 0.7: half of what one varies can be read off the other (r² ≈ 0.5)"
CLAIMS = (
    Claim(
        id="separable-smaller",
        statement="A separable convolution has fewer trainable weights and does fewer calculations.",
        source="seed 001, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="parameters saved against Conv2D",
                because="fewer means one at least; this is a count",
                at_least=1,
                control="not named yet",
            ),
            Criterion(
                name="multiply-adds saved against Conv2D",
                because="fewer means one at least; this is a count",
                at_least=1,
                control="not named yet",
            ),
        ),
        literature=(CHOLLET, f"{MOBILENETS}: the cost is 1/filters + 1/k² of the ordinary one"),
    ),
    Claim(
        id="separable-faster",
        statement="A separable convolution runs quicker, since it calculates less.",
        source="seed 001, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="ordinary ÷ separable time, at the size where it is smallest",
                because="quicker means that the ordinary one takes longer, at every size",
                at_least=1,
                control="not named yet",
            ),
            Criterion(
                name="share of the counted saving that the clock shows, at the size where it is smallest",
                because="if the calculations decided, the two ratios would be equal: half of that leaves room for fixed costs",
                at_least=0.5,
                control="not named yet",
            ),
        ),
        literature=(
            "Ma et al. 2018, ShuffleNet V2 (ECCV): counted operations and speed differ, memory access costs too",
        ),
    ),
    Claim(
        id="separable-prior",
        statement="Neighbouring places of intermediate activations are highly correlated and different channels fairly independent; the RGB channels of a photograph are highly correlated.",
        source="seed 000, depthwise separable convolutions; seed 001, why is this good",
        criteria=(
            Criterion(
                name="RGB channels of photographs, mean |r|", because=STRONG, at_least=0.7, control="not named yet"
            ),
            Criterion(
                name="channels inside the network, mean |r|",
                because="“fairly independent” is r ≤ 0.3: less than a tenth can be read off the other (r² < 0.1)",
                at_most=0.3,
                control="not named yet",
            ),
            Criterion(
                name="neighbours inside the network, mean |r|", because=STRONG, at_least=0.7, control="not named yet"
            ),
            Criterion(
                name="neighbours − channels inside the network",
                because="the prior needs at least this order: places tell more of each other than channels do",
                at_least=0,
                control="not named yet",
            ),
        ),
        literature=(f"{CHOLLET}: the hypothesis is stated there, not measured", "Sifre 2014, PhD thesis, section 6.2"),
    ),
    Claim(
        id="separable-not-first",
        statement="The first layer is never separable: RGB channels are highly correlated, and an ordinary convolution captures the patterns between them better.",
        source="seed 000, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="share of the ImageNet network's first kernels that a separable layer cannot express",
                because="0 if one spatial pattern a colour were enough; below a tenth it could be noise of the training",
                at_least=0.1,
                control="not named yet",
            ),
            Criterion(
                name="test accuracy that an ordinary first layer adds",
                because=A_FEW_POINTS,
                at_least=0.02,
                control="not named yet",
            ),
        ),
        literature=(f"{CHOLLET}: Xception begins with two ordinary convolutions",),
    ),
    Claim(
        id="separable-better",
        statement="Though it is smaller, the separable network is often a few percentage points more accurate.",
        source="seed 001, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="test accuracy, separable − ordinary with the same filters",
                because=A_FEW_POINTS,
                at_least=0.02,
                control="not named yet",
            ),
        ),
        literature=(
            f"{CHOLLET}: with as many weights as Inception V3, ImageNet top-1 79.0 % against 78.2 %",
            f"{MOBILENETS}: with the same filters and a seventh of the weights, 70.6 % against 71.7 %",
        ),
    ),
    Claim(
        id="separable-head-start",
        statement="The assumption is a head start: the separable network learns faster, above all from few data.",
        source="seed 001, why is this good; seed 000, a strong prior",
        criteria=(
            Criterion(
                name="mean test accuracy in the first half of the training, separable − ordinary with the same filters",
                because=A_FEW_POINTS,
                at_least=0.02,
                control="not named yet",
            ),
        ),
        literature=(f"{CHOLLET}: Xception's training curve on ImageNet lies above Inception V3's (figure 6)",),
    ),
    Claim(
        id="separable-overfits-less",
        statement="The separable network is less likely to overfit, which helps when data are few.",
        source="seed 001, why is this good",
        criteria=(
            Criterion(
                name="train − test accuracy at equal training accuracy, separable − ordinary with the same filters",
                because="smaller by two points at least, the whole interval; who merely learns less has a smaller gap, too, so the two are compared at equal learning",
                at_most=-0.02,
                control="not named yet",
            ),
        ),
        literature=(f"{MOBILENETS}: small models overfit less, so little regularization is used",),
    ),
)
