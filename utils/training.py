"""Training small networks, several seeds at once, in one trace.

Keras's ``fit`` traces every model anew, hands every batch over from Python, and updates every kernel and bias by
itself. The networks of the course are so small that this costs more than their arithmetic. Here all weights of a
network are one vector, and an epoch is a function of that vector: it is traced once, every seed brings a vector of
its own, and as TensorFlow computes outside of Python's lock, seeds are trained side by side, one on each processor.
"""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from utils.labels import class_numbers, refuse_what_does_not_fit, unit_is_probability
from utils.progress import Progress


@dataclass(frozen=True)
class Trained:
    """One training run: the network with its weights, the loss of every step on the way, and what ``watch`` saw."""

    seed: int
    model: keras.Model
    losses: np.ndarray = field(repr=False)
    watched: list = field(repr=False, default_factory=list)


class Training:
    """Networks that ``build()`` returns, traced once to be trained by Adam any number of times: see ``trained``."""

    def __init__(self, build, images, labels, *, batch_size=64, learning_rate=1e-3, loss=None):
        self._build, self._images, self._labels, self._loss = build, images, labels, loss
        self._batch_size, self._learning_rate = min(batch_size, len(images)), learning_rate
        self._model = self._steps = None

    def runs(self, *, seeds=(0,), epochs=1, factors=None, watch=None, checkpoint=None):
        """Train once for each seed, and yield a ``Trained`` for each."""
        seeds = list(seeds)
        factors = [1.0] * len(seeds) if factors is None else list(factors)
        model, starts = _starts(self._build, seeds, self._images, self._labels, self._loss, self._model)
        if self._model is None:
            self._model = model
            self._steps = _steps(model, self._images, self._labels, self._loss, _adam(self._learning_rate))
        states = [State(*start, _adam_memory(start[0], factor)) for start, factor in zip(starts, factors, strict=True)]
        orders = [np.random.default_rng(seed) for seed in seeds]
        losses, watched = [[np.empty(0, "float32")] for _ in seeds], [[] for _ in seeds]
        done = 0
        if checkpoint and Path(checkpoint).exists():
            done, states, orders, losses, watched = _restored(checkpoint)
        with Progress("training", (epochs - done) * len(seeds)) as progress:
            for epoch in range(done + 1, epochs + 1):
                batches = [_shuffled(order, len(self._images), self._batch_size) for order in orders]
                for each, (state, new) in enumerate(_side_by_side(self._steps, states, batches)):
                    states[each] = state
                    losses[each].append(new)
                    progress.advance()
                if watch:
                    for each, state in enumerate(states):
                        _put(model, state)
                        watched[each].append(watch(model, epoch))
                if checkpoint:
                    _keep(checkpoint, (epoch, states, orders, losses, watched))
        for each, seed in enumerate(seeds):
            _put(model, states[each])
            yield Trained(seed, model, np.concatenate(losses[each]), watched[each])


def trained(build, images, labels, *, batch_size=64, learning_rate=1e-3, loss=None, **runs):
    """Train the network that ``build()`` returns once for each seed by Adam, and yield a ``Trained`` for each.

    ``runs`` are ``seeds=(0,)``, ``epochs=1``, ``factors=None``, ``watch=None`` and ``checkpoint=None``. The seed
    decides the initial weights and the order of the batches, so two networks trained with the same seed see
    the same batches. Every ``Trained`` holds **the same model object**: measure it before asking for the next.

    ``images`` is ``(n, height, width, channels)``, ``labels`` ``(n,)``; a last incomplete batch is left out.
    ``learning_rate`` is a number or one of Keras's schedules; with ``factors``, a number for each of ``seeds``, each
    run has its own multiple of it (name a seed several times to try several rates). ``loss`` defaults to the sparse
    categorical cross-entropy of logits; the network's own penalties (``kernel_regularizer``) are added.

    ``watch(model, epoch)`` is called after every epoch, the first is 1, and what it returns is kept in
    ``Trained.watched``. Where ``checkpoint`` names a file, what each epoch has reached is kept there, and the same
    call goes on from it after a stop (what ``watch`` returned must be what pickle can keep).

    Raises ``ValueError`` for labels that do not fit the network or the loss, and for too few or too many ``factors``.
    """
    options = {"batch_size": batch_size, "learning_rate": learning_rate, "loss": loss}
    return Training(build, images, labels, **options).runs(**runs)


