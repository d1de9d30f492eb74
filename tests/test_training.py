"""Training and accuracy: what fits is computed rightly, what does not is refused in a sentence."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from utils.training import accuracy, trained

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(30, 6, 6, 1)).astype("float32")


def network(units=3, activation=None):
    return keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(units, activation)])


def test_labels_in_a_column_are_those_in_a_row():
    model = network()
    labels = np.argmax(model(IMAGES), axis=1)
    assert accuracy(model, IMAGES, labels) == accuracy(model, IMAGES, labels[:, None]) == 1
    wrong = (labels + (np.arange(30) < 12)) % 3
    assert accuracy(model, IMAGES, wrong[:, None]) == pytest.approx(18 / 30)


@pytest.mark.parametrize(("activation", "middle"), [("sigmoid", 0.5), ("hard_sigmoid", 0.5), (None, 0), ("linear", 0)])
def test_one_unit_is_read_by_what_it_is(activation, middle):
    model = network(1, activation)
    scores = np.asarray(model(IMAGES))[:, 0]
    assert 5 < np.sum(scores > middle) < 25
    assert accuracy(model, IMAGES, scores > middle) == 1


def test_one_unit_that_nobody_can_read_is_asked_for():
    model = keras.Sequential([*network(1).layers, layers.Lambda(lambda x: tf.sigmoid(x))])
    scores = np.asarray(model(IMAGES))[:, 0]
    with pytest.raises(ValueError, match="one_unit='probability' or one_unit='logit' is needed"):
        accuracy(model, IMAGES, scores > 0.5)
    assert accuracy(model, IMAGES, scores > 0.5, one_unit="probability") == 1
    assert accuracy(model, IMAGES, scores > 0, one_unit="logit") == 1
    wider = keras.Sequential([*network(1).layers, layers.Lambda(lambda x: 9 * x)])  # gives more than 1
    assert accuracy(wider, IMAGES, np.asarray(wider(IMAGES))[:, 0] > 0) == 1


LABELS = RANDOM.integers(0, 3, 30)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.eye(3)[LABELS], r"labels of shape \(30, 3\): one class number an image, .* labels.argmax\(axis=1\)"),
        (LABELS[:20], "20 labels for 30 images"),
        (LABELS + 1, "labels from 1 to 3: the network tells 3 classes apart, so 0 to 2 are allowed"),
        (LABELS + 0.5, "whole numbers from 0 to 2 are needed"),
    ],
)
def test_labels_that_do_not_fit_are_refused_in_a_sentence(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        accuracy(network(), IMAGES, labels)
    with pytest.raises(ValueError, match=sentence):
        next(trained(network, IMAGES, labels))


@pytest.mark.parametrize(
    ("build", "images", "labels", "sentence"),
    [
        (network, IMAGES[:0], LABELS[:0], "no image"),
        (network, IMAGES, LABELS[:20], "20 labels for 30 images"),
        (lambda: network(1), IMAGES, LABELS > 1, "loss=keras.losses.BinaryCrossentropy"),
        (lambda: network(3, "softmax"), IMAGES, LABELS, "loss=keras.losses.SparseCategoricalCrossentropy"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(build, images, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        next(trained(build, images, labels))


def test_a_softmax_is_trained_by_the_loss_that_fits_it_as_its_logits_are():
    fitting = keras.losses.SparseCategoricalCrossentropy()
    (softmax,) = trained(lambda: network(3, "softmax"), IMAGES, LABELS, epochs=3, loss=fitting)
    (logits,) = trained(network, IMAGES, LABELS, epochs=3)
    np.testing.assert_allclose(softmax.losses, logits.losses, rtol=1e-4)


def test_a_sequential_model_without_an_input_is_trained_as_one_with_it():
    (without,) = trained(lambda: keras.Sequential([layers.Flatten(), layers.Dense(3)]), IMAGES, LABELS, seeds=[5])
    (given,) = trained(network, IMAGES, LABELS, seeds=[5])
    np.testing.assert_allclose(without.losses, given.losses, rtol=1e-5)
