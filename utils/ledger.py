"""The claims ledger: every verdict of the course in one table, read out of executed notebooks."""

import csv
import html
import importlib
import io
import json
import os
import pkgutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import utils.claims
from utils.claims import Measurement, claims
from utils.records import VERDICT

NOT_MEASURED = "not measured"
PATTERN = "[0-9][0-9]_*.ipynb"
COLUMNS = (
    "claim", "statement", "source", "criterion", "value", "low", "high", "unit", "n",
    "threshold", "met", "verdict", "notebook", "seconds", "note",
)  # fmt: skip


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
        sides = (f"{row['verdict']} [{_numbers(row)}]" for row in (self.before, self.after))
        return f"{self.before['claim']}: {' → '.join(sides)}"


@dataclass(frozen=True)
class Ledger:
    """All claims with their verdicts; shows itself as a table."""

    rows: tuple[dict, ...]

    def records(self):
        """A dictionary for each claim, in the order of the notebooks.

        Its keys are claim, statement, source, measured, threshold, verdict, notebook, seconds, note and criteria.
        ``measured`` and ``threshold`` are text for people; ``criteria`` holds each criterion's numbers. ``seconds`` is
        what the whole notebook took, ``None`` where the file does not say.
        """
        return [dict(row) for row in self.rows]

    def files(self):
        """``ledger.json`` (the records) and ``ledger.csv`` (a line for each criterion): name → text."""
        table = io.StringIO()
        lines = csv.DictWriter(table, COLUMNS, extrasaction="ignore", lineterminator="\n")
        lines.writeheader()
        for row in self.rows:
            lines.writerows({**row, **each, "criterion": each["name"]} for each in row["criteria"] or [{"name": ""}])
        records = json.dumps(self.records(), indent=1, ensure_ascii=False) + "\n"
        return {"ledger.json": records, "ledger.csv": table.getvalue()}

    def of(self, notebooks):
        """The part of the ledger that these notebooks decide, by their names."""
        return Ledger(tuple(row for row in self.rows if row["notebook"] in notebooks))

    def __str__(self):
        lines = [self.summary]
        for row in self.rows:
            lines.append(f"{row['verdict']:<28}{row['claim']} ({row['notebook']})")
            lines += [f"{'':4}{line}" for line in _lines(row)]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def summary(self):
        count = Counter(row["verdict"] for row in self.rows)
        order = ("holds", "holds here with a condition", "does not hold here", NOT_MEASURED)
        return f"{len(self.rows)} claims. " + ", ".join(f"{word}: {count[word]}" for word in order if count[word]) + "."

    def html(self):
        """The table as HTML, its numbers as text: readable without colour."""
        style = "font-weight:normal;text-align:left;vertical-align:top;padding:6px 14px 6px 0;border-top:1px solid #999"
        cell = f'style="{style}"'
        rows = "".join(
            f'<tr><th scope="row" {cell}>{html.escape(row["statement"])}<br><small>'
            f"{html.escape(' · '.join((row['claim'], row['notebook'], row['source'])))}</small></th>"
            f"<td {cell}><strong>{html.escape(row['verdict'])}</strong></td>"
            f"<td {cell}>{'<br>'.join(map(html.escape, _lines(row)))}</td></tr>"
            for row in self.rows
        )
        head = "".join(
            f'<th scope="col" style="text-align:left;width:{width}%">{name}</th>'
            for name, width in (("Claim", 38), ("Verdict", 12), ("Measured", 50))
        )
        caption = f'<caption style="text-align:left">{html.escape(self.summary)}</caption>'
        table = "table-layout:fixed;width:100%;max-width:72em"
        return f'<table style="{table}">{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": self.html()}


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
        return row if all(isinstance(text, str) for text in texts) else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _row(record, notebook, seconds=None):
    criteria = record["criteria"]
    return {
        "claim": record["id"],
        "statement": record["statement"],
        "source": record["source"],
        "measured": "; ".join(f"{each['name']}: {_measurement(each)}" for each in criteria),
        "threshold": "; ".join(f"{each['name']}: {each['threshold']}" for each in criteria),
        "verdict": record["verdict"],
        "notebook": notebook,
        "seconds": seconds,
        "note": "",
        "criteria": criteria,
    }


def _missing(claim, notebooks):
    name = _notebook(claim.id, notebooks)
    _, seconds, wrong = notebooks.get(name, ([], None, "there is no such notebook"))
    record = {"id": claim.id, "statement": claim.statement, "source": claim.source, "verdict": NOT_MEASURED}
    return _row(record | {"criteria": []}, name, seconds) | {"note": wrong or "the notebook holds no verdict about it"}


def _notebook(claim_id, notebooks):
    """The name of the notebook that teaches a claim: it has the same topic as the module that defines the claim."""
    for module in pkgutil.iter_modules(utils.claims.__path__):
        if any(each.id == claim_id for each in importlib.import_module(f"utils.claims.{module.name}").CLAIMS):
            return next((name for name in notebooks if name[3:] == module.name), module.name)
    return ""


def _lines(row):
    """A row's numbers, one line a criterion, or why there are none."""
    lines = [
        f"{'met' if each['met'] else 'missed'}: {each['name']}: {_measurement(each)}, needed {each['threshold']}"
        for each in row["criteria"]
    ]
    return lines or [row["note"]]


def _numbers(row):
    return "; ".join(f"{each['name']}: {_measurement(each)}, needed {each['threshold']}" for each in row["criteria"])


def _measurement(criterion):
    return str(Measurement(*(criterion[name] for name in ("value", "low", "high", "unit", "n", "exact"))))


def _rows(ledger_or_records):
    return ledger_or_records.rows if isinstance(ledger_or_records, Ledger) else ledger_or_records
