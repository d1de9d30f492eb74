"""The long run of signals in deep networks: one small piece, and what follows from made-up numbers."""

import numpy as np

from utils.claims import claim
from utils.data import load
from utils.long_runs import deep_signals


def test_a_piece_gives_finite_numbers(monkeypatch):
    monkeypatch.setattr(deep_signals, "load", lambda name, **options: load("photos", **options))
    found = deep_signals.perform({"seed": 101}, deepest=8, depth=6, train=160, epochs=1, rates=(1e-3,))
    values = deep_signals.values([({"seed": 101}, found)])
    for name in deep_signals.CLAIMS:
        assert len(values[name]) == len(claim(name).criteria)
        assert all(np.isfinite(each).all() for each in values[name])
    assert found["absolute"]["merged"] == 100
    assert found["absolute"]["distance"] == found["switched_off"] == 0
    assert found["plain"]["gradient"] < found["residual"]["gradient"]


def test_values_are_ratios_and_differences_for_each_seed():
    def numbers(factor):
        return {
            "plain": {"gradient": 1e-13 * factor, "noise": 0.01, "unrelated": 0.0},
            "residual": {"gradient": 100.0, "noise": 0.8, "unrelated": 0.5},
            "plain_he": {"gradient": 1e-4, "noise": 0.05, "unrelated": 0.0},
            "read": {"plain": 0.4, "residual": 0.9, "trained": 0.7},
            "absolute": {"merged": 100, "distance": 0.0},
            "identity": {"before": 0.1, "after": 1e-6},
            "copy": {"before": 0.8, "after": 4e-2},
            "switched_off": 0.0,
        }

    values = deep_signals.values([({"seed": 101}, numbers(1)), ({"seed": 102}, numbers(2))])
    np.testing.assert_allclose(values["vanishing-gradient"][0], [1e-13, 2e-13])
    np.testing.assert_allclose(values["vanishing-gradient"][-1], [0.3, 0.3])
    merged, distance, read, more, trained = values["residual-information"]
    assert (merged, distance) == (100, 0)
    np.testing.assert_allclose([read, more, trained], [[0.9, 0.9], [0.5, 0.5], [0.7, 0.7]])
    off, ratio, left = values["residual-identity"]
    assert off == 0
    np.testing.assert_allclose([ratio, left], [[2.5e-5] * 2, [2e-4] * 2])
    assert set(deep_signals.values([])) == set(deep_signals.CLAIMS)
