"""Claims, the criteria they are judged by, and the verdict that follows from what was measured."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np

from utils.scoring import Choices, Quantity
from utils.verdicts.intervals import FEWEST, median_interval, repetitions_needed, share_interval

NOT_RUN = "not run"
ROUNDING = 1e-6  # by which a share computed in float32 may pass 1


class Role(StrEnum):
    """What a criterion is for: the claim's own sentence, a condition beside it, or a check of the experiment."""

    DECIDING = "deciding"
    CONDITION = "condition"
    CHECK = "check"


class Scale(StrEnum):
    """What kind of number is judged."""

    DIFFERENCE = "difference"
    LOG_RATIO = "log ratio"  # a ratio, positive; judged alike whichever side is divided by the other
    SHARE = "share"  # 0…1; of booleans, one for each unit, the share that is true
    COUNT = "count"  # a count, or an identity, that comes out the same on every machine


class Result(StrEnum):
    """Where the whole interval lies: on the needed side of the threshold, on the other side, or on both."""

    MET = "met"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"


class Word(StrEnum):
    """What a verdict says."""

    FAILED = "the experiment failed"
    CONTRADICTED = "does not hold here"
    UNDECIDED = "undecided here"
    HOLDS = "holds"
    CONDITION = "holds here with a condition"


# What a prediction about a claim asks, where the claim asks for no number.
WORDS = Choices("the verdict", (str(Word.HOLDS), str(Word.CONDITION), str(Word.CONTRADICTED), str(Word.UNDECIDED)))


