"""The roster: whom the course is given to."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass

from utils.course.storage.input_files import Mistake, text_of

ID = re.compile(r"[^\W_][\w.@+-]{0,63}")


@dataclass(frozen=True)
class Student:
    """A line of the roster."""

    id: str = ""
    name: str = ""
    group: str = ""


NOBODY = Student()


def roster(path):
    """The students of a roster (CSV with a column ``id``, and ``name`` and ``group`` if wanted), and the lines refused.

    A refused line is ``(line number, what it holds, why)``. An id that stands twice is refused each time: which line is
    right cannot be known. ``Mistake`` for a file that is no roster.
    """
    reader = csv.DictReader(io.StringIO(text_of(path)), skipinitialspace=True)
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
