"""The variant handed out is signed: another key file and changed questions are named before any mark is written."""

import json
import os
import re
import runpy
import shutil
import textwrap
from copy import deepcopy
from dataclasses import replace

import pytest
from a_hand_out import BN, NAMES, SEPARABLE, key_file, put, type_in
from nbformat.v4 import new_code_cell

from utils import questions
from utils.course.batches.plan import sources
from utils.course.hand_ins.readings import READINGS
from utils.course.students import variants
from utils.course.students.signature import signed
from utils.course.students.variants import Variants, secret_at
from utils.former_names import FORMER_NAMES
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import ROOT, course_notebooks
from utils.questions import bn_parameters

SOLVED = (BN, SEPARABLE, NAMES[0])
POINTS = sum(len(tagged(read(path), "answer")) for path in course_notebooks() if path.stem in SOLVED)


def solved(handed_out, student, name, change=lambda notebook: None):
    notebook = handed_out.notebook(student, name)
    for cell in tagged(notebook, "answer"):
        answer = handed_out.key[student, name, cell.metadata.question]
        if answer is not None:
            type_in(notebook, cell.metadata.question, repr(answer))
    change(notebook)
    return notebook


@pytest.fixture(scope="module")
def returned(handed_out, tmp_path_factory):
    """All that three of four students were asked, solved."""
    folder = tmp_path_factory.mktemp("solved")
    for student in ("ada", "bo", "cy"):
        for name in SOLVED:
            put(solved(handed_out, student, name), folder / student / f"{name}.ipynb")
    return folder


def test_the_key_of_the_hand_out_gives_every_point(grade, returned):
    points, answers, done = grade(returned)
    assert set(points.values()) == {0, POINTS}
    assert not [row for row in answers.values() if row["remark"]]
    assert done.returncode == 0


@pytest.mark.parametrize("lost", [False, True], ids=["signed", "metadata lost"])
def test_another_key_file_and_a_forgotten_one_are_named_and_no_mark_is_written(
    handed_out, grade, returned, tmp_path, lost
):
    back, other_key = returned, key_file(tmp_path / "other.key", "cd")
    if lost:
        back = tmp_path / "back"
        for student in ("ada", "bo", "cy"):
            mine = solved(handed_out, student, BN, lambda notebook: notebook.metadata.pop("course"))
            put(mine, back / student / f"{BN}.ipynb")
    for options, sentence in (
        (("--secret", other_key), "hold other variants" if lost else "not handed out with this key file"),
        ((), "hold a variant: name the key file of the hand-out with --secret"),
    ):
        points, _, done = grade(back, secret=False, options=options)
        assert points is None
        assert sentence in done.stderr
        assert "notebooks that came back" in done.stderr
        assert os.listdir(tmp_path / "grades") == [READINGS]


def test_a_key_file_where_no_variants_were_handed_out_is_named(grade, tmp_path):
    for student in ("ada", "bo", "cy"):
        (tmp_path / "back" / student).mkdir(parents=True)
        (tmp_path / "back" / student / course_notebooks()[3].name).write_bytes(course_notebooks()[3].read_bytes())
    _, _, done = grade(tmp_path / "back")
    assert "hold no variant: leave --secret away" in done.stderr


