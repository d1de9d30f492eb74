"""A whole class, packed as Canvas and Moodle do, with what students do to their files: no point is lost or given away.

The students are made up. The names that the platforms give to files are those of their own code.
"""

import io
import json
import re
import unicodedata
import zipfile
from collections import Counter
from copy import deepcopy

import nbformat
import pytest
from a_hand_out import BN, type_in

from utils import questions
from utils.course.batches.plan import sources
from utils.course.hand_ins.collect import collected
from utils.course.hand_ins.owners import Owners
from utils.course.marking.marks import marks
from utils.course.students.hand_out import write_hand_out
from utils.course.students.roster import Student
from utils.course.students.variants import Variants
from utils.notebook_files.reading import tagged
from utils.notebook_files.sources import course_notebooks

NAMES = {
    "ada": "Ada Example", "bo": "Bo Example", "max": "Max Born", "mmueller": "Max Müller", "anna": "Anna Koch",
    "koch2": "Anna-Lena Koch", "eoneil": "Éamon O'Neil", "al": "Ann Lee", "leeann": "Leeann Kim", "dk1": "दीपा कुमार",
    "22334": "דנה לוי", "jlt": "Jean-Luc de la Tour", "t1": "Two Names", "t2": "Two Names",
}  # fmt: skip
STUDENTS = [Student(id, name, f"Team {at // 2}") for at, (id, name) in enumerate(NAMES.items())]
TWINS = {"t1", "t2"}
SECRET = b"made up" * 5


def bare(notebook):
    """As Colab may give it back: no metadata, other ids."""
    for cell in notebook.cells:
        cell.metadata.clear()
        cell.id = f"x{cell.id[:40]}"
    del notebook.metadata["course"]


def split(notebook):
    """The line of the answer in a cell of its own above the check."""
    cell = next(each for each in notebook.cells if each.metadata.get("question") == "bn-parameters")
    first, _, cell.source = cell.source.partition("\n")
    notebook.cells.insert(notebook.cells.index(cell), nbformat.v4.new_code_cell(first))


def windows_zip(notebook, others):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"mine\\{BN}.ipynb", nbformat.writes(notebook))
        archive.writestr(f"mine\\.ipynb_checkpoints\\{BN}-checkpoint.ipynb", "{}")
    return {"work.zip": packed.getvalue()}


# What a student hands in: name → content. ``others`` are the hand-out and another student's notebook.
HABITS = {
    "as it is": lambda mine, others: {f"{BN}.ipynb": mine},
    "no metadata": lambda mine, others: mine.metadata.pop("course") and {f"{BN}.ipynb": mine},
    "with a byte order mark": lambda mine, others: {f"{BN}.ipynb": "\ufeff" + nbformat.writes(mine)},
    "in UTF-16": lambda mine, others: {f"{BN}.ipynb": nbformat.writes(mine).encode("utf-16")},
    "renamed by the browser": lambda mine, others: {f"{BN}.ipynb.txt": mine},
    "twice": lambda mine, others: {f"{BN}.ipynb": mine, f"{BN} (1).ipynb": mine},
    "with the hand-out": lambda mine, others: {f"{BN}.ipynb": mine, f"{BN} (conflicted copy).ipynb": others[0]},
    "zipped on Windows": windows_zip,
    "back from Colab": lambda mine, others: bare(mine) or {f"{BN}.ipynb": mine},
    "split cells": lambda mine, others: split(mine) or {f"{BN}.ipynb": mine},
    "renamed": lambda mine, others: {"homework.ipynb": mine},
    "in other letters": lambda mine, others: {BN.replace("_", " ").upper() + ".ipynb": mine},
    "with another's": lambda mine, others: {f"{BN}.ipynb": mine, f"ada_{BN}.ipynb": others[1]},
    "late": lambda mine, others: {f"{BN}.ipynb": mine},
}
NOBODY_SAYS = {"bo", "leeann"}  # whose files lost the metadata: in blind marking nothing else tells


def moodle(name, number, part):
    return re.sub(r"[&<>\"`|':\\/]", "", name.replace("_", " ")) + f"_{number}_assignsubmission_file{part}"


