"""Lets plain ``pytest --nbval notebooks`` compare what ought to be the same on every machine, and no less.

A number behind "≈" depends on the processor: it may differ, but not by much. Pictures are compared by their
alternative text. All else is compared to the letter.
"""

import json
import re
import sys

import pytest

import utils  # noqa: F401 (sets TensorFlow's environment before a test imports it)

APPROXIMATE = re.compile(r"≈ ?(-?[\d,]*\.?\d+(?:e-?\d+)?)")
RECORDED = re.compile(r'"(?:value|low|high)": (-?[\d.]+(?:e-?\d+)?)')
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
        if not compare_text(self, test, ref, skip_compare):
            return False
        far = far_apart(_text(ref), _text(test))
        self.comparison_traceback += [
            f"≈ {stored} is stored, ≈ {fresh} came out: too far apart" for stored, fresh in far
        ]
        return not far

    IPyNbCell.compare_outputs = compare_outputs
    IPyNbCell.sanitize = lambda self, value: sanitize(self, without_what_may_differ(value))


@pytest.fixture(autouse=True)
def _seeded():
    """The same random weights in each test, whatever ran before it in the same process."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


def pytest_sessionstart(session):
    """The first notebook's kernel is a warm one already."""
    if session.config.pluginmanager.hasplugin("nbval") and not hasattr(session.config, "workerinput"):
        from utils.course.warm_kernels.provisioner import start_parent

        start_parent(wait=60)


def without_what_may_differ(output):
    """An output's text with pictures and approximate numbers blotted out; data is compared as JSON."""
    if isinstance(output, dict):
        output = json.dumps(output, sort_keys=True, ensure_ascii=False)
    if not isinstance(output, str):
        return output
    return RECORDED.sub('"number": "≈"', APPROXIMATE.sub("≈", IMAGE.sub("image", output)))


def far_apart(stored, fresh):
    """The pairs of approximate numbers that differ by more than 0.2, or, above 1, by half of the larger one."""
    numbers = [[float(number.replace(",", "")) for number in APPROXIMATE.findall(text)] for text in (stored, fresh)]
    return [(a, b) for a, b in zip(*numbers, strict=False) if abs(a - b) > _room(max(abs(a), abs(b)))]


def _room(size):
    return 0.2 if size <= 1 else 0.5 * size


def _text(outputs):
    return "\n".join(
        str(value)
        for output in outputs
        for value in (output.get("data") or {"text": output.get("text", "")}).values()
        if isinstance(value, str)
    )
