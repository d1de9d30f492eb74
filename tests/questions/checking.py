"""What must hold for a question with one set of parameters, as lists of complaints: empty if all is well."""

import re
from fractions import Fraction

from utils import questions as course
from utils.questions import check

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")


def engine_complaints(question_id, parameters):
    """The key is right, each slip is named as itself, nothing gives the number away, and no answer counts twice."""
    question = course.ask(question_id, **parameters)
    complaints = []
    if question.answer is not None:
        judged = check(question_id, typed(question.answer), **parameters)
        if judged.verdict != "right":
            complaints.append(f"the key {question.answer} is judged {judged.verdict}")
    for slip in question.slips:
        judged = check(question_id, typed(slip.answer), **parameters)
        if (judged.verdict, judged.slip) != ("slip", slip.name):
            complaints.append(f"{slip.name} ({slip.answer}) is judged {judged.verdict}, {judged.slip}")
        if given_away(question.answer, f"{slip.name} {slip.why}"):
            complaints.append(f"the explanation of {slip.name} holds the answer {question.answer}")
    if given_away(question.answer, question.hints[0]):
        complaints.append(f"the first hint holds the answer {question.answer}")
    for near in neighbors(question.answer):
        judged = check(question_id, near, **parameters)
        if judged.verdict == "wrong" and given_away(question.answer, " ".join(judged.explanation)):
            complaints.append(f"the feedback on {near} holds the answer {question.answer}")
    return complaints


def keras_complaints(question_id, parameters):
    """The third road: what Keras gives is accepted as right."""
    by_keras = course.by_keras(question_id, **parameters)
    judged = check(question_id, by_keras, **parameters)
    key = course.ask(question_id, **parameters).answer
    return [] if judged.verdict == "right" else [f"{parameters}: Keras gives {by_keras}, the key is {key}"]


def typed(answer):
    """An answer as a student could type it."""
    if isinstance(answer, tuple):
        return tuple(map(typed, answer))
    return str(answer) if isinstance(answer, Fraction) else answer


def given_away(answer, text):
    """Whether the text holds the right answer, written as a number or as the name of a choice."""
    if answer is None:
        return False
    if isinstance(answer, str):
        return answer in text
    wanted = [answer] if not isinstance(answer, tuple) else course.flat(answer)
    # "3 × 3" and "(13, 13, 64)" name sizes, not results: thousands are written with a comma and no blank.
    found = [Fraction(number) for number in NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", text))]
    wanted = [Fraction(number).limit_denominator(1000) for number in wanted]
    return any(found[start : start + len(wanted)] == wanted for start in range(len(found)))


def neighbors(answer):
    """Wrong answers of every kind that the distance is told for."""
    if isinstance(answer, tuple):
        flat = course.flat(answer)
        return [tuple(number + 1 for number in flat), (*flat[:-1], flat[-1] + 3)]
    if isinstance(answer, int):
        return [answer + 1, answer - 1, 2 * answer, 3 * answer, answer / 2, answer // 7, 20 * answer + 1, -answer, 0]
    return [float(answer) * factor for factor in (1.05, 0.5, 30)] if isinstance(answer, Fraction) else []
