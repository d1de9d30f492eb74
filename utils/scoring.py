"""What a prediction asks, what was predicted, and what it costs once the truth is known.

A *range* should hold the measured value four times in five. It costs the interval score (Winkler 1972; Gneiting &
Raftery 2007, section 6.2) with α = 0.2: its width, plus ten times its distance to the value where it misses. The sum is
divided by a scale that the claim states, so that quantities can be compared. A *choice* comes with a confidence and
costs Brier's score (1950): the squared differences between the probabilities and what happened, summed over all
choices, where those that were not chosen share the rest of the confidence alike. 0 is best in both, and nobody gains by
saying anything but what they believe. This module draws nothing and knows no claim.
"""

import html
import math
import re
from dataclasses import dataclass

from utils.parameters import shown
from utils.records import PREDICTION

LEVEL = 0.8  # how often a range should hold the truth
PENALTY = 10.0  # 2 / α with α = 1 − LEVEL, for each unit of the distance to the truth
LONGEST_ID, LONGEST_GUESS = 100, 200
INSIDE, NARROW, HIGH, LOW, WRONG_WAY, OTHER = "inside", "too narrow", "too high", "too low", "wrong way", "wrong choice"


def interval_score(low, high, value, scale=1.0):
    """The width of ``low``…``high`` plus ten times its distance to ``value``, divided by ``scale``; 0 is best."""
    return (high - low + PENALTY * max(low - value, value - high, 0.0)) / scale


def brier_score(confidence, hit, choices):
    """Brier's score of ``confidence`` in one of so many ``choices``, the others sharing the rest alike: 0…2."""
    rest = (1 - confidence) / (choices - 1)
    if hit:
        return (1 - confidence) ** 2 + (choices - 1) * rest**2
    return confidence**2 + (1 - rest) ** 2 + (choices - 2) * rest**2


@dataclass(frozen=True)
class Quantity:
    """A number that will be measured, asked for as a range.

    ``what`` names it for the student; it lies between ``least`` and ``most``. A range as wide as ``scale`` that holds
    it costs 1: about as wide as that of somebody who knows no more than what the number is. A ``ratio`` is above 0, and
    its widths and distances are powers of ten. ``criterion`` is the place of the claim's criterion that measures it.
    """

    what: str
    scale: float
    least: float = -math.inf
    most: float = math.inf
    ratio: bool = False
    criterion: int = 0

    kind = "range"

    def read(self, low, high):
        """``((low, high), "")`` as floats, or ``(None, why not)``."""
        ends = []
        for name, typed in (("low", low), ("high", high)):
            value, refusal = _number(name, typed)
            if not refusal:
                refusal = self._refusal(name, typed, value)
            if refusal:
                return None, refusal
            ends.append(value)
        if ends[0] >= ends[1]:
            return None, f"low={shown(low)} is not below high={shown(high)}: the lower end comes first."
        return tuple(ends), ""

    def _refusal(self, name, typed, value):
        if self.ratio and value <= 0:
            return f"{name}={shown(typed)}: this number is a ratio, and a ratio is above 0."
        if self.least <= value <= self.most:
            return ""
        percent = f" For {value:g} % write {value / 100:g}." if self.most == 1 and 1 < value <= 100 else ""
        return f"{name}={shown(typed)}: this number {self.bounds}.{percent}"

    @property
    def bounds(self):
        """What the number can be, as the end of a sentence."""
        if self.ratio:
            return "is a ratio, above 0 (1 means that both are the same)"
        if math.isfinite(self.least) and math.isfinite(self.most):
            return f"lies between {written(self.least)} and {written(self.most)}"
        return "is 0 or more" if self.least == 0 else "may be any number"

    def ask(self):
        """What is shown while there is no prediction."""
        return (
            f"No prediction yet. Predict a number: {self.what}. It {self.bounds}. Put numbers in place of None. Choose "
            "low and high so that such a range contains the measured value four times in five."
        )

    def score(self, given, value):
        low, high = map(self._on_scale, given)
        return interval_score(low, high, self._on_scale(value), self.scale)

    def width(self, given):
        """The width of a range, in units of the scale."""
        return (self._on_scale(given[1]) - self._on_scale(given[0])) / self.scale

    def distance(self, given, value):
        """How far the range lies above (positive) or below the value, in units of the scale; 0 where it holds it."""
        low, high, value = map(self._on_scale, (*given, value))
        return (max(low - value, 0.0) - max(value - high, 0.0)) / self.scale

    def miss(self, given, value):
        """``INSIDE``, or how the range missed: ``WRONG_WAY`` where it lies on the other side of "no difference"."""
        distance, none = self.distance(given, value), 1.0 if self.ratio else 0.0
        if distance == 0:
            return INSIDE
        if (self.ratio or self.least < 0) and (given[0] >= none > value or given[1] <= none < value):
            return WRONG_WAY
        if abs(distance) <= self.width(given):
            return NARROW
        return HIGH if distance > 0 else LOW

    def cost(self, miss):
        """What the score is made of, in words."""
        parts = "the width of your range" if miss == INSIDE else "its width plus ten times its distance to that number"
        powers = f"{written(self.scale)} powers of ten" if self.scale != 1 else "a power of ten"
        return f"{parts}, in units of {powers if self.ratio else written(self.scale)}"

    def said(self, given):
        return f"{written(given[0])} to {written(given[1])}"

    def _on_scale(self, value):
        return math.log10(value) if self.ratio else value


