"""What a verdict's record says of a prediction: the number or the word that came out, and one question where it missed.

Records may come out of somebody's files: what breaks their form is as good as not measured.
"""

import math

from utils.scoring import HIGH, INSIDE, LOW, NARROW, OTHER, WRONG_WAY, Outcome
from utils.verdicts.criteria import Result, Role, Scale, Word, rounded

LARGEST = 1e300
IN_THE_LONG_RUN = " in the long run"


def outcome(claim, prediction, record):
    """The ``Outcome`` of a ``Prediction`` about ``claim`` by its verdict's ``record``; ``None`` if it is not measured.

    What the notebook did not measure is taken from the long run. An experiment that failed answers nothing.
    """
    for found, where in ((record, ""), (_mapping(record).get("evidence"), IN_THE_LONG_RUN)):
        rows = _rows(claim, found)
        if _mapping(found).get("verdict") == Word.FAILED:
            continue
        if prediction.asked.kind == "range":
            row = rows[prediction.asked.criterion]
            if (value := _number(row)) is not None and (value > 0 or not prediction.asked.ratio):
                exact = claim.criteria[prediction.asked.criterion].scale is Scale.COUNT
                return Outcome(prediction, value, f"{value:,.12g}" if exact else rounded(value), where)
        else:
            word = _mapping(found).get("verdict")
            measured = any(_number(row) is not None for row in _deciding(claim, rows))
            if measured and word in prediction.asked.names:
                return Outcome(prediction, word, word, where)
    return None


def answer(claim, prediction, record):
    """What a verdict says of the prediction about it, in a sentence; where it missed, with a question."""
    if (found := outcome(claim, prediction, record)) is None:
        return f"You said {prediction.said}; this was not measured, so nothing is scored."
    return " ".join(filter(None, [str(found), why(claim, found, record)]))


def why(claim, found, record):
    """One question about a prediction that missed, in the claim's own terms; "" for one that did not."""
    if found.miss == INSIDE:
        return ""
    if found.miss == OTHER:
        rows = _rows(claim, _mapping(record).get("evidence") if found.where else record)
        named = [
            f"“{each.name}” ({row.get('result')})"
            for each, row in zip(claim.criteria, rows, strict=True)
            if row.get("result") in (Result.CONTRADICTED, Result.UNDECIDED) and _number(row) is not None
        ]
        if named:
            return f"Why? Look at {named[0]}: what did you expect there, and what came out?"
        return "Why? Every criterion that was measured is met: which of them did you doubt, and what speaks for it now?"
    criterion = claim.criteria[found.prediction.asked.criterion]
    control = f" The control: {criterion.control}." if criterion.control else ""
    return {
        NARROW: "Why? You were close, and your range was too narrow: what made you so sure of this number?",
        HIGH: f"Why? You expected more. What makes this number smaller than you thought?{control}",
        LOW: f"Why? You expected less. What makes this number larger than you thought?{control}",
        WRONG_WAY: f"Why? It went the other way. Which effect did you not think of?{control}",
    }[found.miss]


def _rows(claim, record):
    """The record's criteria in the claim's order, found by their names; an empty one where there is none."""
    criteria = _mapping(record).get("criteria")
    own = {}
    for each in criteria[:100] if isinstance(criteria, list | tuple) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            own[each["name"]] = each
    return [own.get(each.name, {}) for each in claim.criteria]


def _deciding(claim, rows):
    return [row for each, row in zip(claim.criteria, rows, strict=True) if each.role is Role.DECIDING]


def _number(row):
    value = row.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return None
    return float(value) if math.isfinite(value) else None


def _mapping(value):
    return value if isinstance(value, dict) else {}
