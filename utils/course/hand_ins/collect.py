"""What came back: the notebooks in folders and zip files, whose they are, and what had to be left out.

Nothing of a returned notebook is executed; a process without any secret reads it.
"""

import os
import re
import stat
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from utils.course.hand_ins.owners import Unclear
from utils.course.hand_ins.reader import Reader
from utils.course.students.platforms import handed_in, platform_name
from utils.course.students.roster import Student
from utils.notebook_files.archives import NOTEBOOK, OTHER, Refused, is_hidden, kind, lies_hidden
from utils.notebook_files.returned import Answered
from utils.notebook_files.sources import course_notebooks

CHECKPOINTS = ".ipynb_checkpoints"
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


@dataclass(frozen=True, slots=True)
class Returned:
    """A notebook that came back: where it lay and when it came, whose it is, and what counts of it.

    ``date`` is in seconds since 1970, ``None`` where nothing tells: that of the file, but for what a platform packed.

    ``sure``: its path says whose it is; else the notebook alone does. ``notebook`` is the name of the course's.
    ``drawn_for`` are those whose variant it may hold, if not ``student``: where a group handed it in, there is one
    for each of the group. ``attachment`` is Canvas's number of the file, 0 if it has none.
    """

    place: str
    date: float | None
    student: Student
    sure: bool
    notebook: str
    content: Answered
    drawn_for: tuple[Student, ...] = ()
    attachment: int = 0


def when(returned):
    """What puts notebooks that came back in order of time, as far as that is known."""
    return returned.attachment, returned.date or 0, returned.place


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was left out, and why: ``students`` are those whose it may be, ``notebook`` is "" if unknown.

    ``asks`` is where the instructor may fill in whose it is, or which notebook: a file, or a folder around it.
    """

    place: str
    reason: str
    students: tuple = ()
    notebook: str = ""
    asks: str = ""


@dataclass
class Collected:
    """The notebooks that came back, what was left out, and how many files there are of each kind beside them.

    ``not_graded`` are the course's other notebooks, which are not asked for now.
    """

    returned: list[Returned] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    not_graded: list[LeftOut] = field(default_factory=list)
    others: Counter = field(default_factory=Counter)
    unread: list[LeftOut] = field(default_factory=list)


def collected(paths, owners, notebooks, renamed=(), kept=None):
    """What came back in these folders, zip files and notebooks.

    ``notebooks`` are those that are graded: name → the ids of its questions. ``renamed`` says which of them a file is
    whose name does not: place → name. ``kept`` are the ``Readings`` of earlier runs: no file is read twice.
    """
    found, read, renamed = Collected(), [], dict(renamed)
    with Reader(kept=kept) as reader:
        for path in map(Path, paths):
            for file, place, refused in _files(path, unicodedata.normalize("NFC", path.name) or str(path)):
                own = owners.is_one_person_s(place)
                several = [(place, None, refused)] if file is None else reader.read(file, place, own)
                for where, date, content in several:
                    read.append((where, date, content, _notebook(where, content, notebooks, renamed)))
    owners.learn((place, name, content.course.get("student")) for place, _, content, name in read if _is_read(content))
    asked = {}
    for each in read:
        _sort_in(found, *each, owners, notebooks, asked)
    _set_apart(found, owners)
    if kept is not None:
        kept.finish((each.content.digest, each.student.id) for each in found.returned)
    return found


def _notebook(place, content, notebooks, renamed):
    """Which of the course's notebooks a file is: by what was filled in, what it says, its name, or all it asks."""
    by_name = named_in(place, notebooks)
    if place in renamed or not _is_read(content):
        return renamed.get(place, by_name)
    by_itself = content.course.get("notebook")
    if isinstance(by_itself, str) and by_itself in notebooks:
        return by_itself
    if by_name:
        return by_name
    asked = {each for cell in content.cells for each in (*cell.typed, cell.question)}
    asked &= set().union(*notebooks.values())
    return next((each for each, ids in notebooks.items() if ids and asked == ids), "")


def named_in(place, notebooks):
    """The notebook whose name is in that of a file, "" if there is none."""
    name = _letters(place.rsplit("/", 1)[-1])
    return max((each for each in notebooks if _letters(each) in name), key=len, default="")


def _not_graded(place, content):
    """The course's notebook that a file is, "" if it is none; one of those that are graded has been found before."""
    names = [path.stem for path in course_notebooks()]
    by_itself = content.course.get("notebook")
    return by_itself if isinstance(by_itself, str) and by_itself in names else named_in(place, names)


