"""Ten questions on concepts, asked before the course and, in other words, after it: ``before("place", "b")`` only notes
the choice, ``after("place", "d")`` says whether it is right, why, and what was chosen at the start.

None of it counts for marks. What was chosen at the start is read out of the student's first notebook as data.
"""

import html
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from utils.concepts._form import Concept
from utils.notebook_files.reading import UnreadableNotebook, read, records
from utils.notebook_files.sources import course_notebooks
from utils.parameters import shown
from utils.questions import as_html, as_text
from utils.records import CONCEPT

__all__ = ["AFTER", "BEFORE", "Concept", "Noted", "after", "before", "choices_in", "concept", "concepts", "learned"]

BEFORE, AFTER = "before", "after"
TOPICS = "architecture", "residual_connections", "batch_normalization", "separable_convolutions", "activations"

_firsts = {}  # of this kernel: the first choice after the course, by question


@dataclass(frozen=True)
class Noted:
    """What is shown to a choice; ``choice`` is the letter that counts, ``None`` as long as there is none."""

    id: str
    when: str
    choice: str | None
    heading: str
    lines: tuple[str, ...]
    color: str = "info"

    def __str__(self):
        return as_text(self.heading, self.lines)

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        border = f"var(--jp-{self.color}-color1, currentColor)"
        record = {"id": self.id, "when": self.when, "choice": self.choice}
        return {"text/plain": str(self), "text/html": as_html(self.heading, self.lines, border), CONCEPT: record}


def before(concept_id, choice):
    """Note the ``choice``, a letter, at the start of the course; nothing tells whether it is right. Never raises."""
    asking, letter, refusal = _read(concept_id, choice, BEFORE)
    if refusal:
        return refusal
    again = "The last notebook asks again, in other words, and then says what is right."
    return Noted(concept_id, BEFORE, letter, f"○ Noted: {letter}.", (*asking.lines, again))


def after(concept_id, choice, folder="."):
    """Judge the ``choice``, a letter, at the end of the course; the first notebook is looked for in ``folder``.

    The first choice is the one that is recorded. Never raises.
    """
    asking, letter, refusal = _read(concept_id, choice, AFTER)
    if refusal:
        return refusal
    asked, first = concept(concept_id), _firsts.setdefault(concept_id, letter)
    is_right = letter == asking.right
    lines = [f"“{asking.choices[letter][0]}”", asked.explanation(asking, letter), *_looking_back(asked, folder)]
    if first != letter:
        lines.append(f"Your first choice here is the one that is recorded: {first}.")
    heading, color = ("✓ Right", "success") if is_right else ("✗ Not right", "warn")
    return Noted(concept_id, AFTER, first, f"{heading}: {letter}.", tuple(lines), color)


def concept(concept_id):
    """The ``Concept`` of that id; ``KeyError`` if there is none."""
    return _by_id()[concept_id]


def concepts():
    """The ids of all questions on concepts, in the order in which they are asked."""
    return tuple(_by_id())


def choices_in(found):
    """The choices that these records hold, ``{(id, when): letter}``, the last one of each; what is no such record is
    passed over, whatever it is.
    """
    choices = {}
    for each in found:
        if not isinstance(each, dict):
            continue
        name, when, letter = (each.get(key) for key in ("id", "when", "choice"))
        known = isinstance(name, str) and name in _by_id() and when in (BEFORE, AFTER) and isinstance(letter, str)
        if known and letter in _asking(name, when).choices:
            choices[name, when] = letter
    return choices


@dataclass(frozen=True)
class Learned:
    """What was right at the start and at the end, ``{(id, when): bool}``; shows itself as a table."""

    right: dict

    @property
    def summary(self):
        """One sentence."""
        both = [each for each in concepts() if (each, BEFORE) in self.right and (each, AFTER) in self.right]
        counts = [sum(self.right[each, when] for each in both) for when in (BEFORE, AFTER)]
        if not both:
            return "No question was answered both at the start and here yet."
        return (
            f"Of {len(both)} questions answered both times, {counts[0]} were right at the start and {counts[1]} here."
        )

    def _rows(self):
        words = {True: "right", False: "not right", None: "–"}
        for each in concepts():
            title = concept(each).topic.replace("_", " ")
            yield each, title, *(words[self.right.get((each, when))] for when in (BEFORE, AFTER))

    def __str__(self):
        rows = [f"{name:<10}{topic:<26}{first:<12}{last}".rstrip() for name, topic, first, last in self._rows()]
        return "\n".join([self.summary, f"{'':<36}{'at the start':<12}  here", *rows])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        left = 'style="text-align:left"'
        heads = ("Question", "On", "At the start", "Here")
        head = "".join(f'<th scope="col" {left}>{each}</th>' for each in heads)
        rows = "".join(
            f'<tr><th scope="row" {left}>{name}</th>' + "".join(f"<td {left}>{each}</td>" for each in cells) + "</tr>"
            for name, *cells in self._rows()
        )
        caption = f"<caption {left}>{html.escape(self.summary)}</caption>"
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        return {"text/plain": str(self), "text/html": table}


def learned(folder="."):
    """What was right at the start, as the first notebook in ``folder`` shows it, and what is in this kernel."""
    found = _at_the_start(folder) | {(each, AFTER): letter for each, letter in _firsts.items()}
    return Learned({(name, when): letter == _asking(name, when).right for (name, when), letter in found.items()})


@cache
def _by_id():
    modules = (import_module(f"{__name__}._{topic}") for topic in TOPICS)
    return {each.id: each for module in modules for each in module.CONCEPTS}


def _asking(concept_id, when):
    return concept(concept_id).first if when == BEFORE else concept(concept_id).last


def _read(concept_id, choice, when):
    """``(Asking, letter, None)``, or in place of the last what is shown where there is no choice."""
    if not isinstance(concept_id, str) or concept_id not in _by_id():
        words = f"There is no question {shown(concept_id)}. They are: {', '.join(concepts())}."
        return None, None, Noted("", when, None, "? This could not be read.", (words,))
    asking = _asking(concept_id, when)
    letters = ", ".join(f'"{each}"' for each in asking.choices)
    if choice is None:
        how = f"Put {letters[:-5]} or {letters[-3:]} in place of None and run the cell again."
        return None, None, Noted(concept_id, when, None, "○ Not answered yet.", (*asking.lines, how))
    letter = choice.strip(" .):'\"").casefold() if isinstance(choice, str) and len(choice) < 20 else None
    if letter not in asking.choices:
        words = f"{shown(choice)} is not one of the choices {letters}."
        return None, None, Noted(concept_id, when, None, "? This could not be read.", (*asking.lines, words))
    return asking, letter, None


def _looking_back(asked, folder):
    """Lines on what was chosen at the start."""
    letter = _at_the_start(folder).get((asked.id, BEFORE))
    if letter is None:
        return ["You did not answer this question at the start, or the first notebook is not in this folder."]
    words = f"At the start you were asked: {asked.first.text}"
    sentence, idea = asked.first.choices[letter]
    verdict = f"which is not right: {asked.explanation(asked.first, letter)}" if idea else "which is right."
    return [words, f"You chose {letter}, “{sentence}”, {verdict}"]


def _at_the_start(folder):
    """What the student's first notebook shows of the choices at the start; nothing if it cannot be read."""
    try:
        found = choices_in(records(read(Path(folder) / course_notebooks()[0].name), CONCEPT))
    except UnreadableNotebook:
        return {}
    return {key: letter for key, letter in found.items() if key[1] == BEFORE}
