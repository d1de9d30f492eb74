"""The questions of the course: ``check("bn-parameters", answer, channels=32)`` says whether the answer is right, and if
not, which slip it comes from. ``another("bn-parameters")`` asks again with other numbers, which never count.

Each module in this package is one question: ``bn_parameters.py`` is "bn-parameters". It holds ``PARAMETERS``, a
function ``question`` of them that returns a ``Question``, and ``by_keras``, which gets the same answer from Keras.
"""

import difflib
import importlib
import itertools
import pkgutil
import random
from dataclasses import dataclass, field, replace
from functools import cache

from utils import scoring
from utils.arithmetic import Count
from utils.former_names import name_today
from utils.parameters import check_parameters, shown
from utils.questions._exam import EXAM, EXAM_SENTENCE, in_exam, withheld
from utils.questions._feedback import Help, as_html, as_text
from utils.questions._judging import Judgment, Practice, judge, same
from utils.questions._reading import flat, plain, unwrapped

__all__ = [
    "EXAM",
    "EXAM_SENTENCE",
    "Help",
    "Judgment",
    "Parameter",
    "Practice",
    "Question",
    "Slip",
    "again",
    "another",
    "as_html",
    "as_text",
    "ask",
    "by_keras",
    "check",
    "flat",
    "hint",
    "in_exam",
    "judge",
    "parameters_of",
    "plain",
    "preview",
    "questions",
    "same",
    "solution",
    "unasked",
    "variant",
    "variants",
]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a question: its default, the range allowed, and the values that students' variants take."""

    default: object
    allowed: object
    variants: tuple = ()


@dataclass(frozen=True)
class Slip:
    """A known wrong answer: the number or choice it gives, a short name, and what went wrong and where to look."""

    answer: object
    name: str
    why: str


@dataclass(frozen=True)
class Question:
    """A question with its parameters put in.

    ``answer`` is a whole number, a ``Fraction`` or decimal number, a (nested) tuple of numbers, or the name of one of
    ``choices`` (name → sentence); ``None`` where only the measurement of ``claim`` can tell. ``derivation`` leads to
    it: a ``Count`` or lines of text. ``tolerance`` is the share of the answer by which a rounded answer may differ.
    """

    text: str
    answer: object
    derivation: Count | tuple[str, ...]
    slips: tuple[Slip, ...]
    hints: tuple[str, str]
    choices: dict[str, str] = field(default_factory=dict)
    tolerance: float = 0.0
    claim: str = ""
    id: str = ""
    parameters: dict = field(default_factory=dict)

    @property
    def choice_lines(self):
        """The choices as lines of text; none where a number is asked for."""
        return [f'"{name}": {sentence}' for name, sentence in self.choices.items()]

    @property
    def steps(self):
        """The derivation as lines of text."""
        return self.derivation.steps if isinstance(self.derivation, Count) else list(self.derivation)

    @property
    def refusal(self):
        """Why this set is not asked: a slip gives the right answer, or two slips the same; "" if neither."""
        for slip in self.slips:
            if same(slip.answer, self.answer, 2 * self.tolerance):
                return f"here the slip “{slip.name}” leads to the right answer"
        for one, other in itertools.combinations(self.slips, 2):
            if same(one.answer, other.answer, 2 * self.tolerance):
                return f"here the slips “{one.name}” and “{other.name}” lead to the same answer"
        return ""


_asked_last, _had = {}, {}  # in this kernel: the parameters checked or shown last, and all sets so far, by question
_shown = {}  # the parameters of the question that ``another`` showed last, by question


def check(question_id, answer, **parameters):
    """Judge ``answer`` and return the ``Judgment`` for display; parameters that are left out take their defaults.

    Where none is given and ``another`` has asked the question, the answer is judged as one to what that showed last.
    Never raises: what the author of the cell mistook (an id, a parameter, its value) is shown as a sentence, too.
    In an exam neither this nor ``another``, ``hint`` and ``solution`` tell what is right.
    """
    question_id = name_today(question_id)
    shown_last = _shown.get(question_id) if isinstance(question_id, str) and not parameters else None
    question, refusal = preview(question_id, **(shown_last or parameters))
    _asked_last[question.id] = shown_last or parameters
    if refusal:
        return Judgment(question.id, question.parameters, None, "not-asked", None, (refusal,))
    _had.setdefault(question.id, []).append(question.parameters)
    judgment = judge(question, answer)
    if in_exam():
        judgment = withheld(judgment)
    if judgment.verdict == "noted":
        scoring.note(question.claim, judgment.answer)
    return Practice.of(judgment) if shown_last else judgment


def another(question_id):
    """The question with numbers that it was not asked with in this kernel, for display.

    ``check(question_id, answer)``, ``hint`` and ``solution`` then look at these numbers. Where there are no others, the
    display says so. Never raises.
    """
    question, refusal = preview(question_id)
    if refusal:
        return Help("Another one", [refusal])
    if in_exam():
        return Help("No other numbers", [EXAM_SENTENCE])
    if not unasked(question.id):
        number = len(variants(question.id))
        if number == 1:
            return Help("No other numbers", [f"{question.id} has no numbers that could be changed."])
        sentence = f"All {number} sets of numbers of {question.id} were asked. Restart the kernel to begin again."
        return Help("No other numbers", [sentence])
    question = again(question.id)
    _shown[question.id] = question.parameters
    how = f'Answer in a new cell: check("{question.id}", …). This is practice: it leaves no record.'
    return Help("With other numbers", [question.text, *question.choice_lines, how])


