"""The long run of the noise: a tiny piece, and values worked out by hand."""

import numpy as np
import pytest

from utils.claims import verdict
from utils.long_runs import bn_noise


def curves(train, test, kept_back):
    return {"train": train, "test": test, "kept_back": kept_back}


def numbers(train=(0.5, 0.71, 0.91)):
    """Noisy networks are best at the first rate, calm ones at the second; there they are 0.05 less accurate."""
    train = list(train)
    noisy, calm, bad = (
        curves(train, [0.55, 0.76, 0.96], [0.1, 0.9, 0.5]),
        curves(train, [0.5, 0.71, 0.91], [0.1, 0.2, 0.9]),
        curves(train, [1.0, 1.0, 1.0], [0.1, 0.1, 0.1]),
    )
    pairs = {4: (noisy, bad), 16: (noisy, bad), 64: (bad, calm)}
    named = {
        f"{group}, {rate}": each
        for group, pair in pairs.items()
        for rate, each in zip(bn_noise.RATES, pair, strict=True)
    }
    return {"curves": named, "batch sizes": [4, 16, 64], "spreads": [[0.4, 0.2, 0.1], [0.8, 0.4, 0.2]]}


def test_a_tiny_piece_gives_curves_for_every_group_and_rate():
    found = bn_noise.perform({"data": "photos", "images": {"train": 192, "test": 16}, "seed": 101, "epochs": 2})
    assert len(found["curves"]) == len(bn_noise.GROUPS) * len(bn_noise.RATES)
    for each in found["curves"].values():
        assert {len(accuracies) for accuracies in each.values()} == {1}
        assert all(0 <= value <= 1 for accuracies in each.values() for value in accuracies)
    assert found["batch sizes"] == [4, 16, 64]
    assert np.shape(found["spreads"]) == (3, 3)
    assert np.all(np.diff(found["spreads"]) < 0)


def test_each_group_is_judged_at_its_own_best_rate_and_at_equal_training_accuracy():
    exponents, four, sixteen, end = bn_noise.values([({"seed": 101}, numbers())] * 2)["bn-noise"]
    np.testing.assert_allclose(exponents, -0.5)
    for found in (four, sixteen, end):
        np.testing.assert_allclose(found, [0.05, 0.05])
    assert verdict("bn-noise", exponents, four, sixteen, end)


def test_networks_that_share_no_training_accuracy_are_not_compared():
    _, four, _, _ = bn_noise.values([({"seed": 101}, numbers(train=(0.1, 0.2, 0.3)))])["bn-noise"]
    assert four is None
    assert bn_noise.values([]) == {}


def test_the_levels_are_training_accuracies():
    assert bn_noise.LEVELS.min() == pytest.approx(0.7)
    assert bn_noise.LEVELS.max() < 1
