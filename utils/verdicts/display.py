"""How criteria and verdicts show themselves: as text, and as HTML that fits a narrow page, light or dark."""

import html
import re

from utils.records import VERDICT
from utils.scoring import Prediction, noted
from utils.verdicts.criteria import Measurement, Result, Role, Word, bounds
from utils.verdicts.outcomes import answer

# A color for each word, dark enough for white text on it (4.5:1), so that the verdict shows on light and dark pages.
COLORS = {
    Word.HOLDS: "#1b6e3c",
    Word.CONDITION: "#7a5200",
    Word.CONTRADICTED: "#a8324a",
    Word.UNDECIDED: "#4a5a78",
    Word.FAILED: "#5b2a86",
}
SIGNS = {Result.MET: "✓", Result.CONTRADICTED: "✗", Result.UNDECIDED: "?"}
HEADS = {Role.DECIDING: "Deciding", Role.CONDITION: "Conditions", Role.CHECK: "Checks of the experiment"}


NOT_HERE = "Nothing of this is measured here: it is left to the long run."


def text(verdict):
    """The verdict as plain text, a line for each criterion."""
    lines = [
        f"Claim {verdict.claim.id}: {verdict.word}.",
        f"  “{verdict.claim.statement}” ({verdict.claim.source})",
        *([f"  {NOT_HERE}"] if _left_to_the_long_run(verdict) else [f"  {line(row.record())}" for row in verdict.rows]),
    ]
    if verdict.claim.long_run:
        found = verdict.evidence()
        for name, run in _long_runs(found):
            lines.append(f"  {name}: {run['verdict']}.")
            lines += [f"    {line(record)}" for record in run["criteria"]]
    if said := _prediction(verdict):
        lines.append(f"  {said}")
    literature = [f"  Literature: {'; '.join(verdict.claim.literature)}"] if verdict.claim.literature else []
    return "\n".join(lines + literature)


def _left_to_the_long_run(verdict):
    """Whether no row of this laptop would say anything."""
    return bool(verdict.claim.long_run) and all(row.record()["value"] is None for row in verdict.rows)


def bundle(verdict):
    """The verdict as text, as HTML, and as data for the ledger."""
    return {"text/plain": text(verdict), "text/html": _box(verdict), VERDICT: verdict.record()}


def line(record):
    """What a criterion's record says, in one line."""
    found = f"{record['name']}: {number(record)}, needed {threshold(record)}{more(record)}"
    return f"{record['result']:<13}{record['role']:<11}{found}"


def number(record):
    """A record's number with its interval and what was repeated."""
    if record["value"] is None:
        return "not measured here"
    measured = Measurement(*(record[name] for name in ("value", "low", "high", "quantity", "n", "exact")))
    n, unit = record["n"], record["unit"]
    if n == 1 and (record["exact"] or not unit):  # nothing was repeated
        return str(measured)
    if n == 1:
        unit = re.sub(r"s(?= of |$)", "", unit, count=1)
    return f"{measured} [n = {n} {unit}{'' if record['drawn'] else ', fixed'}]"


def threshold(record):
    """A record's threshold, such as "≥ 0.05"."""
    return bounds(record["at_least"], record["at_most"])


def more(record):
    """How many repetitions would decide what is undecided, or why none can."""
    if record["result"] != Result.UNDECIDED or record["value"] is None:
        return ""
    if record["needed"] is None:
        return f" (these {record['unit']} differ)"
    return f" ({'' if isinstance(record['needed'], str) else '≈ '}{record['needed']} {record['unit']} would decide it)"


