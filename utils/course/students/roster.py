"""The roster: whom the course is given to."""

import csv
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from utils.course.storage.input_files import Mistake, text_of

ID = re.compile(r"[^\W_][\w.@+-]{0,63}")
SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+", flags=re.IGNORECASE)
COLUMNS = "id", "name", "group", "email", "canvas", "moodle"
# As the platforms' own tables call them.
ALSO_CALLED = {"student": "name", "full name": "name", "section": "group", "email address": "email"}


@dataclass(frozen=True)
class Student:
    """A line of the roster; ``canvas`` and ``moodle`` are the numbers in the names that these give to files."""

    id: str = ""
    name: str = ""
    group: str = ""
    email: str = ""
    canvas: str = ""
    moodle: str = ""


NOBODY = Student()


def roster(path):
    """The students of a roster, and the lines refused.

    A roster is a CSV file, with commas, semicolons or tabs; its first line names a column ``id``, and others of
    ``COLUMNS`` if wanted. A refused line is ``(line number, what it holds, why)``. An id that stands twice is refused
    each time: which line is right cannot be known. ``Mistake`` for a file that is no roster.
    """
    lines = list(enumerate(text_of(path).splitlines(), start=1))
    separator = None
    if lines and (said := re.fullmatch(r"sep=(.)", lines[0][1].strip())):
        separator, lines = said[1], lines[1:]
    lines = [(number, line) for number, line in lines if line.strip()]
    if not lines:
        raise Mistake(f"{path}: it is empty; its first line should be 'id,name,group'")
    (_, first), *lines = lines
    separator = separator or max(",;\t", key=first.count)
    columns = _columns(first, separator, path)
    students, refused, seen = [], [], {}
    for number, line in lines:
        student, reason = _student(line, separator, columns)
        if student == NOBODY and not reason:
            continue
        if reason:
            refused.append((number, student, reason))
        else:
            students.append((number, student))
            seen.setdefault(student.id.casefold(), []).append(number)
    for number, student in students:
        repeated = seen[student.id.casefold()]
        if len(repeated) > 1:
            refused.append((number, student, f"{student.id!r} stands in lines {' and '.join(map(str, repeated))}"))
    if not students and not refused:
        raise Mistake(f"{path}: no student stands in it")
    return [student for _, student in students if len(seen[student.id.casefold()]) == 1], sorted(
        refused, key=lambda each: each[0]
    )


def _columns(line, separator, path):
    """What each column holds: one of ``COLUMNS``, or something that is not looked at."""
    try:
        (columns,) = csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True)
    except csv.Error as error:
        raise Mistake(f"{path}: its first line cannot be read: {error}") from error
    columns = [" ".join(each.split()).casefold() for each in columns]
    columns = [ALSO_CALLED.get(each, each) if ALSO_CALLED.get(each) not in columns else each for each in columns]
    if "id" not in columns:
        raise Mistake(f"{path}: its first line has no column 'id': 'id,name,group' is needed")
    for name, count in Counter(columns).items():
        if count > 1 and name in COLUMNS:
            raise Mistake(f"{path}: it has {count} columns {name!r}: which one holds?")
    return columns


def _student(line, separator, columns):
    """The student of a line, and why it cannot be used ("" if it can)."""
    try:
        (fields,) = csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True)
    except csv.Error as error:
        return NOBODY, f"its quotation marks do not fit: {error}"
    fields = [unicodedata.normalize("NFC", each.strip()) for each in fields]
    found = dict(zip(columns, fields, strict=False))
    student = Student(**{name: found.get(name, "") for name in COLUMNS})
    if any(fields[len(columns) :]):
        reason = f"{len(fields)} fields, where the first line names {len(columns)}"
        return student, f"{reason}: what holds a {separator!r} needs quotation marks"
    if not any(fields):
        return NOBODY, ""
    if SHORTENED.fullmatch(student.id):
        return student, f"{student.id!r}: a spreadsheet has shortened this number: give the column the format 'text'"
    if not ID.fullmatch(student.id):
        reason = "an id of at most 64 letters, digits and . _ @ + - is needed, a letter or a digit first"
        return student, f"{student.id!r}: {reason}"
    return student, ""
