"""``course grade``: what a student gets depends on the answers alone, and nothing that came back is trusted or lost."""

import csv
import io
import json
import re
import stat
import zipfile
from copy import deepcopy

import nbformat
import pytest
from tiny_notebooks import course_here

from utils import questions
from utils.explorers.question_form import QuestionForm
from utils.notebook_files.archives import LARGEST_FILE
from utils.notebook_files.reading import tagged
from utils.notebook_files.sources import course_notebooks
from utils.records import ANSWER

ROSTER = "id,name,group\nada,Ada Example,1\nbo,=cmd(),1\ncy,דנה,2\ndee,Dee Example,2\n"  # made up, all of them
NAMES = [path.stem for path in course_notebooks()]
BN, SEPARABLE = NAMES[3], NAMES[4]


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """The folder with roster, key file and hand-out, and the answer key: (student, notebook, question) → answer."""
    folder = tmp_path_factory.mktemp("graded")
    (folder / "roster.csv").write_text(ROSTER)
    done = course_here(
        "hand-out", "--roster", folder / "roster.csv", "--secret", folder / "course.key", "--out", folder / "out"
    )
    assert done.returncode == 0, done.stderr
    rows = table(folder / "out" / "answer_key.csv")
    return folder, {(r["student"], r["notebook"], r["question"]): json.loads(r["answer"]) for r in rows}


@pytest.fixture
def grade(handed_out, tmp_path):
    """A function that grades a folder: ``grade(place)`` → (points by student, answers by question, the process)."""

    def graded(*places, secret=True):
        folder, _ = handed_out
        key = ["--secret", folder / "course.key"] if secret else []
        out = tmp_path / "grades"
        done = course_here("grade", *places, "--roster", folder / "roster.csv", *key, "--out", out)
        assert "Traceback" not in done.stdout + done.stderr
        rows = table(out / "answers.csv")
        answers = {(row["id"], row["notebook"], row["question"]): row for row in rows}
        assert len(answers) == len(rows)
        return {row["id"]: int(row["points"]) for row in table(out / "grades.csv")}, answers, done

    return graded


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def theirs(handed_out, student, name):
    """The notebook as the student got it."""
    with zipfile.ZipFile(handed_out[0] / "out" / "students" / f"{student}.zip") as archive:
        return nbformat.reads(archive.read(f"{student}/{name}.ipynb").decode(), as_version=4)


def cell_of(notebook, question):
    (cell,) = (each for each in tagged(notebook, "answer") if each.metadata.question == question)
    return cell


def type_in(notebook, question, text):
    cell = cell_of(notebook, question)
    cell.source = re.sub(r"^answer = None\b", lambda _: f"answer = {text}", cell.source, count=1, flags=re.M)
    assert f"answer = {text}" in cell.source


def show(notebook, id, **record):
    """Give the answer cell of that question an output, as if ``check`` had said so."""
    data = {"text/plain": "✓ Right.", ANSWER: {"id": id, "slip": None, **record}}
    cell_of(notebook, id).outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]


