"""The long run of the regularizers: a tiny piece, and values worked out by hand."""

import numpy as np
import pytest

from utils.claims import claim
from utils.data import load
from utils.long_runs import regularizers
from utils.regularization import ARMS


@pytest.fixture
def patches(monkeypatch):
    monkeypatch.setattr(
        regularizers, "load", lambda name, size, train, test, seed: load("photos", size=16, train=train, test=test)
    )


def test_a_tiny_piece_gives_a_curve_for_every_arm(patches):
    found = regularizers.perform({"seed": 101}, train=128, kept=32, test=32, epochs=2)
    assert set(found["curves"]) == set(found["rates"]) == set(ARMS)
    assert all(np.shape(curve) == (2, 2) and np.isfinite(curve).all() for curve in found["curves"].values())
    assert set(found["rates"].values()) <= set(regularizers.RATES)


def test_each_value_is_a_difference_to_the_network_without_at_equal_training_accuracy():
    train = np.linspace(0.5, 1, 11)
    better = {"none": 0, "dropout": 0.01, "augmentation": 0.04, "BN's noise": 0.02, "weight decay": -0.01}
    curves = {arm: np.stack([train, 0.5 * train + each], axis=1).tolist() for arm, each in better.items()}
    found = [({"seed": seed}, {"curves": curves, "dropped": [0.001, 0.0]}) for seed in (101, 102)]
    values = regularizers.values(found)
    off, at_the_end, share, at_inference = values["dropout-regularizes"]
    np.testing.assert_allclose([*off, *at_the_end], 0.01)
    assert (share, at_inference) == ([0.001], [0.0])
    expected = [0.02, -0.02, 0.04, 0.01, -0.01]
    np.testing.assert_allclose(values["weak-regularizer"], np.transpose([expected, expected]), atol=1e-9)
    for claim_id in regularizers.CLAIMS:
        assert len(values[claim_id]) == len(claim(claim_id).criteria)
        assert claim(claim_id).long_run == "regularizers"
    assert regularizers.values([]) == {}
