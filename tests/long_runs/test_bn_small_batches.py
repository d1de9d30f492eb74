"""The long run of small batches: a tiny piece, and values worked out by hand."""

import numpy as np
import pytest

from utils.claims import verdict
from utils.long_runs import bn_small_batches

TINY = {"data": "photos", "images": {"train": 48, "test": 16}, "seed": 101, "epochs": 1, "batch sizes": (32, 1)}


def numbers(accuracies):
    """Test accuracies by batch size, at the second of two rates, which is best on the images kept back."""
    return {str(size): {"kept_back": [0.1, 0.9], "test": [1.0, each]} for size, each in accuracies.items()}


@pytest.mark.parametrize("normalization", ["batch", "group"])
def test_a_tiny_piece_gives_accuracies_for_every_rate(normalization):
    found = bn_small_batches.perform(TINY | {"normalization": normalization})
    assert set(found) == {"32", "1"}
    for scores in found.values():
        assert all(len(each) == len(bn_small_batches.RATES) for each in scores.values())
        assert all(0 <= value <= 1 for each in scores.values() for value in each)


def test_losses_towards_small_batches_are_those_worked_out_by_hand():
    batch, group = numbers({32: 0.8, 8: 0.78, 2: 0.6, 1: 0.3}), numbers({32: 0.81, 8: 0.81, 2: 0.8, 1: 0.79})
    pieces = [({"seed": 101, "normalization": "batch"}, batch), ({"seed": 101, "normalization": "group"}, group)]
    found = bn_small_batches.values([*pieces, ({"seed": 102, "normalization": "batch"}, batch)])["bn-small-batches"]
    np.testing.assert_allclose(found, [[0.19], [0.01], [0.01], [0.02], [0.48]])
    assert verdict("bn-small-batches", *found)
    assert bn_small_batches.values(pieces[:1]) == {}, "both normalizations are needed"


def test_the_most_important_pieces_come_first():
    assert [piece["seed"] for piece in bn_small_batches.PIECES[:4]] == [101, 101, 102, 102]
