"""A claim of one's own, in the order that keeps it honest: register, predict, measure, judge.

``register`` freezes a claim with its criteria and experiment and takes their *digest*. The seeds follow from the
digest, and only ``measure`` hands them to the experiment: whoever changes a threshold gets other seeds, in this kernel
or the next. What was measured belongs to one digest, and is judged by nothing else.

What cannot be enforced: that the experiment does what its text says, that nobody ran it elsewhere before, and that a
claim which failed is not left out. Nothing here belongs to the course's ledger.
"""

import inspect
from datetime import UTC, datetime

from utils.preregistration._records import Judged, Measured, Notice, Registration, seeds_of
from utils.preregistration._stating import is_blank, numbers_for, stated
from utils.scoring import Prediction, note, noted
from utils.verdicts import FEWEST, judged

__all__ = ["Judged", "Measured", "Notice", "Registration", "judge", "measure", "predict", "register"]

_measured = {}  # what was measured in this kernel, by the name it was registered under


def register(name, *, statement=None, experiment=None, criteria=(), count=8):
    """Freeze a claim before it is measured: a ``Registration``, or a ``Notice`` that says what is missing.

    ``criteria`` are dictionaries of what a ``Criterion`` takes: name, because, control, at_least or at_most, and where
    needed role, scale, unit, drawn, quantity. ``None`` stands for what is not stated yet. ``count`` seeds are drawn. A
    name that was measured cannot be registered with another content.
    """
    if is_blank(statement, experiment, criteria):
        return Notice(name, "open", ("Nothing is stated yet: replace each None, and run this cell again.",))
    try:
        claim = stated(name, statement, experiment, criteria, count)
    except ValueError as error:
        return Notice(name, "refused", (str(error),))
    registration = Registration(claim, experiment, count, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
    before = _measured.get(name)
    if before is None:
        return registration
    if changes := list(registration.changes(before.registration)):
        why = f"{name!r} has been measured, and this would change {'; '.join(changes)}."
        return Notice(
            name,
            "refused",
            (why, "What is changed after the measurement can be fitted to the results.", _anew(name)),
        )
    return before.registration


def predict(registration, low=None, high=None):
    """Note the range that should hold what the first deciding criterion measures, four times in five, for display."""
    if not isinstance(registration, Registration):
        return _passed_on(registration, "predict needs what register returns")
    name, asked = registration.claim.id, registration.claim.asked
    given, refusal = (None, "") if low is None and high is None else asked.read(low, high)
    prediction = Prediction(name, asked, given, refusal)
    note(name, prediction if given else None)
    return prediction


def measure(registration, experiment):
    """Open the seeds: ``experiment(seeds)`` returns for each criterion a list, with a number for each seed.

    With one criterion the list alone will do; ``None`` stands for a criterion that is not measured. The same experiment
    measured again gives what was kept; another one under the same name is refused. An error in it is not caught.
    """
    if not isinstance(registration, Registration):
        return _passed_on(registration, "measure needs what register returns")
    name, code, before = registration.claim.id, _source(experiment), _measured.get(registration.claim.id)
    if before and (before.registration, before.code) == (registration, code):
        return before
    if before:
        why = f"{name!r} has been measured by another experiment. Its results are known, so its seeds are used up."
        return Notice(name, "refused", (why, _anew(name)))
    seeds = seeds_of(registration.digest, registration.count)
    found = experiment(list(seeds))
    if found is None or found is ...:
        return Notice(name, "open", ("The experiment returns nothing yet: write its body, and run its cell again.",))
    try:
        values = numbers_for(registration.claim, found, registration.count)
    except ValueError as error:
        return Notice(name, "refused", (str(error),))
    _measured[name] = Measured(registration, seeds, values, code, noted(name), tuple(_measured))
    return _measured[name]


def judge(measured):
    """The verdict on what was measured, by the criteria that were registered for it: ``Judged``, or a ``Notice``."""
    if not isinstance(measured, Measured):
        return _passed_on(measured, "judge needs what measure returns")
    claim, count, notes = measured.registration.claim, measured.registration.count, []
    if count < FEWEST:
        notes.append(f"Fewer than {FEWEST} seeds decide nothing, and {count} were drawn. {_anew(claim.id)}")
    if measured.prediction is None:
        notes.append("No prediction was made before the measurement.")
    if noted(claim.id) != measured.prediction:
        notes.append("What was predicted after the measurement does not count.")
        note(claim.id, measured.prediction)
    if measured.earlier:
        notes.append(f"Measured before it: {', '.join(measured.earlier)}.")
    return Judged(judged(claim, *measured.values), measured, tuple(notes))


def _anew(name):
    stem, _, number = name.rpartition("-")
    new = f"{stem}-{int(number) + 1}" if stem and number.isdigit() else f"{name}-2"
    return f"Register it under a new name, such as {new!r}: it gets fresh seeds."


def _passed_on(given, why):
    """What the cell above has to say, or that something else was given."""
    return given if isinstance(given, Notice) else Notice("", "refused", (f"{why}, not {type(given).__name__}.",))


def _source(function):
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return getattr(getattr(function, "__code__", None), "co_code", b"").hex()
