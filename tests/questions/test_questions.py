"""The questions: the seeds' numbers, three roads to each answer, slips that are told apart, feedback that helps."""

import json
import random
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from checking import engine_complaints, keras_complaints
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import questions as course
from utils.parameters import Choice, Real, Whole
from utils.questions import ask, check, hint, judge, parameters_of, solution, variant, variants

ROOT = Path(__file__).parents[2]
ALL = course.questions()
OPEN = [each for each in ALL if ask(each).answer is None]
every_question = pytest.mark.parametrize("question_id", ALL)

# What the seeds, and the sums written out by hand beside them, say: key and slips at the defaults.
BY_HAND = {
    "activation-sparsity": (None, []),
    "bn-bias": (64, [3 * 3 * 32 * 64, 128, 32, 3 * 3 * 32 * 64 + 64]),
    "bn-inference": ("moving", ["batch", "division by zero"]),
    "bn-parameters": (128, [64, 32, 4, 4 * 30 * 30 * 32]),
    "bn-trainable": (64, [128, 32, 96]),
    "conv-parameters": (3 * 3 * 3 * 32 + 32, [864, 3 * 3 * 32 + 32, 896 * 32 * 32, 867]),
    "image-values": (1800, [600, 2400, 53, 100]),
    "pyramid-shapes": ((13, 7, 4), [(25, 13, 7), (12, 6, 3), (12, 5, 2)]),
    "receptive-field": (15, [9, 27, 7, 29, 225]),
    "residual-add-pooling": (((13, 13, 64), 2), [((13, 13, 64), 1), ((25, 25, 64), 2), ((12, 12, 64), 2)]),
    "residual-add-shapes": ("1x1 with 64 filters", ["broadcast", "zeros", "1x1 with 32 filters"]),
    "residual-model-parameters": (297_697, [297_697 - 128 - 2112 - 8320, 297_697 - 673, 297_568, 297_697 + 63 * 128]),
    "residual-projection-parameters": (128, [96, 896, 99]),
    "separable-exercise": (38, [35, 33, 56, 54]),
    "separable-first-layer": ("correlated", ["few", "stride", "depthwise"]),
    "separable-flops": ((49 * (72 + 128), 49 * 1152), [(200, 1152), (56_448, 9_800), (196 * 200, 196 * 1152)]),
    "separable-parameters": (2_400, [2_432, 2_336, 18_496, 352, 2_112]),
    "separable-saving": (
        Fraction(73, 576),
        [Fraction(1, 9), Fraction(1, 64), Fraction(1, 576), Fraction(576, 73), Fraction(503, 576)],
    ),
}


def test_the_numbers_of_the_seeds_and_their_slips():
    for question_id, (key, slips) in BY_HAND.items():
        question = ask(question_id)
        assert question.answer == key, question_id
        assert [slip.answer for slip in question.slips] == slips, question_id


def test_batch_normalization_by_hand():
    question = ask("bn-normalize")
    # (1, 7): mean 4, variance 9; (10, 14): mean 12, variance 4; ε = 1, γ = 2, β = 1.
    tenth, fifth = 10**-0.5, 5**-0.5
    right = 1 - 6 * tenth, 1 - 4 * fifth, 1 + 6 * tenth, 1 + 4 * fifth
    assert course.flat(question.answer) == pytest.approx(right)
    epsilon, sample, image, plain = (course.flat(slip.answer) for slip in question.slips)
    assert epsilon == pytest.approx([-1, -1, 3, 3])
    assert sample == pytest.approx([1 - 6 * 19**-0.5, 1 - 4 * 9**-0.5, 1 + 6 * 19**-0.5, 1 + 4 * 9**-0.5])
    assert image == pytest.approx([1 - 9 * 21.25**-0.5, 1 + 9 * 21.25**-0.5, 1 - 7 * 13.25**-0.5, 1 + 7 * 13.25**-0.5])
    assert plain == pytest.approx([-3 * tenth, -2 * fifth, 3 * tenth, 2 * fifth])


def test_what_is_left_of_an_initial_value_by_hand():
    question = ask("bn-momentum")
    # ln 0.99 = −0.0100503, times 100 is −1.00503, and e to that power is 0.36603.
    assert float(question.answer) == pytest.approx(0.36603, abs=1e-5)
    assert [float(slip.answer) for slip in question.slips] == pytest.approx([0.63397, 0, 0.99, 0.01], abs=1e-5)
    assert {check("bn-momentum", typed).verdict for typed in ("0.99**100", "0.99^100", "(99/100) ** 100")} == {"right"}
    with pytest.raises(ValueError, match="less than a fiftieth of the initial value is left"):
        ask("bn-momentum", momentum=0.9)


