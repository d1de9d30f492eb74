"""What the class predicted, beside what the course's own notebooks measured. Nothing that came back is believed."""

from dataclasses import dataclass

from utils.claims import claims
from utils.course.hand_ins.collect import when
from utils.course.students.roster import Student
from utils.scoring import INSIDE, Outcome, from_record
from utils.verdicts.outcomes import outcome

IN_WORDS = "words"  # as predictions were in earlier versions of the course


@dataclass(frozen=True, slots=True)
class Predicted:
    """One student's prediction about one claim.

    ``given`` is ``(low, high)`` for the kind "range", ``(word, confidence)`` for "choice" and the text alone for
    "words", which nothing scores. ``outcome`` is ``None`` where the course's notebook measured nothing.
    """

    student: Student
    notebook: str
    claim: str
    kind: str
    given: tuple | str
    outcome: Outcome | None

    @property
    def measured(self):
        return None if self.outcome is None else self.outcome.truth

    @property
    def score(self):
        return None if self.outcome is None else self.outcome.score

    @property
    def hit(self):
        """Whether the range holds what was measured, or the word is right; ``None`` where that is not known."""
        return None if self.outcome is None else self.outcome.miss == INSIDE


def predictions(sources, returned):
    """A ``Predicted`` for each student, notebook and claim that came back with a prediction, by notebook and claim.

    ``returned`` are the copies that count. Where those are several that say the same, what was predicted last counts.
    """
    truths = {each.name: each.measured for each in sources}
    last, found = {}, []
    for each in sorted(returned, key=when):
        own = last.setdefault((each.student, each.notebook), {})
        own |= {record["id"]: record for record in each.content.predictions}
    for (student, notebook), own in last.items():
        for claim_id, record in own.items():
            if claim_id in claims():
                found += _predicted(student, notebook, claims()[claim_id], record, truths.get(notebook, {}))
    order = {claim_id: number for number, claim_id in enumerate(claims())}
    return sorted(found, key=lambda each: (each.notebook, order[each.claim], each.student.id))


def _predicted(student, notebook, claim, record, truths):
    prediction = from_record(record, claim.asked)
    if prediction:
        found = outcome(claim, prediction, truths.get(claim.id))
        yield Predicted(student, notebook, claim.id, claim.asked.kind, prediction.given, found)
    elif isinstance(record.get("guess"), str) and "kind" not in record:
        yield Predicted(student, notebook, claim.id, IN_WORDS, record["guess"], None)