def put(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def test_who_types_the_key_gets_every_point_and_who_returns_nothing_gets_none(handed_out, grade, tmp_path):
    folder, key = handed_out
    for name in NAMES:
        notebook = theirs(handed_out, "ada", name)
        for cell in tagged(notebook, "answer"):
            answer = key["ada", name, cell.metadata.question]
            if answer is not None:
                type_in(notebook, cell.metadata.question, repr(answer))
                asked = json.loads(key_row(folder, "ada", name, cell.metadata.question)["parameters"])
                show(notebook, **questions.check(cell.metadata.question, answer, **asked).record())
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
    notebook = theirs(handed_out, "cy", BN)
    values = {}
    for cell in tagged(notebook, "parameters") + tagged(notebook, "injected-parameters"):
        exec(cell.source, values)
    channels = values["channels"]
    type_in(notebook, "bn-parameters", f"2 * {channels}")  # the moving averages forgotten
    type_in(notebook, "bn-trainable", f"7 * {channels} + 1")
    type_in(notebook, "bn-inference", '"moving"')
    points, answers, _ = grade(put(notebook, tmp_path / f"cy_{BN}.ipynb"))
    slip, wrong, right = (answers["cy", BN, each] for each in ("bn-parameters", "bn-trainable", "bn-inference"))
    assert (slip["verdict"], slip["given"], slip["key"]) == ("slip", str(2 * channels), str(4 * channels))
    assert slip["slip"] in {each.name for each in questions.ask("bn-parameters").slips}
    assert (wrong["verdict"], wrong["points"]) == ("wrong", "0")
    assert (right["verdict"], right["points"]) == ("right", "1")
    assert points["cy"] == 1


def test_code_is_read_and_not_run_and_what_it_computed_is_taken_from_the_output(handed_out, grade, tmp_path):
    folder, key = handed_out
    notebook, trap = theirs(handed_out, "bo", BN), tmp_path / "it-ran"
    variant = {"channels": json.loads(key_row(folder, "bo", BN, "bn-parameters")["parameters"])["channels"]}
    type_in(notebook, "bn-parameters", f"open({str(trap)!r}, 'w').write('x')")
    type_in(notebook, "bn-trainable", "layer.count_params() // 2")
    show(notebook, "bn-trainable", parameters=variant, answer=key["bo", BN, "bn-trainable"], verdict="wrong")
    put(notebook, tmp_path / "back" / "bo.ipynb" / f"{BN}.ipynb")
    points, answers, _ = grade(tmp_path / "back")
    assert answers["bo", BN, "bn-parameters"]["verdict"] == "unreadable"
    assert not trap.exists()
    assert answers["bo", BN, "bn-trainable"]["verdict"] == "right"
    assert points["bo"] == 1


HOSTILE = {
    "signs": "-" * 9000 + "1",
    "open brackets": "(" * 9000,
    "a long sum": "+".join(["1"] * 4500),
    "attributes": "a" + ".a" * 4500,
    "lists": "[" * 150 + "]" * 150,
    "digits": "9" * 5000,
    "half a character": '"\\ud800"',
} | {text: text for text in ("2 ** 10 ** 10", "1 / 0", "{}", "b'4'", "1e999", "4 *", "...", "True", "lambda: 4")}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_typed_is_at_worst_unreadable(handed_out, grade, tmp_path, text):
    notebook = theirs(handed_out, "bo", BN)
    type_in(notebook, "bn-parameters", text)
    type_in(notebook, "bn-inference", '"moving"')
    points, answers, _ = grade(put(notebook, tmp_path / "back" / "bo" / f"{BN}.ipynb"))
    row = answers["bo", BN, "bn-parameters"]
    assert row["verdict"] == "unreadable"
    assert row["given"], "it can be seen what was typed"
    assert points["bo"] == 1


def test_an_answer_beside_a_line_that_is_no_python_counts(handed_out, grade, tmp_path):
    notebook = theirs(handed_out, "bo", BN)
    type_in(notebook, "bn-inference", '"moving"')
    cell_of(notebook, "bn-inference").source += "\n%timeit 1"
    points, _, _ = grade(put(notebook, tmp_path / "back" / "bo" / f"{BN}.ipynb"))
    assert points["bo"] == 1


def test_a_verdict_in_the_notebook_counts_for_nothing(handed_out, grade, tmp_path):
    notebook = theirs(handed_out, "bo", BN)
    show(notebook, "bn-parameters", parameters={"channels": 1}, answer=4, verdict="right")
    show(notebook, "bn-trainable", parameters={}, answer=None, verdict="right")
    type_in(notebook, "bn-inference", '"batch"')
    show(notebook, "bn-inference", parameters={}, answer="moving", verdict="right")
    notebook.metadata.course["record"] = {"status": "passed", "points": 99}
    points, answers, _ = grade(put(notebook, tmp_path / "back" / "bo" / f"{BN}.ipynb"))
    assert points["bo"] == 0
    forged, empty, changed = (answers["bo", BN, each] for each in ("bn-parameters", "bn-trainable", "bn-inference"))
    assert forged["verdict"] != "right"
    assert "other parameters" in forged["remark"]
    assert empty["verdict"] == "unanswered"
    assert changed["verdict"] != "right"
    assert "another answer is shown" in changed["remark"]


def key_row(folder, student, notebook, question):
    rows = table(folder / "out" / "answer_key.csv")
    (row,) = (r for r in rows if (r["student"], r["notebook"], r["question"]) == (student, notebook, question))
    return row


def test_a_copy_of_the_cell_counts_where_the_cell_itself_holds_nothing(handed_out, grade, tmp_path):
    notebook = theirs(handed_out, "dee", BN)
    for question in ("bn-inference", "bn-bias"):
        copy = deepcopy(cell_of(notebook, question))
        copy.id = f"copy-of-{question}"
        if question == "bn-bias":
            type_in(notebook, question, "1")
        copy.source = copy.source.replace("None", '"moving"' if question == "bn-inference" else "2", 1)
        notebook.cells.append(copy)
    _, answers, _ = grade(put(notebook, tmp_path / "dee" / f"{BN}.ipynb").parent)
    assert answers["dee", BN, "bn-inference"]["verdict"] == "right"
    both = answers["dee", BN, "bn-bias"]
    assert (both["given"], both["remark"]) == ("1", "another answer is shown, too, in its output or in another cell")


def test_an_answer_in_the_question_s_form_counts(handed_out, grade, tmp_path):
    folder, key = handed_out
    notebook = theirs(handed_out, "dee", BN)
    for question, parameters in (
        ("bn-parameters", json.loads(key_row(folder, "dee", BN, "bn-parameters")["parameters"])),
        ("bn-trainable", {"channels": 1}),  # tried out, and not this student's question
    ):
        form = QuestionForm(question, **parameters)
        form.set(answer=str(key["dee", BN, question]))
        notebook.cells.append(nbformat.v4.new_code_cell("QuestionForm(…)"))
        data = {"text/plain": "", ANSWER: form.feedback.record()}
        notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data)]
    points, answers, _ = grade(put(notebook, tmp_path / "dee" / f"{BN}.ipynb").parent)
    assert answers["dee", BN, "bn-parameters"]["verdict"] == "right"
    assert answers["dee", BN, "bn-trainable"]["verdict"] == "unanswered"
    assert points["dee"] == 1


