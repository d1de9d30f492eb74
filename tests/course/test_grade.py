"""``course grade``: what a student gets depends on the answers alone, and nothing that came back is trusted or lost."""

import csv
import io
import json
import stat
import zipfile
from copy import deepcopy

import nbformat
import pytest
from a_hand_out import BN, NAMES, SEPARABLE, cell_of, put, show, table, type_in, write
from tiny_notebooks import course_here

from utils import questions
from utils.course.batches.plan import sources
from utils.course.hand_ins.collect import Collected, Returned
from utils.course.marking.marks import marks
from utils.course.students.roster import Student
from utils.explorers.question_form import QuestionForm
from utils.notebook_files.archives import LARGEST_FILE
from utils.notebook_files.reading import tagged
from utils.notebook_files.returned import answered
from utils.notebook_files.sources import course_notebooks
from utils.records import ANSWER, PREDICTION


def test_who_types_the_key_gets_every_point_and_who_returns_nothing_gets_none(handed_out, grade, tmp_path):
    key = handed_out.key
    for name in NAMES:
        notebook = handed_out.notebook("ada", name)
        for cell in tagged(notebook, "answer"):
            question = cell.metadata.question
            answer = key["ada", name, question]
            if answer is not None:
                type_in(notebook, question, repr(answer))
                asked = handed_out.parameters("ada", name, question)
                show(cell, **questions.check(question, answer, **asked).record())
        put(notebook, tmp_path / "back" / "ada" / f"{name}.ipynb")
    points, answers, done = grade(tmp_path / "back")
    most = sum(answer is not None for (student, *_), answer in key.items() if student == "ada")
    assert most > 20
    assert points == {"ada": most, "bo": 0, "cy": 0, "dee": 0}
    assert {answers[each]["verdict"] for each in answers if each[0] == "bo"} == {"not-returned"}
    assert {each: json.loads(row["key"] or "null") for each, row in answers.items()} == key
    assert not [row for row in answers.values() if row["remark"]]
    assert done.returncode == 0
    assert f"{len(NAMES)} notebooks of 1 of 4 students" in done.stdout


def test_slips_are_named_and_other_wrong_answers_give_nothing(handed_out, grade, tmp_path):
    notebook = handed_out.notebook("cy", BN)
    channels = handed_out.parameters("cy", BN, "bn-parameters")["channels"]
    type_in(notebook, "bn-parameters", f"2 * {channels}")  # the moving averages forgotten
    type_in(notebook, "bn-trainable", "-3")
    type_in(notebook, "bn-inference", '"moving"')
    points, answers, _ = grade(put(notebook, tmp_path / f"cy_{BN}.ipynb"))
    slip, wrong, right = (answers["cy", BN, each] for each in ("bn-parameters", "bn-trainable", "bn-inference"))
    assert (slip["verdict"], slip["given"], slip["key"]) == ("slip", str(2 * channels), str(4 * channels))
    assert slip["slip"] in {each.name for each in questions.ask("bn-parameters").slips}
    assert (wrong["verdict"], wrong["points"]) == ("wrong", "0")
    assert wrong["given"] == "-3", "a number is no formula"
    assert (right["verdict"], right["points"]) == ("right", "1")
    assert points["cy"] == 1


def test_code_is_read_and_not_run_and_what_it_computed_is_taken_from_the_output(handed_out, grade, tmp_path):
    notebook, trap = handed_out.notebook("bo", BN), tmp_path / "it-ran"
    type_in(notebook, "bn-parameters", f"open({str(trap)!r}, 'w').write('x')")
    type_in(notebook, "bn-trainable", "layer.count_params() // 2")
    asked, answer = handed_out.parameters("bo", BN, "bn-trainable"), handed_out.key["bo", BN, "bn-trainable"]
    show(cell_of(notebook, "bn-trainable"), "bn-trainable", parameters=asked, answer=answer, verdict="wrong")
    put(notebook, tmp_path / "back" / "bo.ipynb" / f"{BN}.ipynb")
    points, answers, _ = grade(tmp_path / "back")
    assert answers["bo", BN, "bn-parameters"]["verdict"] == "unreadable"
    assert not trap.exists()
    assert answers["bo", BN, "bn-trainable"]["verdict"] == "right"
    assert points["bo"] == 1


