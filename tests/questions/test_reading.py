"""What is read as an answer, and what is refused with a sentence; nothing that is typed is executed or raises."""

import json
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.questions import ask, check, judge, questions, variants

HUGE = "9" * 150


class Malicious:
    def __getattr__(self, name):
        raise RuntimeError("do not touch")

    def __repr__(self):
        raise RuntimeError("nor print")


def tensorflow_values():
    import keras
    import tensorflow as tf

    return [tf.constant(128), tf.Variable(128.0), keras.Variable(128), keras.ops.convert_to_tensor(128)]


def test_a_number_may_come_as_python_numpy_tensorflow_or_keras_scalar():
    plain = [128, 128.0, Fraction(128), np.int8(8) * np.int16(16), np.float32(128), np.array(128), np.array([128])[0],
             Decimal("128"), np.longdouble(128), [128], (128,), [[128]], np.array([128]), 127.9999999999]  # fmt: skip
    for answer in plain + tensorflow_values():
        judged = check("bn-parameters", answer)
        assert (judged.verdict, judged.answer) == ("right", 128), type(answer)


@pytest.mark.parametrize(
    "answer",
    ["128", " 32*4 ", "32 * 4", "(16 + 16)*4", "2**7", "256//2", "256/2", "-(-128)", "+128", "32×4", "32·4", "130−2",
     "128.0", "128.", "1.28e2", "((((128))))", "32x4", "32 X 4", "(16+16)x4", "32⋅4", "32∙4", "32 ∗ 4", "256÷2", "2^7",
     "2⁷", "2 ^ 7", "= 128", "4 × 32 = 128", "128 = 4*32", "2*64 = 4*32 = 128", "answer = 128", "128 parameters",
     "128 trainable params.", "[128]", "(128,)", "127.9999999999", "128,0", "０１２８", "'128'", "“128”", "≈ 128",
     "\u00a0128\n"],
)  # fmt: skip
def test_arithmetic_may_be_written_as_text(answer):
    judged = check("bn-parameters", answer)
    assert (judged.verdict, judged.answer) == ("right", 128)


@pytest.mark.parametrize("answer", ["2,400", "2 400", "2'400", "2’400", "2_400", "2\u202f400", "2.400", "2.400,0",
                                    "(2,400)", "2,400 weights", (2, 400), "1,200 × 2", "1.200 + 1.200"])  # fmt: skip
def test_thousands_may_be_set_off_and_the_reading_is_shown(answer):
    judged = check("separable-parameters", answer)
    assert (judged.verdict, judged.answer) == ("right", 2400)
    assert judged.explanation[0] == "Your answer was read as 2,400."


def test_how_an_answer_was_read_is_said_whatever_the_verdict():
    for answer, verdict in (("64 weights", "slip"), ("1,024", "wrong"), ("100%", "wrong"), ("= 128", "right")):
        judged = check("bn-parameters", answer)
        assert judged.verdict == verdict
        assert judged.explanation[0].startswith("Your answer was read as ")
        assert len(judged.explanation) > 1
    for answer in ("64", "32*2", 64, "16 + 16.0"):
        assert "was read as" not in str(check("bn-parameters", answer))


def test_numbers_are_read_as_the_course_prints_them():
    """What a derivation prints may be typed: bare, where Python makes a tuple of it, or in quotation marks."""
    for answer in ((297, 697), "297,697", "297 697"):
        assert check("residual-model-parameters", answer).verdict == "right"
    for answer in ((9, 800, 56, 448), "9,800, 56,448", "9 800, 56 448", "9,800,56,448", "9.800; 56.448", "9800 56448"):
        judged = check("separable-flops", answer)
        assert (judged.verdict, judged.answer) == ("right", [9800, 56448]), answer


