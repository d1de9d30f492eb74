"""The long run of the first layer: a tiny piece of each network, and values worked out by hand."""

import numpy as np
import pytest
from keras import layers

from utils.claims import verdict
from utils.long_runs import separable_first
from utils.separable_convolutions import network


@pytest.mark.parametrize("name", [separable_first.SMALL, separable_first.MINI])
def test_a_tiny_piece_gives_accuracies_and_correlations(name, monkeypatch):
    monkeypatch.setattr(separable_first, "KEPT_BACK", 16)
    monkeypatch.setattr(separable_first, "TEST", 64)
    found = separable_first.perform({"network": name, "seed": 101, "train": 100, "steps": 2})
    arms = [f"{kind} first{colors}" for kind in ("ordinary", "separable") for colors in ("", ", decorrelated")]
    assert all(0 <= found[arm]["test"] <= 1 and found[arm]["rate"] in separable_first.RATES for arm in arms)
    if name == separable_first.SMALL:
        assert found["RGB"] > 0.5
        for kind in ("ordinary", "separable"):
            assert all(0 <= value <= 1 for state in found[kind].values() for value in state.values())


def test_the_first_layer_alone_differs():
    for build in (network, separable_first.eight_classes):
        ordinary, separable = (
            [type(each).__name__ for each in every_layer(build(first_separable=is_first))] for is_first in (False, True)
        )
        differ = [pair for pair in zip(ordinary, separable, strict=True) if len(set(pair)) > 1]
        assert differ == [("Conv2D", "SeparableConv2D")]
    assert isinstance(separable_first.eight_classes(True).get_layer("stem"), layers.SeparableConv2D)


def every_layer(model):
    for layer in model.layers:
        yield from every_layer(layer) if hasattr(layer, "layers") else [layer]


def small(ordinary=0.9, separable=0.85):
    def inside(trained, untrained):
        return {
            "trained": {"neighbors": 0.8, "channels": trained},
            "untrained": {"neighbors": 0.6, "channels": untrained},
        }

    return {
        "ordinary first": {"test": ordinary},
        "separable first": {"test": separable},
        "ordinary first, decorrelated": {"test": 0.9},
        "separable first, decorrelated": {"test": 0.88},
        "ordinary": inside(0.4, 0.3),
        "separable": inside(0.5, 0.3),
        "RGB": 0.85,
    }


def test_values_are_those_worked_out_by_hand():
    pieces = [({"network": separable_first.SMALL}, small())] * 2 + [
        ({"network": separable_first.MINI}, small(0.7, 0.72))
    ]
    pieces.append(({"network": separable_first.IMAGENET}, {"a color": 0.45, "all colors": 0.53}))
    values = separable_first.values(pieces)
    lost, of_it, mini, kernels = values["separable-not-first"]
    np.testing.assert_allclose(lost, [0.05, 0.05])
    np.testing.assert_allclose(of_it, [0.03, 0.03])
    np.testing.assert_allclose(mini, [-0.02])
    np.testing.assert_allclose(kernels, [0.08])
    neighbors, channels, rgb, learned, separable, *imagenet = values["separable-prior"]
    np.testing.assert_allclose(
        [neighbors, channels, rgb, learned, separable], np.repeat([[0.8], [0.4], [0.85], [0.1], [0.5]], 2, 1)
    )
    assert imagenet == [None, None]
    for claim, each in values.items():
        assert verdict(claim, *each)


def test_the_kernels_of_the_imagenet_network_are_compared_at_as_many_weights():
    found = separable_first.perform({"network": separable_first.IMAGENET})
    assert all(0 < share < 1 for share in found.values())
