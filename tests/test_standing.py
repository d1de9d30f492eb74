"""Where a student stands, read out of the notebooks' files."""

import re

import nbformat
import pytest
from click.testing import CliRunner

from utils.calibration import my_predictions
from utils.course.commands.main import main
from utils.course.working_folder.laying import lay
from utils.exercises import check_code, exercise
from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks
from utils.predictions import predict
from utils.questions import check, solution
from utils.standing import OPEN, RIGHT, WRONG, standing

BATCHES = next(path for path in course_notebooks() if path.stem.endswith("batch_normalization"))


@pytest.fixture
def work(tmp_path):
    list(lay({path.stem: read(path) for path in course_notebooks()}, tmp_path))
    return tmp_path


def show(folder, *results):
    """Store what these results show in the notebook on batch normalization, in cells of their own."""
    notebook = read(folder / BATCHES.name)
    for result in results:
        cell = nbformat.v4.new_code_cell("...")
        cell.outputs = [nbformat.v4.new_output("display_data", nbformat.from_dict(result._repr_mimebundle_()))]
        notebook.cells.append(cell)
    nbformat.write(notebook, folder / BATCHES.name)


def of(folder):
    return next(each for each in standing(folder).notebooks if each.name == BATCHES.stem)


def test_a_folder_that_was_just_laid_is_all_open(work):
    found = standing(work)
    assert [each.name for each in found.notebooks] == [path.stem for path in course_notebooks()]
    for kind in ("questions", "exercises"):
        assert found.of(kind, RIGHT) == found.of(kind, WRONG) == 0
        assert found.of(kind, OPEN) == sum(
            cell.metadata.get("tags", []).count({"questions": "answer", "exercises": "exercise"}[kind])
            for path in course_notebooks()
            for cell in read(path).cells
        )
    assert "Right: 0 of " in found.summary


def test_the_course_s_own_notebooks_show_what_they_ask_today(work):
    """``course refresh`` keeps the outputs of these cells; ``course refresh --force`` renews them."""
    shown = [
        cell.outputs[0].data["text/plain"]
        for path in course_notebooks()
        for cell in read(path).cells
        if cell.cell_type == "code" and cell.source.endswith("\nstanding()")
    ]
    assert len(shown) == 3
    assert set(shown) == {str(standing(work))}


def test_what_is_shown_last_counts(work):
    before = of(work)
    show(work, check("bn-parameters", 7), check("bn-trainable", 64), predict("pyramid", low=0.1, high=0.5))
    show(work, check_code("bn-forward", exercise("bn-forward").slips[0].function))
    after = of(work)
    assert after.counts["questions"] == {RIGHT: 1, WRONG: 1, OPEN: before.counts["questions"][OPEN] - 2}
    assert after.counts["exercises"] == {RIGHT: 0, WRONG: 1, OPEN: before.counts["exercises"][OPEN] - 1}
    assert after.predictions == 1
    assert "bn-trainable" not in after.left
    assert "bn-parameters" in after.left
    show(work, check("bn-parameters", 128), check_code("bn-forward", exercise("bn-forward").solution))
    assert of(work).counts["questions"][RIGHT] == 2
    assert of(work).counts["exercises"][RIGHT] == 1
    show(work, check("bn-parameters", None))
    assert of(work).counts["questions"][RIGHT] == 1


def test_what_the_course_itself_shows_of_a_question_is_nobody_s_answer(work):
    first = course_notebooks()[0].name
    notebook = read(work / first)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "check(" in cell.source:
            own = "answer" in cell.metadata.get("tags", [])
            result = check("image-values", 288 if own else 96, height=8, width=12)
            cell.outputs = [nbformat.v4.new_output("display_data", nbformat.from_dict(result._repr_mimebundle_()))]
    nbformat.write(notebook, work / first)
    assert standing(work).notebooks[0].counts["questions"] == {RIGHT: 1, WRONG: 0, OPEN: 0}


def test_a_solution_that_was_looked_at_is_no_answer(work):
    show(work, solution("bn-parameters"), solution("bn-forward"))
    assert of(work).counts["questions"][RIGHT] == of(work).counts["exercises"][RIGHT] == 0


@pytest.mark.parametrize("content", [None, "", "{", '{"cells": [{"outputs": 3}]}'])
def test_a_file_that_is_gone_or_broken_is_all_open(work, content):
    path = work / BATCHES.name
    path.unlink() if content is None else path.write_text(content)
    found = of(work)
    assert found.note == ("" if content is None else "cannot be read")
    assert found.counts["questions"][RIGHT] == 0
    assert ("cannot be read" in str(standing(work))) == (content is not None)


@pytest.mark.parametrize("record", [7, {}, {"id": 3}, {"id": "bn-parameters", "verdict": ["right"]}, {"id": []}])
def test_a_record_that_breaks_its_form_counts_as_open(work, record):
    result = check("bn-parameters", 128)
    bundle = result._repr_mimebundle_()
    (mime,) = (each for each in bundle if each.startswith("application/"))
    show(work, type("Shown", (), {"_repr_mimebundle_": lambda self: {mime: record}})())
    assert of(work).counts["questions"][RIGHT] == 0
    assert standing(work)._repr_mimebundle_()["text/html"]


def test_it_shows_itself_as_a_picture_and_a_table(work):
    show(work, check("bn-parameters", 7), check("bn-trainable", 64))
    shown = standing(work)._repr_mimebundle_()
    row = re.search(rf"<tr><th[^>]*>{BATCHES.stem.replace('_', '_<wbr>')}.*?</tr>", shown["text/html"])[0]
    named = re.findall(r'<td data-column="([^"]+)"[^>]*>[^<]', row)
    assert (named[:3], named[-1]) == (["Questions right", "Exercises right", "Predictions made"], "Open")
    alt, found = re.search('alt="([^"]*)"', shown["text/html"])[1], of(work)
    questions = f"questions: 1 right, 1 not right yet, {found.counts['questions'][OPEN]} open"
    assert f"{BATCHES.stem}: {questions}" in alt
    assert f"predictions: {found.asked} open" in alt
    assert "    not right yet: bn-parameters\n    open: " in shown["text/plain"]
    for each in ("Not right yet", "Open", "Predictions made"):
        assert f">{each}</th>" in shown["text/html"]


def test_the_command_says_the_same(work):
    result = CliRunner().invoke(main, ["progress", str(work)])
    assert result.exit_code == 0, result.output
    assert result.output.strip() == f"{standing(work)}\n{my_predictions(work).summary}"
    assert CliRunner().invoke(main, ["progress", str(work / "none")]).exit_code == 2
