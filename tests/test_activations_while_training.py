"""One network before, during and after its training."""

import numpy as np
import pytest

from utils.activations.in_training import RELUS, classifier, in_training, with_shuffled_labels
from utils.data import load


@pytest.fixture(scope="module")
def data():
    return load("photos", size=16, color=True, train=128, test=64, seed=3)


def test_each_look_measures_every_layer_and_the_first_is_before_the_training(data):
    (history,) = in_training(data, [5], 2, looks=(2,))
    assert sorted(history) == [0, 2]
    for seen in history.values():
        assert all(len(seen[measure]) == len(RELUS) for measure in ("classes", "zeros", "blank maps"))
        assert 0 <= seen["oriented"] <= 1
    assert history[0]["moved"] == 0
    assert history[2]["moved"] > 0.01
    assert abs(history[0]["zeros"] - 0.5).max() < 0.15  # the averages are those of the images


def test_shuffled_labels_cannot_be_learned_and_true_ones_can():
    data = load("photos", size=16, color=True, train=640, test=160, seed=3)
    both = data, with_shuffled_labels(data, 5)
    true, shuffled = (in_training(each, [5], 3, looks=(3,))[0][3]["accuracy"] for each in both)
    assert true > 0.3
    assert shuffled < 0.25


def test_the_network_has_a_logit_for_each_class():
    assert classifier(28, 1, 10).output_shape == (None, 10)
    assert np.shape(classifier(28, 1, 10).get_layer("stem").kernel) == (5, 5, 1, 16)
