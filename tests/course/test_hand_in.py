"""A student's whole way: a hand-out is laid into a folder, answered, handed in and graded."""

import nbformat
from a_hand_out import BN, type_in
from click.testing import CliRunner

from utils.course.commands.main import main
from utils.notebook_files.reading import read


def course(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_answered_in_the_folder_is_what_is_graded(handed_out, grade, tmp_path):
    work, back = tmp_path / "work", tmp_path / "back" / "hand-in.zip"
    course("start", work, "--hand-out", handed_out.folder / "out" / "students" / "dee.zip", "--no-lab")
    notebook = read(work / f"{BN}.ipynb")
    right = handed_out.key["dee", BN, "bn-parameters"]
    type_in(notebook, "bn-parameters", str(right))
    type_in(notebook, "bn-trainable", "-3")
    nbformat.write(notebook, work / f"{BN}.ipynb")
    course("start", work, "--hand-out", handed_out.folder / "out" / "students" / "dee.zip", "--no-lab")  # again
    back.parent.mkdir()
    (line,) = (line for line in course("hand-in", work, "--out", back).splitlines() if line.startswith(BN))
    assert "bn-inference" in line
    assert "bn-parameters" not in line
    points, answers, _ = grade(back.parent)
    assert points == {"ada": 0, "bo": 0, "cy": 0, "dee": 1}
    assert answers["dee", BN, "bn-parameters"]["verdict"] == "right"
    assert answers["dee", BN, "bn-trainable"]["verdict"] == "wrong"
