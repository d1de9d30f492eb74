"""The checks of the questions go red when a question is wrong: each is broken here in a way of its own."""

from dataclasses import replace

import pytest
from checking import engine_complaints, keras_complaints

from utils import arithmetic
from utils import questions as course


@pytest.fixture
def broken(monkeypatch):
    """Puts a changed question in place of the real one."""

    def put(question_id, change):
        module = course._module(question_id)
        real = module.question
        monkeypatch.setattr(module, "question", lambda **parameters: change(real(**parameters)))

    return put


def with_slip(place, **changes):
    def change(question):
        slips = list(question.slips)
        slips[place] = replace(slips[place], **changes)
        return replace(question, slips=tuple(slips))

    return change


INTACT = ["bn-parameters", "conv-parameters", "separable-exercise", "residual-add-pooling", "residual-add-shapes"]


@pytest.mark.parametrize("question_id", INTACT)
def test_there_is_nothing_to_complain_about_before(question_id):
    assert engine_complaints(question_id, {}) + keras_complaints(question_id, {}) == []


def test_a_key_that_is_off_by_one_differs_from_keras(broken):
    broken("bn-parameters", lambda question: replace(question, answer=question.answer + 1))
    assert "Keras gives 128, the key is 129" in keras_complaints("bn-parameters", {})[0]


def test_a_shape_that_is_off_by_one_differs_from_keras(broken):
    broken("residual-add-pooling", lambda question: replace(question, answer=((13, 12, 64), 2)))
    assert keras_complaints("residual-add-pooling", {})


def test_another_right_choice_differs_from_keras(broken):
    broken("residual-add-shapes", lambda question: replace(question, answer="broadcast", slips=question.slips[1:]))
    assert keras_complaints("residual-add-shapes", {})


@pytest.mark.parametrize(
    ("kind", "mutant"),
    [
        (
            arithmetic.BatchNormalization,
            lambda self, shape: arithmetic.Count((arithmetic.count("gamma", 3, shape[-1]),)),
        ),
        (arithmetic.SeparableConv2D, lambda self, shape: arithmetic.Conv2D(self.filters, 3).parameters(shape)),
        (arithmetic.Conv2D, lambda self, shape: arithmetic.Dense(self.filters).parameters(shape)),
    ],
)
def test_a_wrong_formula_differs_from_keras(monkeypatch, kind, mutant):
    monkeypatch.setattr(kind, "parameters", mutant)
    mine = {
        "BatchNormalization": "bn-parameters",
        "SeparableConv2D": "separable-parameters",
        "Conv2D": "conv-parameters",
    }
    with pytest.raises((AssertionError, ValueError)):
        assert keras_complaints(mine[kind.__name__], {}) == []


def test_a_slip_that_equals_the_answer_is_refused(broken):
    broken("conv-parameters", with_slip(0, answer=896))
    with pytest.raises(ValueError, match="“the biases forgotten” leads to the right answer"):
        engine_complaints("conv-parameters", {})


def test_two_slips_that_are_the_same_are_refused(broken):
    broken("conv-parameters", with_slip(0, answer=320))
    with pytest.raises(ValueError, match="“the biases forgotten” and “the input channels forgotten”"):
        engine_complaints("conv-parameters", {})


def test_a_collision_that_the_engine_overlooks_is_found(broken, monkeypatch):
    monkeypatch.setattr(course.Question, "refusal", "")
    broken("conv-parameters", with_slip(0, answer=896))
    assert engine_complaints("conv-parameters", {}) == ["the biases forgotten (896) is judged right, None"]
    broken("conv-parameters", with_slip(1, answer=896))
    assert len(engine_complaints("conv-parameters", {})) == 2


def test_a_slip_that_cannot_be_typed_is_found(broken):
    broken("conv-parameters", with_slip(0, answer=(864, 32)))
    assert "is judged unreadable" in engine_complaints("conv-parameters", {})[0]


@pytest.mark.parametrize("number", ["896", "864 + 32 = 896.", "0896", "It is 896!"])
def test_an_explanation_that_gives_the_answer_away_is_found(broken, number):
    broken("conv-parameters", with_slip(0, why=f"You forgot the biases: {number}"))
    assert "holds the answer 896" in " ".join(engine_complaints("conv-parameters", {}))


def test_an_explanation_that_gives_a_large_answer_away_is_found(broken):
    broken("separable-parameters", with_slip(1, why="You forgot the biases, which make it 2,400."))
    assert "holds the answer 2400" in " ".join(engine_complaints("separable-parameters", {}))


def test_a_first_hint_that_gives_the_answer_away_is_found(broken):
    broken("residual-add-pooling", lambda question: replace(question, hints=("(13, 13, 64), 2", question.hints[1])))
    assert "the first hint holds the answer" in " ".join(engine_complaints("residual-add-pooling", {}))


def test_feedback_that_gives_the_answer_away_is_found(monkeypatch):
    from utils.questions import _judging

    monkeypatch.setattr(_judging, "how_far_off", lambda given, question: [f"It is {question.answer:,}."])
    assert "the feedback on 897 holds the answer 896" in engine_complaints("conv-parameters", {})
