"""How the share of blank channels changes with depth: a prediction, which only a measurement can judge."""

from utils.questions import Question

PARAMETERS = {}


def question():
    return Question(
        text="A channel is blank if an image excites it nowhere. From a trained network's first layer to its last, how "
        "does the share of blank channels change?",
        answer=None,
        claim="sparsity-depth",
        choices={
            "grows": "It grows: deeper channels stand for rarer things.",
            "stays": "It stays about the same.",
            "falls": "It falls: deeper layers combine what earlier ones found.",
        },
        derivation=("The measurement in this notebook decides; compare it with your prediction.",),
        slips=(),
        hints=(
            "An edge occurs in nearly every image. Does a cat's ear?",
            "Look at the untrained network as well: some channels are blank without any learning.",
        ),
    )
