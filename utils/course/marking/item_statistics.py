"""How each question went in the class: who was right, which slips were made in which group, what it tells apart."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import StatisticsError, correlation, fmean

LEAST = 5  # students; with fewer, nothing is said of what a question tells apart
RIGHT, SLIP, WRONG, OPEN = "right", "slip", "wrong", "open"
KINDS = {
    "right": RIGHT,
    "slip": SLIP,
    "unanswered": OPEN,
    "missing": OPEN,
    "open": OPEN,
    "noted": "noted",
}  # all others: wrong


@dataclass
class Item:
    """One question or exercise, as those answered it whose notebook came back.

    ``kinds`` counts ``RIGHT``, ``SLIP``, ``WRONG`` and ``OPEN``; ``slips`` counts by slip and group. ``earned`` is the
    mean share of its points among those who were judged: the easier, the larger. ``discrimination`` is the correlation
    of that share with the mean share of all else that the same students answered, ``None`` where there are too few or
    all did alike.
    """

    notebook: str
    question: str
    prediction: bool
    came: int = 0
    kinds: Counter = field(default_factory=Counter)
    slips: dict = field(default_factory=dict)
    earned: float | None = None
    discrimination: float | None = None


def item_statistics(marks):
    """An ``Item`` for each question and exercise of these marks, in their order."""
    shares, own = {}, {}
    for each in marks:
        if each.came:
            own.setdefault((each.notebook, each.question), []).append(each)
            if (share := _share(each)) is not None:
                shares.setdefault(each.student, []).append(share)
    items = []
    for name in dict.fromkeys((each.notebook, each.question) for each in marks):
        its = own.get(name, [])
        prediction = bool(its) and its[0].most is None
        item = Item(*name, prediction, len(its), Counter(KINDS.get(each.verdict, WRONG) for each in its))
        for each in its:
            if each.slip:
                item.slips.setdefault(each.slip, Counter())[each.student.group] += 1
        if judged := [each for each in its if _share(each) is not None]:
            earned = [_share(each) for each in judged]
            item.earned = fmean(earned)
            item.discrimination = _correlation(earned, [_rest(each, shares[each.student]) for each in judged])
        items.append(item)
    return items


def _share(mark):
    """The share of the points that a mark earned; ``None`` for a prediction, and until somebody has judged it."""
    if mark.most is None or mark.waits:
        return None
    return float(mark.points / mark.most) if mark.most else float(mark.verdict == "right")


def _rest(mark, shares):
    """The mean share of all else that the student answered; ``None`` if there is nothing."""
    return (sum(shares) - _share(mark)) / (len(shares) - 1) if len(shares) > 1 else None


def _correlation(earned, rest):
    pairs = [(one, other) for one, other in zip(earned, rest, strict=True) if other is not None]
    if len(pairs) < LEAST:
        return None
    try:
        return correlation(*zip(*pairs, strict=True))
    except StatisticsError:  # all have the same
        return None
