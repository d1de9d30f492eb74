"""Lets plain ``pytest --nbval notebooks`` compare what ought to be the same on every machine, and no less.

A number behind "≈" depends on the processor: its last printed digit may differ by one, or it by a fiftieth. In a cell
tagged ``trained`` it depends on a training, in which such differences grow: there it has more room, and what one
machine decides another may leave undecided, but never call the opposite. Of a verdict its record is compared, the
numbers that are not exact in the same way; of a trained one, how far single runs reach is not. Pictures are compared
by their alternative text. All else is compared to the letter.

TensorFlow computes with one thread, here and in ``course refresh``: in what order it adds, and so where a training
ends, depends on the number of threads, and that of a machine's processors shall not matter.
"""

import json
import os
import re
import sys
from decimal import Decimal

import pytest

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import utils  # noqa: F401 (sets TensorFlow's environment before a test imports it)
from utils.records import OWN_CLAIM, VERDICT

APPROXIMATE = re.compile(r"≈ *(-?[\d,]*\.?\d+(?:e[+-]?\d+)?)")
MEASURED = ("value", "low", "high")
# Of a training: what may be decided on one machine and not on another, and how far single runs reach.
DECIDED = ("result", "verdict", "low", "high")
# Of a claim of one's own; its numbers are compared where they are summed up. And the repetitions that would decide.
RAW = ("values", "time", "needed")
IMAGE = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]+")


def pytest_configure(config):
    if not config.pluginmanager.hasplugin("nbval"):
        return
    compares = config.getoption("nbval") or config.getoption("nbval_lax")
    if compares and config.getoption("dist", "no") not in ("no", "loadfile"):
        raise pytest.UsageError("the cells of a notebook belong to one process: add --dist loadfile to --nbval and -n")
    from nbval.plugin import IPyNbCell

    compare_text = IPyNbCell.compare_outputs
    sanitize = IPyNbCell.sanitize

    def compare_outputs(self, test, ref, skip_compare=None):
        test, ref = _records_alone(test), _records_alone(ref)
        if not compare_text(self, test, ref, skip_compare):
            return False
        far = [
            f"≈ {stored} is stored, ≈ {fresh} came out: too far apart"
            for stored, fresh in far_apart(*(_text(each, _is_trained(self)) for each in (ref, test)), _is_trained(self))
        ]
        opposed = [f"{name}: {stored} is stored, {fresh} came out" for name, stored, fresh in opposites(ref, test)]
        self.comparison_traceback += far + opposed
        return not far and not opposed

    IPyNbCell.compare_outputs = compare_outputs
    IPyNbCell.sanitize = lambda self, value: sanitize(self, without_what_may_differ(value, _is_trained(self)))


@pytest.fixture(autouse=True)
def _seeded():
    """The same random weights in each test, whatever ran before it in the same process."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


def pytest_sessionstart(session):
    """The first notebook's kernel is a warm one already."""
    if session.config.pluginmanager.hasplugin("nbval") and not hasattr(session.config, "workerinput"):
        from utils.course.warm_kernels.provisioner import start_parent

        # Several workers collect their tests first, which takes longer.
        start_parent(wait=0 if session.config.getoption("numprocesses", None) else 60)


def without_what_may_differ(output, trained=False):
    """An output's text with pictures and approximate numbers blotted out; data is compared as JSON."""
    if isinstance(output, dict):
        output = _record(output, trained)
    if not isinstance(output, str):
        return output
    return APPROXIMATE.sub("≈", IMAGE.sub("image", output))


def far_apart(stored, fresh, trained=False):
    """The pairs of approximate numbers, as they are printed, that differ by more than is allowed.

    That is one in the last printed digit of the stored one, or 2 %; nothing where both are rounding errors, below
    1e-5. Where they hang on a training (``trained``) it is 0.2, or, above 1, half of the larger one.
    """
    numbers = zip(APPROXIMATE.findall(stored), APPROXIMATE.findall(fresh), strict=False)
    return [(a, b) for a, b in numbers if abs(_number(a) - _number(b)) > _room(a, b, trained)]


def opposites(stored, fresh):
    """The criteria of two executions of a cell that are met in one and contradicted in the other, with both results.

    A check of the experiment must come out the same.
    """
    results = [
        [(each["name"], each.get("role"), each.get("result")) for record in records for each in record["criteria"]]
        for records in (_verdicts(stored), _verdicts(fresh))
    ]
    return [
        (name, before, after)
        for (name, role, before), (_, _, after) in zip(*results, strict=False)
        if before != after and (role == "check" or "undecided" not in (before, after))
    ]


def _verdicts(outputs):
    records = [record for output in outputs for record in _kept(output).values()]
    return [record for record in records if "criteria" in record]


def _records_alone(outputs):
    """Outputs in which a verdict is its record alone: its text and its HTML say the same."""
    return [type(output)(output, data=kept) if (kept := _kept(output)) else output for output in outputs]


def _kept(output):
    """Of an output's data the records of verdicts."""
    return {kind: record for kind, record in output.get("data", {}).items() if kind in (VERDICT, OWN_CLAIM)}


def _is_trained(cell):
    return "trained" in cell.cell.metadata.get("tags", [])


def _room(stored, fresh, trained):
    size = max(abs(_number(stored)), abs(_number(fresh)))
    if trained:
        return 0.2 if size <= 1 else 0.5 * size
    # A little more than that digit: 0.30 - 0.29 is not quite 0.01 in binary.
    return max(1.001 * _last_digit(stored), 0.02 * size, 1e-5)


def _number(printed):
    return float(printed.replace(",", ""))


def _last_digit(printed):
    """What one in the last digit of a printed number is worth: 0.01 for 0.58, 0.1 for 5.2, 1 for 1,234."""
    return 10.0 ** Decimal(printed.replace(",", "")).as_tuple().exponent


def _record(record, trained):
    """A record as JSON, each of its numbers that is not exact behind "≈", without what is not compared."""
    blotted = (*RAW, *DECIDED) if trained else RAW

    def marked(part):
        if isinstance(part, list):
            return [marked(each) for each in part]
        if not isinstance(part, dict):
            return part
        rounded = MEASURED if part.get("exact") is False else ()
        return {
            name: f"≈ {each}" if name in rounded and each is not None else marked(each)
            for name, each in part.items()
            if name not in blotted
        }

    return json.dumps(marked(record), sort_keys=True, ensure_ascii=False)


def _text(outputs, trained):
    return "\n".join(
        value if isinstance(value, str) else _record(value, trained)
        for output in outputs
        # A kernel sends an output's forms in another order than a file stores them in.
        for _, value in sorted((output.get("data") or {"text": output.get("text", "")}).items())
        if isinstance(value, str | dict)
    )