@dataclass(frozen=True)
class Choices:
    """One of ``names`` that will come out, asked for with a confidence; ``what`` names what is chosen."""

    what: str
    names: tuple[str, ...]

    kind = "choice"

    def read(self, choice, confidence):
        """``((name, confidence), "")``, or ``(None, why not)``."""
        name, least = chosen(choice, self.names), 1 / len(self.names)
        if name is None:
            return None, f"{shown(choice)} is not one of the choices: {', '.join(map(repr, self.names))}."
        value, refusal = _number("confidence", confidence)
        if refusal:
            return None, refusal
        if not least - 0.004 <= value <= 1:  # 0.33 stands for a third
            percent = f" For {value:g} % write {value / 100:g}." if 1 < value <= 100 else ""
            lowest = f"{least:.2g} (a pure guess among {len(self.names)})"
            return None, f"confidence={shown(confidence)}: it goes from {lowest} to 1 (certain).{percent}"
        return (name, max(value, least)), ""

    def ask(self):
        """What is shown while there is no prediction."""
        names = ", ".join(f"“{each}”" for each in self.names[:-1])
        return (
            f"No prediction yet. Predict {self.what}: {names} or “{self.names[-1]}”. Put one of them in place of the "
            f"first None. Put your confidence, from {1 / len(self.names):.2g} (a pure guess) to 1, in place of the "
            "second."
        )

    def score(self, given, truth):
        return brier_score(given[1], given[0] == truth, len(self.names))

    def miss(self, given, truth):
        return INSIDE if given[0] == truth else OTHER

    def cost(self, miss):
        """What the score means, in words."""
        return f"{brier_score(1 / len(self.names), True, len(self.names)):.2g} is a pure guess, 2 is the worst"

    def said(self, given):
        return f"“{given[0]}”, {100 * given[1]:.3g} % sure"


@dataclass(frozen=True)
class Prediction:
    """What a student says about ``subject``: ``given`` is ``None`` while there is nothing, or nothing that counts.

    ``given`` is ``(low, high)`` for a ``Quantity`` and ``(name, confidence)`` for ``Choices``; ``refusal`` says why
    what was typed does not count.
    """

    subject: str
    asked: Quantity | Choices | None
    given: tuple | None = None
    refusal: str = ""

    def __str__(self):
        if self.refusal:
            return f"Not noted: {self.refusal}"
        if self.given is None:
            return self.asked.ask()
        return f"Your prediction is noted: {self.said}. The measurement below will show how close it is."

    @property
    def said(self):
        """The prediction in words."""
        return self.asked.said(self.given)

    def record(self):
        """The prediction as data; its ``guess`` is ``None`` where there is none that counts."""
        if self.given is None:
            return {"id": self.subject[:LONGEST_ID], "guess": None}
        names = ("low", "high") if self.asked.kind == "range" else ("choice", "confidence")
        values = dict(zip(names, map(_as_json, self.given), strict=True))
        return {"id": self.subject, "kind": self.asked.kind, **values, "guess": self.said}

    def _repr_mimebundle_(self, include=None, exclude=None):
        page = f'<p role="status">{html.escape(str(self))}</p>'
        return {"text/plain": str(self), "text/html": page, PREDICTION: self.record()}


