"""What a question, an exercise or a claim was once called is read, run and noted under today's name."""

import json

import nbformat
import pytest

from utils import exercises, former_names, predictions, questions, scoring
from utils.claims import claim, claims
from utils.notebook_files.reading import last_records
from utils.notebook_files.returned import answered
from utils.records import ANSWER, PREDICTION

SOURCE = """answer = None
check("bn-normalise", answer)
check_code("bn-forwards", batch_norm_forward)
def batch_norm_forward(x): return x
"""


def test_a_name_is_given_once_and_each_former_one_stands_for_one_of_today():
    today = {*questions.questions(), *exercises.exercises(), *claims()}
    assert set(former_names.FORMER_NAMES.values()) <= today
    assert set(former_names.FORMER_NAMES) & today == set()


def test_what_is_drawn_by_a_name_stays_when_the_name_changes_and_changes_again(monkeypatch):
    monkeypatch.setattr(former_names, "FORMER_NAMES", {"a": "c", "b": "c"})
    assert [former_names.first_name(each) for each in ("c", "d")] == ["a", "d"]
    assert [former_names.name_today(each) for each in ("a", "b", "c", None, ["a"])] == ["c", "c", "c", None, ["a"]]


@pytest.mark.parametrize("source", [SOURCE, f"%magic\n{SOURCE}"], ids=["plain", "no Python"])
def test_a_notebook_is_read_under_today_s_names(source, monkeypatch):
    monkeypatch.setitem(former_names.FORMER_NAMES, "bn-forwards", "bn-forward")
    shown = {ANSWER: {"id": "bn-normalise", "answer": 1}, PREDICTION: {"id": "bn-normalises", "low": 0, "high": 1}}
    outputs = [nbformat.v4.new_output("display_data", {mime: record}) for mime, record in shown.items()]
    cell = nbformat.v4.new_code_cell(source, metadata={"question": "bn-normalise"}, outputs=outputs)
    own = nbformat.v4.new_notebook(cells=[cell])
    found = answered(json.dumps(own).encode())
    (read,) = found.cells
    assert (read.question, read.shown[0]["id"], "bn-normalize" in read.typed) == ("bn-normalize",) * 2 + (True,)
    assert [each["id"] for each in found.predictions] == ["bn-normalizes"]
    assert "bn-forward" in found.code
    assert list(last_records(own, PREDICTION)) == ["bn-normalizes"]


def test_a_notebook_with_former_names_runs():
    judgment = questions.check("bn-normalise", None)
    assert (judgment.id, judgment.verdict) == ("bn-normalize", "unanswered")
    assert str(questions.hint("bn-normalise")) == str(questions.hint("bn-normalize"))
    assert claim("dropout-regularises") is claim("dropout-regularizes")
    assert predictions.predict("bn-normalises", low=0.1, high=0.2).record()["id"] == "bn-normalizes"
    assert scoring.noted("bn-normalizes").given == (0.1, 0.2)
    scoring.note("bn-normalizes", None)
