"""``another`` asks a question with numbers that were not asked yet; what is answered then counts for nothing."""

import pytest

from utils import questions as course
from utils.questions import another, ask, check, hint, parameters_of, solution, variants
from utils.records import ANSWER


@pytest.fixture(autouse=True)
def _new_kernel(monkeypatch):
    for name in ("_asked_last", "_had", "_shown"):
        monkeypatch.setattr(course, name, {})


def shown(question_id):
    """The question that ``another`` now shows, by its text."""
    text = str(another(question_id))
    (question,) = (ask(question_id, **each) for each in variants(question_id) if ask(question_id, **each).text in text)
    return question


@pytest.mark.parametrize("question_id", [each for each in course.questions() if len(variants(each)) > 1])
def test_answer_slips_hint_and_solution_are_those_of_the_numbers_shown(question_id):
    question = shown(question_id)
    assert question.parameters != ask(question_id).parameters
    assert f'check("{question_id}", …)' in str(another(question_id))
    question = shown(question_id)
    judged = check(question_id, question.answer)
    assert (judged.verdict, judged.parameters) == ("right", question.parameters)
    for slip in question.slips:
        assert check(question_id, slip.answer).slip == slip.name
    assert str(hint(question_id, 2)).endswith(question.hints[1])
    assert all(step in str(solution(question_id)) for step in question.steps)
    assert ANSWER not in judged._repr_mimebundle_(), "practice leaves no record"


def test_all_numbers_come_once_and_then_it_says_so():
    check("bn-parameters", None, channels=48, height=30, width=30)  # a student's own variant
    found = [shown("bn-parameters").parameters["channels"] for _ in range(11)]
    channels = {each["channels"] for each in variants("bn-parameters")}
    assert sorted(found) == sorted(channels - {48})
    assert "All 12 sets of numbers of bn-parameters were asked" in str(another("bn-parameters"))


def test_a_check_that_names_its_numbers_is_judged_by_them_and_counts():
    shown("bn-parameters")
    judged = check("bn-parameters", 192, channels=48, height=30, width=30)
    assert judged.verdict == "right"
    assert judged._repr_mimebundle_()[ANSWER]["parameters"]["channels"] == 48
    assert "48 channels" in str(hint("bn-parameters", 2)), "the one that was checked last"


@pytest.mark.parametrize("question_id", [each for each in course.questions() if not parameters_of(each)])
def test_a_question_without_numbers_says_so_and_its_check_counts_as_ever(question_id):
    assert "has no numbers that could be changed" in str(another(question_id))
    assert ANSWER in check(question_id, None)._repr_mimebundle_()


@pytest.mark.parametrize("wrong", ["bn-parametres", "", None, ["bn-parameters"], 7])
def test_an_unknown_question_is_a_sentence(wrong):
    assert "There is no question" in str(another(wrong))
