"""The roster: whom the course is given to, in a table of one's own or as Canvas and Moodle export it."""

import re
import unicodedata
from dataclasses import dataclass, field

from utils.course.storage.input_files import Mistake, text_of
from utils.course.storage.spreadsheets import records

ID = re.compile(r"[^\W_][\w.@+-]{0,63}")
SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+", flags=re.IGNORECASE)
# What each column is called, in small letters and with blanks for "_": here, and in the platforms' own tables.
CALLED = {
    "id": ("id",),
    "name": ("name", "full name", "student", "student name"),
    "group": ("group", "group name", "groups", "section", "sections"),
    "email": ("email", "email address", "e-mail", "e-mail address", "mail"),
    "canvas": ("canvas", "canvas user id"),
    "moodle": ("moodle", "identifier"),
}
FIRST_NAME, LAST_NAME = ("first name", "firstname"), ("last name", "lastname", "surname")
# Where no column is called "id": the first of these that a line fills in. Beside them "email" and "moodle" serve.
INSTEAD_OF_ID = "id number", "idnumber", "username", "login id", "user id"
CANVAS = {"sis user id", "sis login id"}  # one of these stands beside "ID" in its gradebook


@dataclass(frozen=True, slots=True)
class Student:
    """A line of the roster; ``canvas`` and ``moodle`` are the numbers in the names that these give to files.

    ``extra`` holds the roster's other columns, ``(column, value)`` in their order. It plays no part in comparisons.
    """

    id: str = ""
    name: str = ""
    group: str = ""
    email: str = ""
    canvas: str = ""
    moodle: str = ""
    extra: tuple[tuple[str, str], ...] = field(default=(), compare=False)


NOBODY = Student()


def roster(path):
    """The students of a roster, and the lines refused.

    A roster is a CSV file, with commas, semicolons or tabs; its first line names the columns, as ``CALLED`` has them.
    Needed is one called ``id``, or one that serves instead. A refused line is ``(line number, what it holds, why)``.
    An id that stands twice is refused each time: which line is right cannot be known. ``Mistake`` for a file that is
    no roster.
    """
    separator, lines = records(text_of(path))
    _, first, fault = next(lines, (1, None, ""))
    if first is None:
        raise Mistake(f"{path}: it is empty; its first line should be 'id,name,group'")
    if fault:
        raise Mistake(f"{path}: its first line cannot be read: {fault}")
    columns = _Columns(first, path, separator)
    students, refused, seen = [], [], {}
    for number, fields, fault in lines:
        student, reason = (NOBODY, fault) if fault else columns.student(fields)
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


class _Columns:
    """What each column of a roster is."""

    def __init__(self, names, path, separator):
        self._written = [" ".join(each.split()) for each in names]
        self._plain = [each.casefold().replace("_", " ") for each in self._written]
        self._separator = separator
        self._places = {name: self._place(called, path) for name, called in CALLED.items()}
        first, last = self._place(FIRST_NAME, path), self._place(LAST_NAME, path)
        self._name = [] if self._places["name"] is not None else [each for each in (first, last) if each is not None]
        self._instead = [self._place((each,), path) for each in INSTEAD_OF_ID] + [self._places["email"]]
        self._instead = [each for each in self._instead if each is not None]
        self._is_canvas = "id" in self._plain and not CANVAS.isdisjoint(self._plain)
        if self._places["id"] is None and not self._instead and self._places["moodle"] is None:
            raise Mistake(f"{path}: its first line has no column 'id': 'id,name,group' is needed")
        used = {*self._places.values(), *self._name}
        self._extra = [(at, name) for at, name in enumerate(self._written) if name and at not in used]

    def student(self, fields):
        """The student of a line, and why it cannot be used ("" if it can); ``NOBODY`` where none stands in it."""
        fields = [unicodedata.normalize("NFC", each.strip()) for each in fields]
        if not any(fields):
            return NOBODY, ""
        spare = any(fields[len(self._plain) :])
        found = [*fields, *[""] * len(self._plain)]
        values = {name: "" if at is None else found[at] for name, at in self._places.items()}
        values["name"] = values["name"] or " ".join(filter(None, (found[at] for at in self._name)))
        values["moodle"] = re.sub(r"^.*?(\d+)$", r"\1", values["moodle"])  # "Participant 1234567"
        if self._is_canvas:
            if not values["id"] and values["name"] in ("", "Points Possible"):
                return NOBODY, ""  # below the first line it tells of points and of posting
            values["canvas"] = values["canvas"] or values["id"]
        if self._places["id"] is None:
            values["id"] = next(filter(None, [*(found[at] for at in self._instead), values["moodle"]]), "")
        extra = tuple((name, found[at]) for at, name in self._extra)
        return (student := Student(**values, extra=extra)), self._fault(student, len(fields) if spare else 0)

    def _fault(self, student, too_many):
        if too_many:
            reason = f"{too_many} fields, where the first line names {len(self._plain)}"
            return f"{reason}: what holds a {self._separator!r} needs quotation marks"
        if SHORTENED.fullmatch(student.id):
            return f"{student.id!r}: a spreadsheet has shortened this number: give the column the format 'text'"
        if not ID.fullmatch(student.id):
            reason = "an id of at most 64 letters, digits and . _ @ + - is needed, a letter or a digit first"
            return f"{student.id!r}: {reason}"
        return ""

    def _place(self, called, path):
        """Where the column stands that has one of these names, an earlier one first; ``None`` if there is none."""
        for name in called:
            if count := self._plain.count(name):
                if count > 1:
                    raise Mistake(f"{path}: it has {count} columns {name!r}: which one holds?")
                return self._plain.index(name)
        return None
