"""From measured numbers to a verdict: roles, intervals, results, and the words that follow from them.

A claim lists criteria, each with a threshold and the reason for it, all written down before the measurement. A
criterion is *met* when the whole interval of what was measured lies on the needed side of its threshold,
*contradicted* when the whole interval lies on the other side, else *undecided*. *Deciding* criteria are the claim's
own sentence; *conditions* say under what else it should hold; *checks* guard the experiment and never vote. In this
order:

- a check is not met: *the experiment failed*;
- a deciding criterion is contradicted: *does not hold here*;
- a deciding criterion is undecided: *undecided here*;
- all criteria are met: *holds*;
- otherwise: *holds here with a condition*, and each condition is named with its result.

This room knows no claim of the course, trains nothing and draws no figure.
"""

from utils.verdicts.criteria import (
    NOT_RUN,
    Claim,
    Criterion,
    Measurement,
    Result,
    Role,
    Row,
    Scale,
    Verdict,
    Word,
    judged,
    rounded,
)
from utils.verdicts.display import Criteria
from utils.verdicts.intervals import ERROR, FEWEST, median_interval, repetitions_needed, share_interval, wrong_end

CHECK, CONDITION, DECIDING = Role.CHECK, Role.CONDITION, Role.DECIDING
COUNT, DIFFERENCE, LOG_RATIO, SHARE = Scale.COUNT, Scale.DIFFERENCE, Scale.LOG_RATIO, Scale.SHARE

__all__ = [
    "CHECK", "CONDITION", "COUNT", "DECIDING", "DIFFERENCE", "ERROR", "FEWEST", "LOG_RATIO", "NOT_RUN", "SHARE",
    "Claim", "Criteria", "Criterion", "Measurement", "Result", "Role", "Row", "Scale", "Verdict", "Word", "judged",
    "median_interval", "repetitions_needed", "rounded", "share_interval", "wrong_end",
]  # fmt: skip
