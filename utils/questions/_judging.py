"""From an answer to a judgment: whether it is right, and if not, which slip it comes from. Pure: nothing is kept."""

from dataclasses import dataclass
from fractions import Fraction

from utils.arithmetic import Count
from utils.questions._feedback import as_html, as_text, color, title
from utils.questions._reading import flat, plain, read
from utils.questions._text import Unreadable
from utils.records import ANSWER


@dataclass(frozen=True)
class Judgment:
    """What is said to one answer; shows itself in a notebook.

    ``verdict`` is "right", "slip", "wrong", "unreadable", "unanswered", "noted" (a prediction), "exam" (not judged
    before it is handed in) or "not-asked". ``slip`` names the slip that a wrong answer comes from. ``answer`` is the
    answer as it was read, as JSON holds it, and ``None`` where it could not be read. ``explanation`` are lines of text
    for the student.
    """

    id: str
    parameters: dict
    answer: object
    verdict: str
    slip: str | None
    explanation: tuple[str, ...]

    def record(self):
        """The judgment as data, for whoever collects the notebooks."""
        return {name: getattr(self, name) for name in ("id", "parameters", "answer", "verdict", "slip")}

    @property
    def heading(self):
        """The first line of what a student is told."""
        return title(self.verdict, self.slip)

    def __str__(self):
        return as_text(self.heading, self.explanation)

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/plain": str(self),
            "text/html": as_html(self.heading, self.explanation, color(self.verdict)),
            ANSWER: self.record(),
        }


class Practice(Judgment):
    """The judgment on an answer that does not count: it leaves no record in the notebook."""

    @classmethod
    def of(cls, judgment):
        """The same judgment, as one that does not count."""
        return cls(**vars(judgment))

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {mime: data for mime, data in super()._repr_mimebundle_().items() if mime != ANSWER}


def judge(question, given):
    """The ``Judgment`` on ``given``, an answer as it was typed, computed, or found in a notebook's record.

    ``question`` is what ``ask`` returns. Never raises for what is given, and changes nothing: the same two always give
    the same judgment.
    """

    def judgment(verdict, *explanation, answer=None, slip=None):
        return Judgment(question.id, question.parameters, answer, verdict, slip, explanation)

    try:
        reading = read(given, question.answer, question.choices)
    except Unreadable as error:
        return judgment("unreadable", str(error))
    if reading.value is None:
        how = "Put your answer in place of None and run the cell again."
        return judgment("unanswered", question.text, *question.choice_lines, how)
    answer, record, note = reading.value, plain(reading.value), [reading.note] if reading.note else []
    if question.answer is None:
        return judgment("noted", *note, *question.steps, answer=record)
    if same(answer, question.answer, question.tolerance):
        return judgment("right", *note, *question.steps, answer=record)
    for slip in question.slips:
        if same(answer, slip.answer, question.tolerance):
            return judgment("slip", *note, slip.why, answer=record, slip=slip.name)
    how = how_far_off(answer, question)
    return judgment("wrong", *note, *how, f"Hint: {question.hints[0]}", answer=record)


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
    if question.answer < 1 and same(given, 100 * question.answer, 0.005):
        return ['This is a percentage. Write it as a share from 0 to 1, or as a text with its sign, such as "25%".']
    if question.tolerance and _rounded_too_far(given, question.answer):
        return ["You rounded too far: at least three significant digits are needed."]
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


def _rounded_too_far(given, answer):
    rounded = [float(f"{float(answer):.{digits}g}") for digits in (1, 2)] + [round(float(answer), 3)]
    return float(given) in rounded


def _factor(given, answer):
    ratio = Fraction(given) / Fraction(answer)
    factor = max(ratio, 1 / ratio)
    if factor.denominator > 1 or factor > 1000 or min(given, answer) < 5:
        return ""
    amount = "a factor of two" if factor == 2 else "a whole factor"  # more would give the number away
    if ratio > 1:
        return f"Your number is too large by {amount}: which factor should not be there?"
    return f"Your number is too small by {amount}: which factor is missing?"


def _distance(given, answer):
    side = "large" if given > answer else "small"
    ratio = max(given / answer, answer / given)
    if ratio <= 1.1:
        return f"Your number is a little too {side}, by less than a tenth."
    if ratio <= 10:
        return f"Your number is too {side}, by less than a factor of {'two' if ratio < 2 else 'ten'}."
    return f"Your number is far too {side}, by more than a factor of ten."
