"""A class of forty, packed as Canvas and Moodle do, with what students do to their files: no mark is wrong, none is
lost without a line that says so, and none is another person's.

The students are made up.
"""

import re
import tempfile
import unicodedata
import zipfile
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from a_class import FRIEND_S, HABITS, NAMES, NO_NOTEBOOK, SAME_LETTERS, SAME_WORDS, as_bytes, students
from a_hand_out import BN, put, type_in

from utils import questions
from utils.course.batches.plan import sources
from utils.course.hand_ins import collect
from utils.course.hand_ins.owners import Owners
from utils.course.marking.marks import marks
from utils.course.students.hand_out import write_hand_out
from utils.course.students.variants import Variants
from utils.notebook_files.archives import Refused, files
from utils.notebook_files.reading import UnreadableNotebook, read
from utils.notebook_files.returned import answered
from utils.notebook_files.sources import course_notebooks

SECRET = b"made up" * 5
LOGINS = list(NAMES)


def moodle(name, number, part):
    return re.sub(r"[&<>\"`|':\\/]", "", name.replace("_", " ")) + f"_{number}_assignsubmission_file{part}"


def canvas(name, number, part, late=False):
    letters = "".join(each for each in name.lower() if unicodedata.category(each)[0] in "LMN")
    return f"{letters}{'_LATE' * late}_{number}_{part}"


def last_first(name):
    return "".join(reversed(name.rpartition(" ")))


