"""The claims of notebook 02."""

from utils.verdicts import Claim, Criterion

HE_2015 = "He et al. 2015, Deep residual learning for image recognition (arXiv:1512.03385)"
HE_2016 = "He et al. 2016, Identity mappings in deep residual networks (arXiv:1603.05027)"
BALDUZZI = "Balduzzi et al. 2017, The shattered gradients problem (arXiv:1702.08591)"
VEIT = "Veit et al. 2016, Residual networks behave like ensembles of relatively shallow networks (arXiv:1605.06431)"
TENFOLD = "a tenth of a message, or ten times as much, would be noticed: 1 power of ten over 64 layers is 1/64 a layer"
HALF_NOISE = (
    "two noisy copies of one signal have the signal's share of the power as cosine: below one half, noise rules"
)
FIVE_POINTS = "five points of a hundred: what one would call a difference at sight"
CLAIMS = (
    Claim(
        id="vanishing-gradient",
        statement="Every function of a deep chain adds noise, which overwhelms the gradient: it vanishes on its way back. A residual connection lets it through.",
        source="seed 001, residual connection",
        criteria=(
            Criterion(
                name="plain chain: powers of ten that the gradient grows per layer",
                because=TENFOLD,
                at_most=-1 / 64,
                control="not named yet",
            ),
            Criterion(
                name="residual chain: the same",
                because=f"it must not vanish: {TENFOLD}",
                at_least=-1 / 64,
                control="not named yet",
            ),
            Criterion(
                name="plain chain of 64 layers: agreement of two noisy gradients",
                because=HALF_NOISE,
                at_most=0.5,
                control="not named yet",
            ),
            Criterion(
                name="the same with He's start",
                because=f"a better start must not help: {HALF_NOISE}",
                at_most=0.5,
                control="not named yet",
            ),
            Criterion(
                name="residual chain of 64 layers: the same",
                because=f"the signal must rule: {HALF_NOISE}",
                at_least=0.5,
                control="not named yet",
            ),
        ),
        literature=(
            f"{HE_2015}: with batch normalization gradients do not vanish, and deep plain nets still fail",
            f"{BALDUZZI}: gradients of plain nets resemble white noise",
        ),
    ),
    Claim(
        id="residual-trains-deep",
        statement="With residual connections you can build networks of arbitrary depth, without having to worry about vanishing gradients.",
        source="seeds 000 and 001, residual connection",
        criteria=(
            Criterion(
                name="deep plain net: training accuracy above chance",
                because=f"there must be something to worry about: {FIVE_POINTS}",
                at_most=0.05,
                control="not named yet",
            ),
            Criterion(
                name="residual − plain, the same start and batches",
                because=FIVE_POINTS,
                at_least=0.05,
                control="not named yet",
            ),
            Criterion(
                name="residual − plain with He's start, the same batches",
                because=FIVE_POINTS,
                at_least=0.05,
                control="not named yet",
            ),
            Criterion(
                name="residual chain: powers of ten that the activations grow per layer",
                because=f"arbitrary depth needs values that stay: {TENFOLD}, and steady growth ends in an overflow",
                at_most=1 / 64,
                control="not named yet",
            ),
        ),
        literature=(
            f"{HE_2015}: 152 layers train, and 1,202 do (with a higher test error), all with batch normalization",
            "Zhang et al. 2019, Fixup initialization (arXiv:1901.09321): without it, the start must be scaled by depth",
        ),
    ),
    Claim(
        id="residual-identity",
        statement="A residual block learns the identity easily.",
        source="seed 000, intuitions on why residual blocks work",
        criteria=(
            Criterion(
                name="largest |block(x) − x|, last convolution set to 0",
                because="the identity must be there to be learned, and exactly: x + 0 = x",
                at_most=0,
                control="not named yet",
            ),
            Criterion(
                name="distance from the identity after training, residual ÷ plain",
                because="easily: after the same steps at most half as far from it as a plain block",
                at_most=0.5,
                control="not named yet",
            ),
        ),
        literature=(HE_2016, "Hardt & Ma 2017, Identity matters in deep learning (arXiv:1611.04231)"),
    ),
    Claim(
        id="residual-ensemble",
        statement="A residual network is an ensemble of shallow networks.",
        source="seed 000, intuitions on why residual blocks work",
        criteria=(
            Criterion(
                name="plain net: share of what it learned that is left without one layer",
                because="a chain breaks with one link: less than half is left",
                at_most=0.5,
                control="not named yet",
            ),
            Criterion(
                name="residual − plain: share that is left without one block or layer",
                because="an ensemble outlives its members: more is left than of a chain, and the seeds agree on it",
                at_least=0,
                control="not named yet",
            ),
        ),
        literature=(VEIT, f"{HE_2016}: a forward pass is a sum over blocks"),
    ),
)
