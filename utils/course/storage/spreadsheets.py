"""CSV files as spreadsheets read them: in UTF-8, and without anything that they would run."""

import csv
import io
import re

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
BOM = "\ufeff"  # without it Excel takes a CSV file for one in its country's old encoding
NOT_IN_A_CELL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
MOST_LINES = 20  # of a field in quotation marks
NEVER_CLOSED = "unexpected end of data"  # csv's words


def csv_text(rows):
    """The text of a CSV file with these rows."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(map(_cell, row) for row in rows)
    return BOM + text.getvalue()


def _cell(value):
    """``value`` for a spreadsheet, which would run a text that begins like a formula."""
    if not isinstance(value, str) or NUMBER.fullmatch(value):
        return value
    value = NOT_IN_A_CELL.sub("", value)
    return f"'{value}" if value.lstrip().startswith(("=", "+", "-", "@")) or value.startswith(("\t", "\r")) else value


def records(text):
    """The separator of a CSV file with this text, and an iterator over ``(line number, fields, what is wrong)``.

    The separator is a comma, a semicolon or a tab, or what a first line ``sep=…`` says. What is wrong is "" if nothing
    is. A field in quotation marks may go on in the next lines; where it would swallow other records, only its first
    line is given up. There is no record in a blank line.
    """
    lines = list(enumerate(re.split(r"\r\n|\r|\n", text), start=1))
    separator = None
    if said := re.fullmatch(r"sep=(.)", lines[0][1].strip()):
        separator, lines = said[1], lines[1:]
    first = next((line for _, line in lines if line.strip()), "")
    separator = separator or max(",;\t", key=first.count)
    return separator, _records(lines, separator)


def uncelled(value):
    """A text as it was before ``csv_text`` kept a spreadsheet from running it."""
    return value[1:] if value[:1] == "'" and value[1:].lstrip()[:1] in ("=", "+", "-", "@") else value


def _records(lines, separator):
    at, separators = 0, None
    while at < len(lines):
        number, text = lines[at]
        end, fields, fault = at, [], NEVER_CLOSED
        while fault == NEVER_CLOSED and end < min(len(lines), at + MOST_LINES):
            end += 1
            fields, fault = _parsed("\n".join(line for _, line in lines[at:end]), separator)
        if fault == NEVER_CLOSED:
            fault, end = f"the quotation mark in line {number} is never closed", at + 1
        elif fault:
            where = f" (from line {number} to line {lines[end - 1][0]})" * (end > at + 1)
            fault, end = f"its quotation marks do not fit: {fault}{where}", at + 1
        elif separators and any("\n" in each and each.count(separator) >= separators for each in fields):
            fault = f"the quotation mark in line {number} is closed in line {lines[end - 1][0]} only"
            end = at + 1
        if text.strip():
            separators = len(fields) - 1 if separators is None else separators
            yield number, fields, fault
        at = end


def _parsed(text, separator):
    """The fields of this text, and csv's words if it has none."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        return next(reader, []), ""
    except csv.Error as error:
        return [], str(error)