def _sort_in(found, place, date, content, notebook, owners, notebooks, asked):
    """Put one file among those that came back, were left out, or are something else.

    ``asked`` remembers at which place it is asked whose a number is: one file of several is enough.
    """
    name = place.rsplit("/", 1)[-1]
    if content is None:
        reason = "only zip files are unpacked: unpack it first" if _is_archive(name) else "only notebooks are read"
        reason = "hidden files are not read, and nothing else came" if _lies_hidden(place) else reason
        found.unread.append(LeftOut(place, reason, owners.may_be_of(place, notebook), notebook))
        return
    if isinstance(content, Refused):
        found.left_out.append(LeftOut(place, content.reason, owners.may_be_of(place, notebook), notebook))
        return
    if not notebook and (other := _not_graded(place, content)):
        found.not_graded.append(LeftOut(place, "it is not graded now", owners.may_be_of(place), other))
        return
    try:
        if not notebook:
            which = f"which notebook is it? Its name holds that of none: {', '.join(notebooks)}"
            raise Unclear(which, owners.may_be_of(place), place)
        owner = owners.owner(place, notebook, content.course.get("student"))
    except Unclear as error:
        asks = asked.setdefault(error.number, error.asks) if error.number else error.asks
        found.left_out.append(LeftOut(place, str(error), error.students, notebook, asks))
        return
    written = next(filter(None, map(platform_name, place.split("/"))), None)
    for student in owner.students:
        # A platform dates all files by the time of the download.
        when = (date, 0) if not written else (handed_in(student, written.number), written.attachment)
        found.returned.append(
            Returned(place, when[0], student, owner.sure, notebook, content, owner.drawn_for, when[1])
        )


def _set_apart(found, owners):
    """Leave out those files that are no notebooks and may still be somebody's work; the others are only counted.

    A page beside the notebook that it was made from is nobody's work, nor is a picture beside any. What is all that
    somebody handed in is named, whatever it is.
    """
    came = {(each.student, each.notebook) for each in found.returned}
    came |= {(each.student, "") for each in found.returned}
    known = [*found.returned, *found.left_out, *found.not_graded] if found.unread else []
    heard_of = {who for each in known for who in owners.handed_in_by(each.place, each.notebook)}
    for each in found.unread:
        suffix, who = Path(each.place).suffix.casefold(), owners.handed_in_by(each.place, each.notebook)
        hidden, may_be_work = _lies_hidden(each.place), each.notebook or suffix in MAY_BE_WORK
        missing = may_be_work and not any((one, each.notebook) in came for one in each.students)
        if (not hidden and (_is_archive(each.place) or missing)) or (who and heard_of.isdisjoint(who)):
            found.left_out.append(each)
            heard_of.update(who)
        elif not hidden:
            found.others[suffix] += 1
    found.unread = []


def _is_read(content):
    return isinstance(content, Answered)


def _letters(name):
    """A name by its letters and digits alone: blanks, hyphens and capital letters come and go."""
    return re.sub(r"[\W_]+", "_", name.casefold())


def _lies_hidden(place):
    """Whether it is hidden in what came back, which may lie in a hidden folder as a whole."""
    return lies_hidden(place.partition("/")[2])


def _is_archive(name):
    return name.casefold().endswith(ARCHIVES)


def _hidden(path, name):
    """The names of the notebooks that are hidden, or among the checkpoints of Jupyter."""
    if name == CHECKPOINTS and not path.is_symlink():
        yield from (f"{name}/{each}" for each in sorted(os.listdir(path)) if kind(each) == NOTEBOOK)
    elif is_hidden(name) and kind(name) == NOTEBOOK:
        yield name


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
                inside = sorted(path.iterdir(), reverse=True)
                named = [(each, unicodedata.normalize("NFC", each.name)) for each in inside]
                left += [(each, f"{place}/{name}", depth + 1) for each, name in named if not is_hidden(name)]
                yield from ((None, f"{place}/{name}", None) for each, name in named for name in _hidden(each, name))
            elif not stat.S_ISREG(mode):
                what = "a link: it is not followed" if stat.S_ISLNK(mode) else "neither a file nor a folder"
                yield None, place, Refused(what)
            elif kind(path.name) == OTHER:
                yield None, place, None
            else:
                yield path, place, None
        except OSError as error:
            yield None, place, Refused(f"it cannot be read: {error.strerror or error}")
