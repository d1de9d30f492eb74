"""The claims of the course: a measured number goes in, a verdict comes out. No verdict is typed in.

Each module in this package holds the claims of one notebook, in a tuple ``CLAIMS``. A claim lists one or
more criteria, each with a threshold and the reason for it, all written down before the measurement. The
verdict follows from how many of them the measurements meet:

- all of them: *holds*;
- some of them: *holds here with a condition*, and the criteria that were met and missed are the condition;
- none: *does not hold here*.

A criterion is met when the whole interval of its measurement lies on the right side of the threshold.
"""

import html
import importlib
import math
import pkgutil
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from utils.predictions import predicted
from utils.records import VERDICT


@dataclass(frozen=True)
class Measurement:
    """A measured number: ``value`` with its interval ``low``…``high`` in ``unit``, from ``n`` repetitions.

    ``exact`` numbers (counts, identities) come out the same on every machine; all others are printed with
    "≈", because the processor decides their last digits or more.
    """

    value: float
    low: float
    high: float
    unit: str = ""
    n: int = 1
    exact: bool = False

    def __str__(self):
        if self.exact:
            return f"{self.value:,.12g}{_unit(self.unit)}"
        spread = f" ({_round(self.low)} … {_round(self.high)})" if self.high > self.low else ""
        return f"{_round(self.value)}{_unit(self.unit)}{spread}"


def counted(value, unit=""):
    """A ``Measurement`` that has no spread: a count, or the answer to a yes-or-no check (1 or 0)."""
    return Measurement(float(value), float(value), float(value), unit, exact=True)


def measured(value, unit=""):
    """A ``Measurement`` of one number that is repeatable but for the processor's rounding."""
    return Measurement(float(value), float(value), float(value), unit)


def over_seeds(values, unit=""):
    """The mean of ``values``, one per seed, with its 95 % interval (Student's t, ``n − 1`` degrees of freedom).

    Give paired differences where the same seeds and batches were used on both sides.
    """
    values = np.asarray(values, dtype=float)
    if values.size < 2:
        raise ValueError(f"{values.size} value(s): at least 2 seeds are needed for an interval")
    half = stats.t.ppf(0.975, values.size - 1) * stats.sem(values)
    mean = values.mean()
    return Measurement(float(mean), float(mean - half), float(mean + half), unit, int(values.size))


@dataclass(frozen=True)
class Criterion:
    """What a measurement must be: ``at_least`` or ``at_most`` a threshold, and why that one (``because``)."""

    name: str
    because: str
    at_least: float = -math.inf
    at_most: float = math.inf

    def met_by(self, measurement):
        return bool(self.at_least <= measurement.low and measurement.high <= self.at_most)

    @property
    def threshold(self):
        bounds = [(self.at_least, "≥"), (self.at_most, "≤")]
        return " and ".join(f"{sign} {bound:g}" for bound, sign in bounds if math.isfinite(bound))