def test_every_question_has_its_numbers_by_hand():
    assert set(ALL) == {*BY_HAND, "bn-normalize", "bn-momentum"}


def drawn(question_id):
    """Sets of the whole allowed range, corners included: one parameter goes as far as it may, the others stay small."""
    parameters = parameters_of(question_id)

    def one(name, far):
        allowed = parameters[name].allowed
        if isinstance(allowed, Choice):
            return st.sampled_from(allowed.values)
        if isinstance(allowed, Real):
            return st.floats(max(allowed.low, -10), min(allowed.high, 10)).map(lambda value: round(value, 2) or 0.5)
        near = allowed.high if far else min(allowed.high, allowed.low + 24)
        return st.integers(allowed.low if allowed.low > 0 else -20, near if allowed.low > 0 else 20)

    names = sorted(parameters)
    return st.sampled_from([*names, None]).flatmap(
        lambda far: st.fixed_dictionaries({name: one(name, name == far) for name in names})
    )


@pytest.mark.parametrize("question_id", [each for each in ALL if each not in OPEN])
def test_the_formula_keras_and_the_key_agree_over_the_whole_range(question_id):
    checked = []

    @settings(max_examples=100 if parameters_of(question_id) else 1, derandomize=True, deadline=None, database=None)
    @given(drawn(question_id))
    def agree(parameters):
        question, refusal = course.preview(question_id, **parameters)
        if refusal or too_large_to_build(question) or len(checked) == 25:
            return
        assert keras_complaints(question_id, parameters) == []
        checked.append(parameters)

    agree()
    assert len(checked) >= (20 if parameters_of(question_id) else 1)


def too_large_to_build(question):
    return any(isinstance(number, int) and number > 3_000_000 for number in course.flat(question.answer))


@every_question
def test_no_two_answers_of_an_allowed_set_are_the_same_and_each_slip_is_named(question_id):
    complaints = []

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(drawn(question_id))
    def look(parameters):
        if not course.preview(question_id, **parameters)[1]:
            complaints.extend(
                (parameters, each) for each in engine_complaints(question_id, parameters) if "holds" not in each
            )

    look()
    assert complaints == []


@every_question
def test_no_variant_has_a_collision_or_gives_its_answer_away(question_id):
    possible = variants(question_id)
    for parameters in random.Random(0).sample(possible, min(len(possible), 60)):
        assert engine_complaints(question_id, parameters) == []


@pytest.mark.parametrize(
    ("question_id", "parameters", "reason"),
    [
        ("bn-parameters", {"channels": 1}, "“the parameters of one channel” leads to the right answer"),
        ("bn-parameters", {"channels": 4}, "“one parameter a channel” and “the parameters of one channel”"),
        ("bn-parameters", {"height": 1, "width": 1}, "“a set for every pixel” leads to the right answer"),
        ("bn-bias", {"channels": 64}, "“a bias for every input channel” leads to the right answer"),
        ("conv-parameters", {"channels": 1}, "“the input channels forgotten” leads to the right answer"),
        ("residual-add-shapes", {"channels": 1}, "broadcast"),
        ("residual-add-shapes", {"channels": 64}, "can be added as they are"),
        ("separable-saving", {"filters": 9}, "lead to the same answer"),
        ("separable-flops", {"size": 2, "padding": "valid"}, "at least 3 is needed"),
        ("bn-normalize", {"first": 7}, "no variance"),
    ],
)
def test_a_set_whose_answers_cannot_be_told_apart_is_refused_with_the_reason(question_id, parameters, reason):
    with pytest.raises(ValueError, match="This question is not asked with") as refused:
        ask(question_id, **parameters)
    assert reason in str(refused.value)
    judged = check(question_id, 1, **parameters)
    assert (judged.verdict, judged.answer) == ("not-asked", None)
    assert reason in str(judged)
    assert reason in str(hint(question_id, **parameters))
    assert reason in str(solution(question_id, **parameters))


@every_question
def test_a_question_is_complete(question_id):
    question = ask(question_id)
    assert question.text.endswith((".", "?", ")"))
    assert len(question.hints) == 2
    assert question.hints[0] != question.hints[1]
    assert question.steps
    for slip in question.slips:
        assert len(slip.why) > 30, slip.name
        assert slip.why.endswith((".", "?")), slip.name
        assert not slip.name.endswith("."), slip.name
    if question.choices:
        wrong = {slip.answer for slip in question.slips}
        assert question_id in OPEN or wrong == set(question.choices) - {question.answer}, "a choice without comment"
    for name, parameter in parameters_of(question_id).items():
        assert parameter.allowed.allows(parameter.default), name
        assert all(map(parameter.allowed.allows, parameter.variants)), name