@dataclass(frozen=True)
class Measurement:
    """A measured number: ``value`` with its interval ``low``…``high``, from ``n`` repetitions.

    ``exact`` numbers (counts, identities) come out the same on every machine; all others are printed with
    "≈", because the processor decides their last digits or more.
    """

    value: float
    low: float
    high: float
    quantity: str = ""
    n: int = 1
    exact: bool = False

    def __str__(self):
        quantity = f" {self.quantity}" if self.quantity else ""
        if self.exact:
            return f"{self.value:,.12g}{quantity}"
        spread = f" ({rounded(self.low)} … {rounded(self.high)})" if self.high > self.low else ""
        return f"{rounded(self.value)}{quantity}{spread}"


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """What a measured number must be, ``at_least`` or ``at_most`` a threshold, and why that one (``because``).

    ``unit`` is what was repeated, in the plural ("seeds", "photographs"). ``drawn`` says that the units were drawn at
    random, so that the result speaks of others, too; units that were chosen are fixed, and it speaks of these alone.
    ``control`` is what the number is compared with, or why nothing is needed; only a check may leave it out.
    """

    name: str
    because: str
    role: Role = Role.DECIDING
    scale: Scale = Scale.DIFFERENCE
    unit: str = "seeds"
    drawn: bool = True
    control: str = ""
    quantity: str = ""
    at_least: float = -math.inf
    at_most: float = math.inf

    def __post_init__(self):
        if not math.isfinite(self.at_least) and not math.isfinite(self.at_most):
            raise ValueError(f"{self.name}: a criterion needs a threshold, at_least or at_most")
        if self.at_least > self.at_most:
            raise ValueError(f"{self.name}: at_least {self.at_least:g} is above at_most {self.at_most:g}")
        if not self.because:
            raise ValueError(f"{self.name}: say why this threshold (because)")
        if self.role is not Role.CHECK and not self.control:
            raise ValueError(f"{self.name}: name a control, or say why none is needed")

    @property
    def threshold(self):
        """The threshold, such as "≥ 0.05"."""
        return bounds(_finite(self.at_least), _finite(self.at_most))

    def measure(self, values):
        """The ``Measurement`` of ``values``, a number for each unit: the median with its interval.

        The interval of units that are fixed spans all of them. Raises ``ValueError`` for what the scale does not allow.
        """
        values = np.ravel(np.asarray(values))
        if values.size == 0 or not np.isfinite(values.astype(float)).all():
            raise ValueError(f"{self.name} = {values.tolist()}: finite numbers are needed")
        if self.scale is Scale.LOG_RATIO and not (values > 0).all():
            raise ValueError(f"{self.name} = {values.tolist()}: a ratio is above 0")
        if self.scale is Scale.SHARE and values.dtype != bool:
            if not ((values >= -ROUNDING) & (values <= 1 + ROUNDING)).all():
                raise ValueError(f"{self.name} = {values.tolist()}: a share lies between 0 and 1")
            values = np.clip(values, 0, 1)
        yes_or_no = self.scale is Scale.SHARE and values.dtype == bool
        if yes_or_no:
            value, low, high = share_interval(values) if self.drawn else (values.mean(),) * 3
        elif self.drawn:
            value, low, high = median_interval(values)
        else:
            value, low, high = np.median(values), values.min(), values.max()
        exact = self.scale is Scale.COUNT
        return Measurement(float(value), float(low), float(high), self.quantity, int(values.size), exact)

    def result(self, measurement):
        """The ``Result``. Fewer than five units that were drawn decide nothing."""
        if self.drawn and measurement.n < FEWEST:
            return Result.UNDECIDED
        if self.at_least <= measurement.low and measurement.high <= self.at_most:
            return Result.MET
        if measurement.high < self.at_least or measurement.low > self.at_most:
            return Result.CONTRADICTED
        return Result.UNDECIDED


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement of the seed documents, the criteria it is judged by, and what the literature says of it.

    ``long_run`` names the experiment that repeats it with more seeds, steps and data; "" where nothing is trained.
    ``asked`` is what students predict: the number of one of the criteria, or the verdict's word.
    """

    id: str
    statement: str
    source: str
    criteria: tuple[Criterion, ...]
    literature: tuple[str, ...]
    long_run: str = ""
    asked: Quantity | Choices = WORDS

    def __post_init__(self):
        if not any(each.role is Role.DECIDING for each in self.criteria):
            raise ValueError(f"{self.id}: no criterion decides")
        if isinstance(self.asked, Quantity):
            scale, asked = self.criteria[self.asked.criterion].scale, self.asked
            if asked.ratio != (scale is Scale.LOG_RATIO) or (scale is Scale.SHARE) > (
                (asked.least, asked.most) == (0, 1)
            ):
                raise ValueError(f"{self.id}: a prediction of another kind than its criterion's scale, {scale}")


@dataclass(frozen=True)
class Row:
    """One criterion of a verdict; ``measurement`` is ``None`` where it was not measured."""

    criterion: Criterion
    measurement: Measurement | None
    values: tuple[float, ...] = field(repr=False)

    @property
    def result(self):
        return Result.UNDECIDED if self.measurement is None else self.criterion.result(self.measurement)

    @cached_property
    def needed(self):
        """How many repetitions would decide it, ``inf`` where nobody could ask for so many; ``None`` if it is decided.

        Units that are fixed cannot be repeated.
        """
        if self.result is not Result.UNDECIDED or not self.criterion.drawn or self.measurement is None:
            return None
        thresholds = [each for each in (self.criterion.at_least, self.criterion.at_most) if math.isfinite(each)]
        nearest = min(thresholds, key=lambda bound: abs(bound - self.measurement.value))
        log = np.log if self.criterion.scale is Scale.LOG_RATIO else np.asarray
        if min(self.values) == max(self.values):
            return FEWEST if len(self.values) < FEWEST else math.inf
        return repetitions_needed(log(self.values), float(log(nearest)))

    def record(self):
        """The row as data; a bound or a number that is not there is ``None``."""
        criterion, measured = self.criterion, self.measurement
        numbers, exact = ("value", "low", "high"), criterion.scale is Scale.COUNT
        return {
            "name": criterion.name,
            "role": str(criterion.role),
            "scale": str(criterion.scale),
            "unit": criterion.unit,
            "n": measured.n if measured else 0,
            "drawn": criterion.drawn,
            **{each: significant(getattr(measured, each), exact) if measured else None for each in numbers},
            "quantity": criterion.quantity,
            "exact": exact,
            "at_least": _finite(criterion.at_least),
            "at_most": _finite(criterion.at_most),
            "result": str(self.result),
            "needed": None if self.needed is None else "more than 1,000" if math.isinf(self.needed) else self.needed,
            "control": criterion.control,
            "because": criterion.because,
        }


@dataclass(frozen=True)
class Verdict:
    """A claim with what was measured for it, a ``Row`` for each criterion, and the verdicts of its long runs."""

    claim: Claim
    rows: tuple[Row, ...]
    long_run: "Verdict | None" = None
    cifar10: "Verdict | None" = None

    @property
    def results(self):
        return [row.result for row in self.rows]

    @property
    def word(self):
        """The ``Word`` that follows from the results; what comes first in this order goes before all else."""
        by_role = {role: [row.result for row in self.rows if row.criterion.role is role] for role in Role}
        if any(result is not Result.MET for result in by_role[Role.CHECK]):
            return Word.FAILED
        if Result.CONTRADICTED in by_role[Role.DECIDING]:
            return Word.CONTRADICTED
        if Result.UNDECIDED in by_role[Role.DECIDING]:
            return Word.UNDECIDED
        return Word.HOLDS if all(each is Result.MET for each in by_role[Role.CONDITION]) else Word.CONDITION

    def record(self):
        """The verdict as data for the ledger."""
        record = {
            "id": self.claim.id,
            "statement": self.claim.statement,
            "source": self.claim.source,
            "verdict": str(self.word),
            "literature": list(self.claim.literature),
            "criteria": [row.record() for row in self.rows],
        }
        return record | ({"evidence": self.evidence()} if self.claim.long_run else {})

    def evidence(self):
        """What the long run found, as data: its verdict and criteria, or that it has not been run; and on CIFAR-10."""
        return {
            "experiment": self.claim.long_run,
            **_found(self.long_run),
            "cifar10": _found(self.cifar10),
        }

    def __str__(self):
        from utils.verdicts.display import text

        return text(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        from utils.verdicts.display import bundle

        return bundle(self)


def _found(verdict):
    if verdict is None:
        return {"verdict": NOT_RUN, "criteria": []}
    return {"verdict": str(verdict.word), "criteria": [row.record() for row in verdict.rows]}


def judged(claim, *values, long_run=None, cifar10=None):
    """The ``Verdict`` on ``claim`` by ``values``: for each criterion, in order, a number for each unit of repetition.

    ``None`` stands for a criterion that was not measured. ``long_run`` is the verdict of the claim's long run, and
    ``cifar10`` that of the same on CIFAR-10, to be shown beside it. Raises ``ValueError`` when the number of values
    differs, or for what a criterion's scale does not allow.
    """
    if len(values) != len(claim.criteria):
        names = ", ".join(criterion.name for criterion in claim.criteria)
        raise ValueError(f"{claim.id}: {len(values)} measurements given, one is needed for each of: {names}")
    rows = []
    for criterion, each in zip(claim.criteria, values, strict=True):
        try:
            measurement = None if each is None else criterion.measure(each)
        except ValueError as error:
            raise ValueError(f"{claim.id}: {error}") from None
        kept = () if each is None else tuple(np.ravel(np.asarray(each, dtype=float)).tolist())
        rows.append(Row(criterion, measurement, kept))
    return Verdict(claim, tuple(rows), long_run, cifar10)


def significant(value, exact=False):
    """Three digits, and all digits of an exact whole number.

    Without a fraction an int, since a browser that saves the record would write 1.0 as 1.
    """
    value = float(value)
    if not (exact and value.is_integer()):
        value = float(f"{value:.3g}")
    return int(value) if value.is_integer() else value


def bounds(least, most):
    """A threshold in words, such as "≥ 0.05"; ``None`` is no bound on that side."""
    if least is not None and least == most:
        return f"= {least:g}"
    pairs = (("≥", least), ("≤", most))
    return " and ".join(f"{sign} {bound:g}" for sign, bound in pairs if bound is not None)


def rounded(value):
    """Two significant digits behind "≈"; at most two decimals, since training repeats no better elsewhere."""
    if value == 0:
        return "≈ 0"
    if abs(value) >= 100:
        return f"≈ {float(f'{value:.2g}'):,.0f}"
    return f"≈ {value:.1f}" if abs(value) >= 10 else f"≈ {value:.2f}" if abs(value) >= 0.01 else f"≈ {value:.1g}"


def _finite(bound):
    if not math.isfinite(bound):
        return None
    return int(bound) if float(bound).is_integer() else bound
