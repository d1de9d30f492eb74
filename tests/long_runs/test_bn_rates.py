"""The long run of learning rates, depth and covariate shift: a tiny piece, and values worked out by hand."""

import numpy as np

from utils.claims import verdict
from utils.long_runs import bn_rates

TINY = {"data": "photos", "images": {"train": 64, "test": 8}, "steps": 3, "deep": 3}


def numbers(shift=0.0):
    """Losses at seven rates: the best is 1 with, 1.5 without, 1.2 shaken; deep 1.1 and 1.9. All plus ``shift``."""
    worse = [2.25, 2.25, 2.25, 2.25, 2.25, None, None]

    def at(place, best):
        return [best + shift if number == place else loss for number, loss in enumerate(worse)]

    losses = {
        "with, shallow": at(4, 1.0), "without, shallow": at(2, 1.5), "shaken, shallow": at(3, 1.2),
        "with, deep": at(3, 1.1), "without, deep": at(1, 1.9),
    }  # fmt: skip
    gradients = {
        "with, Glorot": [1.2, 1.0],
        "with, He": [1.2, 1.0],
        "without, Glorot": [0.5, 1.0],
        "without, He": [1, 1],
    }
    shifts = {"shaken, shallow": 0.4, "without, shallow": 0.2}
    return {"losses": losses, "gradients": gradients, "shifts": shifts, "guessing": float(np.log(10))}


def test_a_tiny_piece_gives_finite_numbers_for_every_arm():
    found = bn_rates.perform(TINY | {"seed": 101})
    assert set(found["losses"]) == set(bn_rates.ARMS)
    assert all(len(each) == len(bn_rates.RATES) for each in found["losses"].values())
    assert all(loss is None or np.isfinite(loss) for each in found["losses"].values() for loss in each)
    assert all(len(each) == 3 and np.isfinite(each).all() for each in found["gradients"].values())
    assert found["shifts"]["shaken, shallow"] > 0
    assert found["guessing"] == np.log(8)


def test_values_of_two_seeds_are_those_worked_out_by_hand():
    found = bn_rates.values([({"seed": 101}, numbers()), ({"seed": 102}, numbers(shift=0.1))])
    glorot, he, ratio, depth = found["bn-gradients"]
    np.testing.assert_allclose(glorot, np.log10(2) - np.log10(1.2))
    np.testing.assert_allclose(he, -np.log10(1.2))
    np.testing.assert_allclose(ratio, 1 / 0.1)
    np.testing.assert_allclose(depth, (1.9 - 1.5) - (1.1 - 1.0))
    lost, shifted, benefit = found["bn-covariate-shift"]
    np.testing.assert_allclose(lost, 0.4)
    np.testing.assert_allclose(shifted, 2)
    np.testing.assert_allclose(benefit, 0.5)
    for claim, values in found.items():
        assert verdict(claim, *values)


def test_an_overflow_at_the_chosen_rate_counts_as_guessing():
    broken = numbers()
    broken["losses"]["without, deep"] = [None] * 7
    found = bn_rates.values([({"seed": 101}, numbers()), ({"seed": 102}, broken)])
    np.testing.assert_allclose(found["bn-gradients"][3][1], np.log(10) - 1.5 - 0.1)


def test_one_seed_alone_has_no_others_to_choose_its_rate_by():
    assert bn_rates.values([({"seed": 101}, numbers())]) == {}