# How a file is called that a student handed in: from the student's number in the class, the student, the file's number
# and name.
PACKED = {
    "folders": lambda at, who, n, name: f"{who.id}/{name}",
    "moodle": lambda at, who, n, name: moodle(who.name, 900 + at, f"_/{name}"),
    "moodle, flat": lambda at, who, n, name: moodle(who.name, 900 + at, f"_{name}"),
    "moodle, groups kept apart": lambda at, who, n, name: moodle(f"{who.group}-{who.name}", 900 + at, f"/{name}"),
    "moodle, groups": lambda at, who, n, name: moodle(who.group, 50 + at // 2, f"/{name}"),
    "moodle, blind": lambda at, who, n, name: moodle("Participant", 900 + at, f"_/{name}"),
    "moodle, blind and flat": lambda at, who, n, name: moodle("Participant", 900 + at, f"_{name}"),
    "canvas": lambda at, who, n, name: canvas(last_first(who.name), 4700 + at, f"{n}_{name}", late=at % 3 == 0),
    "canvas, groups": lambda at, who, n, name: canvas(who.group, 4700 + at, f"{n}_{name}"),
    "canvas, blind": lambda at, who, n, name: f"anon_x{at}Q_{n}_{name}",
}  # fmt: skip
NO_METADATA = {"no metadata", "back from Colab"}


def known_by(habits):
    """The logins of those with these habits."""
    return {login for login, habit in zip(LOGINS, HABITS, strict=True) if habit in habits}


def asked_for(packed, kept, ids):
    """Of whose files the course cannot be sure."""
    if packed == "canvas, blind" or (ids != "the platform's" and "blind" in packed):
        # In a friend's notebook: two people say that they are Ada.
        return known_by({*NO_METADATA, FRIEND_S}) | {"ada"} if kept else set(LOGINS)
    if packed.endswith("groups"):
        return set() if kept else known_by({FRIEND_S})
    if ids == "the platform's" or packed in ("folders", "moodle, groups kept apart"):
        return set()
    alike = SAME_LETTERS if packed == "canvas" else SAME_WORDS
    return alike & known_by(NO_METADATA) if kept else alike


@cache
def read_once(content):
    try:
        return answered(content)
    except UnreadableNotebook as error:
        return Refused(str(error))


class ReaderHere:
    """Reads as the reader does, in this process, and the same bytes once."""

    def __init__(self, kept=None):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def read(self, path, place, own=False):
        for where, date, content in files(path, place, lambda place: None):
            yield where, date, read_once(content) if isinstance(content, bytes) else content


def typed(at, asked):
    """What a student types: question → a right answer, a slip or nothing."""
    for number, question in enumerate(asked):
        kind = (at + number) % 4
        if kind < 3 or question.id == "bn-parameters":
            yield question.id, questions.plain(question.slips[0].answer if kind == 2 else question.answer)


@cache
def handed_in(ids):
    """What each of the class hands in, and how it is to be judged.

    The source; by whether the metadata are kept and login: name → bytes, and question → verdict.
    """
    people = list(students(ids))
    notebook = read(course_notebooks()[3])
    notebook.cells = [each for at, each in enumerate(notebook.cells) if at < 4 or each.metadata.get("tags")]
    asked, given, handed_out = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        (source,), _ = sources([put(notebook, Path(folder, f"{BN}.ipynb"))])
        variants = Variants(source.notebook, {})
        write_hand_out([source], people, SECRET, folder)
        for at, (login, who) in enumerate(zip(LOGINS, people, strict=True)):
            with zipfile.ZipFile(Path(folder, "students", f"{who.id}.zip")) as archive:
                handed_out[login] = nbformat.reads(archive.read(archive.namelist()[0]).decode(), as_version=4)
            asked[login] = [question for _, question in variants.asked(variants.drawn(SECRET, who.id))]
            given[login] = dict(typed(at, asked[login]))
    made, honest = {}, {}
    for kept in (True, False):
        for login, habit in zip(LOGINS, HABITS, strict=True):
            mine, hers = (filled(handed_out[each], given[each], kept) for each in (login, "ada"))
            its = SimpleNamespace(name=source.name, hand_out=filled(handed_out[login], {}, kept), friend_s=hers)
            made[kept, login] = {name: as_bytes(content) for name, content in HABITS[habit](mine, its).items()}
            came = given["ada" if habit == FRIEND_S else login]
            honest[kept, login] = {each.id: questions.judge(each, came.get(each.id)).verdict for each in asked[login]}
    return source, made, honest


def filled(handed_out, answers, kept):
    notebook = deepcopy(handed_out)
    if not kept:
        del notebook.metadata["course"]
    for question, answer in answers.items():
        type_in(notebook, question, repr(answer))
    return notebook


@pytest.mark.parametrize("ids", ["logins", "numbers", "the platform's"])
@pytest.mark.parametrize("kept", [True, False], ids=["metadata kept", "metadata lost"])
@pytest.mark.parametrize("packed", PACKED)
def test_no_mark_is_wrong_and_none_is_lost_without_a_line(packed, kept, ids, tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "Reader", ReaderHere)
    people, in_groups = list(students(ids)), packed.endswith("groups")
    source, made, honest = handed_in("numbers" if ids == "numbers" else "logins")
    submitter = {login: LOGINS[at - at % 2 if in_groups else at] for at, login in enumerate(LOGINS)}
    truth, path = {}, tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for at, (login, who) in enumerate(zip(LOGINS, people, strict=True)):
            for n, (name, content) in enumerate(made[kept, login].items() if submitter[login] == login else ()):
                place = PACKED[packed](at, who, 10 * at + n, name)
                archive.writestr(place, content)
                truth[f"all.zip/{place}"] = login

    def of(place):
        """Who handed in what lies there."""
        around = (
            truth[each]
            for each in truth
            if each == place or f"{each}/".startswith(f"{place}/") or place.startswith(f"{each}/")
        )
        return next(around)

    never = known_by(NO_NOTEBOOK | ({FRIEND_S} if kept else set()))
    given = {}
    for unclear in (asked_for(packed, kept, ids), set()):
        found = collect.collected([path], Owners(people, given, in_groups), {source.name: set(honest[kept, "ada"])})
        marked = marks([source], people, SECRET, found)
        logins = dict(zip(people, LOGINS, strict=True))
        assert [each.place for each in found.returned if submitter[logins[each.student]] != of(each.place)] == []
        verdicts = {}
        for each in marked.marks:
            verdicts.setdefault(logins[each.student], {})[each.question] = each.verdict
        lost = {login for login in LOGINS if verdicts[login] != honest[kept, submitter[login]]}
        assert {verdict for login in lost for verdict in verdicts[login].values()} <= {"left-out", "not-returned"}
        assert {submitter[login] for login in lost} <= {of(each.place) for each in marked.left_out}
        assert lost == {login for login in LOGINS if submitter[login] in never | unclear}
        given |= {each.asks: people[LOGINS.index(of(each.asks))].id for each in marked.left_out if each.asks}