def test_a_cell_is_found_without_its_id_and_a_deleted_one_is_missing(handed_out, grade, tmp_path):
    notebook = theirs(handed_out, "dee", BN)
    type_in(notebook, "bn-inference", '"moving"')
    cell_of(notebook, "bn-inference").id = "another"
    notebook.cells.remove(cell_of(notebook, "bn-parameters"))
    _, answers, _ = grade(put(notebook, tmp_path / "dee" / f"{BN}.ipynb").parent)
    assert answers["dee", BN, "bn-inference"]["verdict"] == "right"
    assert answers["dee", BN, "bn-parameters"]["verdict"] == "missing"
    assert answers["dee", BN, "bn-trainable"]["verdict"] == "unanswered"


@pytest.mark.parametrize(
    ("place", "says_so_itself"),
    [
        ("ada/{name}.ipynb", False),
        ("ADA/{name}.ipynb", False),
        ("ada_{name}.ipynb", False),
        ("ada.zip/{name}.ipynb", False),
        ("everything.zip/ada - March.zip/{name} (1).ipynb", False),
        ("{name}.ipynb", True),
        ("Ada Example_123_assignsubmission_file_/{name}-Copy1.ipynb", True),
    ],
)
def test_a_notebook_is_found_wherever_a_learning_platform_puts_it(handed_out, grade, tmp_path, place, says_so_itself):
    notebook = theirs(handed_out, "ada", BN)
    if not says_so_itself:
        del notebook.metadata["course"]
    type_in(notebook, "bn-inference", '"moving"')
    write(tmp_path / "back", place.format(name=BN), nbformat.writes(notebook).encode())
    points, _, done = grade(tmp_path / "back")
    assert points["ada"] == 1, done.stdout
    assert done.returncode == 0


def write(folder, place, content):
    """Write a file into a folder; a part of its path that ends with .zip becomes a zip file with the rest in it."""
    first, zipped, rest = place.partition(".zip/")
    folder.mkdir(parents=True, exist_ok=True)
    if zipped:
        (folder / first).parent.mkdir(parents=True, exist_ok=True)
        inside = io.BytesIO()
        inner, more, name = rest.partition(".zip/")
        with zipfile.ZipFile(inside, "w") as archive:
            if more:
                innermost = io.BytesIO()
                with zipfile.ZipFile(innermost, "w") as nested:
                    nested.writestr(name, content)
                archive.writestr(f"{inner}.zip", innermost.getvalue())
            else:
                archive.writestr(rest, content)
        (folder / f"{first}.zip").write_bytes(inside.getvalue())
    else:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)


