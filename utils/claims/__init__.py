"""The claims of the course: a measured number goes in, a verdict comes out. No verdict is typed in.

Each module in this package holds the claims of one notebook, in a tuple ``CLAIMS``: the statement, its criteria with
their thresholds, and the literature. How a verdict follows is the business of ``utils.verdicts``; measuring is that of
the notebooks and of the long runs.
"""

import importlib
import pkgutil
from functools import cache

from utils.evidence import CIFAR10, long_run
from utils.former_names import name_today
from utils.verdicts import Criteria, Measurement, judged, median_interval


def verdict(claim_id, *values):
    """Judge the claim by ``values``: for each of its criteria, in their order, a number for each unit of repetition.

    Raises ``KeyError`` for an unknown claim, ``ValueError`` when the number of values differs, or for a value that the
    criterion's scale does not allow.
    """
    judged_by = claim(claim_id)
    return judged(judged_by, *values, long_run=long_run(judged_by), cifar10=long_run(judged_by, CIFAR10))


def criteria(claim_id):
    """How the claim will be judged, for display before anything is measured; ``KeyError`` for an unknown claim."""
    return Criteria(claim(claim_id))


def over_seeds(values, quantity=""):
    """The median of ``values``, one for each seed, with its interval, for a figure or a table: a ``Measurement``.

    Give paired differences where the same seeds and batches were used on both sides.
    """
    value, low, high = median_interval(values)
    return Measurement(value, low, high, quantity, len(values))


def claim(claim_id):
    """The claim of that id; ``KeyError`` names the known ones."""
    known, claim_id = claims(), name_today(claim_id)
    if claim_id not in known:
        raise KeyError(f"no claim {claim_id!r}; the claims are: {', '.join(known)}")
    return known[claim_id]


@cache
def claims():
    """All claims by id, in the order of the notebooks that teach them."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        for each in importlib.import_module(f"{__name__}.{module.name}").CLAIMS:
            if each.id in found:
                raise ValueError(f"claim {each.id!r} is defined twice")
            found[each.id] = each
    return found
