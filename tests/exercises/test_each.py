"""Each exercise: its solution is right, every known mistake is recognized, and no two are the same."""

import keras
import numpy as np
import pytest

from utils.exercises import KINDS, exercise, exercises, source_of
from utils.exercises._judging import alike, fits, judge, tried
from utils.exercises._reading import is_stub
from utils.exercises._running import Failure
from utils.questions import questions

SEEDS = 0, 20_261  # the notebook's, and one that nobody has seen


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
    for seed in SEEDS:
        judgement = judge(exercise(name), exercise(name).solution, seed)
        assert judgement.verdict == "right", judgement


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
    for seed in SEEDS:
        for slip in of.slips:
            assert judge(of, slip.function, seed).slip == slip.name


@pytest.mark.parametrize("name", [each for each in exercises() if exercise(each).faults])
def test_every_fault_is_recognized(name):
    of = exercise(name)
    assert of.reference or all(fault.example for fault in of.faults)
    for seed in SEEDS:
        for fault in of.faults:
            if fault.example:
                assert judge(of, fault.example, seed).slip == fault.name


@pytest.mark.parametrize("name", exercises())
def test_no_two_slips_are_the_same(name):
    """They differ on some case by ten times the tolerance."""
    from dataclasses import replace

    of = exercise(name)
    coarse = replace(of, tolerance=10 * of.tolerance)
    for seed in SEEDS:
        trials = {slip.name: list(tried(of, slip.function, seed)) for slip in of.slips}
        for slip in of.slips:
            assert not all(fits(coarse, trials[slip.name])), f"{slip.name} is right"
            for other in of.slips:
                if other is not slip:
                    assert not alike(coarse, trials[slip.name], other.function, seed), f"{slip.name} = {other.name}"


@pytest.mark.parametrize("name", exercises())
def test_the_same_seed_draws_the_same_cases(name):
    of = exercise(name)
    one, other = (list(of.cases(np.random.default_rng(3))) for _ in range(2))
    assert [list(case) for case in one] == [list(case) for case in other]
    for case, again in zip(one, other, strict=True):
        for argument, value in case.items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(value, again[argument])
