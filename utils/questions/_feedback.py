"""What a student is told about an answer, and how it is shown: text, HTML without script, and one JSON record."""

import html
from dataclasses import dataclass
from fractions import Fraction

from utils import predictions
from utils.arithmetic import Count
from utils.questions._reading import Unreadable, flat, plain, read

MIME = "application/vnd.convnet-course.answer+json"
TITLES = {
    "unanswered": ("○", "Not answered yet."),
    "right": ("✓", "Right."),
    "slip": ("✗", "Not yet: {slip}."),
    "wrong": ("✗", "Not yet."),
    "unreadable": ("?", "This could not be read as an answer."),
    "noted": ("○", "Your prediction is noted."),
    "not-asked": ("○", "Not asked."),
}


@dataclass(frozen=True)
class Feedback:
    """The verdict on one answer, a key of ``TITLES``, and the lines that explain it."""

    id: str
    parameters: dict
    answer: object
    verdict: str
    slip: str | None
    lines: tuple[str, ...]

    @property
    def title(self):
        symbol, words = TITLES[self.verdict]
        return f"{symbol} {words.format(slip=self.slip)}"

    def record(self):
        """The answer as data, for whoever collects the notebooks."""
        names = ("id", "parameters", "answer", "verdict", "slip")
        return {name: getattr(self, name) for name in names}

    def __str__(self):
        return "\n".join([self.title, *(f"  {line}" for line in self.lines)])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        colour = {"right": "success", "slip": "warn", "wrong": "warn"}.get(self.verdict, "info")
        return {
            "text/plain": str(self),
            "text/html": _box(self.title, self.lines, f"var(--jp-{colour}-color1, currentColor)"),
            MIME: self.record(),
        }


@dataclass(frozen=True)
class Help:
    """A hint or a solution for display."""

    title: str
    lines: list[str]

    def __str__(self):
        return "\n".join([f"{self.title}:", *(f"  {line}" for line in self.lines)])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": _box(f"{self.title}:", self.lines, "currentColor")}


def judged(question, refusal, answer):
    """The ``Feedback`` on ``answer``; ``refusal`` is the reason why the question is not asked with its parameters."""

    def feedback(verdict, *lines, answer=None, slip=None):
        return Feedback(question.id, question.parameters, answer, verdict, slip, lines)

    if refusal:
        return feedback("not-asked", refusal)
    if answer is None:
        choices = (f'"{name}": {sentence}' for name, sentence in question.choices.items())
        return feedback(
            "unanswered", question.text, *choices, "Put your answer in place of None and run the cell again."
        )
    try:
        given = read(answer, question.answer, question.choices)
    except Unreadable as error:
        return feedback("unreadable", str(error))
    record = plain(given)
    if question.answer is None:
        predictions.predict(question.claim, given)
        return feedback("noted", *question.steps, answer=record)
    if same(given, question.answer, question.tolerance):
        return feedback("right", *question.steps, answer=record)
    for slip in question.slips:
        if same(given, slip.answer, question.tolerance):
            return feedback("slip", slip.why, answer=record, slip=slip.name)
    return feedback("wrong", *how_far_off(given, question), f"Hint: {question.hints[0]}", answer=record)


def same(one, other, tolerance=0.0):
    """Whether two answers are equal, numbers up to ``tolerance`` as a share of the largest of ``other``."""
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return one == other
    one, other = flat(one), flat(other)
    if len(one) != len(other):
        return False
    if not tolerance:
        return one == other
    room = tolerance * max(abs(value) for value in other)
    return all(abs(a - b) <= room for a, b in zip(one, other, strict=True))


def how_far_off(given, question):
    """Sentences on the distance from the right answer that do not give it away."""
    if isinstance(given, str):
        return []
    if isinstance(given, list):
        right = [same(a, b, question.tolerance) for a, b in zip(given, flat(question.answer), strict=True)]
        places = [str(place) for place, fits in enumerate(right, start=1) if not fits]
        return [f"{sum(right)} of the {len(right)} numbers are right; look again at number {', '.join(places)}."]
    if question.answer <= 0:
        return []
    if given <= 0:
        return ["The answer is a positive number."]
    if isinstance(question.answer, int) and isinstance(given, Fraction):
        return ["The answer is a whole number."]
    return [_missing_part(given, question) or _factor(given, question.answer) or _distance(given, question.answer)]


def _missing_part(given, question):
    if not isinstance(question.derivation, Count) or len(question.derivation.parts) < 2:
        return ""
    for part in question.derivation.parts:
        if question.answer - given == part.value:
            return f"Your number is too small by exactly one part: {part.name}."
        if given - question.answer == part.value:
            return f"Your number is too large by exactly one part, counted twice: {part.name}."
    return ""


def _factor(given, answer):
    ratio = Fraction(given) / Fraction(answer)
    factor = max(ratio, 1 / ratio)
    if factor.denominator > 1 or factor > 1000 or min(given, answer) < 5:
        return ""
    amount = "a factor of two" if factor == 2 else "a whole factor"  # more would give the number away
    if ratio > 1:
        return f"Your number is too large by {amount}: what has been multiplied in that should not be?"
    return f"Your number is too small by {amount}: what has not been multiplied in?"


def _distance(given, answer):
    side = "large" if given > answer else "small"
    ratio = max(given / answer, answer / given)
    if ratio <= 1.1:
        return f"Your number is a little too {side}, by less than a tenth."
    if ratio <= 10:
        return f"Your number is too {side}, by less than a factor of {'two' if ratio < 2 else 'ten'}."
    return f"Your number is far too {side}, by more than a factor of ten."


def _box(title, lines, colour):
    text = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    return (
        f'<div role="status" style="border-left:4px solid {colour};padding:4px 12px;color:inherit">'
        f"<strong>{html.escape(title)}</strong>{text}</div>"
    )
