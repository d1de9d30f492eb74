"""Tables and pages without what is one student's: everything else stays as it is, byte by byte."""

import csv
import html
import json
import re
import unicodedata

from utils.course.storage.input_files import UTF_16, Mistake
from utils.course.storage.spreadsheets import uncelled

ROW = re.compile(r"<tr ([^>]*)>.*?</tr>\n?", flags=re.DOTALL)  # in our pages what is no tag is escaped
CASE = re.compile(r" *<testcase ([^>]*?)(?:/>|>.*?</testcase>)\n?", flags=re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
SAYS_WHOSE = re.compile(rb"<tr data-(of|status)=")  # in each page of marks or of a batch that tells of somebody
BETWEEN = " · "  # behind the id, in the label of a job


def same(one, other):
    """Whether two ids are that of the same student."""
    return plain(one) == plain(other)


def plain(text):
    """An id as ``same`` compares it."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def ids(text):
    """The ids in a text, as ``same`` compares them."""
    return {plain(each) for each in text.split()}


def rows_of(content):
    """The records of a CSV file in bytes, each with its row by columns: ``None`` for the first and for blank ones."""
    if content.startswith(UTF_16):
        raise Mistake("it is in UTF-16; save it as 'CSV UTF-8'")
    lines, taken, columns = content.splitlines(keepends=True), [], None
    first = _text(lines[0]) if lines else ""
    said = re.fullmatch(r"sep=(.)\s*", first)
    if said:
        yield lines.pop(0), None
    read = (taken.append(line) or _text(line) for line in lines)
    try:
        for fields in csv.reader(read, delimiter=said[1] if said else max(",;\t", key=first.count), strict=True):
            row = dict(zip(columns, map(uncelled, fields), strict=False)) if columns and fields else None
            columns = columns or fields
            yield b"".join(taken), row
            taken.clear()
    except csv.Error as error:
        raise Mistake(f"it cannot be read as CSV: {error}") from error


def without_rows(theirs):
    """What ``Kept.without`` is for a CSV file, ``theirs(row)`` saying which rows go."""

    def without(path):
        rows = list(rows_of(path.read_bytes()))
        left = [record for record, row in rows if row is None or not theirs(row)]
        return b"".join(left), len(rows) - len(left)

    return without


def without_jobs(student):
    """The same for ``results.json``."""

    def without(path):
        try:
            rows = json.loads(path.read_bytes())
            left = [each for each in rows if not same(str(each["student"]), student)]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Mistake(f"{path}: it cannot be read as a table of jobs") from error
        text = json.dumps(left, indent=1, ensure_ascii=False) + "\n"
        return text.encode(), len(rows) - len(left)

    return without


def without_cases(student):
    """The same for ``results.xml``."""
    return _without_matches(CASE, lambda about: _is_label(about.get("name", ""), student))


def without_table_rows(student):
    """The same for ``index.html`` of marks or of a batch, whose rows say whose they are."""

    def theirs(about):
        alone, pair = ids(about.get("data-of", "")), ids(about.get("data-pair", ""))
        return alone == {plain(student)} or plain(student) in pair or _is_label(about.get("data-who", ""), student)

    without = _without_matches(ROW, theirs)

    def checked(path):
        content, count = without(path)
        if not SAYS_WHOSE.search(content) and f">{html.escape(student)}<".encode() in content:
            raise Mistake(f"{path}: an earlier version of the course wrote it; remove it, or write it anew")
        return content, count

    return checked


def _without_matches(pattern, theirs):
    def without(path):
        count = 0

        def kept(found):
            nonlocal count
            is_theirs = theirs({name: html.unescape(value) for name, value in ATTRIBUTE.findall(found[1])})
            count += is_theirs
            return "" if is_theirs else found[0]

        text = pattern.sub(kept, path.read_bytes().decode("utf-8", errors="surrogateescape"))
        return text.encode("utf-8", errors="surrogateescape"), count

    return without


def _is_label(text, student):
    return same(text.partition(BETWEEN)[0], student)


def _text(line):
    return line.decode("utf-8-sig", errors="surrogateescape")