MISTAKES = [
    (("bn-parametres",), {}, 'There is no question "bn-parametres". Do you mean "bn-parameters"?'),
    (("weather",), {}, 'There is no question "weather". The questions are: activation-sparsity, bn-bias, '),
    ((["bn-parameters"],), {}, "There is no question \"['bn-parameters']\". Do you mean"),
    (("bn-parameters",), {"chanel": 32}, "bn-parameters has no parameter 'chanel'; it has: channels, "),
    (("bn-inference",), {"channels": 32}, "bn-inference has no parameter 'channels'; it has none."),
    (("bn-parameters",), {"channels": 0}, "channels=0: a whole number from 1 to 4096 is needed"),
    (("bn-parameters",), {"channels": 10**5000}, "channels=a value of type int: a whole number from 1 to 4096"),
    (("bn-parameters",), {"channels": True}, "channels=True: a whole number from 1 to 4096 is needed"),
]


@pytest.mark.parametrize(("asked", "parameters", "sentence"), MISTAKES)
def test_an_author_s_mistake_is_one_sentence_in_the_notebook_and_an_error_to_a_program(asked, parameters, sentence):
    judged = check(*asked, 1, **parameters)
    assert (judged.verdict, judged.answer) == ("not-asked", None)
    assert judged.explanation[0].startswith(sentence)
    assert len(judged.explanation) == 1
    assert sentence in str(hint(*asked, **parameters))
    assert sentence in str(solution(*asked, **parameters))
    with pytest.raises(ValueError) as refused:
        ask(*asked, **parameters)
    assert str(refused.value).startswith(sentence)
    json.dumps(judged._repr_mimebundle_(), allow_nan=False)


def test_numpy_s_numbers_are_parameters_like_python_s():
    judged = check("bn-parameters", 16, channels=np.int64(4) * 2, height=np.array(30), width=np.uint8(30))
    assert judged.parameters == {"channels": 8, "height": 30, "width": 30}
    assert {type(value) for value in judged.parameters.values()} == {int}
    assert judged.slip == "only the trained parameters"
    assert check("bn-normalize", None, gamma=np.float32(1.5), beta=np.int8(2)).verdict == "unanswered"
    assert "channels=0:" in str(check("bn-parameters", 16, channels=np.int64(0)))
    assert Whole(1, 9).allows(np.int64(4))
    assert not Whole(1, 9).allows(np.float64(4))
    assert not Whole(0, 9).allows(np.bool_(True))
    assert Real(0, 1).allows(np.float32(0.5))
    assert not Real(0, 1).allows(np.float32("nan"))


def test_a_judgment_is_pure(monkeypatch):
    def touched(*_):
        raise AssertionError("a judgment changes the kernel")

    monkeypatch.setattr("utils.scoring.note", touched)
    monkeypatch.setattr(course, "_asked_last", None)
    for question_id in ALL:
        question = ask(question_id)
        for answer in (None, question.answer, *(slip.answer for slip in question.slips), 1, "?", *question.choices):
            assert judge(question, answer) == judge(question, answer)


def test_what_check_shows_is_the_judgment():
    question = ask("bn-parameters", channels=48)
    for answer in (None, 192, 96, 7, "seven"):
        assert check("bn-parameters", answer, channels=48) == judge(question, answer)


