"""``unclear.csv``: whose a file is and which notebook, where nobody can be sure; an instructor fills it in.

Each run writes it, and the next one into the same folder reads it. What was filled in is never lost.
"""

from dataclasses import dataclass
from pathlib import Path

from utils.course.storage.input_files import Mistake, text_of
from utils.course.storage.spreadsheets import csv_text, records, uncelled

UNCLEAR = "unclear.csv"
COLUMNS = "file", "id", "notebook", "guess", "why"


@dataclass(frozen=True)
class FilledIn:
    """What an instructor filled in for a file, or for all files in a folder: whose it is, which notebook; "" if not."""

    place: str
    id: str
    notebook: str


def filled_in(path):
    """The lines of a table of unclear files in which something was filled in; none where there is no such file.

    ``Mistake`` for a file that cannot be read as a table, or says two things of a file: it may hold an hour of work.
    """
    if not Path(path).exists():
        return []
    found = {}
    _, lines = records(text_of(path))
    _, first, _ = next(lines, (1, (), ""))
    columns = [each.strip().casefold() for each in first]
    if not {"file", "id"} <= set(columns):
        raise Mistake(f"{path}: its first line has no columns 'file' and 'id'; remove it to begin anew")
    for number, fields, fault in lines:
        if fault:
            raise Mistake(f"{path}, line {number}: {fault}")
        row = dict(zip(columns, fields, strict=False))
        each = FilledIn(uncelled(row.get("file", "")), row.get("id", "").strip(), row.get("notebook", "").strip())
        if (each.id or each.notebook) and found.setdefault(each.place, each) != each:
            raise Mistake(f"{path}, line {number}: another line says something else of {each.place}")
    return list(found.values())


def renamed(filled, notebooks):
    """Which notebook a file is, as filled in: place → name. The beginning of a name is enough: 03."""
    found = {}
    for each in filled:
        names = [name for name in notebooks if name == each.notebook or name.startswith(f"{each.notebook}_")]
        if each.notebook and len(names) != 1:
            raise Mistake(f"{UNCLEAR}: {each.place}: there is no notebook {each.notebook!r}")
        if each.notebook:
            found[each.place] = names[0]
    return found


def unclear_csv(left_out, filled):
    """The text of the table: what was filled in, and a line for each file or folder that is asked for; "" if none."""
    known = {each.place: [each.place, each.id, each.notebook, "", ""] for each in filled}
    for each in left_out:
        if each.asks:
            row = known.setdefault(each.asks, [each.asks, "", "", "", ""])
            row[3:] = row[3:] if row[4] else [" ".join(student.id for student in each.students), each.reason]
    return csv_text([COLUMNS, *known.values()]) if known else ""