def again(question_id):
    """The ``Question`` with numbers that it was not asked with in this kernel, or with any if there are none left.

    ``hint`` and ``solution`` then look at it.
    """
    question = ask(question_id, **random.Random().choice(unasked(question_id) or variants(question_id)))
    _had.setdefault(question.id, []).append(question.parameters)
    _asked_last[question.id] = question.parameters
    return question


def unasked(question_id):
    """The ``variants`` of a question that differ from all that it was asked with in this kernel."""
    changing = [name for name, each in parameters_of(question_id).items() if each.variants]
    had = {tuple(each[name] for name in changing) for each in _had.get(question_id, ())}
    if not changing:
        return []
    return [each for each in variants(question_id) if tuple(each[name] for name in changing) not in had]


def hint(question_id, number=1, **parameters):
    """The first or the second hint, for the parameters last checked if none are given."""
    question, refusal = preview(question_id, **(parameters or _last(question_id)))
    if refusal:
        return Help("Hint", [refusal])
    if in_exam():
        return Help("Hint", [EXAM_SENTENCE])
    if number not in (1, 2):
        return Help("Hint", [f"There are two hints: write hint({question_id!r}, 1) or hint({question_id!r}, 2)."])
    return Help(f"Hint {number} of 2", [question.hints[number - 1]])


def solution(question_id, **parameters):
    """The derivation of the right answer, for the parameters last checked if none are given."""
    question, refusal = preview(question_id, **(parameters or _last(question_id)))
    return Help("Solution", [refusal] if refusal else [EXAM_SENTENCE] if in_exam() else question.steps)


def ask(question_id, **parameters):
    """The ``Question`` with these parameters, the others at their defaults.

    ``ValueError`` for an unknown id, an unknown parameter or one out of its range, and for a set that makes no sense (a
    kernel larger than the image) or whose answers could not be told apart.
    """
    question, refusal = preview(question_id, **parameters)
    if refusal:
        raise ValueError(refusal)
    return question


def preview(question_id, **parameters):
    """The question and "", or the question as far as it can be put and a sentence on why it is not asked."""
    question_id = name_today(question_id) if isinstance(question_id, str) else shown(question_id)
    try:
        module = _module(question_id)
        values = _values(question_id, module.PARAMETERS, parameters)
    except ValueError as error:
        return _unasked(question_id, {}), str(error)
    set_of_values = ", ".join(f"{name}={value!r}" for name, value in values.items())
    try:
        question = replace(module.question(**values), id=question_id, parameters=values)
    except ValueError as error:
        question, refusal = _unasked(question_id, values), str(error)
    else:
        refusal = question.refusal
    return question, refusal and f"This question is not asked with {set_of_values}: {refusal}. Choose other parameters."


def variant(question_id, seed):
    """The parameters of a student's own question: one of ``variants``, each as likely, decided by ``seed``."""
    return dict(random.Random(f"{question_id} {seed}").choice(variants(question_id)))


@cache
def variants(question_id, **among):
    """All parameter sets that are fit for a student's own question; a question without parameters has but the one.

    ``among`` gives the values that a parameter may take, a tuple each, in place of the question's own.
    They can be asked, have another answer than the default's, and no number with more digits than the question's
    ``MOST_DIGITS`` (4 if it has none), so that nobody needs a calculator where the point is elsewhere.
    """
    module = _module(question_id)
    default = ask(question_id)
    largest = 10 ** getattr(module, "MOST_DIGITS", 4)
    values = [among.get(name) or each.variants or (each.default,) for name, each in module.PARAMETERS.items()]
    found = []
    for combination in itertools.product(*values):
        parameters = dict(zip(module.PARAMETERS, combination, strict=True))
        question, refusal = preview(question_id, **parameters)
        if refusal or same(question.answer, default.answer, 2 * default.tolerance):
            continue
        if all(isinstance(number, str) or abs(number) < largest for number in flat(question.answer)):
            found.append(parameters)
    return tuple(found) or (default.parameters,)


@cache
def questions():
    """The ids of all questions."""
    modules = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(name.replace("_", "-") for name in modules)


def parameters_of(question_id):
    """The question's ``Parameter``s by name."""
    return _module(question_id).PARAMETERS


def by_keras(question_id, **parameters):
    """The answer as Keras gives it: counted in a built layer, or computed by it. Slow beside the closed formula."""
    return _module(question_id).by_keras(**ask(question_id, **parameters).parameters)


def _last(question_id):
    return _asked_last.get(name_today(question_id), {}) if isinstance(question_id, str) else {}


def _module(question_id):
    known, question_id = questions(), name_today(question_id)
    if question_id not in known:
        close = difflib.get_close_matches(question_id[:60], known, 1)
        advice = f'Do you mean "{close[0]}"?' if close else f"The questions are: {', '.join(known)}."
        raise ValueError(f'There is no question "{question_id[:60]}". {advice}')
    return importlib.import_module(f"{__name__}.{question_id.replace('-', '_')}")


def _values(question_id, known, given):
    """The parameters as Python's own values, those not given at their defaults; ``ValueError`` for a wrong one."""
    if unknown := [name for name in given if name not in known]:
        has = f"it has: {', '.join(known)}" if known else "it has none"
        raise ValueError(f"{question_id} has no parameter {unknown[0]!r}; {has}.")
    values = {name: unwrapped(given.get(name, parameter.default)) for name, parameter in known.items()}
    check_parameters(values, **{name: parameter.allowed for name, parameter in known.items()})
    return values


def _unasked(question_id, values):
    return Question("", None, (), (), ("", ""), id=question_id, parameters=values)
