"""``course start`` and ``course hand-in``, on the course's own notebooks."""

import io
import json
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.course.commands.main import main
from utils.course.working_folder.laying import lay
from utils.notebook_files.reading import read
from utils.notebook_files.returned import VARIANT_CELL
from utils.notebook_files.sources import ROOT, course_notebooks

NAMES = [path.stem for path in course_notebooks()]


def start(*arguments):
    return CliRunner().invoke(main, ["start", *map(str, arguments), "--no-lab"])


def hand_in(*arguments):
    return CliRunner().invoke(main, ["hand-in", *map(str, arguments)])


def test_the_course_is_laid_without_outputs_and_once(tmp_path):
    result = start(tmp_path / "work")
    assert result.exit_code == 0, result.output
    assert f"{len(NAMES)} notebooks in {tmp_path / 'work'}" in result.output
    for name in NAMES:
        laid = read(tmp_path / "work" / f"{name}.ipynb")
        assert not any(cell.get("outputs") for cell in laid.cells)
        assert [cell.source for cell in laid.cells] == [
            cell.source for cell in read(ROOT / "notebooks" / f"{name}.ipynb").cells
        ]
    again = start(tmp_path / "work")
    assert again.output == f"{len(NAMES)} notebooks in {tmp_path / 'work'}\n"


