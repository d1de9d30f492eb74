"""A CSV file of somebody else's in which single cells are set: all others stay as they are, byte by byte."""

import codecs
import re

from utils.course.storage.input_files import Mistake, bytes_of

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
SEPARATORS = ",;\t"
LINE_END = re.compile(r"\r\n|\r|\n|")
SEP_LINE = re.compile(r"sep=(.)(\r\n|\r|\n)", flags=re.IGNORECASE)  # by which Excel is told the separator


class CsvCells:
    """The cells of a CSV file: ``rows`` are lists of texts, the first of them the names of the columns.

    ``Mistake`` for a file that cannot be read as such a table.
    """

    def __init__(self, path):
        self._path, self._set = path, {}
        self._bom, self._encoding, self._text = _decoded(bytes_of(path))
        said = SEP_LINE.match(self._text)
        start = said.end() if said else 0
        first = re.match(r"[^\r\n]*", self._text[start:])[0]
        self.separator = said[1] if said else max(SEPARATORS, key=first.count)
        self._places = _places(path, self._text, start, self.separator)
        self.rows = [[_plain(self._text[begin:end]) for begin, end in row] for row in self._places]
        if not self.rows or len(self.rows[0]) < 2:
            raise Mistake(f"{path}: no table with several columns stands in it; save it as CSV")

    def set(self, row, column, text):
        """Put ``text`` into a cell, in quotation marks if it stood in some or needs them."""
        self._set[row, column] = text

    def without(self, rows):
        """The file as bytes without the rows of these numbers. Nothing else differs: that is checked."""
        text = self._text
        for row in sorted(rows, reverse=True):
            begin, end = self._places[row][0][0], self._places[row][-1][1]
            text = text[:begin] + text[LINE_END.match(text, end).end() :]
        self._check(text, [row for at, row in enumerate(self.rows) if at not in rows])
        return self._bom + text.encode(self._encoding)

    def content(self):
        """The file as bytes, with what was set. Nothing else differs: that is checked."""
        text = self._text
        for (row, column), new in sorted(self._set.items(), reverse=True):
            begin, end = self._places[row][column]
            quoted = text[begin : begin + 1] == '"' or any(each in new for each in (self.separator, '"', "\r", "\n"))
            raw = '"{}"'.format(new.replace('"', '""')) if quoted else new
            text = text[:begin] + raw + text[end:]
        wanted = [
            [self._set.get((at, column), value) for column, value in enumerate(row)] for at, row in enumerate(self.rows)
        ]
        self._check(text, wanted)
        return self._bom + text.encode(self._encoding)

    def _check(self, text, wanted):
        """``Mistake`` unless these are the rows of the text."""
        start = self._places[0][0][0]
        if [[_plain(text[b:e]) for b, e in row] for row in _places(self._path, text, start, self.separator)] != wanted:
            raise Mistake(f"{self._path}: it cannot be changed without changing more than is meant")


def _decoded(content):
    """``(the mark at its beginning, encoding, text)``; what is in no known encoding is kept byte by byte."""
    for bom, encoding in BOMS.items():
        if content.startswith(bom):
            return bom, encoding, content[len(bom) :].decode(encoding, "surrogatepass")
    if content[1:2] == b"\0":
        return b"", "utf-16-le", content.decode("utf-16-le", "surrogatepass")
    try:
        return b"", "utf-8", content.decode("utf-8")
    except UnicodeDecodeError:
        return b"", "latin-1", content.decode("latin-1")


def _places(path, text, start, separator):
    """Where each cell begins and ends in the text, row by row; empty lines are no rows."""
    by = re.escape(separator)
    # PHP, in which Moodle is written, does not double a quotation mark behind a backslash.
    cell = re.compile(rf'"(?:""|\\"(?!{by}|[\r\n]|\Z)|[^"])*+"|[^{by}\r\n"][^{by}\r\n]*+|')
    rows, row, at = [], [], start
    while at < len(text):
        found = cell.match(text, at)
        row.append((found.start(), found.end()))
        at = found.end()
        if text[at : at + 1] == separator:
            at += 1
            if at < len(text):
                continue
            row.append((at, at))
        elif at < len(text) and text[at] not in "\r\n":
            raise Mistake(f"{path}, line {_line(text, at)}: its quotation marks do not fit")
        if len(row) > 1 or row[0][0] < row[0][1]:
            rows.append(row)
            if len(row) != len(rows[0]):
                line = _line(text, row[0][0])
                raise Mistake(f"{path}, line {line}: {len(row)} fields, where the first line names {len(rows[0])}")
        row = []
        at += 2 if text[at : at + 2] == "\r\n" else 1
    return rows


def _line(text, at):
    return len(re.findall(r"\r\n|\r|\n", text[:at])) + 1


def _plain(raw):
    return raw[1:-1].replace('""', '"') if raw[:1] == '"' else raw
