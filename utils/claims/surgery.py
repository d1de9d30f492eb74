"""The claims of the notebook on surgery: two claims of earlier notebooks, on a real ImageNet network."""

from utils.verdicts import Claim, Criterion

CLAIMS = (
    Claim(
        id="residual-ensemble-imagenet",
        statement="A residual network is an ensemble of shallow networks: a real one survives the loss of any branch.",
        source="seed 000, intuitions on residual blocks",
        criteria=(
            Criterion(
                name="probability kept with one branch switched off",
                because="an ensemble loses one voice of many: clearly more than half of its belief must remain",
                at_least=0.5,
                control="not named yet",
            ),
            Criterion(
                name="probability kept with one shortcut cut",
                because="the control: the same block without its short path is a link of a chain, and a chain keeps nothing (a guess among 1,000 classes keeps 0.001 of certainty)",
                at_most=0.1,
                control="not named yet",
            ),
            Criterion(
                name="probability kept with three random branches of nine switched off",
                because="an ensemble weakens step by step: with a third of the branches gone, half of the belief must remain",
                at_least=0.5,
                control="not named yet",
            ),
        ),
        literature=(
            "Veit, Wilber & Belongie 2016, Residual Networks Behave Like Ensembles of Relatively Shallow Networks: deleting one block hardly hurts a ResNet, deleting one layer breaks VGG",
        ),
    ),
    Claim(
        id="bn-two-modes-imagenet",
        statement="Batch normalization uses the batch's statistics in training and moving averages at inference.",
        source="seed 001, batch normalization",
        criteria=(
            Criterion(
                name="moving averages: correlation of the logits, alone and in company",
                because="the other images of the batch must not matter; only rounding may differ",
                at_least=0.9999,
                control="not named yet",
            ),
            Criterion(
                name="batch statistics: correlation of the logits, alone and in company",
                because="if the answers agreed much better than this, the batch's statistics would hardly be in use",
                at_most=0.9,
                control="not named yet",
            ),
            Criterion(
                name="batch statistics: probability kept",
                because="what was learned belongs to the moving averages: a small batch must cost more than half of the belief",
                at_most=0.5,
                control="not named yet",
            ),
        ),
        literature=(
            "Ioffe & Szegedy 2015, Batch Normalization, section 3.1",
            "Singh & Krishnan 2020, Filter Response Normalization, on the gap between the two modes at small batches",
        ),
    ),
)
