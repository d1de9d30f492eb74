"""The long run of the ablation: a tiny piece, and values worked out by hand."""

import numpy as np
import pytest

from utils.claims import claim
from utils.data import load
from utils.long_runs import ablation
from utils.mini_xception import VARIANTS


def test_a_tiny_piece_gives_an_accuracy_for_every_variant(monkeypatch):
    monkeypatch.setattr(
        ablation, "load", lambda name, size, train, test, seed: load("photos", size=28, train=train, test=test)
    )
    found = ablation.perform({"seed": 101}, train=64, kept=32, test=32, epochs=1)
    assert set(found["test"]) == set(found["rates"]) == set(VARIANTS)
    assert set(found["longer"]) == set(ablation.LONG)
    assert all(0 <= each <= 1 for each in (*found["test"].values(), *found["longer"].values()))
    assert set(found["rates"].values()) <= set(ablation.RATES)


def test_each_value_is_what_a_variant_loses_against_the_whole_network():
    names = list(VARIANTS)
    numbers = {
        "test": dict(zip(names, (0.9, 0.88, 0.6, 0.91), strict=True)),
        "longer": dict(zip(ablation.LONG, (0.92, 0.85), strict=True)),
    }
    (values,) = ablation.values([({"seed": 101}, numbers)] * 2).values()
    np.testing.assert_allclose(values, np.transpose([[0.02, 0.3, -0.01, 0.07]] * 2))
    assert len(values) == len(claim("techniques-essential").criteria)
    assert ablation.values([]) == {}
    assert min(piece["seed"] for piece in ablation.PIECES) > 100


def test_the_rate_is_chosen_on_images_kept_back(monkeypatch):
    monkeypatch.setattr(ablation, "load", lambda *_, **__: None)
    on = {1e-3: [0.5, 0.9], 3e-3: [0.8, 0.6], 1e-2: [0.7, 0.7], 3e-2: [0.1, 0.8]}
    monkeypatch.setattr(ablation, "_accuracies", lambda data, train, seed, changes, rate, epochs: on[rate])
    found = ablation.perform({"seed": 101})
    assert set(found["rates"].values()) == {3e-3}
    assert found["test"]["everything"] == pytest.approx(0.6)
