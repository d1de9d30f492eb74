"""The claims of notebook 05."""

from utils.scoring import Quantity
from utils.verdicts import CHECK, CONDITION, COUNT, LOG_RATIO, SHARE, Claim, Criterion

CHOLLET = "Chollet 2017, Xception: deep learning with depthwise separable convolutions (CVPR)"
MOBILENETS = "Howard et al. 2017, MobileNets (arXiv:1704.04861)"
CONVNEXT = "Liu et al. 2022, A ConvNet for the 2020s (CVPR)"

A_FEW_POINTS = "“a few percentage points” are at least two"
STRONG = "“highly” means r ≥ 0.7: each explains about half of the other's variance (r² ≈ 0.5)"
INDEPENDENT = "“fairly independent” means r ≤ 0.3: each explains less than a tenth of the other's variance (r² < 0.1)"
SAME_SHAPE = "Conv2D with the same kernel, channels and filters"
SAME_FILTERS = (
    "the same network with Conv2D: the same filters, images, batches and steps; the learning rate is chosen for each "
    "on images kept back"
)
ONE_POINT = "one image in a hundred: less would not matter to anybody who chooses a layer"

CLAIMS = (
    Claim(
        id="separable-smaller",
        statement="A separable convolution has fewer trainable weights and does fewer calculations.",
        source="source document 001, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="parameters saved, our layer",
                because="fewer means one at least; this is a count",
                scale=COUNT,
                unit="layers",
                drawn=False,
                control=SAME_SHAPE,
                quantity="parameters",
                at_least=1,
            ),
            Criterion(
                name="multiply-adds saved, our layer",
                because="fewer means one at least; this is a count",
                scale=COUNT,
                unit="layers",
                drawn=False,
                control=SAME_SHAPE,
                quantity="multiply-adds at 32×32",
                at_least=1,
            ),
            Criterion(
                name="parameters saved at the worst, kernels 1…7 and filters 1…256",
                because="a rule without an exception saves something at every size",
                role=CONDITION,
                scale=COUNT,
                unit="layers",
                drawn=False,
                control=SAME_SHAPE,
                quantity="parameters",
                at_least=1,
            ),
        ),
        literature=(CHOLLET, f"{MOBILENETS}: the cost is 1/filters + 1/k² of the ordinary one"),
    ),
    Claim(
        id="separable-faster",
        statement="A separable convolution runs faster, since it calculates less.",
        source="source document 001, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="time on this machine, ordinary ÷ separable",
                because="a tenth is the least that anybody would notice; it is needed at every size",
                scale=LOG_RATIO,
                unit="sizes of layer",
                drawn=False,
                control=f"{SAME_SHAPE}, in turns on the same images",
                quantity="×",
                at_least=1.1,
            ),
            Criterion(
                name="share of the counted saving that the clock shows",
                because="if only the calculations counted, it would be 1; half leaves room for fixed costs",
                role=CONDITION,
                scale=LOG_RATIO,
                unit="sizes of layer",
                drawn=False,
                control="the counted multiply-adds of both layers",
                at_least=0.5,
            ),
        ),
        literature=(
            "Ma et al. 2018, ShuffleNet V2 (ECCV): counted operations and speed differ, memory access costs too",
        ),
        asked=Quantity("the time on this machine, ordinary ÷ separable", scale=1, ratio=True),
    ),
    Claim(
        id="separable-prior",
        statement="Neighboring places of intermediate activations are highly correlated and different channels fairly "
        "independent; the RGB channels of a photograph are highly correlated.",
        source="source document 000, depthwise separable convolutions; source document 001, why is this good",
        criteria=(
            Criterion(
                name="neighbors inside an ordinary network, mean |r|",
                because=STRONG,
                scale=SHARE,
                control="the same network untrained; with pixels in random order, it is 0",
                at_least=0.7,
            ),
            Criterion(
                name="channels inside an ordinary network, mean |r|",
                because=INDEPENDENT,
                scale=SHARE,
                control="the same network untrained, and the separable one; an ordinary one has no depthwise "
                "convolutions",
                at_most=0.3,
            ),
            Criterion(
                name="RGB channels within a photograph, mean |r| over eight",
                because=STRONG,
                scale=SHARE,
                control="channels of noise, for which it is 0",
                at_least=0.7,
            ),
            Criterion(
                name="channels inside an ordinary network, trained − untrained",
                because="if independence is learned, |r| is at least a twentieth lower than with the initial weights",
                role=CONDITION,
                control="the same network with its initial weights",
                at_most=-0.05,
            ),
            Criterion(
                name="channels inside the course's separable network, mean |r|",
                because=INDEPENDENT,
                role=CONDITION,
                scale=SHARE,
                control="the ordinary network of the first criteria",
                at_most=0.3,
            ),
            Criterion(
                name="neighbors inside the ImageNet network, mean |r|",
                because=STRONG,
                role=CONDITION,
                scale=SHARE,
                unit="photographs",
                drawn=False,
                control="the same network with random weights",
                at_least=0.7,
            ),
            Criterion(
                name="channels inside the ImageNet network, mean |r|",
                because=INDEPENDENT,
                role=CONDITION,
                scale=SHARE,
                unit="photographs",
                drawn=False,
                control="the same network with random weights",
                at_most=0.3,
            ),
        ),
        literature=(f"{CHOLLET}: the hypothesis is stated there, not measured", "Sifre 2014, PhD thesis, section 6.2"),
        long_run="separable_first",
        asked=Quantity(
            "the mean |r| between channels inside an ordinary network", scale=0.8, least=0, most=1, criterion=1
        ),
    ),
    Claim(
        id="separable-better",
        statement="Though it is smaller, the separable network is often a few percentage points more accurate.",
        source="source document 001, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="test accuracy, separable − ordinary, mean over the sizes of the training set",
                because=A_FEW_POINTS,
                control=SAME_FILTERS,
                at_least=0.02,
            ),
            Criterion(
                name="the same in the mini-Xception",
                because=A_FEW_POINTS,
                role=CONDITION,
                control=SAME_FILTERS,
                at_least=0.02,
            ),
            Criterion(
                name="the same in a deeper and wider network",
                because=A_FEW_POINTS,
                role=CONDITION,
                control=SAME_FILTERS,
                at_least=0.02,
            ),
            Criterion(
                name="test accuracy, separable − ordinary with as many weights",
                because=A_FEW_POINTS,
                role=CONDITION,
                control="a network with Conv2D and so few filters that it has as many weights; the rest as above",
                at_least=0.02,
            ),
        ),
        literature=(
            f"{CHOLLET}: with as many weights as Inception V3, ImageNet top-1 79.0 % against 78.2 %",
            f"{MOBILENETS}: with the same filters and a seventh of the weights, 70.6 % against 71.7 %",
        ),
        long_run="separable",
        asked=Quantity(
            "test accuracy, separable − ordinary, mean over the sizes of the training set", scale=0.2, least=-1, most=1
        ),
    ),
    Claim(
        id="separable-head-start",
        statement="The assumption is a head start: the separable network learns faster, above all with little data.",
        source="source document 001, why is this good; source document 000, a strong prior",
        criteria=(
            Criterion(
                name="steps to nine tenths of the lower final test accuracy, ordinary ÷ separable, few images",
                because="saving a fifth of the steps is the least that anybody would notice",
                scale=LOG_RATIO,
                control=SAME_FILTERS,
                quantity="×",
                at_least=1.25,
            ),
            Criterion(
                name="that ratio with few images ÷ with many images",
                because="“above all with little data”: there, the head start is larger by at least a tenth",
                scale=LOG_RATIO,
                control="the same networks with the largest training set",
                quantity="×",
                at_least=1.1,
            ),
            Criterion(
                name="mean test accuracy in the first half of the training, separable − ordinary, few images",
                because="two points are the least that anybody would notice",
                role=CONDITION,
                control=SAME_FILTERS,
                at_least=0.02,
            ),
            Criterion(
                name="the first criterion at one learning rate for both, the least favorable of those tried",
                because="as in the first criterion, at any of the rates",
                role=CONDITION,
                scale=LOG_RATIO,
                control="the same network with Conv2D at the same rate",
                quantity="×",
                at_least=1.25,
            ),
        ),
        literature=(f"{CHOLLET}: Xception's training curve on ImageNet lies above Inception V3's (figure 6)",),
        long_run="separable",
        asked=Quantity("the steps to the same accuracy with few images, ordinary ÷ separable", scale=1, ratio=True),
    ),
    Claim(
        id="separable-overfits-less",
        statement="The separable network is less likely to overfit, which helps when there is little data.",
        source="source document 001, why is this good",
        criteria=(
            Criterion(
                name="train − test accuracy at equal training accuracy, separable − ordinary, few images",
                because="at least two points smaller; a network that has learned less has a smaller gap, too, so the "
                "two are compared at equal training accuracy",
                control=SAME_FILTERS,
                at_most=-0.02,
            ),
            Criterion(
                name="the same with many images",
                because="as above",
                role=CONDITION,
                control=SAME_FILTERS,
                at_most=-0.02,
            ),
            Criterion(
                name="few images, in the mini-Xception",
                because="as above",
                role=CONDITION,
                control=SAME_FILTERS,
                at_most=-0.02,
            ),
            Criterion(
                name="few images, in a deeper and wider network",
                because="as above",
                role=CONDITION,
                control=SAME_FILTERS,
                at_most=-0.02,
            ),
        ),
        literature=(f"{MOBILENETS}: small models overfit less, so little regularization is used",),
        long_run="separable",
    ),
    Claim(
        id="separable-not-first",
        statement="The first layer is never separable: RGB channels are highly correlated, and an ordinary convolution "
        "captures the patterns between them better.",
        source="source document 000, depthwise separable convolutions",
        criteria=(
            Criterion(
                name="test accuracy, ordinary − separable first layer",
                because=ONE_POINT,
                control="the same network with a separable first layer: the same filters, images, batches and steps; "
                "the learning rate is chosen for each on images kept back",
                at_least=0.01,
            ),
            Criterion(
                name="the same, with RGB − with decorrelated colors",
                because="if the correlation is the reason, the loss is at least a point smaller without it",
                role=CONDITION,
                control="the same images, their color axes rotated so that the channels are uncorrelated",
                at_least=0.01,
            ),
            Criterion(
                name="the first criterion in the mini-Xception, 5×5 kernels",
                because=ONE_POINT,
                role=CONDITION,
                control="as in the first criterion",
                at_least=0.01,
            ),
            Criterion(
                name="share of the ImageNet network's first kernels that is kept, shared windows over all colors − one "
                "window a color",
                because="windows over all colors keep more if there are patterns across colors; less than 0.02 is a "
                "tie",
                role=CONDITION,
                unit="ImageNet networks",
                drawn=False,
                control="both have as many weights; the same is shown for random kernels",
                at_least=0.02,
            ),
        ),
        literature=(f"{CHOLLET}: Xception begins with two ordinary convolutions",),
        long_run="separable_first",
    ),
    Claim(
        id="convnext-block",
        statement="With as many parameters, a ConvNeXt block (7×7 depthwise, layer normalization, inverted bottleneck, "
        "GELU) is more accurate than the course's separable residual block.",
        source="beyond the source documents: what the field does now",
        criteria=(
            Criterion(
                name="test accuracy, ConvNeXt − separable residual, 6,000 images",
                because=ONE_POINT,
                control="a network with as many separable residual blocks and as many parameters: the same images, "
                "batches and steps; the learning rate is chosen for each on images kept back",
                at_least=0.01,
            ),
            Criterion(
                name="the same with 1,000 images",
                because=ONE_POINT,
                role=CONDITION,
                control="as in the first criterion",
                at_least=0.01,
            ),
            Criterion(
                name="multiply-adds, ConvNeXt ÷ separable residual",
                because="a quarter more work is the most that still counts as the same cost",
                role=CONDITION,
                scale=LOG_RATIO,
                unit="pairs of networks",
                drawn=False,
                control="the network of separable residual blocks",
                quantity="×",
                at_most=1.25,
            ),
            Criterion(
                name="parameters, ConvNeXt ÷ separable residual",
                because="“as many” means within two percent",
                role=CHECK,
                scale=LOG_RATIO,
                unit="pairs of networks",
                drawn=False,
                quantity="×",
                at_least=0.98,
                at_most=1.02,
            ),
        ),
        literature=(f"{CONVNEXT}: ImageNet top-1 82.1 % against 78.8 % for ResNet-50 trained alike (figure 2)",),
        long_run="convnext_block",
        asked=Quantity(
            "in the long run, test accuracy with 6,000 images, ConvNeXt − separable residual",
            scale=0.2,
            least=-1,
            most=1,
        ),
    ),
)
