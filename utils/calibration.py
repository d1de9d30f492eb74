"""My predictions: all that a student predicted, over all notebooks, beside what was measured; read out of the files.

*Calibration*: do the ranges hold what was measured four times in five, and are choices of 70 % right seven times in
ten? *Sharpness*: how wide are the ranges? Nothing is executed, and no grade comes from it. What breaks its form is
passed over.
"""

import html
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.claims import claims
from utils.figures.predictions import draw_predictions
from utils.notebook_files.reading import UnreadableNotebook, last_records, read
from utils.notebook_files.sources import course_notebooks
from utils.records import PREDICTION, VERDICT
from utils.scoring import INSIDE, LEVEL, Outcome, Prediction, from_record
from utils.verdicts import share_interval
from utils.verdicts.outcomes import outcome, why

EDGES = 0.5, 0.75, 0.95  # between groups of choices of about the same confidence
PURE_GUESS = 0.75  # Brier's score of a quarter for each of the four verdicts


@dataclass(frozen=True)
class Made:
    """One prediction: in which notebook, its ``Outcome`` (``None`` before the verdict), and a question if it missed."""

    notebook: str
    prediction: Prediction
    outcome: Outcome | None
    why: str = ""

    @property
    def hit(self):
        return self.outcome.miss == INSIDE


@dataclass(frozen=True)
class Group:
    """Choices of about the same confidence: how many, the mean confidence, and the share that was right."""

    n: int
    right: int
    confidence: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Predictions:
    """All predictions; shows itself as a picture and a table."""

    made: tuple[Made, ...]

    def scored(self, kind):
        """Those of a kind ("range", "choice") that a verdict has answered."""
        return [each for each in self.made if each.outcome and each.prediction.asked.kind == kind]

    @property
    def groups(self):
        """A ``Group`` for each confidence that occurs, from low to high."""
        groups = {}
        for each in self.scored("choice"):
            confidence = each.prediction.given[1]
            groups.setdefault(int(np.searchsorted(EDGES, confidence, side="right")), []).append(each)
        found = []
        for _, own in sorted(groups.items()):
            hits = [each.hit for each in own]
            mean = float(np.mean([each.prediction.given[1] for each in own]))
            found.append(Group(len(own), sum(hits), mean, *share_interval(hits)))
        return found

    @property
    def summary(self):
        """One line: how many predictions are scored, and how well."""
        parts, ranges, choices = [], self.scored("range"), self.scored("choice")
        if ranges:
            parts.append(
                f"{_counted(len(ranges), 'range')}, {sum(each.hit for each in ranges)} of them contained what was "
                f"measured (four in five would be {LEVEL * len(ranges):.3g}), mean score {_mean_score(ranges)}"
            )
        if choices:
            parts.append(
                f"{_counted(len(choices), 'choice')}, {sum(each.hit for each in choices)} of them right, mean score "
                f"{_mean_score(choices)} (a pure guess has {PURE_GUESS})"
            )
        waiting = len(self.made) - len(ranges) - len(choices)
        parts += [f"{waiting} without a verdict yet"] if waiting else []
        return f"Predictions scored: {'; '.join(parts) or 'none yet'}."

    @property
    def sentences(self):
        """What the numbers say, a sentence each."""
        said = [self.summary]
        if ranges := self.scored("range"):
            share, low, high = share_interval([each.hit for each in ranges])
            said.append(
                f"Calibration of the ranges: {share:.0%} contained what was measured. By so many, your true share "
                f"may be anything from {low:.0%} to {high:.0%} (a 90 % interval). {_reading(low, high)}"
            )
            width = np.mean([each.prediction.asked.width(each.prediction.given) for each in ranges])
            said.append(
                f"Sharpness: the ranges are {width:.2f} wide on average, where 1 is the range of somebody who knows "
                "only what is measured. Narrower is better, as long as four in five contain the number."
            )
        for each in self.groups:
            said.append(
                f"Calibration of the choices: {_counted(each.n, 'choice')} with a confidence of {each.confidence:.0%} "
                f"on average, {each.right} right (90 % interval of the true share: {each.low:.0%} to "
                f"{each.high:.0%})."
            )
        return said

    def __str__(self):
        if not self.made:
            return "No predictions yet. Predict, run the verdict, save the notebook, and run this cell again."
        lines = self.sentences
        for each in self.made:
            lines.append("  ".join([f"{each.notebook:<28}", *_cells(each)]).rstrip())
            lines += [f"    {each.why}"] if each.why else []
        return "\n".join(lines)

    __repr__ = __str__

    def picture(self):
        """The ``Picture`` of all that is scored; ``None`` where nothing is."""
        ranges = [_around(each) for each in self.scored("range")]
        groups = [(each.confidence, each.share, each.low, each.high, each.n) for each in self.groups]
        return draw_predictions(ranges, groups, LEVEL) if ranges or groups else None

    def _repr_mimebundle_(self, include=None, exclude=None):
        if not self.made:
            return {"text/plain": str(self), "text/html": f"<p>{html.escape(str(self))}</p>"}
        drawn = self.picture()
        said = "".join(f"<p style='margin:4px 0;max-width:60em'>{html.escape(each)}</p>" for each in self.sentences)
        page = f"{said}{drawn.html() if drawn else ''}{_table(self.made)}"
        return {"text/plain": str(self), "text/html": page}


