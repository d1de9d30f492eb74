"""Each exercise: its solution is right, every known mistake is recognized, and no two are the same."""

import itertools

import keras
import numpy as np
import pytest

from utils.exercises import KINDS, exercise, exercises, source_of
from utils.exercises._judging import fits, judge, known, rights, tried
from utils.exercises._reading import is_stub
from utils.exercises._running import Failure, same
from utils.questions import questions

SEED = 20_261  # nobody has seen its cases; those of the notebooks, test_in_notebooks.py looks at


def test_no_exercise_has_the_name_of_a_question():
    assert not set(exercises()) & set(questions())


@pytest.mark.parametrize("name", exercises())
def test_it_is_whole(name):
    of = exercise(name)
    assert of.kind in KINDS
    assert of.points > 0
    assert len(of.hints) == 2
    assert len(of.slips) + len(of.faults) >= 3
    names = [each.name for each in (*of.slips, *of.faults)]
    assert len(set(names)) == len(names)
    space = {}
    exec(of.stub, space)
    assert is_stub(space[of.name], of.stub)
    assert of.solution.__name__ == of.name
    assert not is_stub(of.solution, of.stub)
    assert {"repair": "# repair this", "change": "# change this"}.get(of.kind, "# your code") in of.stub
    assert max(map(len, of.stub.splitlines())) <= 92  # in a narrow window longer lines are cut
    assert source_of(of.solution)


@pytest.mark.parametrize("name", exercises())
def test_the_solution_is_right(name):
    judgment = judge(exercise(name), exercise(name).solution, SEED)
    assert judgment.verdict == "right", judgment


@pytest.mark.parametrize("name", [each for each in exercises() if exercise(each).kind in ("repair", "change")])
def test_what_is_to_be_repaired_is_broken(name):
    of = exercise(name)
    space = {"np": np, "keras": keras, "layers": keras.layers}
    exec(of.stub, space)
    trials = list(tried(of, space[of.name]))
    ended = [each for each in trials if not isinstance(each.value, Failure)]
    assert not all(fits(of, trials)) or any(
        fault.when(each.value, **each.arguments) for fault in of.faults for each in ended
    )


@pytest.mark.parametrize("name", exercises())
def test_every_slip_is_recognized(name):
    of = exercise(name)
    for slip in of.slips:
        assert judge(of, slip.function, SEED).slip == slip.name


@pytest.mark.parametrize("name", [each for each in exercises() if exercise(each).faults])
def test_every_fault_is_recognized(name):
    of = exercise(name)
    assert of.reference or all(fault.example for fault in of.faults)
    for fault in of.faults:
        if fault.example:
            assert judge(of, fault.example, SEED).slip == fault.name


@pytest.mark.parametrize("name", exercises())
def test_no_two_slips_are_the_same(name):
    """They differ on some case by ten times the tolerance, from each other and from what is right."""
    of = exercise(name)
    given = {slip.name: tuple(known(of, slip, SEED)) for slip in of.slips}
    assert not any(isinstance(each[0], Failure) for each in given.values())  # whoever fails there makes none of them
    given |= {"what is right": rights(of, SEED)} if of.reference else {}
    for one, other in itertools.combinations(given, 2):
        pairs = zip(given[one], given[other], strict=True)
        assert not all(same(*pair, 10 * of.tolerance) for pair in pairs), f"{one} = {other}"


@pytest.mark.parametrize("name", exercises())
def test_the_same_seed_draws_the_same_cases(name):
    of = exercise(name)
    one, other = (list(of.cases(np.random.default_rng(3))) for _ in range(2))
    assert [list(case) for case in one] == [list(case) for case in other]
    for case, again in zip(one, other, strict=True):
        for argument, value in case.items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(value, again[argument])
