"""What came back: the notebooks in folders and zip files, whose they are, and what had to be left out.

Nothing of a returned notebook is executed; a process without any secret reads it.
"""

import csv
import stat
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from utils.course.storage.input_files import Mistake, text_of
from utils.course.students.owners import Unclear
from utils.course.students.roster import Student
from utils.notebook_files.archives import OTHER, Refused, is_hidden, kind
from utils.notebook_files.reader import Reader
from utils.notebook_files.returned import Answered

DEEPEST = 30  # folders in folders
ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
MAY_BE_WORK = (
    "",
    ".html",
    ".htm",
    ".pdf",
    ".py",
    ".txt",
    ".json",
    ".doc",
    ".docx",
    ".odt",
    ".md",
    ".rtf",
    ".webarchive",
)


@dataclass(frozen=True)
class Returned:
    """A notebook that came back: where it lay and when it was written, whose it is, and what counts of it.

    ``sure``: its path says whose it is; else the notebook alone does. ``notebook`` is the name of the course's.
    """

    place: str
    date: float | None
    student: Student
    sure: bool
    notebook: str
    content: Answered


@dataclass(frozen=True)
class LeftOut:
    """A file that was left out, and why: ``students`` are those whose it may be, ``notebook`` is "" if unknown."""

    place: str
    reason: str
    students: tuple = ()
    notebook: str = ""


@dataclass
class Collected:
    """The notebooks that came back, what was left out, and how many files there are of each kind beside them."""

    returned: list[Returned] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    others: Counter = field(default_factory=Counter)
    unread: list[LeftOut] = field(default_factory=list)


def collected(paths, owners, names):
    """What came back in these folders, zip files and notebooks; ``names`` are those of the course's notebooks."""
    found = Collected()
    with Reader() as reader:
        for path in map(Path, paths):
            for file, place, refused in _files(path, unicodedata.normalize("NFC", path.name) or str(path)):
                own = owners.is_one_person_s(place)
                several = [(place, None, refused)] if file is None else reader.read(file, place, own)
                for where, date, content in several:
                    _sort_in(found, where, date, content, owners, names)
    _set_apart(found)
    return found


def owners_in(path):
    """The owners in a table of places and ids, as ``left_out.csv`` is one once ids are filled in: place → id."""
    rows = csv.DictReader(text_of(path).splitlines())
    if not {"place", "id"} <= set(rows.fieldnames or ()):
        raise Mistake(f"{path}: its first line has no columns 'place' and 'id'")
    try:
        return {_unquoted(row["place"]): row["id"].strip() for row in rows if (row["id"] or "").strip()}
    except csv.Error as error:
        raise Mistake(f"{path}: it cannot be read: {error}") from error


def _sort_in(found, place, date, content, owners, names):
    """Put one file among those that came back, were left out, or are something else."""
    name = place.rsplit("/", 1)[-1]
    notebook = max((each for each in names if each in name), key=len, default="")
    if content is None:
        reason = "only zip files are unpacked: unpack it first" if _is_archive(name) else "only notebooks are read"
        found.unread.append(LeftOut(place, reason, tuple(owners.said(place, notebook)[0]), notebook))
        return
    try:
        if isinstance(content, Refused):
            raise Unclear(content.reason, owners.said(place, notebook)[0])
        by_itself = content.course.get("notebook")
        notebook = by_itself if by_itself in names else notebook
        if not notebook:
            raise Unclear(f"its name holds that of none of the notebooks: {', '.join(names)}", owners.said(place)[0])
        student, sure = owners.owner(place, notebook, content.course.get("student"))
        found.returned.append(Returned(place, date, student, sure, notebook, content))
    except Unclear as error:
        found.left_out.append(LeftOut(place, str(error), error.students, notebook))


def _set_apart(found):
    """Leave out those files that are no notebooks and may still be somebody's work; the others are only counted.

    A page beside the notebook that it was made from is nobody's work, nor is a picture.
    """
    came = {(each.student, each.notebook) for each in found.returned}
    came |= {(each.student, "") for each in found.returned}
    for each in found.unread:
        suffix = Path(each.place).suffix.casefold()
        may_be_work = each.notebook or suffix in MAY_BE_WORK
        if _is_archive(each.place) or (may_be_work and not any((one, each.notebook) in came for one in each.students)):
            found.left_out.append(each)
        else:
            found.others[suffix] += 1
    found.unread = []


def _is_archive(name):
    return name.casefold().endswith(ARCHIVES)


def _files(path, place):
    """``(file, place, None)`` of every file in a folder, ``(None, place, why not)`` of one that is not read."""
    left = [(path, place, 0)]
    while left:
        path, place, depth = left.pop()
        try:
            mode = path.stat().st_mode if depth == 0 else path.lstat().st_mode
            if stat.S_ISDIR(mode):
                if depth > DEEPEST:
                    yield None, place, Refused(f"more than {DEEPEST} folders in folders")
                    continue
                inside = sorted((each for each in path.iterdir() if not is_hidden(each.name)), reverse=True)
                named = ((each, unicodedata.normalize("NFC", each.name)) for each in inside)
                left += [(each, f"{place}/{name}", depth + 1) for each, name in named]
            elif not stat.S_ISREG(mode):
                what = "a link: it is not followed" if stat.S_ISLNK(mode) else "neither a file nor a folder"
                yield None, place, Refused(what)
            elif kind(path.name) == OTHER:
                yield None, place, None
            else:
                yield path, place, None
        except OSError as error:
            yield None, place, Refused(f"it cannot be read: {error.strerror or error}")


def _unquoted(place):
    """The place as it is, without the mark that keeps a spreadsheet from running it."""
    return place[1:] if place[:1] == "'" and place[1:].lstrip()[:1] in ("=", "+", "-", "@") else place
