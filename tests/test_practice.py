"""A round of practice: what was missed first, one of each notebook between, and an end."""

import nbformat
import pytest

from utils import practice as room
from utils import questions
from utils.course.working_folder.laying import lay
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks
from utils.practice import MOST_ASKED, practice
from utils.questions import ask, check
from utils.records import ANSWER

IN_NOTEBOOKS = {
    path.stem: [cell.metadata.question for cell in tagged(read(path), "answer")] for path in course_notebooks()
}


@pytest.fixture(autouse=True)
def _new_kernel(monkeypatch):
    monkeypatch.setattr(room, "_round", None)
    for name in ("_asked_last", "_had", "_shown"):
        monkeypatch.setattr(questions, name, {})


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A student's folder in which bn-bias and conv-parameters were missed. The student is made up."""
    folder = tmp_path_factory.mktemp("work")
    list(lay({path.stem: read(path) for path in course_notebooks()}, folder))
    for path in folder.glob("*.ipynb"):
        notebook = read(path)
        for cell in tagged(notebook, "answer"):
            right = check(cell.metadata.question, ask(cell.metadata.question).answer)
            missed = cell.metadata.question in ("bn-bias", "conv-parameters")
            result = check(cell.metadata.question, 7) if missed else right
            cell.outputs = [nbformat.v4.new_output("display_data", nbformat.from_dict(result._repr_mimebundle_()))]
        nbformat.write(notebook, path)
    return folder


def open_question():
    return room._round.question


def test_missed_ones_come_first_with_one_of_each_notebook_between(work):
    asked = []
    turn = practice(folder=work)
    while open_question():
        asked.append(open_question().id)
        assert open_question().text in str(turn)
        assert open_question().answer is not None, "a prediction has no right answer"
        turn = practice(open_question().answer, work)
        assert turn.judgment.verdict == "right"
    assert {asked[0], asked[2]} == {"bn-bias", "conv-parameters"}
    assert len(asked) == len(set(asked)) <= 2 + len(IN_NOTEBOOKS)
    for name, ids in IN_NOTEBOOKS.items():
        assert not ids or set(ids) & set(asked), name
    assert str(turn).splitlines()[-2].endswith(f"right at once: {', '.join(asked)}")


def test_the_same_answer_may_be_right_twice_and_a_cell_run_twice_answers_once(work, monkeypatch):
    same, other = ask("bn-bias"), ask("conv-parameters")
    upcoming = iter([same, same, other])
    monkeypatch.setattr(questions, "again", lambda question_id: next(upcoming))
    practice(folder=work)
    assert [practice(same.answer, work).judgment.verdict for _ in range(2)] == ["right", "right"]
    assert practice(same.answer, work).judgment is None


def test_what_is_missed_comes_back_with_other_numbers_until_it_was_right(work):
    practice(folder=work)
    first = open_question()
    assert practice(first.slips[0].answer, work).judgment.slip == first.slips[0].name
    while open_question().id != first.id:
        practice(open_question().answer, work)
    assert open_question().parameters != first.parameters
    end = practice(open_question().answer, work)
    assert open_question() is None
    assert f"right when asked again: {first.id}" in str(end)


def test_it_ends_though_nothing_is_ever_right(work):
    practice(folder=work)
    for number in range(MOST_ASKED):
        assert open_question(), number
        room._round.given = None
        turn = practice(open_question().slips[0].answer, work)
    assert open_question() is None
    assert "still missed: " in str(turn)
    assert "A new round begins" in str(practice(3, work))
    assert open_question()


def test_a_cell_that_is_run_twice_judges_its_answer_once(work):
    practice(folder=work)
    answer = open_question().answer
    practice(answer, work)
    now = open_question()
    turn = practice(answer, work)
    assert turn.judgment is None
    assert "your answer to the question before" in str(turn)
    assert open_question() is now


@pytest.mark.parametrize("given", [None, "", "None"])
def test_no_answer_shows_the_question_and_changes_nothing(work, given):
    first = str(practice(folder=work)).splitlines()[0]
    assert first in str(practice(given, work))
    assert (room._round.asked, room._round.missed) == (1, {})


@pytest.mark.parametrize(
    "given", ["?", {}, 10**5000, float("nan"), [[]], object()], ids=lambda each: type(each).__name__
)
def test_whatever_is_given_is_at_worst_unreadable_and_the_question_stays(work, given):
    practice(folder=work)
    question = open_question()
    turn = practice(given, work)
    assert turn.judgment.verdict == "unreadable"
    assert open_question() is question


def test_nothing_is_recorded_and_a_folder_without_notebooks_does_as_well(tmp_path):
    (tmp_path / course_notebooks()[1].name).write_text('{"cells": 3}')
    turn = practice(folder=tmp_path)
    for _ in range(2):
        assert set(turn._repr_mimebundle_()) == {"text/plain", "text/html"}
        assert ANSWER not in turn._repr_mimebundle_()
        turn = practice(open_question().answer, tmp_path)
