"""The files in ``evidence/``: read, extended by a piece, and brought up to date; written whole each time."""

import importlib
import json
import pkgutil

import numpy as np

import utils.long_runs
from utils.course.storage.atomic import write_whole
from utils.evidence import FOLDER, read


def experiments():
    """The names of all experiments."""
    return [each.name for each in pkgutil.iter_modules(utils.long_runs.__path__) if not each.name.startswith("_")]


def module_of(experiment):
    """The module of the experiment; importing it may import TensorFlow."""
    return importlib.import_module(f"utils.long_runs.{experiment}")


def place(data=""):
    """The folder of what was found with the experiments' own data sets, or with other ``data`` in their place."""
    return FOLDER / data


def pieces_of(experiment, data=""):
    """The pieces that there are: all of the experiment, or those that other ``data`` can serve."""
    module = module_of(experiment)
    return tuple(getattr(module, "ELSEWHERE", module.PIECES)) if data else tuple(module.PIECES)


def found(experiment, folder=FOLDER):
    """What is kept of the experiment; an empty one where there is no file yet."""
    empty = {"experiment": experiment, "claims": {}, "data": {}, "confirmed": [], "runs": [], "pieces": []}
    return read(experiment, folder) or empty


def missing(experiment, data="", folder=None):
    """The pieces that have not been performed, in the order of the experiment."""
    there = [each["piece"] for each in found(experiment, folder or place(data))["pieces"]]
    return [piece for piece in pieces_of(experiment, data) if piece not in there]


def keep(experiment, record, code, folder=FOLDER):
    """Add what one piece found: ``record`` as the piece's notebook wrote it, ``code`` the digest of its code.

    ``ValueError`` if the piece was performed with other data than those that are kept.
    """
    kept = found(experiment, folder)
    for name, digest in record["data"].items():
        if kept["data"].get(name, digest) != digest:
            raise ValueError(f"{experiment}: a piece used {name} {digest}, those kept used {kept['data'][name]}")
    run = {"code": code, "versions": record["versions"], "machine": record["machine"]}
    if run not in kept["runs"]:
        kept["runs"].append(run)
    pieces = [each for each in kept["pieces"] if each["piece"] != record["piece"]]
    pieces.append(
        {
            "piece": record["piece"],
            "run": kept["runs"].index(run),
            "seconds": round(record["seconds"], 1),
            "numbers": rounded(record["numbers"]),
        }
    )
    _write(experiment, kept | {"data": kept["data"] | record["data"], "pieces": pieces}, folder)


def confirm(experiment, code, folder=FOLDER):
    """Note that this code gives the numbers that are kept."""
    kept = found(experiment, folder)
    _write(experiment, kept | {"confirmed": [*kept["confirmed"], code]}, folder)


def claims_of(experiment, pieces):
    """The values for each claim that follow from these kept pieces, as they are stored."""
    values = module_of(experiment).values([(each["piece"], each["numbers"]) for each in pieces])
    return {claim: [_plain(each) for each in criteria] for claim, criteria in values.items()}


def known_code(kept):
    """The digests of the code that the kept numbers come from, or were confirmed with."""
    return {kept["runs"][each["run"]]["code"] for each in kept["pieces"]} | set(kept["confirmed"])


def rounded(numbers):
    """Numbers to six significant digits, wherever in a JSON value."""
    if isinstance(numbers, dict):
        return {name: rounded(each) for name, each in numbers.items()}
    if isinstance(numbers, list | tuple):
        return [rounded(each) for each in numbers]
    return float(f"{numbers:.6g}") if isinstance(numbers, float) else numbers


def _write(experiment, kept, folder):
    """The file with its pieces in the order of the experiment, and the claims' values computed from them."""
    order = list(module_of(experiment).PIECES)
    planned = [each for each in kept["pieces"] if each["piece"] in order]
    planned.sort(key=lambda each: order.index(each["piece"]))
    kept = kept | {"pieces": planned, "claims": claims_of(experiment, planned)}
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f" {json.dumps(name)}: {_lines(each)}" for name, each in kept.items()]
    write_whole(folder / f"{experiment}.json", "{\n" + ",\n".join(parts) + "\n}\n")


def _lines(value):
    """JSON with a line for each of its items, so that a new piece is a new line."""
    items = [json.dumps(each, ensure_ascii=False) for each in value] if isinstance(value, list) else []
    if isinstance(value, dict):
        items = [f"{json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}" for name, each in value.items()]
    if not items:
        return json.dumps(value, ensure_ascii=False)
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    return opened + "\n  " + ",\n  ".join(items) + "\n " + closed


def _plain(values):
    """The values of a criterion as JSON; yes or no stays yes or no."""
    return None if values is None else rounded(np.asarray(values).tolist())
