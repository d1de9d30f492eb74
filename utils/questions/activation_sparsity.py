"""How the share of blank channels changes with depth: a prediction, which only a measurement can judge."""

from utils.questions import Question

PARAMETERS = {}


def question():
    return Question(
        text="A channel is blank for an image if it is 0 everywhere. How does the share of blank channels change "
        "from the first layer of a trained network to its last?",
        answer=None,
        claim="sparsity-depth",
        choices={
            "grows": "It grows: deeper channels stand for rarer things.",
            "stays": "It stays about the same.",
            "falls": "It falls: deeper layers combine what earlier layers found.",
        },
        derivation=("The measurement in this notebook decides; compare it with your prediction.",),
        slips=(),
        hints=(
            "An edge occurs in nearly every image. Does a cat's ear?",
            "Think of an untrained network, too: some channels are blank without any learning.",
        ),
    )
