"""A platform's own table filled with the points: Canvas's gradebook, Moodle's grading worksheet or its gradebook."""

import re
import unicodedata
from collections import Counter
from fractions import Fraction

from utils.course.pages.grade_index import written
from utils.course.storage.csv_cells import CsvCells
from utils.course.storage.input_files import Mistake
from utils.course.students.platforms import platform_name

NAMES = ("student", "full name", "name")
FIRST, LAST = ("first name", "firstname"), ("last name", "lastname", "surname")
IDS = ("sis user id", "sis login id", "integration id", "id number", "username", "student id", "email address", "email")
SHOWN = 20  # ids in a sentence
STAYS = ("EX", "N/A")  # excused, or not assigned to this student: Canvas's words
NO_MARK = re.compile(r"(current|final|override|unposted).*(score|points|grade|status)", flags=re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"\d+,\d+")


def table_filled(path, column, points, most, returned):
    """The table at ``path`` with points put in, as bytes, and sentences on what was put where.

    ``points`` are the students' (``None`` for those of whom nothing came back: their cells stay as they are), ``most``
    what can be reached: where the platform's own maximum differs, points are scaled to it. ``column`` names the column,
    or is ``None`` where only one can be meant. ``Mistake`` if the table cannot be filled.
    """
    table = CsvCells(path)
    columns = [_text(each) for each in table.rows[0]]
    at = _target(path, table, columns, column)
    tops = _tops(table, columns, at)
    comma = _has_decimal_comma(table, columns, at)
    students = _Rows(columns, points, returned).students(table.rows)
    put, replaced, by_name, twice = set(), 0, 0, set()
    owners = Counter(student for student, _ in students.values())
    for row, (student, certain) in students.items():
        if owners[student] > 1:
            twice.add(student)
            continue
        value = points[student]
        if value is None or table.rows[row][at].strip().upper() in STAYS:
            continue
        top = tops.get(row, tops.get(0))
        text = written(value * top / most if top and most else value)
        text = text.replace(".", ",") if comma else text
        before = table.rows[row][at].strip()
        replaced += before not in ("", "-") and _number(before) != _number(text)
        by_name += not certain
        put.add(student)
        table.set(row, at, text)
    return table.content(), list(_told(table, at, points, most, tops, put, replaced, by_name, twice))


def table_without(path, student, students):
    """The table at ``path`` without the rows of one of the ``students``, as bytes, and how many these are."""
    table = CsvCells(path)
    rows = _Rows([_text(each) for each in table.rows[0]], students, ()).students(table.rows)
    theirs = [number for number, (whose, _) in rows.items() if whose == student]
    return table.without(theirs), len(theirs)


def _told(table, at, points, most, tops, put, replaced, by_name, twice):
    yield f"  {len(put)} marks in the column {table.rows[0][at].strip()!r}"
    different = {top for top in tops.values() if top and top != most}
    if different and most:
        yield f"  scaled from {written(most)} points to {' and '.join(written(each) for each in sorted(different))}"
    if not any(tops.values()):
        yield f"  as they are, of {written(most)} points: the table names no maximum"
    if replaced:
        yield f"  {replaced} of them replace another mark"
    if by_name:
        yield f"  {by_name} of them by the full name alone"
    if twice:
        yield f"  not filled, since they stand there more than once: {', '.join(each.id for each in twice)}"
    missing = [each.id for each, value in points.items() if value is not None and each not in put | twice]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        yield f"  not filled, though something came back: {', '.join(missing[:SHOWN])}{more}"


def _target(path, table, columns, wanted):
    """The number of the column to fill."""
    if wanted is not None:
        found = [at for at, name in enumerate(columns) if name == _text(wanted)]
        if len(found) == 1:
            return found[0]
    if "identifier" in columns and "scale" in columns and "maximum grade" not in columns:
        raise Mistake(f"{path}: this assignment is graded in words (a scale): points cannot be put in")
    candidates = _candidates(table, columns)
    if wanted is None and len(candidates) == 1:
        return candidates[0]
    named = "; ".join(table.rows[0][each].strip() for each in candidates or range(len(columns)))
    said = f"there is no column {wanted!r}" if wanted is not None else "which column is to be filled?"
    raise Mistake(f"{path}: {said} Name one with --column: {named}")


def _candidates(table, columns):
    if "identifier" in columns and "grade" in columns:  # Moodle's worksheet
        return [columns.index("grade")]
    tops = next((row for row in table.rows[1:3] if "points possible" in _text(row[0])), None)
    if tops:  # Canvas
        section = columns.index("section") if "section" in columns else 0
        free = [at for at in range(section + 1, len(columns)) if "read only" not in tops[at]]
        return [at for at in free if re.search(r"\(\d+\)$", columns[at]) and not NO_MARK.search(columns[at])]
    return [at for at, name in enumerate(columns) if name.endswith("(real)") and not name.startswith("course total")]


