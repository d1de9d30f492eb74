"""What is read as an answer, and what is refused with a sentence; nothing that is typed is executed or raises."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.questions import ask, check, questions

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
    plain = [128, 128.0, Fraction(128), np.int8(8) * np.int16(16), np.float32(128), np.array(128), np.array([128])[0]]
    for answer in plain + tensorflow_values():
        judged = check("bn-parameters", answer)
        assert (judged.verdict, judged.answer) == ("right", 128), type(answer)


@pytest.mark.parametrize(
    "answer",
    ["128", " 32*4 ", "32 * 4", "(16 + 16)*4", "2**7", "256//2", "256/2", "-(-128)", "+128", "32×4", "32·4", "130−2",
     "128.0", "1.28e2", "((((128))))"],
)  # fmt: skip
def test_arithmetic_may_be_written_as_text(answer):
    assert check("bn-parameters", answer).verdict == "right"


def test_thousands_may_be_set_off_with_a_comma():
    assert check("separable-parameters", "2,400").verdict == "right"
    assert check("residual-model-parameters", "297,697").verdict == "right"


@pytest.mark.parametrize(
    "answer",
    [((13, 13, 64), 2), (13, 13, 64, 2), [[13, 13, 64], 2], "(13, 13, 64), 2", "((26 // 2, 13, 64), 2)",
     ((None, 13, 13, 64), 2)[0] + (2,), np.array([13, 13, 64, 2]), ((np.int64(13), 13.0, "64"), "2")],
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


@pytest.mark.parametrize("answer", [0.12674, 0.1267, 0.127, "1/64 + 1/9", Fraction(73, 576), "73/576", "1/9+1/8**2"])
def test_a_share_may_be_rounded_to_three_digits(answer):
    assert check("separable-saving", answer).verdict == "right"


def test_a_share_rounded_too_far_is_not_right():
    assert check("separable-saving", 0.13).verdict == "wrong"
    assert check("separable-saving", 0.12).verdict == "wrong"


def test_rounded_values_of_a_batch_are_accepted():
    assert check("bn-normalise", [[-0.897, -0.789], [2.9, 2.79]]).verdict == "right"
    assert check("bn-normalise", [[-0.9, -0.8], [2.9, 2.8]]).verdict == "right"
    assert check("bn-normalise", [[-1, -0.8], [2.9, 2.8]]).verdict == "wrong"


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
        ("3^2", "A power is written **"),
        ("import os", "nothing is executed"),
        ("__import__('os').getcwd()", "nothing is executed"),
        ("open('x', 'w')", "nothing is executed"),
        ("[1 for _ in (1,)]", "nothing is executed"),
        ("lambda: 1", "nothing is executed"),
        ("x", "nothing is executed"),
        ("1 if 1 else 2", "nothing is executed"),
        ("1j", "nothing is executed"),
        ("True", "nothing is executed"),
        ("'128'", "nothing is executed"),
        ("f'{1}'", "nothing is executed"),
        ("5 % 3", "nothing is executed"),
        ("1 << 5", "nothing is executed"),
        ("0128", "nothing is executed"),
        ("(" * 150 + "1" + ")" * 49, "nothing is executed"),
        ("", "nothing is executed"),
        ("\x00", "nothing is executed"),
        ("(1, 2) + 3", "nothing is executed"),
        ([128], "One number is asked for, not several"),
        ("1, 2", "One number is asked for, not several"),
        (np.array([128, 64]), "One number is asked for, not several"),
        (1 + 2j, "of type complex"),
        ({}, "of type dict"),
        (b"128", "of type bytes"),
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
        ((13, 13, 64), "4 numbers are asked for; there are 3"),
        ((13, 13, None, 2), "still None"),
        ((13, True, 64, 2), "True is not a number"),
        (np.zeros((300, 300)), "far more"),
        ("13, 13, os, 2", "nothing is executed"),
        ({13, 64, 2, 1}, "in brackets and with commas"),
        (Malicious(), "in brackets and with commas"),
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
        st.text("0123456789+-*/() .,", max_size=25), st.fractions(), st.decimals(), st.none(),
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
    import json

    bundle = check(question_id, answer)._repr_mimebundle_()
    json.dumps(bundle, allow_nan=False)


def test_the_answers_of_the_questions_are_of_the_kinds_tested_here():
    kinds = {type(ask(question_id).answer) for question_id in questions()}
    assert kinds == {int, str, tuple, Fraction, type(None)}
