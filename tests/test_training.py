"""Training and accuracy: what fits is computed rightly, what does not is refused in a sentence."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from utils.training import Training, accuracy, gradient_descent, trained

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


# The same as Keras's own optimizers, one batch after another


def noisy_network():
    """A network with everything that has a state of its own: batch normalization and dropout."""
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.8),
            layers.ReLU(),
            layers.Dropout(0.3, seed=7),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def by_keras(build, optimizer, batches, seed):
    """The network and its losses when Keras's ``optimizer`` takes a step for each batch."""
    keras.utils.set_random_seed(seed)
    model, losses = build(), []
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for batch in batches:
        with tf.GradientTape() as tape:
            value = loss(LABELS[batch], model(IMAGES[batch], training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
        losses.append(float(value))
    return model, np.array(losses)


@pytest.mark.parametrize("schedule", [False, True], ids=["constant rate", "falling rate"])
def test_every_seed_is_trained_as_by_keras(schedule):
    rate = keras.optimizers.schedules.CosineDecay(0.02, 9) if schedule else 0.02
    runs = 0
    for run in trained(
        noisy_network, IMAGES, LABELS, seeds=(3, 4, 5), epochs=3, batch_size=10, learning_rate=rate, watch=kept
    ):
        order = np.random.default_rng(run.seed)
        batches = np.concatenate([order.permutation(30).reshape(3, 10) for _ in range(3)])
        model, losses = by_keras(noisy_network, keras.optimizers.Adam(rate), batches, run.seed)
        np.testing.assert_allclose(run.losses, losses, rtol=1e-4)
        for ours, theirs in zip(run.model.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
        assert [epoch for epoch, _ in run.watched] == [1, 2, 3]
        seen = [weights for _, weights in run.watched]
        assert all(map(np.array_equal, seen[-1], run.model.get_weights()))
        assert not np.array_equal(seen[0][0], seen[1][0])
        runs += 1
    assert runs == 3


def kept(model, epoch):
    return epoch, model.get_weights()


@pytest.mark.parametrize("processors", ["1", "3"])
def test_seeds_side_by_side_are_trained_as_each_alone(processors, monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", processors)
    together = [run.losses for run in trained(noisy_network, IMAGES, LABELS, seeds=(3, 4, 5), epochs=2, batch_size=10)]
    for seed, losses in zip((3, 4, 5), together, strict=True):
        (alone,) = trained(noisy_network, IMAGES, LABELS, seeds=[seed], epochs=2, batch_size=10)
        np.testing.assert_allclose(losses, alone.losses, rtol=1e-5)


def test_what_is_traced_once_trains_again_as_if_it_were_new():
    training = Training(noisy_network, IMAGES, LABELS, batch_size=10, learning_rate=1.0)
    for rate in (1e-3, 1e-2):
        (again,) = training.runs(seeds=[3], epochs=2, factors=[rate])
        (new,) = trained(noisy_network, IMAGES, LABELS, seeds=[3], epochs=2, batch_size=10, learning_rate=rate)
        np.testing.assert_array_equal(again.losses, new.losses)
        assert all(map(np.array_equal, again.model.get_weights(), new.model.get_weights()))


def test_plain_gradient_descent_is_keras_s_and_overflows_alone():
    rates = (0.0, 0.05, 1e30)
    losses = gradient_descent(noisy_network, IMAGES, LABELS, rates, seeds=(1, 2), steps=6, batch_size=5)
    assert losses.shape == (2, 3, 6)
    for row, seed in zip(losses, (1, 2), strict=True):
        batches = np.random.default_rng(seed).integers(0, 30, (6, 5))
        for rate, ours in zip(rates[:2], row, strict=False):
            _, theirs = by_keras(noisy_network, keras.optimizers.SGD(rate), batches, seed)
            np.testing.assert_allclose(ours, theirs, rtol=1e-4)
        assert not np.isfinite(row[2, -1])
