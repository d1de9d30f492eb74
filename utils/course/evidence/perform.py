"""Performing the pieces of long runs through a batch, and keeping each one's numbers as it comes."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

import utils.long_runs
from utils.course.batches import batch_run
from utils.course.evidence.code import code_of, together
from utils.notebook_files.reading import read
from utils.notebook_files.sources import ROOT
from utils.notebook_files.status import Status
from utils.records import EVIDENCE

NOTEBOOK = Path(utils.long_runs.__file__).with_name("piece.ipynb")
LONGEST = 4 * 20 * 60  # seconds: twenty minutes on a machine that is four times slower


def perform(pieces, data, workers, progress, stop, collect):
    """Perform ``pieces``, pairs of an experiment and one of its pieces, and ``collect`` what each found.

    ``data`` names other images than the experiments' own; "" stands for these.
    Returns a sentence for each that found nothing. What a stopped piece has reached is kept in ``build/evidence`` and
    gone on with next time.
    """
    out, codes = ROOT / "build" / "evidence", {each: together(code_of(each)) for each, _ in pieces}
    checkpoints = out / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    sets = [
        {
            "experiment": name,
            "piece": json.dumps(piece),
            "data": data,
            "checkpoint": str(checkpoints / _name(name, [piece, data, codes[name]])),
        }
        for name, piece in pieces
    ]
    bounds = {"workers": workers, "retries": 0, "start_timeout": 120, "cell_timeout": LONGEST}
    options = batch_run.Options((NOTEBOOK,), str(out / "pieces"), resume=False, **bounds)
    plan = batch_run.planned(options, sets)
    collecting = _Collecting(progress, plan.store.root, codes, collect)
    _, troubles = batch_run.carry_out(plan, collecting, stop)
    return [*collecting.troubles, *troubles]


class _Collecting:
    """Hears of pieces that have ended, keeps their numbers, and tells the one that shows how far all is."""

    def __init__(self, progress, folder, codes, collect):
        self._progress, self._folder, self._codes, self._collect = progress, folder, codes, collect
        self.told, self.look, self.troubles = progress.told, progress.look, []

    def ended(self, outcome):
        self._progress.ended(outcome)
        experiment, piece = outcome.parameters["experiment"], outcome.parameters["piece"]
        if outcome.status != Status.PASSED:
            self.troubles.append(f"{experiment} {piece}: {outcome.status}: {outcome.error}")
            return
        record = _record(read(self._folder / f"{outcome.file}.ipynb"))
        try:
            self._collect(experiment, record, self._codes[experiment])
        except ValueError as error:
            self.troubles.append(str(error))
            return
        with contextlib.suppress(FileNotFoundError):
            os.remove(outcome.parameters["checkpoint"])


def _record(notebook):
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return next(output["data"][EVIDENCE] for output in outputs if EVIDENCE in output.get("data", {}))


def _name(experiment, parts):
    """A checkpoint's name: what was begun with other code, or other data, is not gone on with."""
    return f"{experiment}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}"
