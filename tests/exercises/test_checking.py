"""What ``check_code`` says to a function, whatever it does."""

import signal
import sys
import threading

import numpy as np
import pytest

from utils.exercises import check_code, exercise, hint, solution
from utils.exercises._judging import judge
from utils.exercises._reading import is_stub
from utils.exercises._running import Endless, as_arrays, bounded, same
from utils.exercises._showing import difference
from utils.records import CODE

WIDTH = 7
FORWARD = exercise("bn-forward")


def given(source, **names):
    """The function that somebody writes in a notebook."""
    space = {"np": np} | names
    exec(source, space)
    return next(each for name, each in space.items() if name == "f")


def said(source, **names):
    return str(check_code("bn-forward", given(source, **names)))


def body(lines):
    return f"def f(x, gamma, beta, epsilon=1e-3):\n    {lines}"


RIGHT = "return gamma * (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + epsilon) + beta"


def test_the_stub_is_not_attempted():
    space = {}
    exec(FORWARD.stub, space)
    judgment = check_code("bn-forward", space["batch_norm_forward"])
    assert judgment.verdict == "unattempted"
    assert FORWARD.text in str(judgment)
    assert judgment.record() == {"id": "bn-forward", "verdict": "unattempted", "slip": None, "code": None}


def test_a_stub_with_another_text_in_it_is_not_the_stub():
    stub = "def f(x):\n    '''Doc.'''\n    return g(x, 'valid')\n"
    assert is_stub(given(stub), stub)
    assert is_stub(given(stub.replace("Doc.", "Another.")), stub)
    assert not is_stub(given(stub.replace("valid", "same")), stub)
    assert not is_stub(given(stub.replace("g(", "h(")), stub)


def test_a_body_that_does_nothing_is_an_attempt():
    assert "It returns nothing: a line with return is missing." in said(body("y = x + 1"))


def test_the_right_function_is_right():
    assert check_code("bn-forward", given(body(RIGHT))).verdict == "right"


def test_a_known_mistake_is_named():
    judgment = check_code("bn-forward", given(body(RIGHT.replace("x.var((0, 1, 2))", "x.var((0, 1, 2), ddof=1)"))))
    assert (judgment.verdict, judgment.slip) == ("slip", "divided by n − 1")


def test_where_one_of_two_mistakes_explains_the_smallest_case_it_is_told():
    wrong = RIGHT.replace("x.var((0, 1, 2))", "x.var((0, 1, 2), ddof=1)")
    text = said(body(f"{wrong} if len(x) == 2 else x"))
    assert "✗ Not yet." in text
    assert "it does what a known mistake does (divided by n − 1)" in text


def test_any_other_is_shown_the_smallest_case_and_what_it_printed():
    text = said(body("print('here', x.shape); return 2 * x"))
    assert "x = [[[[1.0, 10.0]]], [[[7.0, 14.0]]]] of shape (2, 1, 1, 2)" in text
    assert "It returns [[[[2.0, 20.0]]], [[[14.0, 28.0]]]]" in text
    assert "It printed: here (2, 1, 1, 2)" in text


def test_a_dictionary_with_other_keys_is_shown_both():
    text = " ".join(difference({"first": np.ones(1), "input": np.ones(1)}, {"first": np.ones(1)}))
    assert text == "The keys should be: first. Yours are: first, input."