class Criteria:
    """How a claim will be judged: its criteria, shown before anything is measured."""

    def __init__(self, claim):
        self.claim = claim

    def __str__(self):
        lines = [f"How “{self.claim.statement}” will be judged:"]
        for criterion, because, control in _told(self.claim.criteria):
            lines.append(f"  {criterion.role:<10} {criterion.name}: needed {criterion.threshold}, {_over(criterion)}")
            lines.append(f"             why: {because}")
            if control:
                lines.append(f"             compared with: {control}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include=None, exclude=None):
        in_order = [each for role in HEADS for each in self.claim.criteria if each.role is role]
        parts = _by_role([(told[0].role, _before(*told)) for told in _told(in_order)])
        body = f"<p style='margin:0'><strong>How it will be judged.</strong> {_safe(self.claim.statement)}</p>{parts}"
        return {"text/plain": str(self), "text/html": _framed(body, "#888")}


def _told(criteria):
    """Each criterion with its reason and its control; where the one before has the same, that is all that is said."""
    because = control = None
    for each in criteria:
        yield (
            each,
            "for the same reason as before" if each.because == because else each.because,
            "the same as before" if each.control and each.control == control else each.control,
        )
        because, control = each.because, each.control


def _over(criterion):
    if not criterion.drawn:
        return f"for {criterion.unit} that are fixed" if criterion.unit else "counted"
    return f"over {criterion.unit}"


def _before(criterion, because, control):
    control = f"<br>Compared with: {_safe(control)}." if control else ""
    return (
        f"{_safe(criterion.name)}: <strong>{_safe(criterion.threshold)}</strong>, {_safe(_over(criterion))}"
        f"<br><small>Why: {_safe(because)}.{control}</small>"
    )


def _box(verdict):
    word = verdict.word
    statement = f"{_safe(verdict.claim.statement)} <em>({_safe(verdict.claim.source)})</em>"
    head = f"<p style='margin:0 0 4px'>{badge(word)} {statement}</p>"
    alone = _left_to_the_long_run(verdict)
    parts = f"<p style='margin:0'>{NOT_HERE}</p>" if alone else _rows(verdict)
    if verdict.claim.long_run:
        parts += "".join(_long_run(name, found, alone) for name, found in _long_runs(verdict.evidence()))
    said = _prediction(verdict)
    prediction = f'<p role="status">{_safe(said)}</p>' if said else ""
    literature = f"<small>Literature: {_safe('; '.join(verdict.claim.literature))}</small>"
    literature = f"<p style='margin:8px 0 0'>{literature}</p>" if verdict.claim.literature else ""
    return _framed(head + parts + prediction + literature, COLORS[word])


def _rows(verdict):
    return _by_role([(row.criterion.role, _after(row.record())) for row in verdict.rows])


def _prediction(verdict):
    """What the verdict says of the prediction noted about it; "" if there is none."""
    said = noted(verdict.claim.id)
    if isinstance(said, Prediction):
        return answer(verdict.claim, said, verdict.record())
    return f"Your prediction was: {said}" if said else ""


def _long_runs(evidence):
    """What the long run is called and found; and on CIFAR-10, where that was run."""
    yield f"The long run ({evidence['experiment']})", evidence
    if evidence["cifar10"]["criteria"]:
        yield "The long run on CIFAR-10", evidence["cifar10"]


def _long_run(name, found, unfolded):
    """The verdict of a long run, with its numbers to unfold."""
    head = f"{_safe(name)}: {badge(found['verdict'])}"
    if not found["criteria"]:
        return f"<p style='margin:8px 0 2px'><strong>{head}</strong></p>"
    return (
        f"<details{' open' if unfolded else ''} style='margin:8px 0 2px'><summary><strong>{head}</strong></summary>"
        f"{_list(map(_after, found['criteria']))}</details>"
    )


def badge(word):
    """A verdict's word on its color; the word alone says it, too."""
    color = COLORS.get(word, "#5f5f5f")
    style = f"display:inline-block;background:{color};color:#fff;padding:0 9px;border-radius:10px;font-weight:bold"
    return f"<span style='{style}'>{_safe(word)}</span>"


def _after(record):
    return (
        f"{SIGNS[record['result']]} <strong>{_safe(record['result'])}</strong> · {_safe(record['name'])}: "
        f"{_safe(number(record))}, needed {_safe(threshold(record))}{_safe(more(record))}"
    )


def described(records):
    """Criteria's records as an HTML list, each with its control and the reason for its threshold."""
    return _list(
        f"{_after(each)}<br><small>Why: {_safe(each['because'])}."
        f"{' Compared with: ' + _safe(each['control']) + '.' if each['control'] else ''}</small>"
        for each in records
    )


def _by_role(items):
    """Pairs of a role and what is to be shown, as a list below the heading of each role."""
    return "".join(
        f"<p style='margin:8px 0 2px'><strong>{head}</strong></p>{_list(chosen)}"
        for role, head in HEADS.items()
        if (chosen := [shown for its, shown in items if its is role])
    )


def _list(items):
    shown = "".join(f"<li style='margin:2px 0'>{item}</li>" for item in items)
    return f"<ul style='list-style:none;margin:0;padding:0 0 0 8px'>{shown}</ul>"


def _framed(body, color):
    style = f"border-left:4px solid {color};padding:4px 12px;max-width:60em;overflow-wrap:anywhere"
    return f'<div role="note" style="{style}">{body}</div>'


def _safe(text):
    return html.escape(str(text))
