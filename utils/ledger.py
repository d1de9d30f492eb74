"""The claims ledger: every verdict of the course in one table, read out of executed notebooks and the long runs."""

import csv
import html
import importlib
import io
import json
import os
import pkgutil
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import utils.claims
from utils.claims import claims
from utils.evidence import error_rates, long_run
from utils.records import VERDICT
from utils.verdicts import FEWEST, NOT_RUN, Result, Role, Verdict, Word, wrong_end
from utils.verdicts.display import badge, described, line, number

NOT_MEASURED = "not measured"
PATTERN = "[0-9][0-9]_*.ipynb"
COLUMNS = (
    "claim", "statement", "source", "column", "criterion", "role", "scale", "unit", "n", "drawn", "value", "low",
    "high", "quantity", "at_least", "at_most", "result", "needed", "control", "verdict", "notebook", "seconds", "note",
)  # fmt: skip
LAPTOP, LONG_RUN, ON_CIFAR10 = "this laptop", "the long run", "on CIFAR-10"
SAME = "nothing is trained: the same"
HEADINGS = [f"{name[0].upper()}{name[1:]}" for name in (LAPTOP, LONG_RUN, ON_CIFAR10)]


def ledger(folder, verdicts=()):
    """The ``Ledger`` of the executed notebooks in ``folder``: one row for each claim of the course.

    ``verdicts`` are those of the running kernel, which no notebook file holds yet; they go before stored ones.
    A claim without a verdict is listed as "not measured", and its note says why: there is no such notebook,
    it cannot be read, or it holds no verdict about the claim.
    """
    notebooks = {path.stem: _read(path) for path in sorted(Path(folder).glob(PATTERN))}
    found = {}
    for rows, _, _ in notebooks.values():
        found |= {row["claim"]: row for row in rows}
    for verdict in verdicts:
        record = verdict.record()
        found[record["id"]] = _row(record, _notebook(record["id"], notebooks))
    missing = [_missing(each, notebooks) for each in claims().values() if each.id not in found]
    place = {claim_id: number for number, claim_id in enumerate(claims())}
    rows = [*found.values(), *missing]
    return Ledger(tuple(sorted(rows, key=lambda row: (row["notebook"], place.get(row["claim"], len(place))))))


def stored_notebooks():
    """The folder whose notebooks the ledger is read from.

    While ``course run`` is at work it is the folder of that run (``COURSE_RUN_FOLDER``). Otherwise it is the working
    directory, or ``notebooks`` in it, or ``notebooks`` beside this package: the first that holds the course. One
    notebook alone is not the course: a copy of the last one, somewhere else, still shows the whole table.
    """
    if running := os.environ.get("COURSE_RUN_FOLDER"):
        return Path(running)
    beside = Path(__file__).resolve().parents[1] / "notebooks"
    for folder in (Path.cwd(), Path.cwd() / "notebooks"):
        if len(list(folder.glob(PATTERN))) > 1:
            return folder
    return beside


def changes(stored, fresh):
    """A ``Change`` for each claim whose verdict in ``stored`` differs in ``fresh``, or is not there any more.

    Both are a ``Ledger`` or the records of one, as in ``ledger.json``. A claim without a verdict in ``stored``
    cannot have changed; numbers that differ under the same verdict are no change.
    """
    after = {row["claim"]: row for row in _rows(fresh)}
    return [
        Change(before, after.get(before["claim"], before | {"verdict": NOT_MEASURED, "criteria": []}))
        for before in _rows(stored)
        if before["verdict"] != NOT_MEASURED and before["verdict"] != after.get(before["claim"], {}).get("verdict")
    ]