FORGERIES = {
    "the values of an easier variant": lambda course: course["values"].update(channels=1),
    "a signature": lambda course: course.update(variant="0" * 32),
    "no signature that could be one": lambda course: course.update(variant=[{}]),
    "other questions": lambda course: course["questions"].update({"bn-parameters": "0" * 32}),
    "questions that are none": lambda course: course.update(questions=None),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_what_one_student_writes_into_the_metadata_is_left_out_and_stops_nobody(
    handed_out, grade, returned, tmp_path, forge
):
    mine = solved(handed_out, "dee", BN, lambda notebook: forge(notebook.metadata.course))
    put(mine, tmp_path / "dee" / f"{BN}.ipynb")
    points, answers, done = grade(returned, tmp_path / "dee")
    assert points == {"ada": POINTS, "bo": POINTS, "cy": POINTS, "dee": 0}
    assert answers["dee", BN, "bn-trainable"]["verdict"] == "left-out"
    assert "was not handed out to this student with this key file" in done.stdout
    assert done.returncode == 1


def test_a_forgery_in_another_s_name_does_not_make_the_key_file_a_wrong_one(handed_out, grade, returned, tmp_path):
    """Dee forges a notebook of hers and one that says it is ada's: two of the two students who hand in here."""
    forge = FORGERIES["a signature"]
    for student, place in (("dee", "dee"), ("ada", "Participant_7_assignsubmission_file_")):
        mine = solved(handed_out, student, BN, lambda notebook: forge(notebook.metadata.course))
        put(mine, tmp_path / "back" / place / f"{BN}.ipynb")
    points, _, done = grade(returned / "ada", tmp_path / "back")
    assert points == {"ada": POINTS, "bo": 0, "cy": 0, "dee": 0}, done.stderr


def test_another_student_s_notebook_gives_nothing_though_it_is_renamed(handed_out, grade, returned, tmp_path):
    """Ada's notebook and her answers, with dee's name in it, or none."""
    put(
        solved(handed_out, "ada", BN, lambda notebook: notebook.metadata.course.update(student="dee")),
        tmp_path / "back" / "dee" / f"{BN}.ipynb",
    )
    put(
        solved(handed_out, "ada", SEPARABLE, lambda notebook: notebook.metadata.pop("course")),
        tmp_path / "back" / "dee" / f"{SEPARABLE}.ipynb",
    )
    points, answers, _ = grade(returned, tmp_path / "back")
    assert points["ada"] == POINTS
    assert answers["dee", BN, "bn-parameters"]["verdict"] == "left-out"
    copied = answers["dee", SEPARABLE, "conv-parameters"]
    assert copied["verdict"] != "right"
    assert "other values than were handed out" in copied["remark"]


@pytest.fixture
def changed_since(monkeypatch):
    """Set something of the question bn-parameters as a new release of the course would."""

    def change(name, value):
        monkeypatch.setattr(bn_parameters, name, value)
        questions.variants.cache_clear()

    yield change
    questions.variants.cache_clear()


def test_more_variants_than_at_the_hand_out_change_no_mark(grade, returned, changed_since):
    known = bn_parameters.PARAMETERS
    more = replace(known["channels"], variants=(*range(20, 60, 2), 100, 200))
    changed_since("PARAMETERS", known | {"channels": more})
    points, answers, done = grade(returned)
    assert done.returncode == 0, done.stderr
    assert set(points.values()) == {0, POINTS}
    assert not [row for row in answers.values() if row["remark"]]


def test_a_question_that_has_changed_since_the_hand_out_is_named(grade, returned, changed_since, tmp_path):
    before = bn_parameters.question

    def mended(**parameters):
        question = before(**parameters)
        return replace(question, answer=question.answer + 1, derivation=("one more",), slips=())

    changed_since("question", mended)
    points, _, done = grade(returned)
    assert points is None
    assert f"has changed since it was handed out: bn-parameters of {BN}" in done.stderr
    assert "--new-key" in done.stderr
    assert os.listdir(tmp_path / "grades") == [READINGS]
    points, answers, _ = grade(returned, options=("--new-key",))
    assert points["ada"] == POINTS - 1
    assert "another way than when it was handed out" in answers["ada", BN, "bn-parameters"]["remark"]


def as_handed_out(handed_out, student, names):
    """Notebook 03 solved, as a course handed it out that called its questions by these names: today's → then."""

    def change(notebook):
        (source,), _ = sources([course_notebooks()[3]])
        course = notebook.metadata.course
        asked = [question for _, question in Variants(source.notebook, {}).asked(course["values"])]
        asked += [replace(asked[0], id=name) for name in names.values() if name not in FORMER_NAMES]
        then = [("", replace(each, id=names.get(each.id, each.id))) for each in asked]
        course.update(signed(secret_at(handed_out.secret), student, BN, course["values"], then))
        for cell in notebook.cells:
            for today, name in names.items():
                cell.source = cell.source.replace(f'"{today}"', f'"{name}"')
                if cell.metadata.get("question") == today:
                    cell.metadata["question"] = name

    return solved(handed_out, student, BN, change)


@pytest.mark.parametrize("lost", [False, True], ids=["signed", "metadata lost"])
def test_a_hand_out_under_a_former_name_is_graded_as_any_other(handed_out, grade, tmp_path, lost):
    notebook = as_handed_out(handed_out, "ada", {"bn-normalize": "bn-normalise"})
    assert "bn-normalise" in notebook.metadata.course["questions"]
    assert not re.search(r"bn-normalize\b", json.dumps(notebook))
    if lost:
        del notebook.metadata["course"]
    put(notebook, tmp_path / "back" / "ada" / f"{BN}.ipynb")
    (tmp_path / "marks.yaml").write_text("points: {bn-normalise: 3}")
    options = "--notebook", course_notebooks()[3], "--marks", tmp_path / "marks.yaml"
    points, answers, done = grade(tmp_path / "back", options=options)
    asked = [row["question"] for row in answers.values() if row["id"] == "ada"]
    assert (points["ada"], done.returncode) == (len(asked) + 2, 0), done.stdout + done.stderr
    assert not [row for row in answers.values() if row["remark"]]


def test_the_script_in_the_readme_finds_what_the_command_finds(handed_out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("roster.csv", "course.key"):
        shutil.copy(handed_out.folder / name, name)
    put(solved(handed_out, "ada", BN), tmp_path / "returned" / "ada" / f"{BN}.ipynb")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    script = re.search(r"^ {6}from utils\.course.*?(?=\n\n- )", text, flags=re.S | re.M)[0]
    (tmp_path / "points.py").write_text(textwrap.dedent(script))
    space = runpy.run_path(
        str(tmp_path / "points.py"), run_name="__main__"
    )  # the process that reads what came back imports it, too
    asked = [key for student, name, key in handed_out.rows if (student, name) == ("ada", BN)]
    points = {student.id: points for student, points in space["points"].items()}
    assert points == {"ada": len(asked), "bo": None, "cy": None, "dee": None}


def with_tasks_of_an_earlier_course(notebook):
    """A question and an exercise of an unsigned notebook that the course has no more, and what a joker wrote."""
    del notebook.metadata["course"]
    for kind, name in (("question", "bn-once-asked"), ("exercise", "bn-once-written"), ("exercise", "Dear <b>all")):
        cell = new_code_cell("answer = 1", metadata={"tags": [kind], kind: name})
        notebook.cells += [cell, new_code_cell("", metadata={kind: ["no name"]})]


def test_a_task_that_is_no_longer_asked_costs_nothing_and_is_named(handed_out, grade, tmp_path):
    put(as_handed_out(handed_out, "ada", {"bn-gone": "bn-gone"}), tmp_path / "back" / "ada" / f"{BN}.ipynb")
    put(solved(handed_out, "bo", BN), tmp_path / "back" / "bo" / f"{BN}.ipynb")
    put(solved(handed_out, "cy", BN, with_tasks_of_an_earlier_course), tmp_path / "back" / "cy" / f"{BN}.ipynb")
    points, answers, done = grade(tmp_path / "back", options=("--notebook", course_notebooks()[3]))
    assert points["ada"] == points["bo"] == points["cy"] == len([row for row in answers.values() if row["id"] == "ada"])
    assert done.returncode == 0
    page = (tmp_path / "grades" / "index.html").read_text(encoding="utf-8")
    for name in ("bn-gone", "bn-once-asked", "bn-once-written"):
        assert f"no longer asked, without points: {name} of {BN} (handed out to 1 of them)" in done.stdout
        assert f"{name} of {BN}" in page
    assert done.stdout.count("no longer asked") == 3, "what is no name of a task is not read out"


def test_the_record_of_a_hand_out_tells_nothing_of_the_answers(handed_out):
    records = [json.dumps(handed_out.notebook(student, BN).metadata.course) for student in ("ada", "bo")]
    digests = [set(json.loads(record)["questions"].values()) for record in records]
    assert not digests[0] & digests[1], "the same answer has another signature for everybody"
    assert handed_out.secret.read_text().strip() not in records[0]


def test_a_variant_depends_on_nothing_but_key_id_and_sets():
    ((source,), _) = sources([course_notebooks()[4]])
    variants = Variants(source.notebook, {})
    assert variants.drawn(b"s" * 32, "Jörg") == variants.drawn(b"s" * 32, "jo\u0308RG")
    assert variants.drawn(b"s" * 32, "ada") != variants.drawn(b"t" * 32, "ada")


def test_a_question_that_is_renamed_draws_what_it_drew(monkeypatch):
    before = [variants._rank(b"s" * 32, "ada", "bn-count", {"channels": each}) for each in range(9)]
    monkeypatch.setitem(FORMER_NAMES, "bn-count", "bn-parameters")
    assert [variants._rank(b"s" * 32, "ada", "bn-parameters", {"channels": each}) for each in range(9)] == before


def test_a_set_that_is_added_changes_nobody_s_variant_but_those_that_get_it():
    ((source,), _) = sources([course_notebooks()[3]])
    before = Variants(source.notebook, {})
    after = Variants(deepcopy(source.notebook), {})
    new = {"channels": 511}
    for asked in after._asked:
        if asked.names:
            asked.sets = [*asked.sets, new]
    students = [f"s{number}" for number in range(300)]
    drawn = [(before.drawn(b"s" * 32, each), after.drawn(b"s" * 32, each)) for each in students]
    moved = [later for earlier, later in drawn if earlier != later]
    assert moved
    assert len(moved) < 100
    assert all(each == new for each in moved)
