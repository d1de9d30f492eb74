"""The claims of notebook 02."""

from utils.scoring import Quantity
from utils.verdicts import CHECK, CONDITION, COUNT, LOG_RATIO, SHARE, Claim, Criterion

HE_2015 = "He et al. 2015, Deep residual learning for image recognition (arXiv:1512.03385)"
HE_2016 = "He et al. 2016, Identity mappings in deep residual networks (arXiv:1603.05027)"
BALDUZZI = "Balduzzi et al. 2017, The shattered gradients problem (arXiv:1702.08591)"
VEIT = "Veit et al. 2016, Residual networks behave like ensembles of relatively shallow networks (arXiv:1605.06431)"
FIXUP = "Zhang et al. 2019, Fixup initialization (arXiv:1901.09321)"

INTUITIONS = "source document 000, intuitions on why residual blocks work"
TENTH = "at a tenth of the gradient, or less, plain gradient descent would need a learning rate ten times as large"
HALF_NOISE = (
    "the cosine of two noisy copies of one signal is the signal's share of the power: below one half, there is more "
    "noise"
)
FIVE_POINTS = "five percentage points are a difference that anybody would notice"
TWO_POINTS = "He et al. report more than two points of training error between 20 and 56 layers"
SAME_CARE = "the same layers, images, batches and steps, and its own learning rate, chosen on images kept back"
ONE_OF_TEN = "without one of ten or more members, an ensemble would lose about a tenth of what it knows at most"

