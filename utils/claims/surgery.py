"""The claims of the notebook on surgery: two claims of earlier notebooks, on a real ImageNet network."""

from utils.scoring import Quantity
from utils.verdicts import CONDITION, Claim, Criterion

VIEWS = "draws of views"
HALF = "to survive means to keep more of the answer than is lost: at least half of the label's probability"

CLAIMS = (
    Claim(
        id="residual-ensemble-imagenet",
        statement="A residual network behaves like an ensemble of shallow networks: "
        "a real one survives the loss of any branch.",
        source="source document 000, intuitions on residual blocks",
        criteria=(
            Criterion(
                name="share of the probability kept without the branch that is missed most, mean of four photographs",
                because=HALF,
                unit=VIEWS,
                control="the same nine blocks with their shortcut cut in place of the branch",
                at_least=0.5,
            ),
            Criterion(
                name="share kept by each photograph without the branch that it misses most, mean of its views",
                because=HALF,
                role=CONDITION,
                unit="photographs",
                drawn=False,
                control="the same nine blocks with their shortcut cut in place of the branch",
                at_least=0.5,
            ),
            Criterion(
                name="share kept with three random branches of nine switched off, mean of four photographs",
                because="an ensemble gets worse step by step: with a third of the branches off, half must be left",
                role=CONDITION,
                unit=VIEWS,
                control="no branch off, and all nine off",
                at_least=0.5,
            ),
            Criterion(
                name="share kept with one shortcut cut, the one that is missed least, mean of four photographs",
                because="without its shortcut, a block passes on its branch alone, and hardly anything of the answer "
                "should be left (guessing among 1,000 classes gives 0.001)",
                role=CONDITION,
                unit=VIEWS,
                control="the branch of the same block switched off",
                at_most=0.1,
            ),
        ),
        literature=(
            "Veit, Wilber & Belongie 2016, Residual Networks Behave Like Ensembles of Relatively Shallow Networks: "
            "deleting one block hardly hurts a ResNet, deleting one layer breaks VGG",
            "Greff, Srivastava & Schmidhuber 2017: the same behavior, read as steps that refine one estimate",
        ),
        asked=Quantity(
            "the share of the label's probability that is kept without the branch that is missed most",
            scale=0.8,
            least=0,
        ),
    ),
    Claim(
        id="bn-two-modes-imagenet",
        statement="Batch normalization uses the batch's statistics in training and moving averages at inference.",
        source="source document 001, batch normalization",
        criteria=(
            Criterion(
                name="inference: 1 − correlation of the logits, alone and with the other photographs, largest of four",
                because="the other images of the batch must not matter; only rounding may differ",
                unit=VIEWS,
                control="training mode, with the same batches",
                at_most=1e-4,
            ),
            Criterion(
                name="training: correlation of the logits, alone and with the other photographs, mean of four",
                because="if the answers agreed much better than this, the batch statistics would hardly be in use",
                unit=VIEWS,
                control="inference mode, with the same batches",
                at_most=0.9,
            ),
            Criterion(
                name="training: share of the probability kept, mean of four photographs",
                because="the learned weights fit the moving averages: a batch of four must cost more than half of the "
                "probability",
                role=CONDITION,
                unit=VIEWS,
                control="inference mode, which keeps all of it",
                at_most=0.5,
            ),
        ),
        literature=(
            "Ioffe & Szegedy 2015, Batch Normalization, section 3.1",
            "Singh & Krishnan 2020, Filter Response Normalization, on the gap between the two modes at small batches",
        ),
        asked=Quantity(
            "the share of the label's probability that is kept with batch statistics", scale=0.8, least=0, criterion=2
        ),
    ),
)
