"""The long run of He's degradation problem: one small piece, and what follows from made-up numbers."""

import numpy as np
import pytest

from utils.claims import claim
from utils.data import load
from utils.long_runs import degradation


@pytest.fixture(autouse=True)
def photographs_in_place_of_the_data_set(monkeypatch):
    monkeypatch.setattr(degradation, "load", lambda name, **options: load("photos", **options))


def piece(seed=101, design="plain", bn=True, depth=8, patience=1):
    return {"seed": seed, "design": design, "bn": bn, "depth": depth, "patience": patience}


def test_a_piece_gives_finite_numbers_and_goes_on_from_its_checkpoint(tmp_path):
    small = {"train": 160, "epochs": 4, "tuning_epochs": 1, "rates": (1e-3, 3e-3)}
    found = degradation.perform(piece(depth=4), tmp_path / "checkpoint", **small)
    assert np.isfinite(np.array(found["curve"])).all()
    assert [epoch for epoch, _, _ in found["curve"]] == [1, 2, 3, 4]
    assert 0 <= found["error"] <= 1
    assert found["learning_rate"] in small["rates"]
    assert (tmp_path / "checkpoint").exists()
    assert degradation.perform(piece(depth=4), tmp_path / "checkpoint", **small) == found


def test_patience_multiplies_the_steps_and_a_residual_network_says_how_its_activations_grow():
    small = {"train": 80, "epochs": 2, "tuning_epochs": 1, "rates": (1e-3,)}
    once = degradation.perform(piece(bn=False, depth=4), **small)
    longer = degradation.perform(piece(bn=False, depth=4, patience=4), **small)
    assert longer["steps"] == 4 * once["steps"]
    grown = degradation.perform(piece(design="residual", bn=False, depth=10), **small)
    assert 0 < grown["growth"] < 0.2
    assert "growth" not in once


def test_no_piece_is_there_twice_and_the_judged_ones_come_first():
    pieces = [tuple(each.values()) for each in degradation.PIECES]
    assert len(set(pieces)) == len(pieces)
    judged = 5 * 2 * 2 * 2  # seeds, with and without batch normalization, depths, designs
    assert {each["seed"] for each in degradation.PIECES[:judged]} == set(range(101, 106))
    assert {each["patience"] for each in degradation.PIECES[:judged]} == {1}


def number(error, converged=True, growth=0.05):
    return {"error": error, "converged": converged, "growth": growth}


def test_values_are_differences_for_each_seed_that_has_both_networks():
    found = [
        (piece(101, "plain", True, 8), number(0.10)),
        (piece(101, "plain", True, 44), number(0.25, converged=False)),
        (piece(102, "plain", True, 44), number(0.9)),  # its shallow network is not there yet
        (piece(101, "residual", True, 8), number(0.09)),
        (piece(101, "residual", True, 44), number(0.08)),
        (piece(101, "plain", False, 8), number(0.2)),
        (piece(101, "plain", False, 44), number(0.5)),
        (piece(101, "residual", False, 8), number(0.15)),
        (piece(101, "residual", False, 44), number(0.18)),
        (piece(101, "plain", False, 44, 4), number(0.3)),
    ]
    values = degradation.values(found)
    *errors, converged = values["residual-degradation"]
    np.testing.assert_allclose(errors, [[0.15], [-0.01], [0.17], [0.3]])
    assert converged == [True, False, True, True, True, True]
    np.testing.assert_allclose(values["residual-trains-deep"], [[0.32], [-0.03], [0.12], [0.05]])
    for name in degradation.CLAIMS:
        assert len(values[name]) == len(claim(name).criteria)


def test_what_is_not_there_is_not_measured():
    assert degradation.values([]) == {"residual-degradation": (None,) * 5, "residual-trains-deep": (None,) * 4}
