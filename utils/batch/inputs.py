"""What an instructor hands in: a grid of parameters, a roster of students."""

import csv
import io
import itertools
import math
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import yaml

RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(\d+))?")
LARGEST_GRID = 100_000
ID = re.compile(r"[^\W_][\w.@+-]{0,63}")


class Mistake(ValueError):
    """A grid or a roster that cannot be used; the message says why."""


@dataclass(frozen=True)
class Student:
    """A line of the roster."""

    id: str = ""
    name: str = ""
    group: str = ""


NOBODY = Student()


def grid(path):
    """The sets of parameters that a grid file describes.

    YAML: a mapping of names to a value, a list or a range; every combination is a set; a list of mappings is several
    grids. CSV: a column for each parameter, a line for each set, ``4|8`` for a list. A range is ``0..9``, or
    ``0..40..10`` with steps. ``Mistake`` for a file that is none of this.
    """
    text = _text(path)
    try:
        if Path(path).suffix.lower() == ".csv":
            rows = [
                {name.strip(): value.split("|") for name, value in row.items() if name and value and value.strip()}
                for row in csv.DictReader(io.StringIO(text), strict=True)
            ]
        else:
            loaded = yaml.safe_load(text)
            rows = loaded if isinstance(loaded, list) else [loaded]
    except (yaml.YAMLError, csv.Error, AttributeError) as error:
        raise Mistake(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise Mistake(f"{path}: a mapping of parameters to values is needed, such as 'depth: [4, 20]' or 'seed: 0..9'")
    sets, many = [], 0
    for row in rows:
        choices = [_choices(value) for value in row.values()]
        many += math.prod(len(each) for each in choices)
        if many > LARGEST_GRID:
            raise Mistake(f"{path}: {many:,} sets; at most {LARGEST_GRID:,} are run in one batch")
        sets += [dict(zip(map(str, row), values, strict=True)) for values in itertools.product(*choices)]
    return sets


def roster(path):
    """The students of a roster (CSV with a column ``id``, and ``name`` and ``group`` if wanted), and the lines refused.

    A refused line is ``(line number, what it holds, why)``. An id that stands twice is refused each time: which line is
    right cannot be known. ``Mistake`` for a file that is no roster.
    """
    reader = csv.DictReader(io.StringIO(_text(path)), skipinitialspace=True)
    students, refused, seen = [], [], {}
    try:
        if "id" not in (reader.fieldnames or []):
            raise Mistake(f"{path}: its first line has no column 'id': 'id,name,group' is needed")
        for row in reader:
            values = {
                name: unicodedata.normalize("NFC", (row.get(name) or "").strip()) for name in ("id", "name", "group")
            }
            if not any(values.values()):
                continue
            if ID.fullmatch(values["id"]):
                students.append((reader.line_num, Student(**values)))
                seen.setdefault(values["id"].casefold(), []).append(reader.line_num)
            else:
                reason = "an id of at most 64 letters, digits and . _ @ + - is needed, a letter or a digit first"
                refused.append((reader.line_num, Student(**values), f"{values['id']!r}: {reason}"))
    except csv.Error as error:
        raise Mistake(f"{path}, line {reader.line_num}: {error}") from error
    for line, student in students:
        lines = seen[student.id.casefold()]
        if len(lines) > 1:
            refused.append((line, student, f"{student.id!r} stands in lines {' and '.join(map(str, lines))}"))
    return [student for _, student in students if len(seen[student.id.casefold()]) == 1], refused


def _choices(value):
    """The values that a grid's entry stands for."""
    if isinstance(value, list):
        return [choice for each in value for choice in _choices(each)]
    bounds = RANGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not bounds:
        return [value]
    low, high, step = int(bounds[1]), int(bounds[2]), int(bounds[3] or 1)
    if low > high or step < 1:
        raise Mistake(f"{value}: a range goes up, as in 0..9 or 0..40..10")
    return range(low, high + 1, step)


def _text(path):
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
