"""Grading what comes back: answers are read out of the returned notebooks as data, and the key is computed here anew.

Nothing of a returned notebook is executed and no verdict in it is believed: those that ``check`` shows were computed
where the student could change them.
"""

import ast
import io
import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from utils import questions
from utils.batch.inputs import Mistake, Student
from utils.batch.notebooks import ANSWER, UnreadableNotebook, reads, records, tagged
from utils.batch.variants import Variants

LARGEST_FILE = 50_000_000  # bytes
LONGEST_CELL = 10_000  # characters
SKIPPED = (".", "__MACOSX")  # hidden files, checkpoints, a Mac's forks
ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
NOT_RETURNED, MISSING = "not-returned", "missing"
LAST_TO_COUNT = {"unreadable": 1, "unanswered": 2}  # of several answers the first that can be read counts


@dataclass(frozen=True)
class Cell:
    """What counts of a returned cell: its id, the question it says it asks, its source, the records in its outputs."""

    id: str
    question: object
    source: str
    shown: list


@dataclass(frozen=True)
class Returned:
    """A notebook that came back: where it lay, whose it is, which of the course's, and its code cells."""

    place: str
    student: Student
    notebook: str
    cells: list[Cell]


@dataclass(frozen=True)
class Mark:
    """The verdict on one student's answer to one question.

    ``verdict`` is a word of ``utils.questions`` ("right", "slip", …), "not-returned" where the notebook did not come
    back, or "missing" where the question's cell is not in it. ``key`` is the right answer; a prediction has none.
    """

    student: Student
    notebook: str
    question: str
    parameters: dict
    key: object
    verdict: str
    given: object = None
    slip: str = ""
    remark: str = ""

    @property
    def points(self):
        """1 or 0, and ``None`` for a prediction."""
        return None if self.key is None else int(self.verdict == "right")


def collected(paths, students, names):
    """The notebooks called ``names`` in these folders, zip files and notebooks, and a sentence on each left out.

    A notebook is a student's where its path begins with the id, or where it says whom it was handed out to. It is left
    out where neither tells, where the two differ, and where a student returned the same one more than once.
    """
    found, complaints = {}, []
    by_id = {student.id.casefold(): student for student in students}
    for path in map(Path, paths):
        for place, content in _files(path, path.name, complaints):
            try:
                each = _returned(place, content, by_id, names)
                found.setdefault((each.student, each.notebook), []).append(each)
            except (Mistake, UnreadableNotebook) as error:
                complaints.append(str(error))
    for (student, notebook), several in found.items():
        if len(several) > 1:
            places = ", ".join(each.place for each in several)
            complaints.append(
                f"{notebook} of {student.id} came back more than once; keep the one that counts: {places}"
            )
    return [several[0] for several in found.values() if len(several) == 1], complaints


def marks(sources, students, secret, returned):
    """A ``Mark`` for every student, source and question; without ``secret`` everybody had the notebooks as they are."""
    came = {(each.student, each.notebook): each.cells for each in returned}
    variants = {source.name: Variants(source.notebook, {}) for source in sources}
    for student in students:
        for source in sources:
            values = variants[source.name].drawn(secret, student.id) if secret else {}
            asked = variants[source.name].answers(values)
            for cell, (question, parameters, key) in zip(tagged(source.notebook, "answer"), asked, strict=True):
                judged = _judged(came.get((student, source.name)), cell, question, parameters)
                yield Mark(student, source.name, question, parameters, key, **judged)


def _judged(cells, asked, question, parameters):
    """The verdict on the answer to ``question``, which was handed out in the cell ``asked``, as ``Mark`` holds it."""
    if cells is None:
        return {"verdict": NOT_RETURNED}
    own = [cell for cell in cells if cell.question == question or (cell.id and cell.id == asked.get("id"))]
    shown, elsewhere = (
        [each for cell in some for each in cell.shown if isinstance(each, dict) and each.get("id") == question]
        for some in (own, [cell for cell in cells if cell not in own])
    )
    as_json = json.loads(json.dumps(parameters))
    elsewhere = [each for each in elsewhere if each.get("parameters") == as_json]  # a question's form, say
    if not own and not elsewhere:
        return {"verdict": MISSING}
    answers = [_typed(cell.source) for cell in own] + [each.get("answer") for each in shown + elsewhere]
    judged = [(answer, questions.check(question, answer, **parameters)) for answer in answers]
    answer, counts = min(judged, key=lambda each: LAST_TO_COUNT.get(each[1].verdict, 0))
    given = str(answer)[:200] if counts.verdict == "unreadable" else counts.answer
    remarks = []
    if any(each.answer not in (None, counts.answer) for _, each in judged):
        remarks.append("another answer is shown, too, in its output or in another cell")
    if any(each.get("parameters") != as_json for each in shown):
        remarks.append("it was run with other parameters than this student's")
    return {"verdict": counts.verdict, "given": given, "slip": counts.slip or "", "remark": "; ".join(remarks)}


