"""The long run of separable against ordinary convolutions: a tiny piece of each network, values worked out by hand."""

import numpy as np
import pytest

from utils.claims import verdict
from utils.data import load
from utils.long_runs import separable


@pytest.mark.parametrize("name", [separable.SMALL, separable.MINI, separable.DEEPER])
def test_a_tiny_piece_gives_curves_at_every_rate_for_both_kinds(name, monkeypatch):
    monkeypatch.setattr(separable, "KEPT_BACK", 20)
    monkeypatch.setattr(separable, "NARROW_SIZE", 100)
    patches = load("photos", size=28, train=120, test=20, seed=101)
    monkeypatch.setattr(separable, "_data", lambda name, seed, train: patches)
    found = separable.perform({"network": name, "seed": 101, "sizes": [50, 100], "steps": 2})
    kinds = ["ordinary 50", "separable 50", "ordinary 100", "separable 100"]
    assert set(found) == {*kinds, *(["narrow 100"] if name == separable.SMALL else [])}
    for run in found.values():
        assert np.shape(run["train"]) == np.shape(run["test"]) == (len(separable.RATES), len(run["steps"]))
        assert run["best"] == np.argmax(run["kept_back"])
    assert found["separable 100"]["parameters"] < found["ordinary 100"]["parameters"]


def run(*test, train=(0.5, 0.7, 0.9), best=1):
    """Curves at steps 10, 20, 30; the other rate's test accuracy is 0.1 everywhere but at the end."""
    return {
        "steps": [10, 20, 30],
        "best": best,
        "train": [[0.1, 0.2, 0.3], list(train)],
        "test": [[0.1, 0.1, 0.2], list(test)],
    }


def numbers():
    return {
        "ordinary 150": run(0.2, 0.5, 0.6),
        "separable 150": run(0.5, 0.6, 0.7),
        "ordinary 1000": run(0.4, 0.7, 0.8),
        "separable 1000": run(0.4, 0.7, 0.8),
        "narrow 1000": run(0.3, 0.6, 0.75),
    }


def test_values_are_those_worked_out_by_hand():
    piece = {"sizes": [150, 1000], "seed": 101}
    found = [(piece | {"network": separable.SMALL}, numbers())] * 5 + [(piece | {"network": separable.MINI}, numbers())]
    values = separable.values(found)
    assert set(values) == set(separable.CLAIMS)
    mean, mini, deeper, narrow = values["separable-better"]
    np.testing.assert_allclose(mean, [(0.1 + 0) / 2] * 5)
    np.testing.assert_allclose(mini, [0.05])
    assert deeper is None
    np.testing.assert_allclose(narrow, [0.05] * 5)
    speed, compared, early, least = values["separable-head-start"]
    # Nine tenths of 0.6 are 0.54: after 24 steps, and after 14; with the largest set both need as many.
    np.testing.assert_allclose(speed, [24 / 14] * 5)
    np.testing.assert_allclose(compared, [24 / 14] * 5)
    # Over the steps 1 to 15: 0.2 up to step 10, then up to 0.35; and 0.5, then up to 0.55.
    np.testing.assert_allclose(early, [(10 * 0.5 + sum(0.5 + 0.01 * n for n in range(1, 6))) / 15
                                       - (10 * 0.2 + sum(0.2 + 0.03 * n for n in range(1, 6))) / 15] * 5)  # fmt: skip
    np.testing.assert_allclose(least, [1] * 5)  # the other rate is the same for both
    few, many, mini, deeper = values["separable-overfits-less"]
    # The separable network is 0.3, then 0.1 and 0.1 better, on the way 0.2 (nine levels of training accuracy).
    levels = np.linspace(0.5, 0.9, 9)
    ahead = np.interp(levels, [0.5, 0.7, 0.9], [0.3, 0.1, 0.1])
    np.testing.assert_allclose(few, [-ahead.mean()] * 5)
    np.testing.assert_allclose(many, [0] * 5)
    assert deeper is None
    for claim, each in values.items():
        assert verdict(claim, *each)
    assert separable.values([]) == {}
