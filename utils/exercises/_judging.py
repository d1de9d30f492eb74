"""From a function to a judgment: whether it is right on all cases, and if not, which known mistake it makes."""

import inspect
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np

from utils.exercises import source_of
from utils.exercises._reading import is_stub, outside
from utils.exercises._running import Endless, Failure, as_arrays, bounded, outcome, same
from utils.exercises._showing import difference, listed, shown
from utils.questions import EXAM_SENTENCE, as_html, as_text
from utils.records import CODE

LONGEST_CODE = 20_000  # characters of a function that are kept in the notebook's record
TITLES = {
    "unattempted": ("○", "Not attempted yet."),
    "exam": ("○", "Your function is noted."),
    "right": ("✓", "Right."),
    "slip": ("✗", "Not yet: {slip}."),
    "wrong": ("✗", "Not yet."),
    "error": ("✗", "Not yet: it ends in an error."),
    "endless": ("✗", "Not yet: it does not end."),
    "refused": ("?", "This could not be judged."),
}
COLORS = {
    "right": "success",
    "unattempted": "info",
    "exam": "info",
    "refused": "info",
}  # JupyterLab's names; all others: warn


@dataclass(frozen=True)
class Judgment:
    """What is said to one function; shows itself in a notebook.

    ``verdict`` is "right", "slip", "wrong", "error", "endless", "unattempted", "exam" (not judged before it is
    handed in) or "refused". ``slip`` names the known
    mistake. ``code`` is the function's source. ``explanation`` are lines of text for the student.
    """

    id: str
    verdict: str
    explanation: tuple[str, ...]
    slip: str | None = None
    code: str | None = None

    def record(self):
        """The judgment as data, for whoever collects the notebooks."""
        return {"id": self.id, "verdict": self.verdict, "slip": self.slip, "code": self.code}

    def __str__(self):
        return as_text(self._heading, self.explanation)

    __repr__ = __str__

    @property
    def _heading(self):
        symbol, words = TITLES[self.verdict]
        return f"{symbol} {words.format(slip=self.slip)}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        border = f"var(--jp-{COLORS.get(self.verdict, 'warn')}-color1, currentColor)"
        html = as_html(self._heading, self.explanation, border)
        return {"text/plain": str(self), "text/html": html, CODE: self.record()}


def refused(exercise_id, why):
    """The judgment on what is no function, or no exercise's."""
    return Judgment(str(exercise_id)[:60], "refused", (why,))


def noted(exercise, function):
    """What an exam shows: that there is a function, which is not run."""
    found = Judgment(exercise.id, "exam", (EXAM_SENTENCE,), code=source_of(function)[:LONGEST_CODE])
    return _nothing_to_judge(exercise, function) or found


def _nothing_to_judge(exercise, function):
    """The judgment on what is no function, or still the stub; else ``None``."""
    if not callable(function):
        got = f"A function is needed, but this is of type {type(function).__name__}"
        return refused(exercise.id, f"{got}: write the name {exercise.name}, without parentheses.")
    if is_stub(function, exercise.stub):
        what = {"change": "Change", "repair": "Repair"}.get(exercise.kind, "Write the body of")
        how = f"{what} {exercise.name}, run its cell, and then this one again."
        return Judgment(exercise.id, "unattempted", (exercise.text, how))
    return None


def judge(exercise, function, seed=0, cases=None):
    """The ``Judgment`` on ``function``, on cases that are drawn from ``seed``.

    ``cases`` are those of this seed, if they are there already and the function cannot change them.
    """
    if nothing := _nothing_to_judge(exercise, function):
        return nothing
    code = source_of(function)[:LONGEST_CODE]

    def judgment(verdict, *explanation, slip=None):
        return Judgment(exercise.id, verdict, explanation, slip, code)

    variables, course = outside(function)
    if course:
        return judgment("wrong", f"It calls the course's own code ({listed(course)}). Write it yourself.")
    if variables:
        why = "Everything that it needs must be among its arguments."
        return judgment("wrong", f"It reads {listed(variables)} of the notebook. {why}")
    rights(exercise, seed)  # what the course computes is not the function's time
    try:
        with bounded(exercise.seconds):
            trials = list(tried(exercise, function, seed, cases))
            right = fits(exercise, trials, seed)
            repeat = exercise.reference and exercise.twice and all(right)
            again = list(tried(exercise, function, seed, cases)) if repeat else trials
    except Endless:
        why = f"It was stopped after {exercise.seconds} seconds. Does every loop come to an end?"
        return judgment("endless", why)
    return _judged(exercise, function, trials, right, again, seed, judgment)


@dataclass(frozen=True)
class Trial:
    """One case: its arguments before and after, what came, that as arrays, and what was printed.

    ``arrays`` is a ``Failure`` after an error, and ``None`` where no numbers came.
    """

    arguments: dict
    after: dict
    value: object
    arrays: object
    printed: str


def tried(exercise, function, seed=0, cases=None):
    """A ``Trial`` for each case of the exercise; ``cases`` as for ``judge``."""
    before, after = (cases or exercise.cases(np.random.default_rng(seed)) for _ in range(2))
    for arguments, given in zip(before, after, strict=True):
        value, printed = outcome(exercise.run, function, given)
        yield Trial(arguments, given, value, _arrays(value), printed)