def test_what_was_laid_is_told_before_jupyterlab_takes_over(tmp_path):
    command = [Path(sys.executable).with_name("course"), "start", tmp_path / "work", "--", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *_, laid, lab = done.stdout.splitlines()
    assert (laid, lab) == (f"{len(NAMES)} notebooks in {tmp_path / 'work'}", version("jupyterlab"))


def test_what_is_open_is_said_and_the_zip_file_holds_what_was_written(tmp_path):
    start(tmp_path / "work")
    path = tmp_path / "work" / "03_batch_normalization.ipynb"
    notebook = read(path)
    cell = next(cell for cell in notebook.cells if cell.metadata.get("question") == "bn-parameters")
    cell.source = cell.source.replace("answer = None", "answer = 4 * 32")
    nbformat.write(notebook, path)
    result = hand_in(tmp_path / "work", "--out", tmp_path / "mine.zip")
    assert result.exit_code == 0, result.output
    line = next(line for line in result.output.splitlines() if line.startswith("03_"))
    assert "bn-trainable" in line
    assert "bn-forward" in line
    assert "bn-parameters" not in line
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert archive.namelist() == [f"{name}.ipynb" for name in NAMES]
        assert archive.read("03_batch_normalization.ipynb") == path.read_bytes()


def test_a_notebook_that_colab_saved_is_brought_up_to_date_and_handed_in_as_any_other(tmp_path):
    """It keeps cells' ids in their metadata; a student may have put anything into that."""
    start(tmp_path / "work")
    path = tmp_path / "work" / "03_batch_normalization.ipynb"
    own = json.loads(path.read_text())
    own |= {"nbformat_minor": 0, "metadata": {}}
    for cell in own["cells"]:
        cell["metadata"] |= {"id": cell.pop("id")} | ({"exercise": 5} if "exercise" in cell["metadata"] else {})
    own["cells"][-1]["metadata"]["id"] = own["cells"][0]["metadata"]["id"]
    own["cells"][0]["source"] = ["# My title"]
    path.write_text(json.dumps(own))
    result = hand_in(tmp_path / "work", "--out", tmp_path / "mine.zip")
    assert result.exit_code == 0, result.output
    line = next(line for line in result.output.splitlines() if line.startswith("03_"))
    assert "bn-trainable" in line
    assert "bn-forward" in line
    again = start(tmp_path / "work")
    assert again.exit_code == 0, again.output
    assert read(path).cells[0].source == "# My title"


def test_a_notebook_that_is_gone_or_broken_is_said(tmp_path):
    start(tmp_path / "work")
    (tmp_path / "work" / f"{NAMES[1]}.ipynb").unlink()
    (tmp_path / "work" / f"{NAMES[2]}.ipynb").write_text("{")
    result = hand_in(tmp_path / "work", "--out", tmp_path / "mine.zip")
    assert result.exit_code == 1
    assert f"{NAMES[1]}.ipynb: No such file or directory" in result.output
    assert f"{NAMES[2]}.ipynb is not a Jupyter notebook" in result.output
    assert f"({len(NAMES) - 2} notebooks)" in result.output


def a_zip(folder, **files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"ada/{name}.ipynb", text)
    path = folder / "ada.zip"
    path.write_bytes(content.getvalue())
    return path


def test_a_hand_out_is_laid_and_keeps_what_it_says_of_itself(tmp_path):
    notebook = read(course_notebooks()[3])
    notebook.metadata["course"] = {"student": "ada"}
    path = a_zip(tmp_path, **{NAMES[3]: nbformat.writes(notebook)})
    result = start(tmp_path / "work", "--hand-out", path)
    assert result.exit_code == 0, result.output
    assert [each.name for each in (tmp_path / "work").glob("*.ipynb")] == [f"{NAMES[3]}.ipynb"]
    assert read(tmp_path / "work" / f"{NAMES[3]}.ipynb").metadata.course == {"student": "ada"}


def handed_out(folder, student="ada", channels=48, title="# Water"):
    """The zip file of a hand-out of one small notebook, with that variant; made up, and signed by nobody."""
    cells = [new_markdown_cell(title, id="title"), new_code_cell("channels: int = 32", id="set")]
    notebook = new_notebook(cells=cells)
    if student:
        notebook.cells.append(new_code_cell(f"# Your variant\nchannels = {channels}\n", id=VARIANT_CELL))
        notebook.metadata["course"] = {"student": student, "values": {"channels": channels}, "variant": title}
    notebook.cells.append(new_code_cell("answer = None", id="ask"))
    return a_zip(folder, **{"01_water": nbformat.writes(notebook)})


@pytest.fixture
def used(tmp_path):
    """A folder with a hand-out in which a student has answered."""
    start(tmp_path / "work", "--hand-out", handed_out(tmp_path))
    path = tmp_path / "work" / "01_water.ipynb"
    notebook = read(path)
    notebook.cells[-1].source = "answer = 7"
    nbformat.write(notebook, path)
    return path


@pytest.mark.parametrize("other", [{"channels": 64}, {"student": "bo"}])
def test_another_hand_out_is_not_mixed_with_the_one_in_the_folder(used, tmp_path, other):
    before = used.read_bytes()
    result = start(used.parent, "--hand-out", handed_out(tmp_path, **other))
    assert result.exit_code == 2
    assert "holds 01_water of another hand-out, with other values: it was left as it is" in result.output
    assert used.read_bytes() == before
    assert start(tmp_path / "second", "--hand-out", tmp_path / "ada.zip").exit_code == 0


def test_a_corrected_hand_out_renews_the_first_and_says_so_of_itself(used, tmp_path):
    assert "01_water: renewed" in start(used.parent, "--hand-out", handed_out(tmp_path, title="# Wet")).output
    renewed = read(used)
    assert renewed.metadata.course.variant == "# Wet"
    assert [cell.source for cell in renewed.cells][::3] == ["# Wet", "answer = 7"]


def test_what_the_course_lays_keeps_the_variant_of_a_hand_out(used, tmp_path):
    assert "01_water: renewed" in start(used.parent, "--hand-out", handed_out(tmp_path, None, title="# Wet")).output
    sources = [cell.source for cell in read(used).cells]
    assert sources == ["# Wet", "channels: int = 32", "# Your variant\nchannels = 48\n", "answer = 7"]
    assert read(used).metadata.course["values"] == {"channels": 48}


def test_a_hand_out_after_the_course_s_own_says_that_there_are_new_values(tmp_path):
    start(tmp_path / "work", "--hand-out", handed_out(tmp_path, None))
    result = start(tmp_path / "work", "--hand-out", handed_out(tmp_path))
    assert "handed out to you now, with your own values" in result.output
    assert read(tmp_path / "work" / "01_water.ipynb").metadata.course["values"] == {"channels": 48}


def test_a_notebook_that_was_laid_beside_a_broken_one_is_handed_in_too(used, tmp_path):
    used.write_text("{")
    start(used.parent, "--hand-out", handed_out(tmp_path))
    for names in (["01_water.ipynb", "01_water.new.ipynb"], ["01_water.ipynb"]):
        result = hand_in(used.parent, "--out", tmp_path / "mine.zip")
        assert result.output.count("not handed in as it should be") == 1
        with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
            assert archive.namelist() == names
        used.with_name("01_water.new.ipynb").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "there is nothing in it"),
        ({"x": "{"}, "is not a Jupyter notebook"),
        ({"x": json.dumps([1])}, "is not a Jupyter"),
    ],
)
def test_a_hand_out_that_is_none_is_refused(tmp_path, files, words):
    result = start(tmp_path / "work", "--hand-out", a_zip(tmp_path, **files))
    assert result.exit_code == 2
    assert words in result.output
    assert not (tmp_path / "work").exists()


def test_no_zip_file_a_file_for_a_folder_and_the_course_itself_are_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "holds no notebook" in start(tmp_path / "work", "--hand-out", tmp_path / "file").output
    assert start(tmp_path / "file").exit_code == 2
    assert "choose another folder" in start(ROOT / "notebooks").output
    assert "nothing was laid into" in hand_in(tmp_path).output


def test_a_conflict_is_named_on_the_terminal(tmp_path):
    name, path = NAMES[0], tmp_path / "work" / f"{NAMES[0]}.ipynb"
    old = read(course_notebooks()[0])
    old.cells[0].source = "# An older title"
    list(lay({name: old}, tmp_path / "work"))
    mine = read(path)
    mine.cells[0].source = "# My title"
    nbformat.write(mine, path)
    result = start(tmp_path / "work")
    assert f"{name}: renewed" in result.output
    assert "you and the course both changed “# My title”" in result.output