@pytest.fixture(scope="module")
def judged():
    """A function that judges one notebook, as everybody had it: ``judged(notebook)`` → the marks by question."""
    usable, _ = sources([course_notebooks()[3]])
    student = Student("bo")

    def judge(notebook):
        content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        returned = Returned("bo.ipynb", None, student, True, BN, answered(content))
        made = marks(usable, [student], None, Collected([returned])).marks
        return {each.question: each for each in made}

    return judge


def as_it_is(source=None, question="bn-parameters"):
    """Notebook 03 with this source in a question's cell. The answer to ``bn-parameters`` is 4 × 32 there."""
    notebook = nbformat.read(course_notebooks()[3], as_version=4)
    if source is not None:
        cell_of(notebook, question).source = source
        cell_of(notebook, question).outputs = []
    return notebook


CHECK = 'check("bn-parameters", answer, channels=channels, height=30, width=30)'
HOSTILE = {
    "signs": "-" * 9000 + "1",
    "open brackets": "(" * 9000,
    "a long sum": "+".join(["1"] * 4500),
    "attributes": "a" + ".a" * 4500,
    "lists": "[" * 150 + "]" * 150,
    "digits": "9" * 5000,
    "hexadecimal digits": "0x" + "f" * 4000,
    "names of names": "a0" + "".join(f"\na{each + 1} = a{each}" for each in range(900)),
    "half a character": '"\\ud800"',
} | {text: text for text in ("2 ** 10 ** 10", "1 / 0", "{}", "b'4'", "1e999", "4 *", "...", "True", "lambda: 4")}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_typed_is_at_worst_unreadable(judged, text):
    notebook = as_it_is(f"answer = {text}\n{CHECK}")
    type_in(notebook, "bn-inference", '"moving"')
    found = judged(notebook)
    assert found["bn-parameters"].verdict == "unreadable"
    assert found["bn-parameters"].given, "it can be seen what was typed"
    assert found["bn-inference"].verdict == "right"


WAYS = {
    "plain": ("answer = 4 * 32\n" + CHECK, "right", ""),
    "with its type": ("answer: int = 128\n" + CHECK, "right", ""),
    "beside a magic": ("answer = 128\n%timeit 1\n" + CHECK, "right", ""),
    "in the call": ('check("bn-parameters", 128, channels=channels)', "right", ""),
    "by another name": ("mine = 4 * 32\n" + CHECK.replace("answer", "mine"), "right", ""),
    "through another name": ("mine = 4 * 32\nanswer = mine\n" + CHECK, "right", ""),
    "below the line that was there": ("answer = None\nanswer = 128\n" + CHECK, "right", "set more than once"),
    "added to": ("answer = 100\nanswer += 28\n" + CHECK, "unreadable", "set more than once"),
    "in a loop": ("for answer in (64, 128):\n    pass\n" + CHECK, "unreadable", "set more than once"),
    "on one of two ways": ("if True:\n    answer = 128\n" + CHECK, "right", "set more than once"),
    "no longer checked": ("answer = 128", "right", ""),
}


@pytest.mark.parametrize(("source", "verdict", "remark"), WAYS.values(), ids=WAYS)
def test_an_answer_is_found_however_it_is_set(judged, source, verdict, remark):
    mark = judged(as_it_is(source))["bn-parameters"]
    assert mark.verdict == verdict
    assert remark in mark.remark
    assert bool(remark) == bool(mark.remark)


@pytest.mark.parametrize("source", ["answer = 100\nanswer += 28\n", "answer = 1\nif True:\n    answer = 128\n"])
def test_where_an_answer_is_set_in_several_ways_what_the_cell_showed_counts(judged, source):
    notebook = as_it_is(source + CHECK)
    asked = questions.ask("bn-parameters", channels=32, height=30, width=30).parameters
    show(cell_of(notebook, "bn-parameters"), "bn-parameters", parameters=asked, answer=128, verdict="wrong")
    assert judged(notebook)["bn-parameters"].verdict == "right"
    show(cell_of(notebook, "bn-parameters"), "bn-parameters", parameters=asked | {"channels": 1}, answer=128)
    assert "other parameters" in judged(notebook)["bn-parameters"].remark


def test_a_choice_without_quotation_marks_is_right_and_remarked(judged):
    mark = judged(as_it_is('answer = moving\ncheck("bn-inference", answer)', "bn-inference"))["bn-inference"]
    assert (mark.verdict, mark.remark) == ("right", "typed without quotation marks, which Python refuses")


