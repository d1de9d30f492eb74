"""What a page of the site asks of the course's own Python: JSON in, JSON out. It runs in the reader's browser."""

import json

from utils.architecture.blocks import block
from utils.arithmetic.costs import costs
from utils.questions import again, check

NOTHING_TYPED = "Give an answer first, then choose “Check”."


def respond(request):
    """The response to a request, both as JSON: ``{"asks": …}`` names one of the functions below, the rest is for it."""
    given = json.loads(request)
    answers = {"judgment": judgment, "another": another, "block_costs": block_costs}
    return json.dumps(answers[given.pop("asks")](**given))


def judgment(question, parameters, answer):
    """What ``check`` says to an answer as it was typed or chosen."""
    judged = check(question, answer, **parameters)
    lines = [NOTHING_TYPED] if judged.verdict == "unanswered" else judged.explanation
    return {"verdict": judged.verdict, "heading": judged.heading, "lines": lines}


def another(question, parameters):
    """The question with numbers that it was not asked with on this page; ``parameters`` are those that it shows now."""
    check(question, None, **parameters)
    return described(again(question))


def described(question):
    """All that a page shows of a ``Question`` before it is answered, and what unfolds."""
    return {
        "question": question.id,
        "parameters": question.parameters,
        "text": question.text,
        "choices": question.choices,
        "hints": question.hints,
        "solution": question.steps,
    }


def block_costs(kind, size, channels, **settings):
    """What a block of the block explorer gives, holds and costs, as (what, value) pairs of text."""
    try:
        return costs(block(kind, channels=channels, **settings), (size, size, channels))
    except ValueError as error:
        return [("This block cannot be built", str(error))]
