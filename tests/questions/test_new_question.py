"""A new question is one file and nothing else: it is found, checked, drawn as a variant and listed."""

import re
from pathlib import Path

import pytest
from checking import engine_complaints, keras_complaints
from click.testing import CliRunner

from utils import questions as course
from utils.course.commands.questions import questions as command
from utils.questions import check, hint, variant

# The sample file of the README: what instructors read is what is tested.
README = Path(__file__).parents[2] / "README.md"
FILE = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)[1]


@pytest.fixture
def dropped_in(tmp_path, monkeypatch):
    (tmp_path / "dense_parameters.py").write_text(FILE.lstrip())
    monkeypatch.setattr(course, "__path__", [*course.__path__, str(tmp_path)])
    course.questions.cache_clear()
    yield "dense-parameters"
    monkeypatch.undo()
    course.questions.cache_clear()
    assert "dense-parameters" not in course.questions()


def test_one_file_makes_a_question(dropped_in):
    assert dropped_in in course.questions()
    assert check(dropped_in, 210).verdict == "right"
    assert check(dropped_in, 200).slip == "the biases forgotten"
    assert "12 weights" in str(hint(dropped_in, 2, features=12))
    assert check(dropped_in, 1, features=10).verdict == "not-asked"
    assert {variant(dropped_in, seed)["units"] for seed in range(50)} == {4, 6, 8}
    assert engine_complaints(dropped_in, {}) + keras_complaints(dropped_in, {}) == []
    assert "dense-parameters(features=20, units=10)" in CliRunner().invoke(command, [dropped_in]).output
    assert len(FILE.splitlines()) < 60