def test_an_answer_in_a_cell_of_its_own_above_the_check_counts_and_that_of_another_question_does_not(judged):
    notebook = as_it_is(CHECK)
    above = notebook.cells.index(cell_of(notebook, "bn-parameters"))
    assert judged(notebook)["bn-parameters"].verdict == "unanswered"
    notebook.cells.insert(above, nbformat.v4.new_code_cell('print("so much")\nanswer = 4 * 32'))
    mark = judged(notebook)["bn-parameters"]
    assert (mark.verdict, mark.remark) == ("right", "typed in a cell above")
    notebook.cells.insert(above + 1, nbformat.v4.new_code_cell('check("bn-inference", answer)'))
    assert judged(notebook)["bn-parameters"].verdict == "unanswered"


def test_a_cell_that_lost_its_id_its_tag_and_its_question_is_found_by_what_it_calls(judged):
    notebook = as_it_is("answer = 128\n" + CHECK)
    for cell in notebook.cells:
        cell.metadata = {}
        del cell["id"]
    found = judged(notebook)
    assert found["bn-parameters"].verdict == "right"
    assert {each.verdict for each in found.values()} == {"right", "unanswered"}


def test_a_cell_that_calls_another_question_now_is_that_one_s(judged):
    mine = as_it_is('answer = "moving"\ncheck("bn-inference", answer)', "bn-parameters")
    mine.cells.remove(cell_of(mine, "bn-inference"))
    found = judged(mine)
    assert (found["bn-inference"].verdict, found["bn-parameters"].verdict) == ("right", "missing")


def test_what_the_course_itself_shows_of_a_question_is_nobody_s_answer(handed_out, grade, tmp_path):
    """Notebook 00 checks a slip to show what it looks like; run, it leaves a record."""
    notebook = nbformat.read(course_notebooks()[0], as_version=4)
    assert any(ANSWER in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
    put(notebook, tmp_path / "ada" / f"{NAMES[0]}.ipynb")
    _, answers, _ = grade(tmp_path, secret=False)
    mark = answers["ada", NAMES[0], "image-values"]
    assert (mark["verdict"], mark["remark"]) == ("unanswered", "")


def test_a_verdict_in_the_notebook_counts_for_nothing(handed_out, grade, tmp_path):
    notebook = handed_out.notebook("bo", BN)
    for question, record in {
        "bn-parameters": {"parameters": {"channels": 1}, "answer": 4},
        "bn-trainable": {"parameters": {}, "answer": None},
        "bn-inference": {"parameters": {}, "answer": "moving"},
    }.items():
        show(cell_of(notebook, question), question, verdict="right", **record)
    type_in(notebook, "bn-inference", '"batch"')
    notebook.metadata.course["record"] = {"status": "passed", "points": 99}
    points, answers, _ = grade(put(notebook, tmp_path / "back" / "bo" / f"{BN}.ipynb"))
    assert points["bo"] == 0
    forged, empty, changed = (answers["bo", BN, each] for each in ("bn-parameters", "bn-trainable", "bn-inference"))
    assert forged["verdict"] != "right"
    assert "other parameters" in forged["remark"]
    assert empty["verdict"] == "unanswered"
    assert changed["verdict"] != "right"
    assert "another answer is shown" in changed["remark"]


def test_a_copy_of_the_cell_counts_where_the_cell_itself_holds_nothing(handed_out, grade, tmp_path):
    notebook = handed_out.notebook("dee", BN)
    for question in ("bn-inference", "bn-trainable"):
        copy = deepcopy(cell_of(notebook, question))
        copy.id, copy.metadata = f"copy-of-{question}", {}
        if question == "bn-trainable":
            type_in(notebook, question, "1")
        copy.source = copy.source.replace("None", '"moving"' if question == "bn-inference" else "2", 1)
        notebook.cells.append(copy)
    _, answers, _ = grade(put(notebook, tmp_path / "dee" / f"{BN}.ipynb").parent)
    assert answers["dee", BN, "bn-inference"]["verdict"] == "right"
    both = answers["dee", BN, "bn-trainable"]
    assert (both["given"], both["remark"]) == ("1", "another answer is shown, too, in its output or in another cell")


def test_what_is_answered_after_another_is_practice_and_changes_nothing(judged):
    notebook = as_it_is("answer = 128\n" + CHECK)
    cell = nbformat.v4.new_code_cell('another("bn-parameters")\ncheck("bn-parameters", 4 * 48)')
    notebook.cells.insert(0, cell)
    assert (judged(notebook)["bn-parameters"].verdict, judged(notebook)["bn-parameters"].remark) == ("right", "")
    cell.source = cell.source.replace("4 * 48)", "4 * 48, channels=channels)")
    assert "another answer is shown" in judged(notebook)["bn-parameters"].remark
    asked = as_it_is(CHECK)
    asked.cells.remove(cell_of(asked, "bn-parameters"))
    asked.cells.append(nbformat.v4.new_code_cell('check("bn-parameters", 128)'))
    assert judged(asked)["bn-parameters"].verdict == "right", "where there is no other cell, it is the answer"


def test_an_answer_in_the_question_s_form_counts(handed_out, grade, tmp_path):
    notebook = handed_out.notebook("dee", BN)
    for question, parameters in (
        ("bn-parameters", handed_out.parameters("dee", BN, "bn-parameters")),
        ("bn-trainable", {"channels": 1}),  # tried out, and not this student's question
    ):
        form = QuestionForm(question, **parameters)
        form.set(answer=str(handed_out.key["dee", BN, question]))
        notebook.cells.append(nbformat.v4.new_code_cell("QuestionForm(…)"))
        data = {"text/plain": "", ANSWER: form.feedback.record()}
        notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data)]
    points, answers, _ = grade(put(notebook, tmp_path / "dee" / f"{BN}.ipynb").parent)
    assert answers["dee", BN, "bn-parameters"]["verdict"] == "right"
    assert answers["dee", BN, "bn-trainable"]["verdict"] == "unanswered"
    assert points["dee"] == 1