def test_whose_it_is_has_to_be_certain(handed_out, grade, tmp_path):
    back, ada = tmp_path / "back", theirs(handed_out, "ada", BN)
    put(ada, back / "bo" / f"{BN}.ipynb")
    del ada.metadata["course"]
    put(ada, back / f"{SEPARABLE}.ipynb")
    put(ada, back / "dee" / "something else.ipynb")
    ada.metadata.course = {"student": "eve"}
    put(ada, back / "eve.ipynb" / f"{BN}.ipynb")
    _, answers, done = grade(back)
    assert done.returncode == 1
    for sentence in (
        f"back/bo/{BN}.ipynb: its path says bo, and it was handed out to ada",
        f"back/{SEPARABLE}.ipynb: whose is it?",
        "back/dee/something else.ipynb: its name holds that of none of the notebooks",
        f"back/eve.ipynb/{BN}.ipynb: it was handed out to 'eve', who is not in the roster",
    ):
        assert sentence in done.stdout
    verdicts = {(student, name): row["verdict"] for (student, name, _), row in answers.items()}
    assert [each for each, verdict in verdicts.items() if verdict != "not-returned"] == [("ada", BN), ("bo", BN)]
    assert verdicts["ada", BN] == verdicts["bo", BN] == "left-out"


def test_what_cannot_be_read_is_said_and_the_rest_is_graded(handed_out, grade, tmp_path):
    back = tmp_path / "back"
    good = theirs(handed_out, "dee", BN)
    type_in(good, "bn-inference", '"moving"')
    put(good, back / "dee" / f"{BN}.ipynb")
    damaged, bomb = nbformat.writes(theirs(handed_out, "dee", SEPARABLE)).encode(), io.BytesIO()
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
        f"dee/damaged.zip/{SEPARABLE}.ipynb": damaged,
    }
    for place, content in faults.items():
        write(back, place, content)
    path = back / "dee" / "damaged.zip"
    path.write_bytes(path.read_bytes().replace(damaged, damaged[:-1] + b"!", 1))  # no longer what its checksum says
    (back / "cy" / "loop").symlink_to(back)
    faults["cy/loop"] = None
    points, _, done = grade(back)
    assert points["dee"] == 1
    assert done.returncode == 1
    left_out = [line for line in done.stdout.splitlines() if "left out: " in line]
    assert len(left_out) == len(faults)
    for place in faults:
        assert any(f"left out: back/{place}" in line for line in left_out), (place, left_out)
    assert "larger than 50 MB" in done.stdout


def test_the_tables_agree_hold_no_formula_and_are_for_their_owner_alone(handed_out, grade, tmp_path):
    notebook = theirs(handed_out, "bo", BN)
    type_in(notebook, "bn-inference", "\"=HYPERLINK('x')\"")
    put(notebook, tmp_path / "back" / "bo" / f"{BN}.ipynb")
    points, answers, _ = grade(tmp_path / "back")
    for student, sum_of in points.items():
        assert sum_of == sum(int(row["points"] or 0) for each, row in answers.items() if each[0] == student)
    out = tmp_path / "grades"
    assert sorted(path.name for path in out.iterdir()) == ["answers.csv", "grades.csv", "index.html", "left_out.csv"]
    for path in out.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        if path.suffix == ".csv":
            values = [value for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) for value in row]
            assert ("'=cmd()" in values) == (path.name != "left_out.csv")
            assert not any(value.startswith(("=", "+", "@")) for value in values)
    page = (out / "index.html").read_text()
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
    out, roster = tmp_path / "grades", handed_out[0] / "roster.csv"
    course_here("grade", back.parent, "--roster", roster, "--notebook", mine, "--out", out)
    verdicts = {row["question"]: row["verdict"] for row in table(out / "answers.csv") if row["id"] == "ada"}
    assert verdicts.pop("bn-parameters") == "right"
    assert set(verdicts.values()) == {"unanswered"}


def test_a_key_file_that_is_not_there_is_not_made(handed_out, tmp_path):
    roster = handed_out[0] / "roster.csv"
    done = course_here(
        "grade", tmp_path, "--roster", roster, "--secret", tmp_path / "none.key", "--out", tmp_path / "g"
    )
    assert done.returncode == 2
    assert "none.key" in done.stderr
    assert not (tmp_path / "none.key").exists()
    assert not (tmp_path / "g").exists()