def test_an_error_is_shown_with_its_line(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def f(x, gamma, beta, epsilon):\n    y = x[:, :, 7]\n    return y\n")
    space = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    text = str(check_code("bn-forward", space["f"]))
    assert "IndexError: index 7 is out of bounds" in text
    assert "in the line: y = x[:, :, 7]" in text


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("return x.reshape(-1)", "The shape is (4,); it should be (2, 1, 1, 2)."),
        ("return x[0]", "An axis is missing."),
        ("return x[1:]", "Along axis 0, one place is missing."),
        ("return 3.0", "You return a single number."),
        ("return 'x'", "It returns a str; a number or an array is needed."),
        ("return [x, gamma, [1, 'a']]", "It returns a list; a number or an array is needed."),
        (
            "x -= x.mean((0, 1, 2)); return gamma * x / np.sqrt(x.var((0, 1, 2)) + epsilon) + beta",
            "the function changes x",
        ),
        (f"{RIGHT} + np.random.normal(size=x.shape)", "smallest case that goes wrong"),
        ("return WIDTH * x", "It reads WIDTH of the notebook."),
        ("from utils.exercises.bn_forward import SOLUTION; return SOLUTION(x, gamma, beta, epsilon)", "own code"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_each_has_its_answer(lines, words):
    assert words in said(body(lines), WIDTH=WIDTH)


def test_an_argument_with_another_name_is_said():
    function = body("return x").replace("gamma", "scale")
    assert "def batch_norm_forward(x, gamma, beta, epsilon)" in said(function)
    assert "Write its first line" not in said(body("return x + []"))


def test_an_array_in_place_of_a_number_is_said():
    assert difference(np.zeros((1, 2)), np.zeros(())) == [
        "One number is needed; your function returns an array of shape (1, 2)."
    ]


def test_a_network_with_too_few_parameters_is_told_how_many():
    given, right = ({"output": np.array([n]), "parameters": np.array(40.0 + n)} for n in (1.0, 2.0))
    assert "“parameters” is wrong, too: 41 in place of 42." in difference(given, right)


def test_the_course_is_found_behind_a_function_and_a_module():
    assert "own code (hidden)" in said(body("return hidden(x, gamma, beta, epsilon)"), hidden=FORWARD.solution)
    helper = "def help(x):\n    import utils.exercises.bn_forward as b\n    return b.SOLUTION(x, 1, 1)\n\n\n"
    assert "own code (utils.exercises.bn_forward)" in said(helper + body("return help(x)"))


def test_a_function_may_call_another_of_the_notebook():
    helper = "def mean(x):\n    return x.mean((0, 1, 2))\n\n\n"
    assert "✓ Right." in said(helper + body(RIGHT.replace("x.mean((0, 1, 2))", "mean(x)")))


def test_it_may_not_depend_on_how_often_it_is_called():
    twice = "def f(x, gamma, beta, epsilon, calls=[]):\n    calls.append(1)\n    "
    text = said(twice + RIGHT.replace("+ beta", "+ beta + (len(calls) > 5)"))
    assert "Called again with the same arguments, it gives a different result." in text


def test_one_that_does_not_end_is_stopped(monkeypatch):
    slow = exercise("bn-forward")
    monkeypatch.setattr("utils.exercises._judging.bounded", lambda seconds: bounded(0.2))
    judgment = judge(slow, given(body("while True: pass")))
    assert judgment.verdict == "endless"


def test_somebody_elses_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt), bounded(60):
        raise KeyboardInterrupt
    assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer) and each.is_alive()]


def test_another_handler_of_the_signal_is_kept_and_not_asked():
    before = signal.signal(signal.SIGINT, lambda *_: sys.exit())
    try:
        with pytest.raises(Endless):
            endless()
        with pytest.raises(SystemExit):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_ends_in_time_is_left_alone():
    with bounded(60):
        pass


def endless():
    with bounded(0.05):
        while True:
            pass


def test_a_loop_is_stopped():
    with pytest.raises(Endless):
        endless()


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0, 2.0], [1.0, 2.001], False),
        ([1000.0, 0.001], [1000.0, 0.002], True),  # as a share of the largest
        ([1.0], [[1.0]], False),
        ((1.0, 2.0), (1.0, 2.0), True),
        ((1.0, 2.0), (1.0,), False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        ([float("nan")], [float("nan")], True),
        (1.0, (1.0, 2.0), False),
        ([1.0, 2.0], (1.0, 2.0), True),  # several results may come in a list
        ([[1.0], 2.0], ([1.0], 2.0), True),
        ([1.0, 3.0], (1.0, 2.0), False),
    ],
)
def test_values_are_compared_by_the_largest_number(one, other, equal):
    assert same(as_arrays(one), as_arrays(other), 1e-4) is equal


def test_no_function_and_no_exercise():
    assert "this is of type ndarray: write the name batch_norm_forward, without parentheses." in str(
        check_code("bn-forward", np.zeros(3))
    )
    assert 'There is no exercise "bn-forwrd". Do you mean "bn-forward"?' in str(check_code("bn-forwrd", print))


def test_hints_and_solutions_of_exercises_and_of_questions():
    assert FORWARD.hints[1] in str(hint("bn-forward", 2))
    assert "There are two hints" in str(hint("bn-forward", 3))
    assert "return gamma * (x - mean) / np.sqrt(var + epsilon) + beta" in str(solution("bn-forward"))
    assert "<pre" in solution("bn-forward")._repr_mimebundle_()["text/html"]
    assert "6 + 6 + 6 + 6 = 24" in str(solution("bn-parameters", channels=6))
    assert "Hint 1 of 2" in str(hint("bn-parameters"))


def test_the_record_is_data_and_bounded():
    judgment = check_code("bn-forward", given(body(RIGHT)))
    assert judgment._repr_mimebundle_()[CODE]["verdict"] == "right"
    assert "<script" not in judgment._repr_mimebundle_()["text/html"]