def test_what_cannot_be_read_is_said_on_the_terminal_on_the_page_in_a_table_and_in_verdicts(
    handed_out, grade, tmp_path
):
    back = tmp_path / "back"
    good = handed_out.notebook("dee", BN)
    type_in(good, "bn-inference", '"moving"')
    put(good, back / "dee" / f"{BN}.ipynb")
    damaged, bomb = nbformat.writes(handed_out.notebook("dee", SEPARABLE)).encode(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{BN}.ipynb", b"0" * (LARGEST_FILE + 1))
    faults = {
        f"ada/{BN}.ipynb": b'{"cells": [',
        f"ada/{SEPARABLE}.ipynb": b"[" * 100_000,
        f"bo/{BN}.ipynb": b"\xff\xfe",
        f"bo/{SEPARABLE}.ipynb": json.dumps({"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode(),
        "cy.zip": b"PK\x03\x04 cut short",
        "bo.zip": bomb.getvalue(),
        "cy/work.rar": b"Rar!",
        f"cy/{BN}.html": b"<html>",
        f"cy/{BN}": b"{}",
        "cy/<b>\x1b[31m\n.ipynb": b"{}",
        f"dee/damaged.zip/{SEPARABLE}.ipynb": damaged,
        "dee/odd.zip/work.tar.gz": b"",
    }
    for place, content in faults.items():
        write(back, place, content)
    write(back, "cy/cat.jpg", b"")
    path = back / "dee" / "damaged.zip"
    path.write_bytes(path.read_bytes().replace(damaged, damaged[:-1] + b"!", 1))  # no longer what its checksum says
    (back / "cy" / "loop").symlink_to(back)
    faults["cy/loop"] = None
    faults[f"bo.zip/{BN}.ipynb"] = faults.pop("bo.zip")
    points, answers, done = grade(back)
    assert points["dee"] == 1
    assert done.returncode == 1
    said = [line for line in done.stdout.splitlines() if "left out: " in line]
    page = (tmp_path / "grades" / "index.html").read_text(encoding="utf-8")
    rows = table(tmp_path / "grades" / "left_out.csv")
    assert len(said) == len(rows) == len(faults)
    assert {row["place"] for row in rows} == {f"back/{place}".replace("\x1b", "") for place in faults}
    for place in set(faults) - {"cy/<b>\x1b[31m\n.ipynb"}:
        assert any(f"left out: back/{place}" in line for line in said), place
        assert f"back/{place}" in page
    assert "left out: back/cy/<b>\\x1b[31m\\n.ipynb: " in done.stdout
    assert "<b>" not in page
    assert "not looked at: 1 files that are no notebooks (.jpg)" in done.stdout
    assert "larger than 50 MB" in done.stdout
    verdicts = {each[:2]: row["verdict"] for each, row in answers.items()}
    assert [verdicts[each, BN] for each in ("ada", "bo", "cy")] == ["left-out"] * 3
    assert verdicts["bo", NAMES[0]] == "not-returned"
    assert "not a Jupyter notebook" in answers["ada", BN, "bn-trainable"]["remark"]


def test_a_page_beside_its_notebook_is_nobody_s_work_and_without_one_it_may_be(handed_out, grade, tmp_path):
    put(handed_out.notebook("ada", BN), tmp_path / "ada" / f"{BN}.ipynb")
    for place in (f"ada/{BN}.html", "ada/index.html", "ada/results.json", "ada/cat.jpg"):
        write(tmp_path, place, b"")
    _, _, done = grade(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "not looked at: 4 files" in done.stdout
    write(tmp_path, f"bo/{BN}.html", b"")
    write(tmp_path, "cy/work.pdf", b"")
    _, answers, done = grade(tmp_path)
    assert f"bo/{BN}.html: only notebooks are read" in done.stdout
    assert "cy/work.pdf: only notebooks are read" in done.stdout
    assert answers["bo", BN, "bn-trainable"]["verdict"] == "left-out"


def test_the_tables_agree_hold_no_formula_and_are_for_their_owner_alone(handed_out, grade, tmp_path):
    notebook = handed_out.notebook("bo", BN)
    type_in(notebook, "bn-inference", "\"=HYPERLINK('x')\"")
    said = nbformat.v4.new_output("display_data", {PREDICTION: {"id": "bn-noise", "guess": "=1+1"}})
    tagged(notebook, "prediction")[0].outputs = [said]
    put(notebook, tmp_path / "back" / "bo" / f"{BN}.ipynb")
    points, answers, _ = grade(tmp_path / "back")
    for student, sum_of in points.items():
        assert sum_of == sum(int(row["points"] or 0) for each, row in answers.items() if each[0] == student)
    out = tmp_path / "grades"
    named = ["answers.csv", "grades.csv", "predictions.csv"]
    tables = [*named, "concepts.csv", "left_out.csv", "questions.csv", "same_work.csv", "slips.csv"]
    assert sorted(path.name for path in out.iterdir()) == sorted([*tables, "index.html", "kept_readings.txt"])
    for path in out.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        if path.suffix == ".csv":
            assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "by which a spreadsheet knows UTF-8"
            values = [value for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) for value in row]
            assert ("'=cmd()" in values) == (path.name in named)
            assert not any(value.startswith(("=", "+", "@")) for value in values)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "דנה" in page
    assert "http" not in page, "it loads nothing from elsewhere"


def test_without_variants_everybody_has_the_notebooks_as_they_are(grade, tmp_path):
    notebook = nbformat.read(course_notebooks()[3], as_version=4)
    type_in(notebook, "bn-parameters", "4 * 32")  # the notebook's own 32 channels, two of trained and two of counted
    put(notebook, tmp_path / "back" / "ada" / f"{BN}.ipynb")
    points, _, _ = grade(tmp_path / "back", secret=False)
    assert points["ada"] == 1


def test_a_notebook_whose_cells_have_no_ids_is_graded_question_by_question(handed_out, tmp_path):
    """As all were before notebook format 4.5."""
    notebook = nbformat.read(course_notebooks()[3], as_version=4)
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    mine = put(notebook, tmp_path / f"{BN}.ipynb")
    type_in(notebook, "bn-parameters", "4 * 32")
    back = put(notebook, tmp_path / "back" / "ada" / f"{BN}.ipynb")
    out = tmp_path / "grades"
    course_here("grade", back.parent, "--roster", handed_out.roster, "--notebook", mine, "--out", out)
    verdicts = {row["question"]: row["verdict"] for row in table(out / "answers.csv") if row["id"] == "ada"}
    assert verdicts.pop("bn-parameters") == "right"
    assert set(verdicts.values()) == {"unanswered"}


def test_an_output_folder_that_cannot_be_is_said_in_a_sentence(handed_out, tmp_path):
    (tmp_path / "taken").touch()
    key = handed_out.secret
    done = course_here(
        "grade", handed_out.folder, "--roster", handed_out.roster, "--secret", key, "--out", tmp_path / "taken"
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"Error: {tmp_path / 'taken'}: File exists"


def test_a_key_file_that_is_not_there_is_not_made(handed_out, tmp_path):
    key, out = tmp_path / "none.key", tmp_path / "g"
    done = course_here("grade", tmp_path, "--roster", handed_out.roster, "--secret", key, "--out", out)
    assert done.returncode == 2
    assert "none.key" in done.stderr
    assert not key.exists()
    assert not out.exists()
