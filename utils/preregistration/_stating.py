"""What somebody states of a claim, read: complete and of the right kinds, or a sentence that says what to mend."""

import math
import re
from dataclasses import fields
from numbers import Real

import numpy as np

from utils.claims import claims
from utils.scoring import Quantity
from utils.verdicts import COUNT, DECIDING, LOG_RATIO, SHARE, Claim, Criterion, Role, Scale, judged

LONGEST, MOST_CRITERIA, MOST_SEEDS = 1000, 8, 100  # LONGEST: characters of a text
TEXTS, BOUNDS = ("name", "because", "control"), ("at_least", "at_most")
ADVICE = {
    "statement": "Write one sentence that could turn out to be wrong",
    "experiment": "Say what both arms are trained with, and how each learning rate is chosen",
    "name": "Say which number is measured for each seed",
    "because": "Say why this threshold: the smallest effect that a reader would care about",
    "control": "Name what it is compared with, or say why no control is needed",
}


def is_blank(statement, experiment, criteria):
    """Whether nothing is stated yet."""
    given = criteria if isinstance(criteria, list | tuple) else [criteria]
    said = [each.get(key) for each in given if isinstance(each, dict) for key in TEXTS + BOUNDS]
    return all(each is None for each in (statement, experiment, *said)) and all(isinstance(c, dict) for c in given)


def stated(name, statement, experiment, criteria, count):
    """The ``Claim`` that is stated; ``ValueError`` says what is missing, or cannot be."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name) or name in claims():
        raise ValueError(
            f"The name {str(name)[:40]!r} is not allowed: use lowercase letters, digits and hyphens, and not the "
            "name of a course claim."
        )
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_SEEDS:
        raise ValueError(f"count={str(count)[:40]}: a whole number of seeds from 1 to {MOST_SEEDS} is needed.")
    if not isinstance(criteria, list | tuple) or not 1 <= len(criteria) <= MOST_CRITERIA:
        raise ValueError(f"criteria: a list of 1 to {MOST_CRITERIA} is needed, [dict(name=…, at_least=…, …)].")
    _refuse_no_text("statement", statement)
    _refuse_no_text("experiment", experiment)
    read = tuple(_criterion(f"criterion {number}", each) for number, each in enumerate(criteria, 1))
    if not any(each.role is DECIDING for each in read):
        raise ValueError("No criterion decides: one must judge the statement itself. Leave out its role.")
    source, asked = "a claim of one's own", _asked(read)
    return Claim(id=name, statement=statement, source=source, criteria=read, literature=(), asked=asked)


def numbers_for(claim, found, count):
    """What an experiment returned, as a list for each criterion; ``ValueError`` where the numbers do not fit."""
    is_list = isinstance(found, list | tuple | np.ndarray) and len(found) > 0
    lists = [found] if is_list and len(claim.criteria) == 1 and np.ndim(found[0]) == 0 else found
    if not is_list or len(lists) != len(claim.criteria):
        raise ValueError(f"The experiment must return a list for each of the {len(claim.criteria)} criteria, in order.")
    values = []
    for criterion, each in zip(claim.criteria, lists, strict=True):
        numbers = None if each is None else np.ravel(np.asarray(each))
        if numbers is not None and numbers.dtype.kind not in "biuf":
            raise ValueError(f"{criterion.name}: a list of numbers is needed.")
        if numbers is not None and criterion.drawn and criterion.scale is not COUNT and len(numbers) != count:
            raise ValueError(f"{criterion.name}: {len(numbers)} numbers came for {count} seeds. Return one for each.")
        values.append(None if numbers is None else numbers.tolist())
    try:
        judged(claim, *values)
    except ValueError as error:
        raise ValueError(f"{error}.") from None
    return values


def _asked(criteria):
    """What a prediction says: the number of the first criterion that decides."""
    place = next(place for place, each in enumerate(criteria) if each.role is DECIDING)
    first = criteria[place]
    if first.scale in (SHARE, LOG_RATIO):
        bounds = {"least": 0, "most": 1} if first.scale is SHARE else {"ratio": True}
        return Quantity(first.name, scale=1, criterion=place, **bounds)
    threshold = min(abs(each) for each in (first.at_least, first.at_most))
    return Quantity(first.name, scale=10 * threshold or 1, criterion=place)


def _criterion(what, given):
    if not isinstance(given, dict):
        raise ValueError(f"{what}: a dictionary is needed, dict(name=…, at_least=…, because=…, control=…).")
    given = {key: value for key, value in given.items() if value is not None}
    if unknown := [key for key in given if key not in {each.name for each in fields(Criterion)}]:
        raise ValueError(
            f"{what} does not take {unknown[0]}: it takes {', '.join(each.name for each in fields(Criterion))}."
        )
    bounds = {key: given[key] for key in BOUNDS if key in given}
    if not bounds or not all(map(_is_finite, bounds.values())):
        raise ValueError(f"{what} has no threshold: a number is needed as at_least or as at_most.")
    for key in TEXTS:
        if given.get(key) or key != "control" or given.get("role") != Role.CHECK:
            _refuse_no_text(key, given.get(key), f" of {what}")
    if not all(isinstance(given.get(key, ""), str) for key in ("unit", "quantity")):
        raise ValueError(f"{what}: unit and quantity are texts.")
    if not isinstance(given.get("drawn", True), bool):
        raise ValueError(f"{what}: drawn is True, or False for units that were chosen.")
    try:
        kinds = {key: kind(given[key]) for key, kind in (("role", Role), ("scale", Scale)) if key in given}
        return Criterion(**given | kinds | {key: float(each) for key, each in bounds.items()})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what}: {error}.") from None


def _refuse_no_text(key, text, where=""):
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise ValueError(f"The {key}{where} is missing. {ADVICE[key]}, in at most {LONGEST:,} characters.")


def _is_finite(number):
    return isinstance(number, Real) and not isinstance(number, bool) and math.isfinite(number)