@pytest.mark.parametrize(
    ("question_id", "answer", "one", "other"),
    [
        ("bn-parameters", "2.000", "2", "2000"),
        ("bn-parameters", "64.000", "64", "64000"),
        ("bn-parameters", "1.000*2", "2", "2000"),
        ("bn-parameters", "2 × 1.000 = 2.000", "2", "2000"),
        ("bn-parameters", (2, 0), "2000", "2"),
        ("bn-parameters", "0x80", "0 × 80", "a hexadecimal number"),
        ("separable-saving", "7,893", "7893", "7.893"),
        ("separable-saving", (7, 893), "7893", "7.893"),
        ("separable-flops", "1,234,567", "(1, 234567)", "(1234, 567)"),
        ("pyramid-shapes", "13.000, 7, 4", "(13, 7, 4)", "(13000, 7, 4)"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_back_with_both(question_id, answer, one, other):
    judged = check(question_id, answer)
    assert (judged.verdict, judged.answer, judged.slip) == ("unreadable", None, None)
    (sentence,) = judged.explanation
    assert f"can be read as {one} or as {other}. Which do you mean?" in sentence


@pytest.mark.parametrize(
    ("question_id", "answer", "read_as"),
    [
        ("bn-parameters", "2,000", 2000),  # as the course prints whole numbers
        ("bn-parameters", "2.5", 2.5),
        ("bn-parameters", "12,8e1", 128),
        ("separable-saving", "7.893", 7.893),  # as the course prints decimals
        ("separable-saving", "0.127", 0.127),
        ("separable-saving", "12.7 percent", 0.127),
        ("separable-saving", "12,7 per cent", 0.127),
        ("separable-flops", "240x864", [240, 864]),
        ("residual-add-pooling", "13x13x64, 2", [13, 13, 64, 2]),
        ("residual-add-pooling", "(13 × 13 × 64), (2 × 2)", [13, 13, 64, 2]),
        ("separable-saving", "0,127", 0.127),
        ("separable-saving", (0, 127), 0.127),
        ("separable-flops", "240,864", [240, 864]),
        ("separable-flops", (240, 864), [240, 864]),
        ("pyramid-shapes", "13,7,4", [13, 7, 4]),
        ("pyramid-shapes", "13 7 4", [13, 7, 4]),
        ("pyramid-shapes", "25,13,700", [25, 13, 700]),
        ("bn-normalize", "-0,9; -0,8; 2,9; 2,8", [-0.9, -0.8, 2.9, 2.8]),
        ("bn-normalize", "-0,9, -0,8, 2,9, 2,8", [-0.9, -0.8, 2.9, 2.8]),
        ("bn-normalize", "1.5,2.5,3.5,4.5", [1.5, 2.5, 3.5, 4.5]),
    ],
)
def test_what_can_be_read_in_one_way_only_is_read_so(question_id, answer, read_as):
    assert check(question_id, answer).answer == read_as


def test_the_sides_of_an_equation_must_agree():
    judged = check("bn-parameters", "4 × 32 = 127")
    assert judged.verdict == "unreadable"
    assert "they are 128 and 127. Which do you mean?" in str(judged)
    assert check("separable-saving", "1/9 + 1/64 = 0.1267").verdict == "right"
    assert check("separable-saving", "1/9 + 1/64 = 0.2").verdict == "unreadable"


@pytest.mark.parametrize(
    "answer",
    [((13, 13, 64), 2), (13, 13, 64, 2), [[13, 13, 64], 2], "(13, 13, 64), 2", "((26 // 2, 13, 64), 2)",
     (None, 13, 13, 64, 2), ((None, 13, 13, 64), 2), "(None, 13, 13, 64), 2", ((13, 13, 64), (2, 2)),
     "((13,13,64),(2,2))", (13, 13, 64, (2, 2)), ((None, 13, 13, 64), (2, 2)), ((13, 13, 64), [2]),
     (np.array([13, 13, 64]), 2),
     np.array([13, 13, 64, 2]), ((np.int64(13), 13.0, "64"), "2")],
)  # fmt: skip
def test_shapes_may_be_nested_or_flat_with_or_without_the_batch(answer):
    judged = check("residual-add-pooling", answer)
    assert judged.verdict == "right", judged
    assert judged.answer == [13, 13, 64, 2]


def test_keras_shapes_and_tensors_are_read_as_shapes():
    import tensorflow as tf

    assert check("pyramid-shapes", tf.TensorShape([13, 7, 4])).verdict == "right"
    assert check("pyramid-shapes", tf.constant([13, 7, 4])).verdict == "right"


@pytest.mark.parametrize(
    "answer", ["1x1 with 64 filters", " 1X1 with 64  filters.", "'1×1 with 64 filters'", "1x1_with_64_filters"]
)
def test_a_choice_may_differ_in_case_and_blanks(answer):
    assert check("residual-add-shapes", answer).verdict == "right"


@pytest.mark.parametrize(
    "answer",
    [0.12674, 0.1267, 0.127, "1/64 + 1/9", Fraction(73, 576), "73/576", "1/9+1/8**2", "12.7%", "12,67 %", "1/8²+1/3²",
     Decimal("0.127"), np.longdouble("0.127")],
)  # fmt: skip
def test_a_share_may_be_rounded_to_three_digits(answer):
    assert check("separable-saving", answer).verdict == "right"


def test_a_share_rounded_too_far_is_not_right():
    for answer in (0.13, "13%", 0.1):
        judged = check("separable-saving", answer)
        assert judged.verdict == "wrong"
        assert "You rounded too far: at least three significant digits" in str(judged)
    assert "rounded" not in str(check("separable-saving", 0.12))


def test_a_percentage_without_its_sign_is_told():
    for answer in (12.7, "12.67", 13):
        assert ("This is a percentage." in str(check("separable-saving", answer))) == (answer != 13)


def test_a_share_rounded_to_three_significant_digits_is_right_for_everybody():
    for parameters in variants("separable-saving"):
        question = ask("separable-saving", **parameters)
        for digits in (3, 4, 5):
            rounded = f"{float(question.answer):.{digits}g}"
            assert judge(question, rounded).verdict == "right", (parameters, rounded)
            assert judge(question, float(rounded)).verdict == "right", (parameters, rounded)


def test_rounded_values_of_a_batch_are_accepted():
    assert check("bn-normalize", [[-0.897, -0.789], [2.9, 2.79]]).verdict == "right"
    assert check("bn-normalize", [[-0.9, -0.8], [2.9, 2.8]]).verdict == "right"
    assert check("bn-normalize", [[-1, -0.8], [2.9, 2.8]]).verdict == "wrong"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, "True is not a number"),
        (np.bool_(False), "False is not a number"),
        (float("nan"), "nan is not a number that could be counted"),
        (np.float32("inf"), "inf is not a number that could be counted"),
        (10**30, "too large to be meant"),
        (10**4000 * 10**4000, "too large to be meant"),
        (-(10.0**300), "too large to be meant"),
        ("9**99", "power is too large"),
        ("2**0.5", "exponent is not a whole number"),
        ("9**9**9", "power is too large"),
        (HUGE, "too large to be meant"),
        (f"{HUGE}*{HUGE}"[:200], "too large to be meant"),
        ("1" * 201, "too long"),
        ("1/0", "divides by zero"),
        ("0**-1", "divides by zero"),
        ("5//0", "divides by zero"),
        ("3^99", "power is too large"),
        ("import os", "nothing is executed"),
        ("__import__('os').getcwd()", "nothing is executed"),
        ("open('x', 'w')", "nothing is executed"),
        ("[1 for _ in (1,)]", "nothing is executed"),
        ("lambda: 1", "nothing is executed"),
        ("x", "nothing is executed"),
        ("1 if 1 else 2", "nothing is executed"),
        ("1j", "nothing is executed"),
        ("True", "nothing is executed"),
        ("f'{1}'", "nothing is executed"),
        ("5 % 3", "nothing is executed"),
        ("1 << 5", "nothing is executed"),
        ("12#8", "“#” cannot be read here"),
        ("12 dozen", "“dozen” cannot be read here"),
        ("128 million parameters", "“million” cannot be read here"),
        ("1_28", "nothing is executed"),
        ("answer =", "nothing is executed"),
        ("= = 1 = 2", "The sides of = differ"),
        ("(" * 150 + "1" + ")" * 49, "nothing is executed"),
        ("\x00", "nothing is executed"),
        ("(1, 2) + 3", "nothing is executed"),
        ([128, 64], "One number is asked for, not several"),
        ([], "these brackets are empty"),
        ("1,5", "One number is asked for, not several"),
        (int("f" * 4000, 16), "too large to be meant"),
        (Decimal("1e999999999"), "not a number that could be counted"),
        (Decimal("sNaN"), "not a number that could be counted"),
        (np.longdouble("inf"), "not a number that could be counted"),
        (np.ma.masked, "A masked value holds no number"),
        (np.ma.array([128, 64], mask=[False, True]), "A masked value holds no number"),
        ("1, 2", "One number is asked for, not several"),
        (np.array([128, 64]), "One number is asked for, not several"),
        (1 + 2j, "of type complex"),
        ({}, "of type dict"),
        (b"128", "of type bytes"),
        (bytearray(b"\x80"), "of type bytearray"),
        (memoryview(b"\x80"), "of type memoryview"),
        (print, "A number is asked for"),
        (object(), "of type object"),
        (Malicious(), "A number is asked for"),
        (Malicious, "A number is asked for"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_what_is_no_number_is_refused_with_a_sentence(answer, words):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "1is 2" makes Python's parser warn
        judged = check("bn-parameters", answer)
    assert (judged.verdict, judged.answer) == ("unreadable", None)
    assert words in str(judged)
    assert "Traceback" not in str(judged)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (13, "4 numbers are asked for, in brackets"),
        (np.ma.array([13, 13, 64, 2], mask=[0, 1, 0, 0]), "A masked value holds no number"),
        ((13, 13, 64), "4 numbers are asked for; there are 3"),
        ((13, 13, None, 2), "still None"),
        ((13, True, 64, 2), "True is not a number"),
        (np.zeros((300, 300)), "far more"),
        ("13, 13, os, 2", "nothing is executed"),
        ({13, 64, 2, 1}, "in brackets and with commas"),
        (Malicious(), "in brackets and with commas"),
        (((13, 13, 64), (2, 1)), "4 numbers are asked for; there are 5"),
        (((13, 13, 64), None), "still None"),
        ([0] * 5000, "far more than are asked for"),
        (json.loads("[" * 900 + "1" + "]" * 900), "nested too deeply"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_what_is_no_shape_is_refused_with_a_sentence(answer, words):
    judged = check("residual-add-pooling", answer)
    assert judged.verdict == "unreadable"
    assert words in str(judged)


ANYTHING = st.recursive(
    st.one_of(
        st.integers(), st.floats(), st.text(max_size=30), st.booleans(), st.binary(max_size=5), st.complex_numbers(),
        st.text("0123456789+-*/() .,'x^%=²×", max_size=25), st.fractions(), st.decimals(), st.none(),
    ),
    lambda inner: st.lists(inner, max_size=5) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)  # fmt: skip


def test_a_list_that_holds_itself_is_refused():
    endless = [13, 13, 64]
    endless.append(endless)
    assert check("residual-add-pooling", endless).verdict == "unreadable"


@settings(max_examples=500, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(questions()), ANYTHING)
def test_no_answer_whatever_raises_and_its_record_is_json(question_id, answer):
    bundle = check(question_id, answer)._repr_mimebundle_()
    json.dumps(bundle, allow_nan=False)


def written(number, how):
    """A whole number as people write it."""
    return {
        "plain": str(number),
        "comma": f"{number:,}",
        "blank": f"{number:,}".replace(",", " "),
        "apostrophe": f"{number:,}".replace(",", "'"),
        "product": f"{number // 7} × 7 + {number % 7}",
        "equation": f"{number - 5} + 5 = {number:,}",
        "unit": f"{number:,} parameters",
    }[how]


WAYS = ["plain", "comma", "blank", "apostrophe", "product", "equation", "unit"]


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.integers(0, 10**9), st.sampled_from(WAYS))
def test_a_whole_number_is_the_same_however_it_is_written(number, how):
    assert check("bn-parameters", written(number, how)).answer == number


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from(WAYS[:4]), st.sampled_from([", ", "; "]))
def test_two_whole_numbers_are_the_same_however_they_are_written_or_asked_back(one, other, how, between):
    judged = check("separable-flops", written(one, how) + between + written(other, how))
    assert judged.answer == [one, other] or "Which do you mean?" in str(judged)
    assert judged.answer == [one, other] or how != "plain"


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.decimals(0, 20, places=3), st.sampled_from(".,"))
def test_a_decimal_number_is_never_taken_for_another(number, point):
    judged = check("separable-saving", str(number).replace(".", point))
    assert judged.answer in (None, pytest.approx(float(number)))
    assert judged.answer is not None or point == ","


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(questions()), ANYTHING)
def test_a_record_is_judged_as_the_answer_was(question_id, answer):
    """Grading reads the record that a notebook holds: it must not come to another verdict."""
    question = ask(question_id)
    first = judge(question, answer)
    if first.answer is not None:
        again = judge(question, json.loads(json.dumps(first.answer)))
        assert (again.verdict, again.slip, again.answer) == (first.verdict, first.slip, first.answer)


@pytest.mark.parametrize(
    "text",
    ["1," * 99 + "1", "1,000," * 33, "1 000 " * 33, "(" * 99 + "1" + ")" * 99, "2**60*" * 30, "1=1" * 60,
     "-" * 199 + "1", "1,234,567,890,123,456,789,012,345", "9" * 200],
)  # fmt: skip
def test_no_text_takes_long_to_read(text):
    question, calls = ask("bn-normalize"), []

    def count(*event):
        calls.append(1)

    sys.setprofile(count)
    try:
        judge(question, text)
    finally:
        sys.setprofile(None)
    assert len(calls) < 200_000


def test_the_answers_of_the_questions_are_of_the_kinds_tested_here():
    kinds = {type(ask(question_id).answer) for question_id in questions()}
    assert kinds == {int, str, tuple, Fraction, type(None)}
