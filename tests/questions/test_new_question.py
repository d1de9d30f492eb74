"""A new question is one file and nothing else: it is found, checked, drawn as a variant and listed."""

import pytest
from checking import engine_complaints, keras_complaints
from click.testing import CliRunner

from utils import questions as course
from utils.batch.questions_command import questions as command
from utils.questions import check, hint, variant

FILE = '''
"""How many parameters a Dense layer has."""

from utils.arithmetic import Dense
from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "features": Parameter(20, Whole(1, 1000), (12, 15, 30, 50)),
    "units": Parameter(10, Whole(1, 1000), (4, 6, 8)),
}


def question(features, units):
    counted = Dense(units).parameters((features,))
    return Question(
        text=f"A Dense layer of {units} units gets {features} features. How many parameters does it have?",
        answer=counted.value,
        derivation=counted,
        slips=(
            Slip(counted.part("weights"), "the biases forgotten", "Every unit also adds a number of its own."),
            Slip(features * units + features, "a bias for every feature", "The biases belong to the units."),
        ),
        hints=(
            "How many numbers does one unit need?",
            f"A unit has {features} weights and a bias; there are {units} units.",
        ),
    )


def by_keras(features, units):
    import keras

    layer = keras.layers.Dense(units)
    layer.build((None, features))
    return layer.count_params()
'''


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
