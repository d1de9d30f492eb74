"""The long run into networks in training: a tiny piece of each kind, and values by hand."""

import json

import numpy as np
import pytest

from utils.claims import claim, verdict
from utils.long_runs import activations_in_training as experiment
from utils.long_runs.activations_in_training import perform, values


def seen(first, last, oriented=0.0):
    """A look at a network of six layers."""
    return {
        name: [first] * 2 + [0.5] * 2 + [last] * 2 for name in ("classes", "blank maps", "blank windows", "zeros")
    } | {
        "oriented": oriented,
        "edges": [last] * 2 + [0.5] * 2 + [first] * 2,
    }


def run(before, after_one, after, **arms):
    looks = {"0": before, "1": after_one, "30": after}
    return {"true": {"rate": 0.003, "looks": looks}} | {
        name: {"rate": 0.001, "looks": {"0": before, "30": each}} for name, each in arms.items()
    }


def test_a_tiny_piece_gives_finite_numbers_that_json_keeps():
    piece = {"data": "photos", "seed": 101, "epochs": 2, "options": {"size": 16, "train": 80, "test": 40}}
    found = json.loads(json.dumps(perform(piece)))
    assert sorted(found["true"]["looks"]) == ["0", "1", "2"]
    for look in found["true"]["looks"].values():
        assert np.isfinite(np.concatenate([np.ravel(each) for each in look.values()])).all()
    claims = values([(piece, found)])
    assert claims["first-layer-edges"][0] is None
    assert len(claims["sparsity-depth"][3]) == 1


def test_a_tiny_piece_of_the_imagenet_network_gives_what_its_claims_need():
    piece = {"data": "photos", "network": "imagenet", "draws": [101], "size": 64, "views": 2, "others": 1}
    found = json.loads(json.dumps(perform(piece)))
    claims = values([(piece, found)])
    assert np.mean(claims["first-layer-edges"][0]) == 0.25
    assert claims["deeper-abstract"][1] is None
    assert all(np.isfinite(each).all() for each in claims["parts-of-objects"])


def test_the_values_are_those_by_hand():
    before, after_one, after = seen(0.2, 0.3, 0.125), seen(0.2, 0.6), seen(0.2, 0.7, 0.375)
    photos = run(before, after_one, after)
    fashion = run(before, after_one, after, shuffled=seen(0.2, 0.4))
    shares = {"deep": 0.9, "elsewhere": 0.1, "first layers": 0.4, "untrained": 0.0}
    draw = {
        "trained": seen(0.1, 0.5),
        "untrained": seen(0.3, 0.1),
        "parts": dict.fromkeys(("eyes", "ears", "nose"), shares),
    }
    found = values(
        [
            ({"data": "photos", "seed": 101}, photos),
            ({"data": "fashion_mnist", "seed": 101}, fashion),
            ({"data": "photos", "network": "imagenet", "draws": [101]}, {"draws": [draw], "oriented": [1, 0]}),
        ]
    )
    assert found["first-layer-edges"] == ([True, False], [pytest.approx(0.25)], [pytest.approx(0.25)])
    # Photographs: 0.5 − 0.1 before. Fashion-MNIST: the shuffled arm rises by 0.2. ImageNet: the control falls.
    expected = ([0.4], [0.4], [0.4], [0.4], [0.3])
    assert [pytest.approx(each) for each in expected] == list(found["deeper-abstract"])
    assert found["parts-of-objects"] == tuple([pytest.approx(0.5)] for _ in range(3))
    expected = ([0.4], [0.4], [0.4], [0.4], [0.4], [0.3], [0.1])
    assert [pytest.approx(each) for each in expected] == list(found["sparsity-depth"])


def test_what_is_not_there_yet_is_not_measured_and_every_claim_can_be_judged():
    nothing = values([])
    assert set(nothing) == set(experiment.CLAIMS)
    for name, each in nothing.items():
        assert claim(name).long_run == "activations_in_training"
        assert verdict(name, *each).word == "undecided here"
