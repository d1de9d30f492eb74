"""The notebooks of the course, or of a hand-out, come into a student's folder; those that are there are renewed.

In the folder, ``.course/laid`` holds each version of a notebook that was laid, ``.course/old`` the student's files as
they were before each renewal. A file says in its metadata which version it comes from. So the one writing that counts
is that of the file itself: whoever is killed before it has changed nothing, and after it nothing is left to do.

A notebook that the course has given another number takes the student's file with it: 04_topic becomes 05_topic. What
the student wrote into a cell that stands in another notebook now is copied there, and stays where it was, too.
"""

import hashlib
import itertools
import os
import re
from copy import deepcopy
from dataclasses import dataclass

import nbformat

from utils.course.storage.atomic import write_whole
from utils.course.working_folder.merging import alike, filled_in, merged
from utils.notebook_files.reading import UnreadableNotebook, read

STATE, LAID, OLD = ".course", "laid", "old"
HANDED_OUT = "it is the one that was handed out to you now, with your own values: look at your answers again"
VERSION = "laid"  # in a notebook's metadata: the version that it comes from


@dataclass(frozen=True)
class Done:
    """What became of one notebook: "new", "up to date", "renewed" or "beside", and sentences for the student."""

    name: str
    what: str
    notes: tuple[str, ...] = ()


def without_outputs(notebook):
    """The notebook as a student opens it: nothing below a question gives its answer away."""
    notebook = deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def lay(notebooks, folder):
    """Lay ``{name: notebook}`` into the folder, which is made; yields what became of each (``Done``)."""
    for part in (LAID, OLD):
        (folder / STATE / part).mkdir(parents=True, exist_ok=True)
    for name, notebook in notebooks.items():
        new = without_outputs(notebook)
        new.metadata[VERSION] = hashlib.sha256(nbformat.writes(new).encode()).hexdigest()[:16]
        _take_over_its_old_number(name, notebooks, folder)
        yield _laid(name, new, folder)


def _laid(name, new, folder):
    file, version = folder / f"{name}.ipynb", new.metadata[VERSION]
    _write(_place(name, version, folder), new)
    if not file.exists():
        begun, notes = _with_what_stood_elsewhere(name, new, folder)
        _write(file, begun)
        return Done(name, "new", notes)
    try:
        mine = read(file)
        base = version_of(name, mine, folder)
    except UnreadableNotebook as error:
        return _beside(name, new, folder, f"{error}; {file.name} was left as it is")
    if base.metadata[VERSION] == version:
        return Done(name, "up to date")
    if not alike(base, mine):
        return _beside(name, new, folder, "its cells cannot be told from each other any more; it was left as it is")
    result, conflicts = merged(base, mine, new)
    notes = tuple(
        f"you and the course both changed “{words}”: yours was kept, the new version stands behind it"
        for words in conflicts
    )
    if "variant" in new.metadata.get("course", {}) and "variant" not in mine.metadata.get("course", {}):
        notes += (HANDED_OUT,)
    _keep(name, file.read_bytes(), folder)
    _write(file, result)
    return Done(name, "renewed", notes)


def _take_over_its_old_number(name, notebooks, folder):
    """Rename the student's file of the same topic, if the course lays none under that number any more."""
    if (folder / f"{name}.ipynb").exists() or not re.match(r"\d\d_", name):
        return
    for old in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        versions = _versions(old.stem, folder)
        if old.stem[2:] == name[2:] and old.stem not in notebooks and versions:
            for each in versions:
                write_whole(each.with_name(each.name.replace(old.stem, name, 1)), each.read_bytes())
            os.replace(old, folder / f"{name}.ipynb")
            return


def _with_what_stood_elsewhere(name, new, folder):
    """The new notebook with the student's cells that stood in another one before, and a sentence for each such one."""
    notes = []
    for other in sorted(folder.glob("*.ipynb")):
        versions = _versions(other.stem, folder)
        if other.stem == name.removesuffix(".new") or not versions:
            continue
        try:
            new, words = filled_in(new, [read(each) for each in versions], read(other))
        except UnreadableNotebook:
            continue
        notes += [f"what you wrote in {other.stem} came along: “{each}”" for each in words]
    return new, tuple(notes)


def _place(name, version, folder):
    return folder / STATE / LAID / f"{name}.{version}.ipynb"


def version_of(name, mine, folder):
    """The version that the file says it comes from; where it does not say, the one that most of its cells are from."""
    said = _place(name, re.sub("[^0-9a-f]", "", str(mine.metadata.get(VERSION))), folder)
    if said.exists():
        return read(said)
    own = {cell.id: cell.source for cell in mine.cells}
    versions = [read(each) for each in _versions(name, folder)]
    return max(versions, key=lambda each: sum(own.get(cell.id) == cell.source for cell in each.cells))


def _versions(name, folder):
    """The files of all versions of that notebook that were laid into the folder."""
    return sorted((folder / STATE / LAID).glob(f"{name}.????????????????.ipynb"))


def _beside(name, new, folder, why):
    """Lay the new version under a name of its own; there, too, what the student writes stays."""
    beside = _laid(f"{name}.new", new, folder)
    return Done(name, "beside", (f"{why}; the new version is {beside.name}.ipynb", *beside.notes))


def _keep(name, content, folder):
    """Keep the student's file under the next free number."""
    old = folder / STATE / OLD
    number = next(n for n in itertools.count(1) if not (old / f"{name}.{n}.ipynb").exists())
    write_whole(old / f"{name}.{number}.ipynb", content)


def _write(path, notebook):
    """Write the notebook, unless the file holds it already."""
    content = (nbformat.writes(notebook) + "\n").encode()
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)
