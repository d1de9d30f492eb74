"""What the long runs found: the numbers in ``evidence/``, one file an experiment, judged anew whenever they are read.

A file holds each piece of the experiment with its numbers, and the values that follow from them for each claim that
the experiment serves. No verdict is stored. ``evidence/cifar10`` holds the same for the experiments on CIFAR-10.
"""

import json
from functools import cache
from pathlib import Path

from utils.verdicts import judged

CIFAR10 = "cifar10"
FOLDER = Path(__file__).resolve().parents[1] / "evidence"


def long_run(claim, data="", folder=FOLDER):
    """The ``Verdict`` on the claim by its long run (on other ``data``); ``None`` where it has not been run."""
    found = stored(claim.long_run, folder / data) if claim.long_run else None
    values = (found or {}).get("claims", {}).get(claim.id)
    return None if values is None else judged(claim, *values)


def pieces(experiment, folder=FOLDER):
    """What the long run of that name has found, piece by piece: ``[(piece, numbers), …]``; empty if it was not run."""
    return [(each["piece"], each["numbers"]) for each in (stored(experiment, folder) or {"pieces": []})["pieces"]]


def read(experiment, folder=FOLDER):
    """The content of an experiment's file, ``None`` where there is no such file."""
    path = folder / f"{experiment}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


stored = cache(read)  # the same for as long as a kernel lives


def error_rates(folder=FOLDER):
    """How often the machinery erred in the simulation, as it was stored; ``None`` where there is no such file."""
    return stored("error_rates", folder)
