"""The exercises in code: ``check_code("bn-forward", batch_norm_forward)`` says whether a function is right, and if not,
which known mistake it makes, or on which small case it goes wrong.

Each module in this package is one exercise: ``bn_forward.py`` is "bn-forward". It holds

- ``KIND``, one of ``KINDS``, ``POINTS``, ``TEXT``, the ``STUB`` that stands in the notebook, and two ``HINTS``,
- ``cases(random)``: the arguments of each case, as dictionaries, the smallest first; the same again for the same seed,
- ``SOLUTION``: a function that is right,
- ``reference(**arguments)``: what is right, by Keras or by another way than the solution; none where no number is
  expected (a training, a design), and only ``FAULTS`` decide,
- ``SLIPS``: wrong functions, each with its name and explanation (none without a reference),
- where needed ``FAULTS``, which look at what came of a case: the first that is found counts; ``run(function,
  **arguments)``, if a case is more than a call; ``report(outcome)``, a sentence on what came, whether it is right or
  has a fault; ``TOLERANCE`` and ``SECONDS``; ``TWICE = False`` where what is right is not called again, to see whether
  it gives the same (``run`` leaves nothing to chance, and takes long).
"""

import difflib
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from utils import questions
from utils.former_names import name_today
from utils.questions import Help

KINDS = "fill in", "change", "repair", "design"
TOLERANCE = 1e-4  # as a share of the largest number that is right
SECONDS = 10  # for all cases together


@dataclass(frozen=True)
class Slip:
    """A known wrong function of the same arguments, a short name, and what goes wrong and where to look."""

    function: Callable
    name: str
    why: str


@dataclass(frozen=True)
class Fault:
    """Something that must not come of a case: ``when(outcome, **arguments)`` says whether it did.

    ``example`` is a function of which it comes. Where nothing but faults decide, each has one, for the tests.
    """

    when: Callable
    name: str
    why: str
    example: Callable | None = None


@dataclass(frozen=True)
class Exercise:
    """An exercise in code; what its module leaves out has its default here."""

    id: str
    kind: str
    points: int
    text: str
    stub: str
    hints: tuple[str, str]
    cases: Callable
    solution: Callable
    reference: Callable | None
    run: Callable
    slips: tuple[Slip, ...]
    faults: tuple[Fault, ...]
    report: Callable | None
    tolerance: float
    seconds: float
    twice: bool

    @property
    def name(self):
        """The name of the function that is asked for."""
        return re.search(r"^def (\w+)", self.stub, re.MULTILINE)[1]


def check_code(exercise_id, function):
    """Judge ``function`` and return the ``Judgment`` for display.

    Never raises for what is given: an error in the function is shown with its own line, and one that does not end is
    stopped after a while. In an exam it is not run.
    """
    from utils.exercises._judging import judge, noted, refused

    try:
        of = exercise(exercise_id)
    except ValueError as error:
        return refused(exercise_id, str(error))
    return noted(of, function) if questions.in_exam() else judge(of, function)


def hint(exercise_id, number=1, **parameters):
    """The first or the second hint to an exercise, or to a question."""
    if name_today(exercise_id) not in exercises():
        return questions.hint(exercise_id, number, **parameters)
    if number not in (1, 2):
        return Help("Hint", [f"There are two hints: write hint({exercise_id!r}, 1) or hint({exercise_id!r}, 2)."])
    if questions.in_exam():
        return Help("Hint", [questions.EXAM_SENTENCE])
    return Help(f"Hint {number} of 2", [exercise(exercise_id).hints[number - 1]])


def solution(exercise_id, **parameters):
    """A solution of an exercise as Python, or the derivation of a question's answer."""
    if name_today(exercise_id) not in exercises():
        return questions.solution(exercise_id, **parameters)
    if questions.in_exam():
        return Help("Solution", [questions.EXAM_SENTENCE])
    return Help("Solution", [], source_of(exercise(exercise_id).solution))


@cache
def exercises():
    """The ids of all exercises."""
    modules = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(name.replace("_", "-") for name in modules)


@cache
def exercise(exercise_id):
    """The ``Exercise`` of that id; ``ValueError`` names those that there are."""
    known, exercise_id = exercises(), name_today(exercise_id)
    if exercise_id not in known:
        close = difflib.get_close_matches(str(exercise_id)[:60], known, 1)
        advice = f'Do you mean "{close[0]}"?' if close else f"The exercises are: {', '.join(known)}."
        raise ValueError(f'There is no exercise "{str(exercise_id)[:60]}". {advice}')
    module = importlib.import_module(f"{__name__}.{exercise_id.replace('-', '_')}")
    return Exercise(
        id=exercise_id,
        kind=module.KIND,
        points=module.POINTS,
        text=module.TEXT,
        stub=module.STUB.strip("\n") + "\n",
        hints=module.HINTS,
        cases=module.cases,
        solution=module.SOLUTION,
        reference=getattr(module, "reference", None),
        run=getattr(module, "run", _call),
        slips=getattr(module, "SLIPS", ()),
        faults=getattr(module, "FAULTS", ()),
        report=getattr(module, "report", None),
        tolerance=getattr(module, "TOLERANCE", TOLERANCE),
        seconds=getattr(module, "SECONDS", SECONDS),
        twice=getattr(module, "TWICE", True),
    )


def source_of(function):
    """The function's source without its indentation; "" where Python does not know it."""
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""


def _call(function, **arguments):
    return function(**arguments)