@dataclass(frozen=True)
class Change:
    """A claim's rows of two ledgers with different verdicts."""

    before: dict
    after: dict

    def __str__(self):
        """Both words, and below them a line for each criterion that came out otherwise, with both numbers."""
        lines = [f"{self.before['claim']}: {self.before['verdict']} → {self.after['verdict']}"]
        after = {each["name"]: each for each in self.after["criteria"]}
        for before in self.before["criteria"]:
            now = after.get(before["name"])
            if now is None or now["result"] != before["result"]:
                sides = (f"{each['result']}, {number(each)}" if each else "not judged" for each in (before, now))
                lines.append(f"  {before['name']}: {' → '.join(sides)}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Ledger:
    """All claims with their verdicts; shows itself as a table."""

    rows: tuple[dict, ...]

    def records(self):
        """A dictionary for each claim, in the order of the notebooks.

        Its keys are claim, statement, source, verdict, notebook, seconds, note, criteria and evidence. ``criteria``
        holds each criterion's numbers, ``evidence`` the long run's verdict and criteria (``None`` where nothing is
        trained). ``seconds`` is what the whole notebook took, ``None`` where the file does not say.
        """
        return [dict(row) for row in self.rows]

    def files(self):
        """``ledger.json`` (the records) and ``ledger.csv`` (a line for each criterion and column): name → text."""
        table = io.StringIO()
        lines = csv.DictWriter(table, COLUMNS, extrasaction="ignore", lineterminator="\n")
        lines.writeheader()
        for row in self.rows:
            for column, verdict, criteria in _columns(row):
                of = row | {"column": column, "verdict": verdict}
                lines.writerows({**of, **each, "criterion": each["name"]} for each in criteria or [{"name": ""}])
        records = json.dumps(self.records(), indent=1, ensure_ascii=False) + "\n"
        return {"ledger.json": records, "ledger.csv": table.getvalue()}

    def of(self, notebooks):
        """The part of the ledger that these notebooks decide, by their names."""
        return Ledger(tuple(row for row in self.rows if row["notebook"] in notebooks))

    def __str__(self):
        lines = [self.summary]
        for row in self.rows:
            lines.append(f"{''.join(f'{word:<28}' for word in _words(row))}{row['claim']} ({row['notebook']})")
            lines += [f"{'':4}{each}" for each in _lines(row)]
        return "\n".join([*lines, self.errors])

    __repr__ = __str__

    @property
    def summary(self):
        """How many claims have which verdict, in each column."""
        trained = [row["evidence"] for row in self.rows if row["evidence"]]
        return " ".join(
            [
                f"{len(self.rows)} claims.",
                _counted("This laptop", [row["verdict"] for row in self.rows]),
                _counted("The long run", [each["verdict"] for each in trained]),
                _counted("On CIFAR-10", [each["cifar10"]["verdict"] for each in trained]),
            ]
        )

    @property
    def errors(self):
        """How many criteria are wrong at most, on average, and what the simulation found."""
        decided = [
            # A long run with more than the fewest seeds was looked at before, and went on while it was undecided.
            (FEWEST, each["n"]) if long and each["n"] > FEWEST else (each["n"],)
            for row in self.rows
            for long, (_, _, criteria) in enumerate(_columns(row))
            for each in criteria
            if each["drawn"] and each["role"] != Role.CHECK and each["result"] != Result.UNDECIDED
        ]
        wrong = sum(wrong_end(*looks) for looks in decided)
        twice = [looks for looks in decided if len(looks) > 1]
        text = (
            f"{len(decided)} results rest on units that were drawn at random. If every true value were exactly at its "
            f"threshold, ≈ {wrong:.1f} of them would be wrong on average."
        )
        if twice:
            text += (
                f" {len(twice)} of them, in long runs, were judged twice: an experiment that {FEWEST} repetitions left "
                f"undecided was continued. One end of their intervals is wrong in up to "
                f"{max(wrong_end(*looks) for looks in twice):.1%} of experiments instead of {wrong_end(FEWEST):.1%}."
            )
        if (rates := error_rates()) is None:
            return text
        largest = {name: f"{share:.1%}" for name, share in rates["largest"].items()}
        return (
            f"{text} We simulated {rates['experiments']:,} experiments of each kind (n from 5 to 12, also with skewed "
            f"distributions). With the true value on the other side of the threshold, at most {largest['false_met']} "
            f"were judged met and at most {largest['false_contradicted']} contradicted; Student's t intervals would "
            f"have been wrong in up to {largest['students_t']}."
        )

    def html(self):
        """The table as HTML: a line for each claim, grouped by notebook; its numbers unfold below it."""
        groups = groupby(self.rows, key=lambda row: row["notebook"])
        bodies = "".join(
            f'<tbody><tr><th colspan="4" scope="rowgroup" style="text-align:left;padding:14px 0 4px">'
            f"{html.escape(notebook)}</th></tr>{''.join(map(_table_row, rows))}</tbody>"
            for notebook, rows in groups
        )
        head = "".join(
            f'<th scope="col" style="text-align:left;width:{width}%">{name}</th>'
            for name, width in (("Claim", 40), *((name, 20) for name in HEADINGS))
        )
        caption = f'<caption style="text-align:left">{html.escape(self.summary)}</caption>'
        table = "table-layout:fixed;width:100%;max-width:64em;font-size:13px"
        return (
            f'<table class="stacks" style="{table}">{caption}<thead><tr>{head}</tr></thead>{bodies}</table>'
            f'<p style="margin-top:1em;max-width:64em">{html.escape(self.errors)}</p>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": self.html()}


def _table_row(row):
    look = "font-weight:normal;text-align:left;vertical-align:top;padding:6px 8px 2px 0"
    cell = f'style="{look};border:solid #999;border-width:1px 0 0"'
    columns = "".join(
        f'<td data-column="{heading}" {cell}>{badge(word)}</td>'
        for heading, word in zip(HEADINGS, _words(row), strict=True)
    )
    shown = "".join(
        f"<p style='margin:6px 0 0'><em>{heading}</em></p>{described(criteria)}"
        for heading, (_, _, criteria) in zip(HEADINGS, _columns(row), strict=False)
        if criteria
    )
    note = f"<p>{html.escape(row['note'])}</p>" if row["note"] else ""
    small = f"<small>{html.escape(' · '.join((row['claim'], row['source'])))}</small>"
    numbers = f"<details><summary>Criteria and numbers</summary>{small}{note}{shown}</details>"
    return (
        f'<tr><th scope="row" {cell}>{html.escape(row["statement"])}</th>{columns}</tr>'
        f'<tr><td colspan="4" style="text-align:left;padding:0 0 6px;border:0">{numbers}</td></tr>'
    )


def _columns(row):
    """The columns of a claim that hold numbers, or might: (name, verdict, criteria)."""
    yield LAPTOP, row["verdict"], row["criteria"]
    if found := row["evidence"]:
        yield LONG_RUN, found["verdict"], found["criteria"]
        yield ON_CIFAR10, found["cifar10"]["verdict"], found["cifar10"]["criteria"]


def _words(row):
    """What stands in each column of a claim's line."""
    found = row["evidence"]
    return [row["verdict"], *([found["verdict"], found["cifar10"]["verdict"]] if found else [SAME, SAME])]


def _counted(column, words):
    count = Counter(words)
    order = (*(str(word) for word in Word), NOT_RUN, NOT_MEASURED)
    return f"{column}: " + ", ".join(f"{word} {count[word]}" for word in order if count[word]) + "."


def _read(path):
    """A notebook file's rows, its seconds if it says them, and what is wrong with the file."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        seconds = notebook.get("metadata", {}).get("papermill", {}).get("duration")
        outputs = [output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])]
        found = [_row_if_whole(data[VERDICT], path.stem, seconds) for data in outputs if VERDICT in data]
        return [row for row in found if row], seconds, "" if all(found) else "a verdict in it breaks its form"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [], None, "the notebook cannot be read"


def _row_if_whole(record, notebook, seconds):
    """The row of a record that somebody's notebook holds; ``None`` for one that breaks its form."""
    try:
        row = _row(record, notebook, seconds)
        texts = [row[name] for name in ("claim", "statement", "source", "verdict")] + _lines(row)
        whole = all(isinstance(text, str) for text in texts)
        return row if whole and _table_row(row) and Ledger((row,)).errors else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _row(record, notebook, seconds=None):
    return {
        "claim": record["id"],
        "statement": record["statement"],
        "source": record["source"],
        "verdict": record["verdict"],
        "notebook": notebook,
        "seconds": seconds,
        "note": "",
        "criteria": record["criteria"],
        "evidence": record.get("evidence"),
    }


def _missing(claim, notebooks):
    name = _notebook(claim.id, notebooks)
    _, seconds, wrong = notebooks.get(name, ([], None, "there is no such notebook"))
    record = Verdict(claim, (), long_run(claim)).record() | {"verdict": NOT_MEASURED}
    return _row(record, name, seconds) | {"note": wrong or "the notebook holds no verdict about it"}


def _notebook(claim_id, notebooks):
    """The name of the notebook that teaches a claim: it has the same topic as the module that defines the claim."""
    for module in pkgutil.iter_modules(utils.claims.__path__):
        if any(each.id == claim_id for each in importlib.import_module(f"utils.claims.{module.name}").CLAIMS):
            return next((name for name in notebooks if name[3:] == module.name), module.name)
    return ""


def _lines(row):
    """A row's numbers, one line a criterion and column, or why there are none."""
    laptop = [line(each) for each in row["criteria"]] or [row["note"]]
    longer = list(_columns(row))[1:]
    return laptop + [f"{name}: {line(each)}" for name, _, criteria in longer for each in criteria]


def _rows(ledger_or_records):
    return ledger_or_records.rows if isinstance(ledger_or_records, Ledger) else ledger_or_records