def _arrays(value):
    try:
        return None if value is None else as_arrays(value)
    except (TypeError, ValueError):
        return None


def fits(exercise, trials, seed=0):
    """For each trial whether what came is right."""
    ended = [not isinstance(each.arrays, Failure) for each in trials]
    if exercise.reference is None:
        return ended
    return [
        well and same(each.arrays, right, exercise.tolerance)
        for well, each, right in zip(ended, trials, rights(exercise, seed), strict=True)
    ]


def alike(exercise, trials, slip, seed=0):
    """Whether the known mistake gives on all cases what came; it is run on no more cases than that takes."""
    pairs = zip(trials, known(exercise, slip, seed), strict=True)
    return all(same(each.arrays, other, exercise.tolerance) for each, other in pairs)


@cache
def rights(exercise, seed=0):
    """What is right in each case, as arrays; empty where there is no reference."""
    if exercise.reference is None:
        return ()
    return tuple(
        as_arrays(exercise.reference(**arguments)) for arguments in exercise.cases(np.random.default_rng(seed))
    )


def known(exercise, slip, seed=0):
    """What a known mistake gives in each case, as arrays, one case after another."""
    return (_known(exercise, slip, seed, number) for number in range(len(rights(exercise, seed))))


@cache
def _known(exercise, slip, seed, number):
    arguments = next(islice(exercise.cases(np.random.default_rng(seed)), number, None))
    value, _ = outcome(exercise.run, slip.function, arguments)
    return _arrays(value)


def forget():
    """Forget what was computed of all cases: nobody else has those of a student."""
    rights.cache_clear()
    _known.cache_clear()


def _judged(exercise, function, trials, right, again, seed, judgment):
    for each in trials:
        if each.value is None:
            return judgment("wrong", "It returns nothing: a line with return is missing.")
        if each.arrays is None and exercise.reference:
            kind = type(each.value).__name__
            return judgment("wrong", f"It returns a {kind}; a number or an array is needed.")
    for fault in exercise.faults:
        for each in trials:
            if not isinstance(each.value, Failure) and fault.when(each.value, **each.arguments):
                return judgment("slip", fault.why, *_reported(exercise, [each]), slip=fault.name)
    if all(right):
        return _habit(exercise, trials, again, seed, judgment) or judgment(
            "right", *_praise(exercise), *_reported(exercise, trials[:1])
        )
    # Each known mistake gives something in the smallest case, as the tests see.
    for slip in () if isinstance(trials[0].arrays, Failure) else exercise.slips:
        if alike(exercise, trials, slip, seed):
            return judgment("slip", slip.why, slip=slip.name)
    wrong = trials[right.index(False)]
    given = ", ".join(f"{name} = {shown(each)}" for name, each in wrong.arguments.items())
    case = f"The smallest case that goes wrong: {given}."
    printed = [f"It printed: {wrong.printed.strip()[:200]}"] if wrong.printed.strip() else []
    if isinstance(wrong.arrays, Failure):
        at = f", in the line: {wrong.arrays.line}" if wrong.arrays.line else ""
        error = f"{wrong.arrays.kind}: {wrong.arrays.message}{at}"
        hint = f"Hint: {exercise.hints[0]}"
        return judgment("error", error, *_other_arguments(exercise, function), case, *printed, hint)
    place = right.index(False)
    needed, advice = rights(exercise, seed)[place], _advice(exercise, wrong.arrays, place, seed)
    return judgment("wrong", case, *difference(wrong.arrays, needed), *printed, advice)


def _advice(exercise, given, place, seed):
    """The known mistake that gives in this one case what came, as where there are two mistakes; else a hint."""
    for slip in exercise.slips:
        if same(given, _known(exercise, slip, seed, place), exercise.tolerance):
            return f"In this case, it does what a known mistake does ({slip.name}). {slip.why}"
    return f"Hint: {exercise.hints[0]}"


def _habit(exercise, trials, again, seed, judgment):
    """What is wrong with a function whose results are right: it changes its arguments, or draws random numbers."""
    for each in trials:
        for name, value in each.arguments.items():
            if isinstance(value, np.ndarray) and not np.array_equal(value, each.after[name], equal_nan=True):
                why = f"The result is right, but the function changes {name}. Its caller still needs {name} as it was."
                return judgment("slip", why, slip="it changes its argument")
    if not all(fits(exercise, again, seed)):
        why = "Called again with the same arguments, it gives a different result."
        return judgment("slip", why, slip="it does not always give the same")
    return None


def _other_arguments(exercise, function):
    """A sentence, if the function does not take the arguments of the stub by their names."""
    space = {}
    exec(compile(exercise.stub, "stub", "exec"), space)
    names = list(inspect.signature(space[exercise.name]).parameters)
    try:
        inspect.signature(function).bind(**dict.fromkeys(names))
    except (TypeError, ValueError):
        return [f"Write its first line as the exercise gives it: def {exercise.name}({', '.join(names)})."]
    return []


def _reported(exercise, trials):
    return [exercise.report(each.value) for each in trials] if exercise.report else []


def _praise(exercise):
    return ("It gives the right result in every case that we tried.",) if exercise.reference else ()
