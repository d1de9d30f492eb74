"""Where a student stands: for each notebook what is right, not right yet, and open, read out of the files as data.

What counts is what the cells show since they were run last. Nothing is executed, and no grade comes from it.
"""

import html
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from utils.notebook_files.reading import UnreadableNotebook, last_records, read, tagged
from utils.notebook_files.sources import course_notebooks
from utils.records import ANSWER, CODE, PREDICTION

RIGHT, WRONG, OPEN = "right", "not right yet", "open"
KINDS = "questions", "exercises"
STATES = RIGHT, WRONG, OPEN
COLUMNS = {  # of the table, with their widths in percent
    "Notebook": 21, "Questions right": 13, "Exercises right": 12, "Predictions made": 14,
    "Not right yet": 15, "Open": 25,
}  # fmt: skip
IS_OPEN = {"unanswered", "unattempted", "exam", "not-asked", "refused", "unreadable", None}


@dataclass(frozen=True)
class Notebook:
    """One notebook: ``states[kind]`` is the state of each question, or exercise, by its id.

    ``predictions`` of those ``asked`` were made. ``note`` says what is wrong with the file, "" if nothing is.
    """

    name: str
    states: dict[str, dict[str, str]]
    predictions: int
    asked: int
    note: str = ""

    @property
    def counts(self):
        """How many are in each state: kind → state → number."""
        return {kind: {state: list(of.values()).count(state) for state in STATES} for kind, of in self.states.items()}

    def ids(self, state):
        """The ids of the questions and exercises in that state."""
        return tuple(each for of in self.states.values() for each, its in of.items() if its == state)

    @property
    def left(self):
        """The ids of all that is not right."""
        return tuple(each for of in self.states.values() for each, its in of.items() if its != RIGHT)


@dataclass(frozen=True)
class Standing:
    """All notebooks; shows itself as a picture and a table."""

    notebooks: tuple[Notebook, ...]

    def of(self, kind, state):
        """How many questions, or exercises, of all notebooks are in that state."""
        return sum(each.counts[kind][state] for each in self.notebooks)

    @property
    def summary(self):
        """One sentence."""
        parts = [f"{self.of(kind, RIGHT)} of {sum(self.of(kind, each) for each in STATES)} {kind}" for kind in KINDS]
        made, asked = (sum(getattr(each, name) for each in self.notebooks) for name in ("predictions", "asked"))
        return f"Right: {' and '.join(parts)}. Predictions: {made} of {asked}."

    @property
    def by_kind(self):
        """Kind → notebook → state → how many; predictions are made or open."""
        found = {kind.capitalize(): {each.name: each.counts[kind] for each in self.notebooks} for kind in KINDS}
        made = {each.name: _of_predictions(each) for each in self.notebooks}
        return found | {"Predictions": made}

    def __str__(self):
        lines = [self.summary]
        for each in self.notebooks:
            lines.append("  ".join([f"{each.name:<34}", *_cells(each)]).rstrip())
            lines += [f"    {state}: {', '.join(each.ids(state))}" for state in (WRONG, OPEN) if each.ids(state)]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        from utils.figures.standing import draw_standing

        left = "text-align:left;vertical-align:top"
        head = "".join(f'<th scope="col" style="{left};width:{width}%">{each}</th>' for each, width in COLUMNS.items())
        rows = "".join(
            f'<tr><th scope="row" style="{left}">{html.escape(each.name).replace("_", "_<wbr>")}</th>'
            + "".join(
                f'<td{heading} style="{left};white-space:normal;overflow-wrap:anywhere">{html.escape(text)}</td>'
                for heading, text in _under_headings(each)
            )
            + "</tr>"
            for each in self.notebooks
        )
        caption = f'<caption style="text-align:left">{html.escape(self.summary)}</caption>'
        style = 'class="stacks" style="table-layout:fixed;width:100%;max-width:64em;font-size:13px"'
        table = f"<table {style}>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        return {"text/plain": str(self), "text/html": draw_standing(self.by_kind).html() + table}


def standing(folder="."):
    """The ``Standing`` of the notebooks of the course in ``folder``; one that is not there counts as all open."""
    return Standing(tuple(_notebook(path, Path(folder) / path.name) for path in course_notebooks()))


def _notebook(course, own):
    """What ``own``, a student's file, shows of the questions and exercises in the file ``course``."""
    asked, note, notebook = read(course), "", None
    try:
        notebook = read(own)
    except UnreadableNotebook:
        note = "cannot be read" if own.exists() else ""
    shown_by_the_course = {cell.get("id") for cell in asked.cells} - {
        cell.get("id") for cell in tagged(asked, "answer")
    }
    answers, codes = _last(notebook, ANSWER, but=shown_by_the_course), _last(notebook, CODE)
    ids = {
        "questions": [(cell.metadata.get("question"), answers) for cell in tagged(asked, "answer")],
        "exercises": [(cell.metadata.get("exercise"), codes) for cell in tagged(asked, "exercise")],
    }
    states = {kind: {each: _state(found.get(each)) for each, found in pairs} for kind, pairs in ids.items()}
    guesses = _last(notebook, PREDICTION, "guess")
    made = sum(guess is not None for guess in guesses.values())
    return Notebook(course.stem, states, made, len(tagged(asked, "prediction")), note)


def _last(notebook, mime, name="verdict", but=()):
    """The last verdict (or guess) that the notebook's cells show for each id; those of the ids ``but`` are passed over.

    (The course's own cells show, too, what a check says to a wrong answer.)
    """
    cells = [cell for cell in notebook.cells if cell.get("id") not in but] if notebook else []
    shown = last_records(NotebookNode(cells=cells), mime)
    return {each: record.get(name) for each, record in shown.items()}


def _state(verdict):
    if verdict in ("right", "noted"):
        return RIGHT
    return OPEN if not isinstance(verdict, str) or verdict in IS_OPEN else WRONG


def _under_headings(notebook):
    """The cells of a notebook's row, each with the attribute that names its column where cells are stacked."""
    texts = [*_cells(notebook), *(", ".join(notebook.ids(state)) for state in (WRONG, OPEN))]
    for heading, text in zip(list(COLUMNS)[1:], texts, strict=True):
        yield f' data-column="{heading}"' if text and text != notebook.note else "", text


def _cells(notebook):
    """The three numbers of a notebook as text."""
    if notebook.note:
        return [notebook.note, "", ""]
    texts = []
    for kind in KINDS:
        counts = notebook.counts[kind]
        text = f"{counts[RIGHT]} of {sum(counts.values())}"
        texts.append(text + (f" ({counts[WRONG]} not right yet)" if counts[WRONG] else ""))
    return [*texts, f"{notebook.predictions} of {notebook.asked}"]


def _of_predictions(notebook):
    made = min(notebook.predictions, notebook.asked)  # a student may predict what is not asked
    return {"made": made, OPEN: notebook.asked - made}