def _tops(table, columns, at):
    """The platform's maximum by row; that of row 0 is everybody's."""
    for row in table.rows[1:3]:
        if "points possible" in _text(row[0]):
            return {0: _number(row[at])}
    if "maximum grade" not in columns:
        return {}
    top = columns.index("maximum grade")
    return {number: _number(row[top]) for number, row in enumerate(table.rows) if number}


def _has_decimal_comma(table, columns, at):
    """Whether the table writes its marks and maxima with a decimal comma."""
    marks = [at, *(each for each, name in enumerate(columns) if name == "maximum grade" or name.endswith("(real)"))]
    return any(DECIMAL_COMMA.fullmatch(row[each].strip()) for row in table.rows[1:] for each in marks)


class _Rows:
    """Whose row is whose: by the platform's number, an id or an email address, and by the full name where all fails."""

    def __init__(self, columns, students, returned):
        self._columns = columns
        self._keys, self._names, self._name_column = {}, {}, None
        self._numbers = {
            at: kind for at, name in enumerate(columns) for kind in [self._number_of(name, columns)] if kind
        }
        self._ids = [at for at, name in enumerate(columns) if name in IDS or (name == "id" and at not in self._numbers)]
        for student in students:
            for each in filter(None, (student.id, student.email)):
                self._key(("id", each), student)
            for kind in ("canvas", "moodle"):
                self._key((kind, getattr(student, kind)), student)
            for name, value in student.extra:
                self._key((_text(name), value), student)
            if student.name:
                self._names.setdefault(_words(student.name), set()).add(student)
        for each in returned:
            for part in each.place.split("/") if each.sure and each.student in students else ():
                read = platform_name(part)
                if read and _words(read.name) != _words(each.student.group):  # else the number is the group's
                    self._key((read.platform, read.number), each.student)

    def students(self, rows):
        """The student of each row that is somebody's, and whether more than the name says so: number → both."""
        if not any(map(self._by_keys, rows[1:])):
            self._look_for_columns(rows)
        names = [_words(self._name(row)) for row in rows]
        often = Counter(names)
        found = {}
        for number, row in enumerate(rows[1:], start=1):
            own = self._by_keys(row)
            if len(own) == 1:
                found[number] = own.pop(), True
            elif not own and len(self._names.get(names[number], ())) == 1 and often[names[number]] == 1:
                found[number] = next(iter(self._names[names[number]])), False
        certain = {student for student, sure in found.values() if sure}
        return {number: each for number, each in found.items() if each[1] or each[0] not in certain}

    def _look_for_columns(self, rows):
        """The columns by what stands in them, where their names are in another language: most of it names students."""
        for at in range(len(rows[0])):
            values = [row[at] for row in rows[1:]]
            for kind, columns in (("id", self._ids), ("moodle", self._numbers)):
                named = [self._one((kind, each if kind == "id" else _last_digits(each))) for each in values]
                if 2 * len({student for own in named for student in own}) > len(values):
                    columns.append(at) if kind == "id" else columns.update({at: kind})
                    return
            if 2 * sum(_words(each) in self._names for each in values) > len(values):
                self._name_column = at

    def _by_keys(self, row):
        """The students that the row's numbers, ids and email addresses name."""
        own = set()
        for at, value in enumerate(row):
            if at in self._numbers:
                kind = self._numbers[at]
                own |= self._one((kind, _last_digits(value))) or self._called_so(("id", _last_digits(value)), row)
            elif at in self._ids:
                own |= self._one(("id", value)) | self._one((self._columns[at], value))
        return own

    def _called_so(self, key, row):
        """The student of that id, who has the row's name: an id of one's own may be a number of the platform's."""
        return {each for each in self._one(key) if not each.name or _words(each.name) == _words(self._name(row))}

    def _one(self, key):
        kind, value = key
        own = self._keys.get((kind, _text(value)), set())
        return own if len(own) == 1 else set()

    def _key(self, key, student):
        kind, value = key
        if value.strip():
            self._keys.setdefault((kind, _text(value)), set()).add(student)

    def _name(self, row):
        def of(names):
            return next((row[self._columns.index(each)] for each in names if each in self._columns), "")

        return row[self._name_column] if self._name_column is not None else of(NAMES) or f"{of(FIRST)} {of(LAST)}"

    @staticmethod
    def _number_of(name, columns):
        if name == "identifier":
            return "moodle"
        return "canvas" if name == "id" and {"sis user id", "sis login id", "section"} & set(columns) else ""


def _text(value):
    return " ".join(unicodedata.normalize("NFC", value).split()).casefold()


def _words(name):
    return tuple(sorted(_text(name.replace(",", " ")).split()))


def _last_digits(text):
    return re.search(r"\d*$", text.strip())[0]


def _number(text):
    found = re.fullmatch(r"\d{1,9}([.,]\d{1,9})?", text.strip())
    return Fraction(found[0].replace(",", ".")) if found else None
