"""In an exam nothing tells what is right: no verdict, no hint, no solution, no practice."""

import sys

import pytest

from utils import exercises, questions
from utils.explorers.question_form import QuestionForm
from utils.practice import practice
from utils.questions import EXAM_SENTENCE, ask, check
from utils.records import ANSWER, CODE

ASKED = ask("bn-parameters", channels=48)
TOLD = [*ASKED.hints, *ASKED.steps, *(each.why for each in ASKED.slips), *(each.name for each in ASKED.slips)]


@pytest.fixture
def exam(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "exam", "0123456789abcdef" * 2, raising=False)


def test_right_slip_and_wrong_answers_look_the_same_and_are_kept(exam):
    seen = set()
    for answer in (ASKED.answer, ASKED.slips[0].answer, 7):
        judgment = check("bn-parameters", answer, channels=48)
        bundle = judgment._repr_mimebundle_()
        assert bundle[ANSWER]["answer"] == answer
        assert (bundle[ANSWER]["verdict"], bundle[ANSWER]["slip"]) == ("exam", None)
        shown = str(bundle["text/plain"] + bundle["text/html"])
        assert EXAM_SENTENCE in shown
        assert not [each for each in TOLD if each in shown]
        seen.add(shown.replace(str(answer), "…"))
    assert len(seen) == 1
    assert check("bn-parameters", "many", channels=48).verdict == "unreadable", "how to type an answer is no secret"
    assert check("bn-parameters", None, channels=48).verdict == "unanswered"


@pytest.mark.parametrize(
    "asked",
    [
        lambda: questions.hint("bn-parameters", 2, channels=48),
        lambda: questions.solution("bn-parameters", channels=48),
        lambda: questions.another("bn-parameters"),
        lambda: exercises.hint("bn-parameters", 1),
        lambda: exercises.hint("bn-forward", 2),
        lambda: exercises.solution("bn-forward"),
        lambda: practice(),
        lambda: QuestionForm("bn-parameters", channels=48)._asked("", "solution"),
        lambda: QuestionForm("bn-parameters", channels=48)._asked("", "first hint"),
    ],
)
def test_help_is_one_sentence(exam, asked):
    shown = str(asked())
    assert EXAM_SENTENCE in shown
    assert not [each for each in TOLD if each in shown]
    assert len(shown) < len(EXAM_SENTENCE) + 40


def test_a_function_is_noted_and_not_run(exam):
    ran = []

    def batch_norm_forward(x, gamma, beta, epsilon):
        ran.append(x)

    judgment = exercises.check_code("bn-forward", batch_norm_forward)
    assert judgment.verdict == "exam"
    assert "ran.append" in judgment._repr_mimebundle_()[CODE]["code"]
    assert str(judgment).endswith(EXAM_SENTENCE)
    assert not ran
    assert exercises.check_code("bn-forward", 7).verdict == "refused"


@pytest.mark.parametrize("exam", ["Exam 2", "", None, ["0" * 32]])
def test_a_variable_of_that_name_makes_no_exam(monkeypatch, exam):
    monkeypatch.setattr(sys.modules["__main__"], "exam", exam, raising=False)
    assert check("bn-parameters", ASKED.answer, channels=48).verdict == "right"
