"""What was registered, measured and judged, or why not: as text, as HTML, and as data for whoever reads the file."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from functools import cached_property

from utils.questions import as_html, as_text
from utils.records import OWN_CLAIM
from utils.scoring import Prediction
from utils.training import draws
from utils.verdicts import FEWEST, Claim, Criteria, Verdict

LONGEST_CODE = 20_000  # characters of an experiment that are kept


@dataclass(frozen=True)
class Notice:
    """Why something was not done, or not yet, in sentences; ``state`` is "open" or "refused"."""

    name: str
    state: str
    lines: tuple[str, ...]

    @property
    def _heading(self):
        return "○ Not yet." if self.state == "open" else "✗ Refused."

    def __str__(self):
        return as_text(self._heading, self.lines)

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        border = f"var(--jp-{'info' if self.state == 'open' else 'warn'}-color1, currentColor)"
        record = {"id": str(self.name)[:40], "state": self.state, "why": list(self.lines)}
        return {"text/plain": str(self), "text/html": as_html(self._heading, self.lines, border), OWN_CLAIM: record}


@dataclass(frozen=True)
class Registration:
    """A claim with its criteria and the text of its experiment, frozen; ``count`` seeds will be drawn for it."""

    claim: Claim
    experiment: str
    count: int
    time: str = field(compare=False)

    def content(self):
        """All that was registered, as data: what the digest stands for."""
        criteria = [{name: _plain(value) for name, value in asdict(each).items()} for each in self.claim.criteria]
        texts = {"id": self.claim.id, "statement": self.claim.statement, "experiment": self.experiment}
        return texts | {"criteria": criteria, "count": self.count}

    @cached_property
    def digest(self):
        """Sixteen hexadecimal digits, others for any other content."""
        return digest_of(self.content())

    def changes(self, before):
        """What is another here than in the registration ``before``, in a few words each."""
        old, new = before.content(), self.content()
        yield from (f"its {name}" for name in ("statement", "experiment", "count") if old[name] != new[name])
        if len(old["criteria"]) != len(new["criteria"]):
            yield "the number of criteria"
            return
        for one, other in zip(old["criteria"], new["criteria"], strict=True):
            yield from (f"{name} from {one[name]} to {other[name]}" for name in one if one[name] != other[name])

    @property
    def _lines(self):
        seeds = f"{self.count} fresh seeds belong to it; measure draws them."
        few = f"{self.count} seeds belong to it. Fewer than {FEWEST} decide nothing: set count to {FEWEST} or more."
        return [f"Experiment: {self.experiment}", few if self.count < FEWEST else seeds, f"Digest: {self.digest}"]

    def __str__(self):
        return "\n".join([as_text(f"● Registered: {self.claim.id}.", self._lines), str(Criteria(self.claim))])

    def _repr_mimebundle_(self, include=None, exclude=None):
        heading = f"● Registered: {self.claim.id}, {self.time}."
        html = as_html(heading, self._lines, "currentColor") + Criteria(self.claim)._repr_mimebundle_()["text/html"]
        record = self.content() | {"state": "registered", "digest": self.digest, "time": self.time}
        return {"text/plain": str(self), "text/html": html, OWN_CLAIM: record}


@dataclass(frozen=True)
class Measured:
    """What an experiment gave for each criterion with the ``seeds``; ``code`` is its source.

    ``prediction`` is the one that was noted before; ``earlier`` names what had been measured before it.
    """

    registration: Registration
    seeds: list
    values: list
    code: str = field(repr=False)
    prediction: Prediction | None
    earlier: tuple[str, ...]

    def __str__(self):
        return f"● Measured: {self.registration.claim.id}, with the seeds {', '.join(map(str, self.seeds))}."

    __repr__ = __str__


@dataclass(frozen=True)
class Judged:
    """The verdict on a registered claim, with notes on the way to it."""

    verdict: Verdict
    measured: Measured
    notes: tuple[str, ...]

    def record(self):
        """The verdict as data, with all that it rests on."""
        of = self.measured.registration
        values = [each and [_plain(float(f"{number:.6g}")) for number in each] for each in self.measured.values]
        return self.verdict.record() | {
            "state": "judged",
            "digest": of.digest,
            "registered": of.content(),
            "seeds": self.measured.seeds,
            "values": values,
            "prediction": self.measured.prediction and self.measured.prediction.record(),
            "earlier": list(self.measured.earlier),
            "code": self.measured.code[:LONGEST_CODE],
        }

    def __str__(self):
        return "\n".join([str(self.verdict), *(f"  Note: {each}" for each in self.notes)])

    def _repr_mimebundle_(self, include=None, exclude=None):
        notes = as_html("Notes", self.notes, "currentColor") if self.notes else ""
        shown = self.verdict._repr_mimebundle_()["text/html"] + notes
        return {"text/plain": str(self), "text/html": shown, OWN_CLAIM: self.record()}


def digest_of(content):
    """The digest of what was registered, given as data: anybody can take it again."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def seeds_of(digest, count):
    """The ``count`` seeds, from 100 to 9,999, that belong to a digest."""
    return draws(count, int(digest, 16))


def _plain(value):
    """A value as JSON holds it and a browser writes it: no infinity, and no 1.0."""
    if isinstance(value, float):
        return None if math.isinf(value) else int(value) if value.is_integer() else value
    return value
