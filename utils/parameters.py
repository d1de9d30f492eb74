"""The ranges that a notebook's parameters must lie in."""

from dataclasses import dataclass
from numbers import Integral
from numbers import Real as RealNumber


@dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` to ``high``, both allowed; ``step`` apart, counted from ``low``."""

    low: int
    high: int
    step: int = 1

    def __str__(self):
        steps = f" in steps of {self.step}" if self.step > 1 else ""
        return f"a whole number from {self.low} to {self.high}{steps}"

    def allows(self, value):
        whole = isinstance(value, Integral) and not isinstance(value, bool)  # NumPy's integers too
        return whole and self.low <= value <= self.high and (value - self.low) % self.step == 0


@dataclass(frozen=True)
class Real:
    """A number from ``low`` to ``high``, both allowed."""

    low: float
    high: float

    def __str__(self):
        return f"a number from {self.low} to {self.high}"

    def allows(self, value):
        number = isinstance(value, RealNumber) and not isinstance(value, bool)
        return number and self.low <= value <= self.high


@dataclass(frozen=True, init=False)
class Choice:
    """One of the values given."""

    values: tuple

    def __init__(self, *values):
        object.__setattr__(self, "values", values)

    def __str__(self):
        return "one of " + ", ".join(map(repr, self.values))

    def allows(self, value):
        return any(type(value) is type(allowed) and value == allowed for allowed in self.values)


@dataclass(frozen=True)
class Text:
    """Any text up to ``longest`` characters, the empty one too."""

    longest: int = 1000

    def __str__(self):
        return f"text of at most {self.longest} characters"

    def allows(self, value):
        return isinstance(value, str) and len(value) <= self.longest


KINDS = {"Whole": Whole, "Real": Real, "Choice": Choice, "Text": Text}


class ParameterError(ValueError):
    """A parameter outside its range. In a notebook it shows its sentence alone, without the calls that led to it."""

    def _render_traceback_(self):  # IPython asks for this name
        return [f"{type(self).__name__}: {self}"]


def check_parameters(values, **ranges):
    """Raise ``ParameterError`` unless every parameter lies in its range; the message names each that does not.

    ``values`` maps names to values: in a notebook, ``globals()``.
    """
    wrong = [
        f"{name}={shown(values[name])}: {allowed} is needed"
        for name, allowed in ranges.items()
        if not allowed.allows(values[name])
    ]
    if wrong:
        raise ParameterError("; ".join(wrong))


def shown(value):
    """A value as Python writes it, in at most 60 characters; never raises."""
    try:
        text = repr(value)
    except Exception:  # an object's own, or a number of more digits than Python prints
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"
