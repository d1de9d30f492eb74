"""The rubric by which a claim of somebody else is judged, line by line, and the course's answer to one such review.

It judges reviews of the course's own flawed example only. It reads no notebook and runs nothing.
"""

import html
from dataclasses import dataclass

from utils.questions import as_html, as_text
from utils.records import REVIEW

LONGEST_REMARK = 2000  # characters

# Number, name and question of each line; 0: no, 1: in part, 2: yes.
RUBRIC = {
    1: ("Statement", "Does it say one thing, which could turn out to be wrong?"),
    2: ("Threshold", "Was it fixed before the measurement, with a reason other than the numbers?"),
    3: ("Control", "Is there a control: the same network without the one thing that the claim is about?"),
    4: ("Equal training", "Do both arms see the same images, for the same number of steps?"),
    5: (
        "Choice of settings",
        "Is each arm's learning rate chosen in the same way, on images that are not used for the test?",
    ),
    6: ("Repetitions", "Are at least five seeds drawn, and are the two arms paired by seed?"),
    7: ("Conclusion", "Does it say no more than its verdict, and name the networks and the data?"),
}
LEVELS = 0, 1, 2
# What the flawed example of the notebook gets for its three planted faults, and where to look; the other lines get 2.
FAULTS = {
    2: ("When was 0.01 written down?", "0.014 was seen first, and then 0.01 was called enough."),
    4: ("How many epochs does each arm have?", "The arm with normalization has 15 epochs and the other has 10."),
    5: (
        "Which images is each learning rate chosen on?",
        "Both are chosen on the test images, so these are no longer a fair test.",
    ),
}
SOUND = {
    1: "It names two networks and says which is more accurate. It could have come out the other way.",
    3: "The same network without the layers in question is a control.",
    6: "Eight seeds were drawn, and the differences are paired by seed.",
    7: "It speaks of this network and these patches only.",
}
EXAMPLE = "the flawed example"


def rubric():
    """The lines of the rubric, for display."""
    return Rubric()


def review(of, levels, remark=""):
    """A review for display: ``levels`` gives 0, 1 or 2 for each line of the rubric, ``None`` where nothing is said yet.

    ``of`` says what was reviewed. To a review of the course's flawed example the course answers.
    """
    of, remark = str(of)[:200], str(remark)[:LONGEST_REMARK]
    if not isinstance(levels, dict) or set(levels) != set(RUBRIC):
        return Review(of, {}, remark, ("✗ Refused.", f"levels needs the lines 1 to {len(RUBRIC)}: {{1: 2, 2: 0, …}}."))
    if strange := [number for number, level in levels.items() if level is not None and not _is_level(level)]:
        return Review(of, {}, remark, ("✗ Refused.", f"Line {strange[0]}: 0, 1 or 2 is needed."))
    still = [str(number) for number, level in levels.items() if level is None]
    if still:
        lines = "lines" if len(still) > 1 else "line"
        return Review(of, levels, remark, ("○ Not complete yet.", f"Open: {lines} {', '.join(still)}."))
    if of == EXAMPLE:
        return Review(of, levels, remark, tuple(_answers(levels)))
    points = f"{sum(levels.values())} of {2 * len(RUBRIC)} points."
    weak = [f"{number} · {RUBRIC[number][0]}: {level}" for number, level in levels.items() if level < 2]
    return Review(of, levels, remark, (f"● Reviewed: {of}.", points, *weak))


@dataclass(frozen=True)
class Rubric:
    """The rubric as a table."""

    def __str__(self):
        return "\n".join(f"{number} · {name}: {asks}" for number, (name, asks) in RUBRIC.items())

    def _repr_mimebundle_(self, include=None, exclude=None):
        left = 'style="text-align:left"'
        rows = "".join(
            f'<tr><th scope="row" {left}>{number} · {html.escape(name)}</th><td {left}>{html.escape(asks)}</td></tr>'
            for number, (name, asks) in RUBRIC.items()
        )
        caption = f"<caption {left}>For each line: 0 no, 1 in part, 2 yes</caption>"
        return {"text/plain": str(self), "text/html": f"<table>{caption}<tbody>{rows}</tbody></table>"}


@dataclass(frozen=True)
class Review:
    """A review; shows itself with the course's answer to it, if there is one, in ``lines``."""

    of: str
    levels: dict
    remark: str
    lines: tuple[str, ...]

    def __str__(self):
        return as_text(self.lines[0], self.lines[1:])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        record = {"of": self.of, "levels": {str(n): level for n, level in self.levels.items()}, "remark": self.remark}
        shown = as_html(self.lines[0], self.lines[1:], "currentColor")
        return {"text/plain": str(self), "text/html": shown, REVIEW: record}


def _answers(levels):
    """What the course says to a review of its flawed example: where to look, or, if all is found, why."""
    missed = [number for number in FAULTS if levels[number] == 2]
    blamed = [number for number in SOUND if levels[number] < 2]
    found = len(FAULTS) - len(missed)
    if not missed and not blamed:
        yield "✓ Right: all three faults, and nothing else."
        yield from (f"{number} · {RUBRIC[number][0]}: {FAULTS[number][1]}" for number in FAULTS)
        return
    yield f"✗ Not yet: {found} of {len(FAULTS)} faults found."
    yield from (f"{number} · {RUBRIC[number][0]}: {FAULTS[number][0]}" for number in missed)
    yield from (f"{number} · {RUBRIC[number][0]} is sound: {SOUND[number]}" for number in blamed)


def _is_level(level):
    return isinstance(level, int) and not isinstance(level, bool) and level in LEVELS