CLAIMS = (
    Claim(
        id="vanishing-gradient",
        statement="Every function of a deep chain adds noise, which overwhelms the gradient: it vanishes on its way "
        "back. A residual connection lets it through.",
        source="source document 001, residual connection",
        criteria=(
            Criterion(
                name="plain network of 64 layers: gradient norm at the first block ÷ at the last",
                because=TENTH,
                scale=LOG_RATIO,
                at_most=0.1,
                control="the residual network with the same initial weights and images",
            ),
            Criterion(
                name="residual network of 64 layers: the same ratio",
                because=f"it must not vanish: {TENTH}",
                scale=LOG_RATIO,
                at_least=0.1,
                control="the plain network with the same initial weights and images",
            ),
            Criterion(
                name="plain network of 64 layers: cosine of two noisy gradients of one image",
                because=HALF_NOISE,
                at_most=0.5,
                control="the residual network with the same dropout; without dropout the cosine is 1",
            ),
            Criterion(
                name="residual network of 64 layers: the same cosine",
                because=f"there must be more signal than noise: {HALF_NOISE}",
                at_least=0.5,
                control="the plain network with the same dropout",
            ),
            Criterion(
                name="plain network with He initialization: gradient norm at the first block ÷ at the last",
                because=f"an initialization made for ReLU might be enough: {TENTH}",
                role=CONDITION,
                scale=LOG_RATIO,
                at_most=0.1,
                control="the plain network with Keras's default initialization",
            ),
            Criterion(
                name="plain network with He initialization: cosine of two noisy gradients of one image",
                because=f"an initialization made for ReLU might be enough: {HALF_NOISE}",
                role=CONDITION,
                at_most=0.5,
                control="the residual network with the same dropout",
            ),
            Criterion(
                name="residual network: that cosine minus the cosine for two different images",
                because="gradients that are nearly the same for every image would agree, too, and tell little; a tenth "
                "more can be seen in a figure",
                role=CONDITION,
                at_least=0.1,
                control="the gradients of two different images for the same class, without dropout",
            ),
        ),
        literature=(
            f"{HE_2015}: with batch normalization gradients do not vanish, and deep plain networks still fail",
            f"{BALDUZZI}: gradients of plain networks resemble white noise",
        ),
        long_run="deep_signals",
        asked=Quantity(
            "in the plain network of 64 layers, the gradient norm at the first block ÷ at the last", scale=4, ratio=True
        ),
    ),
    Claim(
        id="residual-information",
        statement="The sum of a block's output and its input always preserves full information about the input.",
        source="source document 001, residual connection",
        criteria=(
            Criterion(
                name="of 100 pairs of different inputs, those that one residual block turns into the same output",
                because="“always” and “full” mean that not a single pair may become the same",
                scale=COUNT,
                unit="",
                drawn=False,
                at_most=0,
                control="not needed: two inputs with one output are a counterexample",
            ),
            Criterion(
                name="largest difference between the block's output and what its weights are set to compute",
                because="the pairs must go through the course's own block, set as planned; float32 sums may differ a "
                "little",
                role=CHECK,
                unit="",
                drawn=False,
                at_most=1e-5,
            ),
            Criterion(
                name="untrained residual network of 40 layers: R² of its input to the blocks, read from their output",
                because="“full” means that losing a hundredth is already too much",
                role=CONDITION,
                at_least=0.99,
                control="the plain network with the same initial weights, read in the same way",
            ),
            Criterion(
                name="the same R², residual − plain",
                because="a tenth of the input is a difference that matters",
                role=CONDITION,
                at_least=0.1,
                control="the plain network with the same initial weights, read in the same way",
            ),
            Criterion(
                name="trained residual network of 40 layers: the same R²",
                because="“full” means that losing a hundredth is already too much",
                role=CONDITION,
                at_least=0.99,
                control="the same network before its training",
            ),
        ),
        literature=(
            "Behrmann et al. 2019, Invertible residual networks (arXiv:1811.00995): x + f(x) can be inverted if the "
            "slope of f stays below 1",
            f"{HE_2016}: the shortcut passes a signal on unchanged as long as there are only additions on it",
        ),
        long_run="deep_signals",
    ),
    Claim(
        id="residual-trains-deep",
        statement="With residual connections you can build networks of arbitrary depth, without having to worry about "
        "vanishing gradients.",
        source="source documents 000 and 001, residual connection",
        criteria=(
            Criterion(
                name="training accuracy, deep residual − deep plain with He initialization",
                because=f"without residual connections there must be something to worry about; {FIVE_POINTS}",
                at_least=0.05,
                control=f"the plain network: {SAME_CARE}",
            ),
            Criterion(
                name="training accuracy, deep residual − shallow residual",
                because=f"depth itself must not cost accuracy; {FIVE_POINTS}",
                at_least=-0.05,
                control=f"the residual network with a quarter of the layers or fewer: {SAME_CARE}",
            ),
            Criterion(
                name="the first difference, when the plain network takes four times the steps",
                because=f"the plain network might only be slower; {FIVE_POINTS}",
                role=CONDITION,
                at_least=0.05,
                control="the plain network with He initialization and four times as many steps",
            ),
            Criterion(
                name="residual network: powers of ten that the activations grow per layer",
                because="at arbitrary depth, steady growth ends in an overflow; 1/64 per layer is tenfold growth in 64 "
                "layers",
                role=CONDITION,
                at_most=1 / 64,
                control="a network that keeps the size of its values would have 0; the same photographs at every depth",
            ),
        ),
        literature=(
            f"{HE_2015}: 152 layers train, and so do 1,202 (with a higher test error), all with batch normalization",
            f"{FIXUP}: without it, the initialization must be scaled by depth",
        ),
        long_run="degradation",
        asked=Quantity("training accuracy, deep residual − deep plain network", scale=0.5, least=-1, most=1),
    ),
    Claim(
        id="residual-degradation",
        statement="Even with batch normalization, deeper plain networks have a higher training error; deeper residual "
        "networks do not (the degradation problem).",
        source="He et al. 2015, the paper behind source document 000's residual block",
        criteria=(
            Criterion(
                name="plain networks with batch normalization: training error, 44 layers − 8 layers",
                because=TWO_POINTS,
                at_least=0.02,
                control=f"8 layers: {SAME_CARE}",
            ),
            Criterion(
                name="residual networks with batch normalization: the same difference",
                because=f"the difference must be too small to matter: {TWO_POINTS}",
                at_most=0.02,
                control=f"8 layers: {SAME_CARE}",
            ),
            Criterion(
                name="44 layers with batch normalization: training error, plain − residual",
                because=TWO_POINTS,
                role=CONDITION,
                at_least=0.02,
                control=f"the residual network: {SAME_CARE}",
            ),
            Criterion(
                name="plain networks without batch normalization: training error, 44 layers − 8 layers",
                because=TWO_POINTS,
                role=CONDITION,
                at_least=0.02,
                control=f"8 layers: {SAME_CARE}",
            ),
            Criterion(
                name="share of these trainings that have converged",
                because="an error that is still falling says nothing about where it ends: in nine of ten trainings, "
                "the training loss must fall by less than 1 % over the last tenth of the steps",
                role=CONDITION,
                scale=SHARE,
                unit="trainings",
                drawn=False,
                at_least=0.9,
                control="not needed: the trainings are compared with themselves",
            ),
        ),
        literature=(
            f"{HE_2015}: figures 1 and 6, plain networks with batch normalization of 20 and 56 layers on CIFAR-10",
        ),
        long_run="degradation",
        asked=Quantity(
            "in the long run, the training error of plain networks with batch normalization, 44 layers − 8 layers",
            scale=0.3,
            least=-1,
            most=1,
        ),
    ),
    Claim(
        id="residual-identity",
        statement="A residual block learns the identity easily.",
        source=INTUITIONS,
        criteria=(
            Criterion(
                name="largest |block(x) − x| with the last convolution at 0",
                because="the identity must be there to be learned, and exactly: x + 0 = x",
                role=CHECK,
                scale=COUNT,
                unit="",
                drawn=False,
                at_most=0,
            ),
            Criterion(
                name="distance from the identity after training, residual ÷ plain",
                because="“easily” means: after the same steps, at most half as far from the identity as a plain block",
                scale=LOG_RATIO,
                at_most=0.5,
                control=f"a plain block, which could also copy its input: {SAME_CARE}",
            ),
            Criterion(
                name="share of the initial distance that is left after training, residual ÷ plain",
                because="a residual block starts nearer to the identity, so training itself should also leave at most "
                "half as large a share",
                role=CONDITION,
                scale=LOG_RATIO,
                at_most=0.5,
                control="each block's own distance before training",
            ),
        ),
        literature=(HE_2016, "Hardt & Ma 2017, Identity matters in deep learning (arXiv:1611.04231)"),
        long_run="deep_signals",
    ),
    Claim(
        id="residual-short-paths",
        statement="A residual network offers shorter paths for gradients, and most of the gradient takes them.",
        source=INTUITIONS,
        criteria=(
            Criterion(
                name="trained residual network of 20 blocks: share of the gradient through at most a third of them",
                because="“most” means more than half",
                scale=SHARE,
                at_least=0.5,
                control="the paths themselves, of which 6 in 100 are that short",
            ),
            Criterion(
                name="the same share, when the norms of single paths are added up",
                because="paths of the same length may cancel each other, so Veit et al. add up norms; more than half",
                role=CONDITION,
                scale=SHARE,
                at_least=0.5,
                control="the paths themselves, of which 6 in 100 are that short",
            ),
            Criterion(
                name="the same share before training",
                because="the initialization alone might be the reason; more than half",
                role=CONDITION,
                scale=SHARE,
                at_least=0.5,
                control="the trained network",
            ),
            Criterion(
                name="the same share in trained networks with batch normalization",
                because="the networks of Veit et al. had batch normalization; more than half",
                role=CONDITION,
                scale=SHARE,
                at_least=0.5,
                control="the paths themselves: of 10 blocks 17 in 100 are that short, of 20 blocks 6 in 100",
            ),
        ),
        literature=(
            f"{VEIT}: of 54 blocks, most of the gradient comes through paths of 5 to 17",
            HE_2016,
        ),
        long_run="gradient_paths",
        asked=Quantity(
            "the share of the gradient that goes through at most a third of the blocks, after training",
            scale=0.8,
            least=0,
            most=1,
        ),
    ),
    Claim(
        id="residual-ensemble",
        statement="A residual network is an ensemble of shallow networks.",
        source=INTUITIONS,
        criteria=(
            Criterion(
                name="residual network: share of what it learned that is left without one block, mean of the blocks",
                because=ONE_OF_TEN,
                at_least=0.9,
                control=f"a plain network without one layer: {SAME_CARE}",
            ),
            Criterion(
                name="that share, residual − plain network without one layer",
                because="a plain network should do clearly worse: by a quarter of what was learned",
                at_least=0.25,
                control=f"the plain network: {SAME_CARE}",
            ),
            Criterion(
                name="residual network: the same share without its most important block",
                because="an ensemble can do without any one member: more than half must be left",
                role=CONDITION,
                at_least=0.5,
                control="the mean of the blocks",
            ),
            Criterion(
                name="residual network: the same share without three tenths of its blocks, drawn at random",
                because="an ensemble gets worse only gradually as members are removed: more than half must be left",
                role=CONDITION,
                at_least=0.5,
                control="the whole network",
            ),
        ),
        literature=(VEIT, f"{HE_2016}: a forward pass is a sum over blocks"),
        long_run="residual_lesions",
        asked=Quantity(
            "the share of what the residual network learned that is left without one block (1: all of it, 0: it "
            "guesses)",
            scale=0.8,
        ),
    ),
)
