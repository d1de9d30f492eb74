"""Grading what comes back: answers are read out of the returned notebooks as data, and the key is computed here anew.

Nothing of a returned notebook is executed and no verdict in it is believed: those that ``check`` shows were computed
where the student could change them.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from utils.course.storage.input_files import Mistake
from utils.course.students.roster import Student
from utils.notebook_files.reading import UnreadableNotebook, reads, records
from utils.records import ANSWER

LARGEST_FILE = 50_000_000  # bytes
LONGEST_CELL = 10_000  # characters
SKIPPED = (".", "__MACOSX")  # hidden files, checkpoints, a Mac's forks
ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")


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
