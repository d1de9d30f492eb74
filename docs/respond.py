"""What a page of the site asks of the course's own Python: JSON in, JSON out. It runs in the reader's browser."""

import json

from utils.questions import again, check

NOTHING_TYPED = "Give an answer first, then choose “Check”."


def respond(request):
    """The response to a request, both as JSON: ``{"asks": "judgement" or "another", …}``, the rest their arguments."""
    given = json.loads(request)
    return json.dumps({"judgement": judgement, "another": another}[given.pop("asks")](**given))


def judgement(question, parameters, answer):
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
