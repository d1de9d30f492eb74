"""An exam: a key file of its own, a signed line in each notebook, and a remark where that line is gone."""

import nbformat
import pytest
from a_hand_out import BN, NAMES, HandOut, cell_of, key_file, put, show, type_in
from tiny_notebooks import course_here

from utils.course.engine.execute import execute
from utils.notebook_files.reading import read, records, tagged
from utils.questions import EXAM_SENTENCE
from utils.records import ANSWER

QUESTION = "bn-parameters"
GONE, SHOWN = "the line that makes it an exam is gone", "its outputs show verdicts"


class Exam(HandOut):
    """The notebooks 00, with nothing to draw, and 03, handed out as an exam."""

    def __init__(self, folder):
        super().__init__(folder, f"notebooks/{NAMES[0]}.ipynb", f"notebooks/{BN}.ipynb", "--exam")


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    return Exam(tmp_path_factory.mktemp("exam"))


def answered(exam, student, change=lambda notebook: None, name=BN):
    notebook = exam.notebook(student, name)
    for cell in tagged(notebook, "answer"):
        if (key := exam.key[student, name, cell.metadata.question]) is not None:
            type_in(notebook, cell.metadata.question, repr(key))
    change(notebook)
    return notebook


def line_of(notebook):
    (cell,) = tagged(notebook, "injected-parameters")
    return cell.source.splitlines()[-1]


def test_each_notebook_of_each_student_has_a_line_of_its_own_that_says_what_it_is(exam):
    lines = [line_of(exam.notebook(student, name)) for student in ("ada", "bo") for name in (NAMES[0], BN)]
    assert len(set(lines)) == 4
    assert all(EXAM_SENTENCE in line for line in lines)
    values = {}
    exec(tagged(exam.notebook("ada", BN), "injected-parameters")[0].source, values)
    assert len(values["exam"]) == 32


def test_a_key_file_serves_exams_or_other_hand_outs_and_never_both(exam, tmp_path):
    plain = key_file(tmp_path / "plain.key", "ab")
    words = ["hand-out", f"notebooks/{BN}.ipynb", "--roster", exam.roster, "--out", tmp_path / "out"]
    done = course_here(*words, "--secret", plain, "--exam")
    assert done.returncode == 2
    assert "an exam needs one of its own" in done.stderr
    done = course_here(*words, "--secret", exam.secret)
    assert "this is the key file of an exam" in done.stderr
    assert not (tmp_path / "out").exists()
    assert not course_here(*words, "--secret", tmp_path / "new.key", "--exam").returncode
    assert (tmp_path / "new.key").read_text().endswith(" exam\n")


def test_it_is_laid_into_a_folder_of_its_own_and_into_that_again(exam, tmp_path):
    zip_file = exam.folder / "out" / "students" / "ada.zip"
    for folder, code in (("new", 0), ("new", 0), ("work", 2)):
        if folder == "work":
            put(read(f"notebooks/{BN}.ipynb"), tmp_path / "work" / f"{BN}.ipynb")
        done = course_here("start", tmp_path / folder, "--hand-out", zip_file, "--no-lab")
        assert done.returncode == code, done.stderr
    assert f"another {BN}: an exam needs a folder of its own" in done.stderr
    assert line_of(read(tmp_path / "new" / f"{BN}.ipynb")) == line_of(exam.notebook("ada", BN))


def without_line(notebook):
    (cell,) = tagged(notebook, "injected-parameters")
    cell.source = cell.source.replace(line_of(notebook), "")


def without_cell(notebook):
    notebook.cells.remove(tagged(notebook, "injected-parameters")[0])
    del notebook.metadata["course"]


def another_s(notebook):
    (cell,) = tagged(notebook, "injected-parameters")
    cell.source = cell.source.replace('exam = "', 'exam = "0')


def not_run(notebook):
    show(cell_of(notebook, QUESTION), QUESTION, parameters={}, answer=7, verdict="wrong")


def run(notebook):
    show(cell_of(notebook, QUESTION), QUESTION, parameters={}, answer=7, verdict="exam")


CHANGES = {
    "ada": (lambda notebook: None, ""),
    "bo": (without_line, GONE),
    "cy": (another_s, GONE),
    "dee": (not_run, SHOWN),
}


def test_it_is_graded_as_always_and_a_line_that_is_gone_is_remarked_on(exam, tmp_path):
    for student, (change, _) in CHANGES.items():
        put(answered(exam, student, change), tmp_path / "back" / student / f"{BN}.ipynb")
    put(answered(exam, "ada", name=NAMES[0]), tmp_path / "back" / "ada" / f"{NAMES[0]}.ipynb")
    words = ["--notebook", f"notebooks/{NAMES[0]}.ipynb", "--notebook", f"notebooks/{BN}.ipynb"]
    points, rows, _ = exam.grade(tmp_path / "back", out=tmp_path / "grades", options=words)
    assert points["ada"] > points["bo"] == points["cy"] == points["dee"] > 0
    for student, (_, said) in CHANGES.items():
        row = rows[student, BN, QUESTION]
        assert row["verdict"] == "right"
        assert (said in row["remark"]) if said else not row["remark"]
    assert not rows["ada", NAMES[0], "image-values"]["remark"]


def test_a_notebook_that_lost_all_that_says_so_is_noticed_and_outputs_of_the_exam_are_no_sign(exam, tmp_path):
    put(answered(exam, "ada", without_cell), tmp_path / "back" / "ada" / f"{BN}.ipynb")
    put(answered(exam, "bo", run), tmp_path / "back" / "bo" / f"{BN}.ipynb")
    put(answered(exam, "cy", run), tmp_path / "back" / "cy" / f"{BN}.ipynb")
    options = ["--notebook", f"notebooks/{BN}.ipynb"]
    _, rows, _ = exam.grade(tmp_path / "back", out=tmp_path / "grades", options=options)
    assert GONE in rows["ada", BN, QUESTION]["remark"]
    assert not {GONE, SHOWN} & {*rows["bo", BN, QUESTION]["remark"].split("; ")}


def test_a_kernel_sees_the_line_and_tells_nothing(exam):
    handed_out = answered(exam, "ada")
    cells = [*tagged(handed_out, "parameters"), *tagged(handed_out, "injected-parameters")]
    imported = nbformat.v4.new_code_cell("from utils.questions import check, hint")
    executed = execute(nbformat.v4.new_notebook(cells=[*cells, imported, cell_of(handed_out, QUESTION)]))
    (record,) = records(executed, ANSWER)
    assert (record["verdict"], record["answer"]) == ("exam", exam.key["ada", BN, QUESTION])
