"""Training small networks, several seeds of one network in one trace.

Keras's ``fit`` traces anew for every model and hands every batch over from Python. The networks of the
course are so small that this costs more than the arithmetic: here one network is traced once, and a
new seed only puts new starting weights into it.
"""

from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from utils.labels import class_numbers, refuse_what_does_not_fit, unit_is_probability


@dataclass(frozen=True)
class Trained:
    """One training run: the network as it stands now, the loss of every step on the way, and what ``watch`` saw."""

    seed: int
    model: keras.Model
    losses: np.ndarray = field(repr=False)
    watched: list = field(repr=False, default_factory=list)


def trained(
    build,
    images,
    labels,
    *,
    seeds=(0,),
    epochs=1,
    batch_size=64,
    learning_rate=1e-3,
    loss=None,
    watch=None,
):
    """Train the network that ``build()`` returns once for each seed, and yield a ``Trained`` after each.

    The seed decides the starting weights and the order of the batches, so two networks trained with the
    same seed see the same batches. Every ``Trained`` holds **the same model object**: measure it before
    asking for the next.

    ``images`` is ``(n, height, width, channels)``, ``labels`` ``(n,)``; a last incomplete batch is left out.
    ``loss`` defaults to the sparse categorical cross-entropy of logits. ``watch(model, epoch)`` is called after every
    epoch, the first is 1, and what it returns is kept in ``Trained.watched``. Raises ``ValueError`` for labels that do
    not fit the network or the loss.
    """
    images, labels = tf.constant(images), tf.constant(labels)
    default_loss = loss is None
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    batch_size = min(batch_size, len(images))
    model = step = initial = None
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        fresh = build()
        if not fresh.built:
            fresh(images[:1])
        if model is None:
            refuse_what_does_not_fit(fresh, images, labels, default_loss)
            adam = keras.optimizers.Adam(learning_rate)
            model, step, state = fresh, *_compiled_step(fresh, images, labels, loss, adam)
            initial = [tf.identity(variable.value) for variable in state]
        else:
            _assign(model.variables, fresh.variables)
            _assign(state, initial)
        order = np.random.default_rng(seed)
        losses, watched = [], []
        for epoch in range(1, epochs + 1):
            batches = order.permutation(len(images))[: len(images) // batch_size * batch_size].reshape(-1, batch_size)
            losses += [step(tf.constant(batch)) for batch in batches]
            if watch:
                watched.append(watch(model, epoch))
        yield Trained(seed, model, np.array(losses, dtype="float32"), watched)


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


def _compiled_step(model, images, labels, loss, optimizer):
    """The training step as one graph, and the optimizer's own variables (to start them anew)."""
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(batch):
        with tf.GradientTape() as tape:
            value = loss(tf.gather(labels, batch), model(tf.gather(images, batch), training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
        return value

    return step, optimizer.variables


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
