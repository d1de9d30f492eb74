"""CSV files as spreadsheets read them: in UTF-8, and without anything that they would run."""

import csv
import io
import re

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
BOM = "\ufeff"  # without it Excel takes a CSV file for one in its country's old encoding
NOT_IN_A_CELL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


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