def my_predictions(folder="."):
    """The ``Predictions`` in the notebooks of the course in ``folder``; one that cannot be read is passed over."""
    return Predictions(tuple(each for path in course_notebooks() for each in _made(Path(folder) / path.name)))


def _made(path):
    """A ``Made`` for each claim that the notebook at ``path`` predicts, by what its cells show last."""
    try:
        notebook = read(path)
    except UnreadableNotebook:
        return
    verdicts = last_records(notebook, VERDICT)
    for claim_id, record in last_records(notebook, PREDICTION).items():
        claim = claims().get(claim_id)
        if claim and (prediction := from_record(record, claim.asked)):
            verdict = verdicts.get(claim_id)
            found = outcome(claim, prediction, verdict)
            yield Made(path.stem, prediction, found, why(claim, found, verdict) if found else "")


def _around(made):
    """``(claim, low, high, hit)``: the ends of a range minus what was measured, in units of its scale."""
    prediction, truth = made.prediction, made.outcome.truth
    asked, (low, high) = prediction.asked, prediction.given
    return prediction.subject, asked.width((truth, low)), asked.width((truth, high)), made.hit


def _reading(low, high):
    if high < LEVEL:
        return "That is less than four in five: make your ranges wider."
    if low > LEVEL:
        return "That is more than four in five: you know more than your ranges say. Make them narrower."
    return "That agrees with four in five."


def _mean_score(made):
    return f"{np.mean([each.outcome.score for each in made]):.2f}"


def _counted(n, what):
    return f"{n} {what}{'' if n == 1 else 's'}"


def _cells(made):
    """The claim, what was said, what was measured, and the score, as text."""
    if made.outcome is None:
        return [made.prediction.subject, made.prediction.said, "no verdict yet", ""]
    sign, found = ("✓" if made.hit else "✗"), made.outcome
    return [made.prediction.subject, made.prediction.said, found.shown + found.where, f"{sign} {found.score:.2f}"]


def _table(made):
    style = 'style="text-align:left;vertical-align:top;padding:3px 14px 3px 0"'
    heads = ("Notebook", "Claim", "You said", "Measured", "Score", "Where it missed")
    head = "".join(f'<th scope="col" {style}>{each}</th>' for each in heads)
    rows = "".join(
        f'<tr><th scope="row" {style}>{html.escape(each.notebook)}</th>'
        + "".join(f"<td {style}>{html.escape(text)}</td>" for text in _cells(each)[:-1])
        + f'<td {style[:-1]};white-space:nowrap">{html.escape(_cells(each)[-1])}</td>'
        + f"<td {style}>{html.escape(each.why)}</td></tr>"
        for each in made
    )
    caption = '<caption style="text-align:left">A score of 0 is best; ✓ says that the prediction was right.</caption>'
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