def test_questions_need_neither_numpy_nor_keras():
    """A page in a browser asks them too, and a command that lists them starts at once."""
    code = """
import sys
from utils import questions
for each in questions.questions():
    question = questions.ask(each)
    questions.judge(question, "13")
    questions.judge(question, (1, 2))
    questions.variants(each)
print(*{"numpy", "keras", "tensorflow", "scipy", "ipywidgets", "IPython", "nbformat"} & set(sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert (ran.stdout.strip(), ran.stderr) == ("", "")


def test_not_answered_yet_is_neutral_and_shows_the_question():
    judged = check("bn-parameters", None, channels=48)
    assert judged.verdict == "unanswered"
    assert "(30, 30, 48)" in str(judged)
    assert '"broadcast": Yes' in str(check("residual-add-shapes", None))


@pytest.mark.parametrize(
    ("question_id", "answer", "words"),
    [
        ("bn-parameters", 96, "too small by exactly one part: gamma"),
        ("bn-parameters", 256, "too large by a factor of two"),
        ("separable-parameters", 1200, "too small by a factor of two"),
        ("separable-parameters", 2400 + 288, "too large by exactly one part, counted twice: depthwise kernels"),
        ("separable-parameters", 800, "too small by a whole factor"),
        ("separable-parameters", 2401, "a little too large"),
        ("separable-parameters", 24 * 10**6 + 1, "far too large"),
        ("separable-parameters", 1700, "too small, by less than a factor of two"),
        ("separable-parameters", -2400, "a positive number"),
        ("separable-parameters", 2400.5, "a whole number"),
        ("residual-add-pooling", (13, 12, 64, 2), "3 of the 4 numbers are right; look again at number 2"),
        ("residual-add-shapes", 64, 'one of the words "broadcast", "zeros"'),
    ],
)
def test_another_wrong_answer_is_told_how_far_off_it_is(question_id, answer, words):
    assert words in str(check(question_id, answer))


def test_a_wrong_answer_gets_the_first_hint_and_the_second_only_on_request():
    first, second = ask("bn-parameters").hints
    told = str(check("bn-parameters", 127))
    assert first in told
    assert second not in told
    assert second in str(hint("bn-parameters", 2))


def test_hints_and_solution_follow_the_parameters_last_checked():
    check("bn-parameters", None, channels=48)
    assert "48 channels" in str(hint("bn-parameters", 2))
    assert "= 192" in str(solution("bn-parameters"))
    assert "= 80" in str(solution("bn-parameters", channels=20))
    assert "two hints" in str(hint("bn-parameters", 3))


def test_a_prediction_is_noted_for_the_claim_that_will_be_measured():
    from utils.scoring import noted

    judged = check("activation-sparsity", "Falls")
    assert (judged.verdict, judged.answer) == ("noted", "falls")
    assert noted("sparsity-depth") == "falls"


@pytest.mark.parametrize("answer", [None, 128, 64, 96, "import os", True, "32*4"])
def test_the_output_is_text_html_without_script_and_one_record(answer):
    bundle = check("bn-parameters", answer, channels=32)._repr_mimebundle_()
    assert list(bundle) == ["text/plain", "text/html", "application/vnd.convnet-course.answer+json"]
    record = bundle["application/vnd.convnet-course.answer+json"]
    assert list(record) == ["id", "parameters", "answer", "verdict", "slip"]
    assert (record["id"], record["parameters"]["channels"]) == ("bn-parameters", 32)
    page = bundle["text/html"]
    assert 'role="status"' in page
    assert not re.search(r"<script|javascript:|\son\w+=", page)
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|color:\s*(black|white)", page), "fixed colors break one of the themes"
    assert not re.search(r"0x[0-9a-f]{6}", str(bundle)), "an address changes from run to run"
    symbol, words = bundle["text/plain"].splitlines()[0].split(" ", 1)
    assert symbol in "✓✗○?"
    assert len(words) > 5


def test_what_is_typed_is_escaped_in_html():
    page = check("residual-add-shapes", "<b>zeros</b>")._repr_mimebundle_()["text/html"]
    assert "<b>" not in page


@every_question
def test_a_seed_always_draws_the_same_variant_and_other_seeds_others(question_id):
    drawn_sets = [variant(question_id, seed) for seed in range(200)]
    assert drawn_sets == [variant(question_id, seed) for seed in range(200)]
    possible = variants(question_id)
    if not parameters_of(question_id):
        assert possible == ({},)
        return
    assert len(possible) >= 12
    assert len({tuple(each.values()) for each in drawn_sets}) >= min(len(possible), 100) * 0.6
    assert len({ask(question_id, **each).answer for each in drawn_sets}) >= 8


def test_variants_are_drawn_evenly():
    possible = variants("conv-parameters")
    counts = {}
    for seed in range(100 * len(possible)):
        key = tuple(variant("conv-parameters", seed).items())
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == len(possible)
    # Chi-squared with n − 1 degrees of freedom stays within five standard deviations of its mean.
    spread = sum((count - 100) ** 2 / 100 for count in counts.values())
    assert abs(spread - len(possible)) < 5 * (2 * len(possible)) ** 0.5


@every_question
def test_a_question_is_one_file_of_under_sixty_lines(question_id):
    module = course.__path__[0] + f"/{question_id.replace('-', '_')}.py"
    with open(module, encoding="utf-8") as lines:
        assert len(lines.readlines()) < 60