def canvas(name, number, part, late=False):
    first, _, last = name.rpartition(" ")
    letters = "".join(each for each in f"{last}{first}".lower() if unicodedata.category(each)[0] in "LMN")
    return f"{letters}{'_LATE' * late}_{number}_{part}"


PACKED = {
    "folders": lambda at, student, name: f"{student.id}/{name}",
    "moodle": lambda at, student, name: moodle(student.name, 900 + at, f"/{name}"),
    "moodle, flat": lambda at, student, name: moodle(student.name, 900 + at, f"_{name}"),
    "moodle, groups kept apart": lambda at, student, name: moodle(
        f"{student.group}-{student.name}", 900 + at, f"_/{name}"
    ),
    "canvas": lambda at, student, name: canvas(student.name, 4700 + at, f"{at}_{name}", late=at == 13),
    "moodle, blind": lambda at, student, name: moodle("Participant", 900 + at, f"/{name}"),
    "canvas, blind": lambda at, student, name: f"anon_x{at}Q_{at}_{name}",
}


@pytest.fixture(scope="module")
def the_class(tmp_path_factory):
    """The source, what each student hands in (id → name → content), and the points that each has earned."""
    folder = tmp_path_factory.mktemp("class")
    (source,), _ = sources([course_notebooks()[3]])
    write_hand_out([source], STUDENTS, SECRET, folder)
    variants, handed_out, earned, mine = Variants(source.notebook, {}), {}, {}, {}
    for at, student in enumerate(STUDENTS):
        with zipfile.ZipFile(folder / "students" / f"{student.id}.zip") as archive:
            notebook = nbformat.reads(archive.read(f"{student.id}/{BN}.ipynb").decode(), as_version=4)
        handed_out[student.id], notebook = notebook, deepcopy(notebook)
        asked = [question for _, question in variants.asked(variants.drawn(SECRET, student.id))]
        asked = [each for each in asked if each.answer is not None]
        answered = asked[: 1 + at % len(asked)] + [each for each in asked if each.id == "bn-parameters"]
        for question in {each.id: each for each in answered}.values():
            type_in(notebook, question.id, repr(questions.plain(question.answer)))
        mine[student.id], earned[student.id] = notebook, len({each.id for each in answered})
    files = {}
    for student, habit in zip(STUDENTS, HABITS.values(), strict=True):
        others = handed_out[student.id], mine["ada"]
        handed_in = habit(deepcopy(mine[student.id]), others)
        files[student.id] = {name: as_bytes(content) for name, content in handed_in.items()}
    return source, files, earned


@pytest.mark.parametrize("kept", [True, False], ids=["metadata kept", "metadata lost"])
@pytest.mark.parametrize("packed", PACKED)
def test_nobody_loses_or_gets_a_point_and_what_is_unclear_is_asked(the_class, tmp_path, packed, kept):
    source, files, earned = the_class
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for at, student in enumerate(STUDENTS):
            for name, content in files[student.id].items():
                archive.writestr(PACKED[packed](at, student, name), content if kept else without_metadata(content))
    ids = {each.metadata.question for each in tagged(source.notebook, "answer")}
    found = collected([tmp_path / "all.zip"], Owners(STUDENTS), {BN: ids})
    marked = marks([source], STUDENTS, SECRET, found)
    points = Counter()
    for each in marked.marks:
        points[each.student.id] += each.points or 0
    assert [each for each in earned if points[each] > earned[each]] == []
    lost = {each for each in earned if points[each] < earned[each]}
    if "blind" in packed:
        assert lost == (NOBODY_SAYS if kept else earned.keys() - {"al"}), "al's zip file is not looked into here"
    else:
        assert lost == (set() if kept or packed == "folders" else TWINS)
    assert len({each.asks for each in marked.left_out if each.asks}) >= len(lost), "each is asked for"


def as_bytes(content):
    content = nbformat.writes(content) if isinstance(content, dict) else content
    return content.encode() if isinstance(content, str) else content


def without_metadata(content):
    try:
        notebook = json.loads(content)
    except ValueError:
        return content  # a zip file
    notebook["metadata"].pop("course", None)
    return json.dumps(notebook)
