"""The long run of lesions: one small piece, and what follows from made-up numbers."""

import numpy as np

from utils.claims import claim
from utils.data import load
from utils.long_runs import residual_lesions


def test_a_piece_gives_finite_numbers_for_both_kinds(monkeypatch):
    monkeypatch.setattr(residual_lesions, "load", lambda name, **options: load("photos", **options))
    found = residual_lesions.perform({"seed": 101, "depth": 4}, train=80, test=40, epochs=1, rates=(1e-3,))
    assert set(found) == {"plain", "residual"}
    for numbers in found.values():
        assert np.isfinite(list(numbers.values())).all()
        assert numbers["worst"] <= numbers["kept"]


def test_values_are_those_of_the_networks_of_40_layers():
    def numbers(kept):
        return {"plain": {"kept": 0.1}, "residual": {"kept": kept, "worst": kept - 0.2, "several": kept - 0.3}}

    found = [({"seed": 101, "depth": 40}, numbers(0.9)), ({"seed": 101, "depth": 20}, numbers(0.5))]
    values = residual_lesions.values(found)["residual-ensemble"]
    np.testing.assert_allclose(values, [[0.9], [0.8], [0.7], [0.6]])
    assert residual_lesions.values(found[1:]) == {"residual-ensemble": (None,) * 4}
    assert len(claim("residual-ensemble").criteria) == 4
