"""Regularizers side by side: each arm adds its own part, and gaps are compared at equal training accuracy."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from utils.data import load
from utils.regularization import ARMS, BATCH_SIZE, SMALL_GROUP, curves, network, taken_off
from utils.training import trained

SHAPE = 16, 16, 1


@pytest.fixture(scope="module")
def scenes():
    return load("photos", size=16, train=320, test=64)


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_every_arm_has_the_same_weights_and_adds_one_thing():
    models = {arm: network(arm, SHAPE, 8, width=4) for arm in ARMS}
    shapes = {arm: [tuple(each.shape) for each in model.trainable_variables] for arm, model in models.items()}
    assert all(each == shapes["none"] for each in shapes.values())
    plain = kinds(models["none"])
    added = {arm: [kind for kind in kinds(model) if kind not in plain] for arm, model in models.items()}
    assert added["dropout"] == ["Dropout"]
    assert added["augmentation"] == ["RandomFlip", "RandomTranslation"]
    assert added["none"] == added["BN's noise"] == added["weight decay"] == []
    groups = {arm: {layer.group for layer in model.layers if hasattr(layer, "group")} for arm, model in models.items()}
    assert groups["BN's noise"] == {SMALL_GROUP}
    assert groups["none"] == {BATCH_SIZE}
    assert [len(models[arm].losses) for arm in ("none", "weight decay")] == [0, 4]


def test_an_unknown_arm_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"arm='noise'.*weight decay"):
        network("noise")


def test_a_penalty_of_the_network_pulls_its_weights_towards_zero(scenes):
    def size_after(penalty):
        def build():
            options = {"kernel_regularizer": keras.regularizers.L2(penalty)} if penalty else {}
            return keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(8, **options)])

        run = next(trained(build, scenes.train_images / 255, scenes.train_labels, epochs=4, learning_rate=1e-2))
        return float(np.square(run.model.layers[-1].kernel).mean())

    assert size_after(1.0) < size_after(0) / 4


def test_augmentation_changes_images_in_training_only(scenes):
    model = network("augmentation", SHAPE, 8, width=4)
    last = next(layer for layer in model.layers if type(layer).__name__ == "RandomTranslation")
    inside = keras.Model(model.input, last.output)
    still = np.asarray(inside(scenes.test_images, training=False))
    np.testing.assert_allclose(still, scenes.test_images / 255, rtol=1e-6)
    assert not np.allclose(inside(scenes.test_images, training=True), still)


def test_a_curve_has_a_look_after_every_few_epochs_and_images_kept_back(scenes):
    found = curves("none", scenes, seeds=[0, 1], learning_rate=3e-3, epochs=4, every=2, kept=64, width=4)
    assert found.shape == (2, 2, 3)
    assert ((found >= 0) & (found <= 1)).all()
    hidden = replace(scenes, train_labels=np.r_[scenes.train_labels[:256], 7 - scenes.train_labels[256:]])
    again = curves("none", hidden, seeds=[0, 1], learning_rate=3e-3, epochs=4, every=2, kept=64, width=4)
    np.testing.assert_allclose(again[:, :, :2], found[:, :, :2], atol=0.05)  # what is kept back is not trained on


def test_gaps_are_compared_at_equal_training_accuracy():
    train = np.linspace(0.5, 1, 11)
    base, better = np.stack([train, 0.6 * train], axis=1), np.stack([train, 0.6 * train + 0.05], axis=1)
    assert taken_off(better, base) == pytest.approx(0.05)
    assert taken_off(base, base) == 0
    slower = np.stack([np.repeat(train, 2), np.repeat(0.6 * train, 2)], axis=1)
    assert taken_off(slower, base) == pytest.approx(0, abs=0.005)
    late = np.stack([train, 0.6 * train + 0.1 * (train > 0.8)], axis=1)
    assert taken_off(late, base) > 0.05  # what happened long before the end does not count
    assert taken_off(slower[:18], base) == pytest.approx(0, abs=0.005)  # and stops before the end


def test_a_fast_network_on_the_same_bent_curve_has_the_same_gap():
    def bent(train):
        return np.stack([train, 0.8 * (1 - (1 - train) ** 2)], axis=1)

    fast, slow = bent(np.array([0.3, 0.7, 0.9, 0.97, 1, 1, 1, 1])), bent(np.linspace(0.3, 1, 40))
    assert taken_off(slow, fast) == pytest.approx(0, abs=0.003)


def test_curves_that_share_no_training_accuracy_are_refused():
    low, high = np.linspace(0.3, 0.6, 9), np.linspace(0.8, 1, 9)
    with pytest.raises(ValueError, match="both curves must pass"):
        taken_off(np.stack([low, low], axis=1), np.stack([high, high], axis=1))
