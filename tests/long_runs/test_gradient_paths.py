"""The long run of gradients by path length: one small piece, and what follows from made-up numbers."""

import numpy as np
import pytest

from utils.claims import claim
from utils.data import load
from utils.long_runs import gradient_paths


@pytest.mark.parametrize("bn", [False, True])
def test_a_piece_gives_shares(monkeypatch, bn):
    monkeypatch.setattr(gradient_paths, "load", lambda name, **options: load("photos", **options))
    found = gradient_paths.perform({"seed": 101, "bn": bn}, depth=6, train=80, test=40, epochs=1, rates=(1e-3,))
    for when in ("trained", "untrained"):
        assert 0 < found[when]["sums"] < 1
        assert 0 < found[when]["singles"] < 1
        np.testing.assert_allclose(sum(found[when]["by_length"]), 1)
        assert len(found[when]["by_length"]) == 4  # three blocks: paths through 0 to 3
    assert found["trained"]["sums"] != found["untrained"]["sums"]


def test_values_are_those_of_the_seeds_with_both_networks():
    def numbers(trained):
        return {"trained": {"sums": trained, "singles": 0.6}, "untrained": {"sums": 0.7}}

    found = [
        ({"seed": 101, "bn": False}, numbers(0.9)),
        ({"seed": 101, "bn": True}, numbers(0.4)),
        ({"seed": 102, "bn": False}, numbers(0.1)),
    ]
    assert gradient_paths.values(found) == {"residual-short-paths": ([0.9], [0.6], [0.7], [0.4])}
    assert gradient_paths.values(found[:1]) == {"residual-short-paths": (None,) * 4}
    assert len(claim("residual-short-paths").criteria) == 4
