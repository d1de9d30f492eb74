"""What an explorer's controls are, without any widget: what each allows, and what the page must know to show it."""

import math
from dataclasses import dataclass
from pathlib import Path

from utils.parameters import Choice, Real, Text, Whole

MOST_BYTES = 100_000_000  # of an uploaded photograph


class Several(Choice):
    """Any of the values given, as a tuple in their order; none of them, too."""

    def __str__(self):
        return "any of " + ", ".join(map(repr, self.values))

    def allows(self, value):
        return isinstance(value, tuple) and value == tuple(each for each in self.values if each in value)


class Photograph(Choice):
    """The name of a bundled photograph, one of the values given, or the path of one's own."""

    def __str__(self):
        return f"{super().__str__()}, or the path of an image file"

    def allows(self, value):
        return isinstance(value, str) and bool(value.strip())


@dataclass(frozen=True)
class Control:
    """A labeled control over the values that ``allowed`` allows, at first ``value``.

    ``Whole`` and ``Real`` become a number box with a slider, ``Choice`` a list, of True and False a check box,
    ``Several`` a group of check boxes, ``Text`` a line of text, ``Photograph`` a list that grows by what you upload.
    """

    label: str
    allowed: Whole | Real | Choice | Text
    value: object

    def __post_init__(self):
        if not self.allowed.allows(self.value):
            raise ValueError(f"{self.label}={self.value!r}: {self.allowed} is needed")

    def nearest(self, value, low=None, high=None):
        """The allowed value nearest to what the page sent; ``None`` where none is near.

        ``low`` and ``high`` narrow the range of a number.
        """
        allowed = self.allowed
        if isinstance(allowed, Whole | Real):
            if not isinstance(value, int | float) or not math.isfinite(value):
                return None
            value = min(max(value, allowed.low), allowed.high)
            if isinstance(allowed, Whole):
                value = allowed.low + round((value - allowed.low) / allowed.step) * allowed.step
            else:
                value = float(value)
            return value if low is None else min(max(value, low), high)
        if isinstance(allowed, Several) and isinstance(value, list):
            value = tuple(value)
        return value if allowed.allows(value) else None

    def described(self, name, low=None, high=None, own=(), note=""):
        """The control as the page's script takes it; ``own`` are the paths of one's own photographs so far."""
        allowed, common = self.allowed, {"name": name, "label": self.label}
        if isinstance(allowed, Whole | Real):
            limits = (allowed.low, allowed.high) if low is None else (low, high)
            step = allowed.step if isinstance(allowed, Whole) else _fine(allowed)
            return {**common, "kind": "number", "low": limits[0], "high": limits[1], "step": step}
        if isinstance(allowed, Text):
            return {**common, "kind": "text", "longest": allowed.longest}
        options = [[str(value), value] for value in allowed.values]
        if isinstance(allowed, Several):
            return {**common, "kind": "several", "options": options}
        if isinstance(allowed, Photograph):
            options += [[f"{Path(path).name} (your own)", path] for path in own]
            return {**common, "kind": "photograph", "options": options, "most_bytes": MOST_BYTES, "note": note}
        if set(allowed.values) == {True, False}:
            return {**common, "kind": "check"}
        return {**common, "kind": "choice", "options": options}


def _fine(allowed):
    """A hundredth of the range or a little less, such that 1 and every other round number lies on a step."""
    hundredth = (allowed.high - allowed.low) / 100
    power = 10.0 ** math.floor(math.log10(hundredth))
    return float(f"{max(digit for digit in (1, 2, 5) if digit * power <= hundredth * (1 + 1e-9)) * power:.1g}")