def from_record(record, asked):
    """The ``Prediction`` in a record that somebody's notebook holds; ``None`` where it holds none that counts."""
    if not isinstance(record, dict) or not is_id(record.get("id")) or record.get("kind") != asked.kind:
        return None
    names = ("low", "high") if asked.kind == "range" else ("choice", "confidence")
    given, _ = asked.read(*(record.get(name) for name in names))
    return given and Prediction(record["id"], asked, given)


@dataclass(frozen=True)
class Outcome:
    """A prediction and the ``truth``, a number or a name, printed as ``shown``; ``where`` says where it comes from."""

    prediction: Prediction | None
    truth: float | str
    shown: str
    where: str = ""

    @property
    def score(self):
        """The interval score or Brier's; 0 is best."""
        return self.prediction.asked.score(self.prediction.given, self.truth)

    @property
    def miss(self):
        """``INSIDE`` (right), or how it missed."""
        return self.prediction.asked.miss(self.prediction.given, self.truth)

    def __str__(self):
        if self.prediction is None:
            return f"You made no prediction. It is {self.shown}."
        asked, miss = self.prediction.asked, self.miss
        if asked.kind == "range":
            low, _ = self.prediction.given
            found = "inside your range" if miss == INSIDE else f"{'below' if self.truth < low else 'above'} your range"
            said = f"You said {self.prediction.said}, measured {self.shown}{self.where}: {found}."
        else:
            said = f"You said {self.prediction.said}; it is “{self.shown}”{self.where}."
        sign, about = ("✓" if miss == INSIDE else "✗"), "≈ " * self.shown.startswith("≈")
        return f"{sign} {said} Score {about}{self.score:.2f} (0 is best): {asked.cost(miss)}."

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": f'<p role="status">{html.escape(str(self))}</p>'}


_noted = {}


def note(subject, what):
    """Keep what was said about ``subject``, a ``Prediction`` or words, for this kernel; ``None`` forgets it."""
    _noted.pop(subject, None)
    if what is not None:
        _noted[subject] = what


def noted(subject):
    """The ``Prediction``, or the words, last noted about ``subject`` in this kernel; ``None`` if there is none."""
    return _noted.get(subject)


def chosen(typed, choices):
    """The one of ``choices`` that was typed, whatever its case, blanks, quotation marks and stop; ``None`` if none."""
    if not isinstance(typed, str) or len(typed) > LONGEST_GUESS:
        return None
    return {_bare(choice): choice for choice in choices}.get(_bare(typed))


def is_id(value):
    """Whether a value out of somebody's file can be the id of a claim."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID


def written(value):
    """A number that a student typed, or a bound, in up to six digits."""
    return f"{value:.6g}".replace("-", "−")


def _bare(text):
    return re.sub(r"[\s_-]+", "-", text.strip(" \t\n.,;!?\"'“”‘’`").casefold().replace("×", "x"))


def _number(name, typed):
    """The float that was typed, NumPy's own among them, and "", or 0 and why it is none."""
    if typed is None:
        return 0.0, f"{name} is still None: a number is needed in its place."
    if type(typed).__module__ == "numpy" and getattr(typed, "shape", None) == ():
        typed = typed.item()
    if isinstance(typed, bool) or not isinstance(typed, int | float):
        return 0.0, f"{name}={shown(typed)}: a number is needed, with a point and without quotation marks."
    try:
        value = float(typed)
    except OverflowError:
        value = math.inf
    return (value, "") if math.isfinite(value) else (0.0, f"{name}={shown(typed)}: a finite number is needed.")


def _as_json(value):
    """An int where there is no fraction: a browser that saves the record would write 1.0 as 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