def settled(build, images, labels, *, epochs, batch_size=64, learning_rate=1e-3, **options):
    """``trained`` with a learning rate that falls to 0 along half a cosine, so that the last steps do not decide."""
    batch_size = min(batch_size, len(images))
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * (len(images) // batch_size))
    return trained(build, images, labels, epochs=epochs, batch_size=batch_size, learning_rate=falling, **options)


def learning_curves(build, parts, *, every=1, **options):
    """Accuracies while a network learns, ``(seeds, looks, parts)``, 0…1, in inference mode; ``trained`` takes the rest.

    ``parts`` are pairs of images and labels; the first is trained on. There is a look after every ``every`` epochs.
    """

    def look(model, epoch):
        return None if epoch % every else [accuracy(model, *part) for part in parts]

    runs = trained(build, *parts[0], watch=look, **options)
    return np.array([[seen for seen in run.watched if seen] for run in runs])


def gradient_descent(build, images, labels, rates, *, seeds, steps, batch_size, loss=None):
    """The losses of plain gradient descent with each of ``rates``, before every step: ``(seeds, rates, steps)``.

    All rates start with the same initial weights and see the same batches for the same seed. A run that overflowed
    has losses that are not finite.
    """
    model, starts = _starts(build, seeds, images, labels, loss)
    states = [State(*start, tf.constant(rate, "float32")) for start in starts for rate in rates]
    batches = [np.random.default_rng(seed).integers(0, len(images), (steps, batch_size)) for seed in seeds]
    run = _steps(model, images, labels, loss, lambda gradient, rate: (-rate * gradient, rate))
    losses = []
    with Progress("training", len(states)) as progress:
        for _, each in _side_by_side(run, states, np.repeat(batches, len(rates), axis=0)):
            losses.append(each)
            progress.advance()
    return np.reshape(losses, (len(seeds), len(rates), steps))


def gain_at_equal_training(one, other, stretch=np.inf):
    """By how much more test images ``one`` labels right than ``other`` while both label as many training images right.

    Each is a pair of accuracies in the order of training, ``(train, test)``, ``(looks,)`` each; at equal training
    accuracy, more test images right is a smaller gap. Test accuracies are interpolated between the looks at which the
    training accuracy was a new best, and averaged over the last ``stretch`` of the training accuracies that both pass.
    Nothing is smoothed: that would lower the steeper of two curves that bend. Raises ``ValueError`` where they share no
    training accuracy.
    """
    (train_1, test_1), (train_2, test_2) = _new_bests(*one), _new_bests(*other)
    high = min(train_1[-1], train_2[-1])
    low = max(high - stretch, train_1[0], train_2[0])
    if low > high:
        raise ValueError(
            f"training accuracies from {low:.2f} to {high:.2f}: the runs must overlap, both curves must pass some"
        )
    levels = np.linspace(low, high, 9)
    return float(np.mean(np.interp(levels, train_1, test_1) - np.interp(levels, train_2, test_2)))


def draws(count, seed):
    """``count`` different seeds that belong to ``seed``, as a list of whole numbers from 100 to 9,999.

    Two values of ``seed`` share hardly any, so what is measured with the one repeats what was with the other.
    """
    return (100 + np.random.default_rng([20_261, seed]).choice(9_900, count, replace=False)).tolist()


def accuracy(model, images, labels, batch_size=256, one_unit=None):
    """The share of images that the network labels right, 0…1; ``labels`` is ``(n,)`` or ``(n, 1)``.

    One unit means class 1 above ½ where it is a probability, above 0 where it is a logit. Which it is, the
    model's last layers say, or a value outside 0…1; else ``one_unit`` must, "probability" or "logit".
    """
    scores = outputs(model, images, batch_size)
    if scores.size != len(scores) * scores.shape[-1]:
        raise ValueError(f"the network gives {scores.shape}: one score a class, (n, classes), is needed")
    scores = scores.reshape(len(scores), -1)
    labels = class_numbers(labels, len(scores), max(2, scores.shape[1]))
    if scores.shape[1] == 1:
        middle = 0.5 if unit_is_probability(model, scores, one_unit) else 0.0
        return float(np.mean((scores[:, 0] > middle) == labels))
    return float(np.mean(scores.argmax(-1) == labels))


def outputs(model, images, batch_size=256):
    """The network's outputs in inference mode, ``(n, …)``, computed batch by batch."""
    images = np.asarray(images)
    return np.concatenate(
        [
            keras.ops.convert_to_numpy(model(images[start : start + batch_size], training=False))
            for start in range(0, len(images), batch_size)
        ]
    )


def _new_bests(train, test):
    """The accuracies at the looks where the training accuracy was higher than ever before."""
    train, test = np.asarray(train), np.asarray(test)
    best_before = np.concatenate([[-1], np.maximum.accumulate(train)[:-1]])
    return train[train > best_before], test[train > best_before]


class State(NamedTuple):
    """A network in training: its trainable weights as one vector, its other variables, what the rule remembers."""

    weights: tf.Tensor
    others: list
    memory: tuple


def _starts(build, seeds, images, labels, loss, model=None):
    """The network, and for each seed its initial weights: the vector and the variables that are not trained."""
    starts = {}
    for seed in dict.fromkeys(seeds):
        keras.utils.set_random_seed(seed)
        fresh = build()
        if not fresh.built:
            fresh(images[:1])
        if model is None:
            refuse_what_does_not_fit(fresh, images, labels, default_loss=loss is None)
            model = fresh
        vector = tf.concat([tf.reshape(each, [-1]) for each in fresh.trainable_variables], 0)
        starts[seed] = vector, [tf.identity(each.value) for each in fresh.non_trainable_variables]
    return model, [starts[seed] for seed in seeds]


def _steps(model, images, labels, loss, rule):
    """A function that trains a ``State`` with the batches ``(steps, batch_size)``: the new one, and the losses.

    ``rule(gradient, memory)`` returns by how much to change the weights, and the new memory.
    """
    images, labels = tf.constant(images), tf.constant(labels)
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    shapes = [each.shape for each in model.trainable_variables]

    @tf.autograph.experimental.do_not_convert  # nothing in it is for AutoGraph, which would read all of its source
    def step(state, batch):
        with tf.GradientTape() as tape:
            tape.watch(state.weights)
            weights = _parts(state.weights, shapes)
            scores, others, penalties = model.stateless_call(
                weights, state.others, tf.gather(images, batch), training=True, return_losses=True
            )
            value = tf.add_n([loss(tf.gather(labels, batch), scores), *penalties])
        change, memory = rule(tape.gradient(value, state.weights), state.memory)
        return State(state.weights + change, others, memory), value

    @tf.function
    def run(state, batches):
        losses = tf.TensorArray("float32", tf.shape(batches)[0])
        for number in tf.range(tf.shape(batches)[0]):
            state, value = step(state, batches[number])
            losses = losses.write(number, value)
        return state, losses.stack()

    return run


def _adam(learning_rate):
    """Kingma & Ba 2014, algorithm 1, in the order of operations that its section 2 proposes; Keras's numbers."""
    first, second, epsilon = 0.9, 0.999, 1e-7

    def rule(gradient, memory):
        step, mean, square, factor = memory
        rate = factor * (learning_rate(step) if callable(learning_rate) else learning_rate)
        step += 1
        mean += (1 - first) * (gradient - mean)
        square += (1 - second) * (gradient**2 - square)
        rate *= tf.sqrt(1 - second**step) / (1 - first**step)
        return -rate * mean / (tf.sqrt(square) + epsilon), (step, mean, square, factor)

    return rule


def _adam_memory(weights, factor):
    return tf.constant(0.0), tf.zeros_like(weights), tf.zeros_like(weights), tf.constant(factor, "float32")


def _keep(checkpoint, reached):
    """Write what the training has reached, in place of what was there; a stop leaves the one or the other."""
    epoch, states, *others = reached
    plain = [tf.nest.map_structure(lambda each: each.numpy(), state) for state in states]
    unfinished = Path(f"{checkpoint}.{os.getpid()}")
    unfinished.write_bytes(pickle.dumps((epoch, plain, *others)))
    unfinished.replace(checkpoint)


def _restored(checkpoint):
    epoch, states, *others = pickle.loads(Path(checkpoint).read_bytes())
    return epoch, [tf.nest.map_structure(tf.constant, state) for state in states], *others


def _side_by_side(run, states, batches):
    """What ``run`` returns for each state with its batches, in their order; the losses as an array."""
    batches = [tf.constant(each) for each in batches]
    run.get_concrete_function(states[0], batches[0])  # traced here, once, and not in every thread
    with ThreadPoolExecutor(_processors()) as pool:
        for state, losses in pool.map(run, states, batches):
            yield state, losses.numpy()


def _processors():
    """As many as TensorFlow may use for one operation: one in a batch, where other notebooks have the others."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0)) or os.cpu_count()


def _shuffled(order, count, batch_size):
    return order.permutation(count)[: count // batch_size * batch_size].reshape(-1, batch_size)


def _put(model, state):
    for variables, values in (
        (model.trainable_variables, _parts(state.weights, [each.shape for each in model.trainable_variables])),
        (model.non_trainable_variables, state.others),
    ):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _parts(vector, shapes):
    parts = tf.split(vector, [int(np.prod(shape)) for shape in shapes])
    return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]