@dataclass(frozen=True)
class Claim:
    """A statement of the seed documents, the criteria it is judged by, and what the literature says of it."""

    id: str
    statement: str
    source: str
    criteria: tuple[Criterion, ...]
    literature: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """A claim with the measurements made for it, one for each criterion in order."""

    claim: Claim
    measurements: tuple[Measurement, ...]

    @property
    def met(self):
        pairs = zip(self.claim.criteria, self.measurements, strict=True)
        return [criterion.met_by(measurement) for criterion, measurement in pairs]

    @property
    def word(self):
        if all(self.met):
            return "holds"
        return "holds here with a condition" if any(self.met) else "does not hold here"

    @property
    def rows(self):
        """One row a criterion: (name, measurement, threshold, met)."""
        return [
            (criterion.name, measurement, criterion.threshold, met)
            for criterion, measurement, met in zip(self.claim.criteria, self.measurements, self.met, strict=True)
        ]

    def record(self):
        """The verdict as data for the ledger."""
        return {
            "id": self.claim.id,
            "statement": self.claim.statement,
            "source": self.claim.source,
            "verdict": self.word,
            "literature": list(self.claim.literature),
            "criteria": [
                {
                    "name": name,
                    "threshold": threshold,
                    "met": met,
                    "value": _significant(measurement.value),
                    "low": _significant(measurement.low),
                    "high": _significant(measurement.high),
                    "unit": measurement.unit,
                    "n": measurement.n,
                    "exact": measurement.exact,
                }
                for name, measurement, threshold, met in self.rows
            ],
        }

    def __str__(self):
        lines = [f"Claim {self.claim.id}: {self.word}.", f"  “{self.claim.statement}” ({self.claim.source})"]
        lines += [
            f"  {'met   ' if met else 'missed'} {name}: {measurement}, needed {threshold}"
            for name, measurement, threshold, met in self.rows
        ]
        if (guess := predicted(self.claim.id)) is not None:
            lines.append(f"  Your prediction was: {guess}")
        return "\n".join([*lines, f"  Literature: {'; '.join(self.claim.literature)}"])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": self._html(), VERDICT: self.record()}

    def _html(self):
        cell = '<td style="text-align:left;padding:2px 12px 2px 0">'
        rows = "".join(
            f"<tr>{cell}{'✓ met' if met else '✗ missed'}</td>{cell}{html.escape(name)}</td>"
            f"{cell}{html.escape(str(measurement))}</td>{cell}needed {html.escape(threshold)}</td></tr>"
            for name, measurement, threshold, met in self.rows
        )
        guess = predicted(self.claim.id)
        prediction = "" if guess is None else f"<p>Your prediction was: {html.escape(str(guess))}</p>"
        return (
            '<div role="note" style="border-left:4px solid #0072B2;padding:4px 12px">'
            f"<p><strong>Verdict: {self.word}.</strong> {html.escape(self.claim.statement)} "
            f"<em>({html.escape(self.claim.source)})</em></p><table>{rows}</table>{prediction}"
            f"<p>Literature: {html.escape('; '.join(self.claim.literature))}</p></div>"
        )


def verdict(claim_id, *measurements):
    """Judge the claim by ``measurements``, one for each of its criteria, in the order of ``claim(claim_id).criteria``.

    Raises ``ValueError`` when their number differs, or when a number is not finite.
    """
    judged = claim(claim_id)
    if len(measurements) != len(judged.criteria):
        names = ", ".join(criterion.name for criterion in judged.criteria)
        raise ValueError(f"{claim_id}: {len(measurements)} measurements given, one is needed for each of: {names}")
    for criterion, measurement in zip(judged.criteria, measurements, strict=True):
        if not all(map(math.isfinite, (measurement.value, measurement.low, measurement.high))):
            raise ValueError(f"{claim_id}: {criterion.name} = {measurement.value}: a finite number is needed")
    return Verdict(judged, measurements)


def claim(claim_id):
    """The claim of that id; ``KeyError`` names the known ones."""
    known = claims()
    if claim_id not in known:
        raise KeyError(f"no claim {claim_id!r}; the claims are: {', '.join(known)}")
    return known[claim_id]


@cache
def claims():
    """All claims by id, in the order of the notebooks that teach them."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        for each in importlib.import_module(f"{__name__}.{module.name}").CLAIMS:
            if each.id in found:
                raise ValueError(f"claim {each.id!r} is defined twice")
            found[each.id] = each
    return found


def _unit(unit):
    return f" {unit}" if unit else ""


def _significant(value):
    """Three digits; without a fraction an int, since a browser that saves the record would write 1.0 as 1."""
    rounded = float(f"{value:.3g}")
    return int(rounded) if rounded.is_integer() else rounded


def _round(value):
    """Two significant digits behind "≈"; at most two decimals, since training repeats no better elsewhere."""
    if value == 0:
        return "≈ 0"
    if abs(value) >= 100:
        return f"≈ {float(f'{value:.2g}'):,.0f}"
    return f"≈ {value:.1f}" if abs(value) >= 10 else f"≈ {value:.2f}" if abs(value) >= 0.01 else f"≈ {value:.1g}"