def _typed(source):
    """What an answer cell's ``answer = …`` holds: a text or number as it is, anything else as text; never executed."""
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        typed = re.findall(r"^answer\s*=([^#\n]*)", source, flags=re.MULTILINE)
        return typed[-1].strip() if typed and typed[-1].strip() != "None" else None
    for line in reversed(lines):
        if isinstance(line, ast.Assign) and any(getattr(name, "id", "") == "answer" for name in line.targets):
            value = line.value
            return value.value if isinstance(value, ast.Constant) else ast.get_source_segment(source, value)
    return None


def _returned(place, content, students, names):
    stem = place.rsplit("/", 1)[-1].removesuffix(".ipynb")
    notebook = max((name for name in names if name in stem), key=len, default=None)
    if not notebook:
        raise Mistake(f"{place}: its name holds that of none of the notebooks: {', '.join(names)}")
    read = reads(content, place)
    named = _named(place.replace(notebook, ""), students)
    course = read.metadata.get("course")
    claimed = students.get(str(course.get("student")).casefold()) if isinstance(course, dict) else None
    owners = list(dict.fromkeys(filter(None, [*named, claimed])))
    if len(owners) > 1:
        whose = " and ".join(owner.id for owner in owners)
        raise Mistake(f"{place}: it may be that of {whose}: its path and the notebook itself say so")
    if not owners:
        raise Mistake(f"{place}: whose is it? No part of its path begins with a student's id, and it names none itself")
    return Returned(place, owners[0], notebook, [_cell(each) for each in read.cells if each.cell_type == "code"])


def _cell(cell):
    shown = records(NotebookNode(cells=[cell]), ANSWER)
    return Cell(cell.get("id"), cell.metadata.get("question"), cell.source[:LONGEST_CELL], shown)


def _named(place, students):
    """The students whose id a part of the path is, or begins with before a blank, ``_``, ``-`` or a bracket."""
    for part in re.sub(r"\.(ipynb|zip)(?=/|$)", "", place.casefold()).split("/"):
        ends = [len(part), *(match.start() for match in re.finditer(r"[\s_()-]", part))]
        longest = max((end for end in ends if part[:end] in students), default=0)
        if longest:
            yield students[part[:longest]]


def _files(path, place, complaints):
    """``(place, content)`` of every notebook in a folder, a zip file, or a zip file in one. Links are not followed."""
    try:
        if path.is_dir():
            for each in sorted(path.iterdir()):
                if not each.name.startswith(SKIPPED) and not each.is_symlink():
                    yield from _files(each, f"{place}/{each.name}", complaints)
        elif path.suffix.casefold() == ".zip":
            yield from _unzipped(path, place, complaints)
        elif path.suffix.casefold() == ".ipynb":
            if path.stat().st_size > LARGEST_FILE:
                raise Mistake(_too_large(path.stat().st_size))
            yield place, path.read_bytes()
        elif path.suffix.casefold() in ARCHIVES:
            raise Mistake("only zip files are read: unpack it first")
    except (Mistake, OSError) as error:
        complaints.append(f"{place}: {getattr(error, 'strerror', None) or error}")


def _unzipped(file, place, complaints, nested=False):
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if not any(part.startswith(SKIPPED) for part in entry.filename.split("/")):
                    yield from _entry(archive, entry, f"{place}/{entry.filename}", complaints, nested)
    except (zipfile.BadZipFile, OSError) as error:
        complaints.append(f"{place}: cannot be unpacked: {error}")


def _entry(archive, entry, place, complaints, nested):
    kind = place.casefold().rpartition(".")[2]
    if kind not in ("ipynb", "zip"):
        return
    try:
        if entry.file_size > LARGEST_FILE:
            raise Mistake(_too_large(entry.file_size))
        if kind == "zip" and nested:
            raise Mistake("a zip file in a zip file in a zip file: unpack it first")
        content = archive.read(entry)
    except (Mistake, zipfile.BadZipFile, RuntimeError, OSError, EOFError, zlib.error) as error:  # encrypted, damaged
        complaints.append(f"{place}: {error}")
        return
    if kind == "zip":
        yield from _unzipped(io.BytesIO(content), place, complaints, nested=True)
    else:
        yield place, content


def _too_large(size):
    return f"{size / 1e6:.0f} MB are too many for a notebook; up to {LARGEST_FILE / 1e6:.0f} are read"
