"""The long run of ConvNeXt's block: a tiny piece, and values worked out by hand."""

import numpy as np

from utils.claims import verdict
from utils.data import load
from utils.long_runs import convnext_block


def test_a_tiny_piece_gives_curves_and_costs_of_both_networks(monkeypatch):
    monkeypatch.setattr(convnext_block, "KEPT_BACK", 20)
    patches = load("photos", size=28, train=120, test=20, seed=101)
    monkeypatch.setattr(convnext_block, "_data", lambda name, seed, train: patches)
    found = convnext_block.perform({"seed": 101, "sizes": [100, 50], "steps": 2, "rates": list(convnext_block.RATES)})
    for kind in convnext_block.KINDS:
        for size in (100, 50):
            run = found[f"{kind} {size}"]
            assert np.shape(run["test"]) == (len(convnext_block.RATES), len(run["steps"]))
            assert np.all(np.isfinite(run["test"]))
        assert found[kind]["parameters"] > 20_000


def test_values_are_those_worked_out_by_hand():
    def run(best, *last):
        return {"best": best, "test": [[0.1, each] for each in last]}

    numbers = {
        "ConvNeXt 6000": run(1, 0.1, 0.9),
        "separable residual 6000": run(0, 0.88, 0.95),
        "ConvNeXt 1000": run(0, 0.7, 0.1),
        "separable residual 1000": run(1, 0.2, 0.75),
        "ConvNeXt": {"parameters": 100, "multiply-adds": 600},
        "separable residual": {"parameters": 101, "multiply-adds": 1000},
    }
    found = [({"seed": seed, "sizes": [6000, 1000]}, numbers) for seed in range(5)]
    many, few, work, parameters = convnext_block.values(found)["convnext-block"]
    np.testing.assert_allclose(many, [0.02] * 5)
    np.testing.assert_allclose(few, [-0.05] * 5)
    assert (work, parameters) == ([0.6], [100 / 101])
    assert verdict("convnext-block", many, few, work, parameters).word == "holds here with a condition"
    assert convnext_block.values([]) == {}
