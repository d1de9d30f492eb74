"""What a network answers: the scores of its classes, before a softmax or sigmoid where one can be sure of it."""

import math

import numpy as np
import tensorflow as tf
from keras import activations

from utils.activations.maps import refuse_other_sizes
from utils.labels import PROBABILITIES, refuse_other_units, unit_is_probability
from utils.layer_calls import BEFORE

NEAR = {"float16": 1e-2, "bfloat16": 5e-2}  # how far a precision's softmax may be from one in float32


class Answer:
    """The answer of a network with one score a class: which tensor stands for the scores, and what the output is.

    ``explained`` is "logit" where the model's output is that of a softmax or sigmoid of Keras's own, in another shape
    or precision at most: then ``scores`` are what that activation is given, and every look checks that the activation
    of them is the model's output. Else the scores are the output itself, "probability" where it is one, or "output".

    Whether a class is meant by a single unit above ½ or above 0 hangs on what it is. ``one_unit``, "probability" or
    "logit", says so where neither the graph nor the values do.
    """

    def __init__(self, calls, one_unit=None):
        refuse_other_units(one_unit)
        shape = calls.last_shape
        if len(shape) == 0 or None in shape[1:] or (len(shape) > 2 and math.prod(shape[1:-1]) > 1):
            raise ValueError(
                f"{calls.model.name} gives {shape}: a network with one score a class, (batch, classes), is needed"
            )
        self.calls = calls
        self.units = math.prod(shape[1:])
        self.head, activation = calls.head()
        self.activation = activation if activation in (activations.softmax, activations.sigmoid) else None
        if self.units == 1 and activation is activations.softmax:
            raise ValueError(f"{self.head.name}: the softmax of a single unit is always 1; a sigmoid is needed")
        self.one_unit, self.is_probability = one_unit, PROBABILITIES.get(activation)
        self._decided_by_values = self.is_probability is None

    @property
    def classes(self):
        """How many classes there are: a single unit sets class 1 against class 0."""
        return max(2, self.units)

    @property
    def explained(self):
        """The name of the tensor that ``scores`` gives."""
        return "logit" if self.activation else "probability" if self.is_probability else "output"

    def find_out(self, images):
        """Look at the output for ``images``, where the graph alone does not say what it is."""
        if self.is_probability is None:
            refuse_other_sizes(self.calls, [None], images.shape)
            outputs = _flat(self.calls.run(images, [None])[None]).numpy()
            if self.units == 1:
                self.is_probability = unit_is_probability(self.calls.model, outputs, self.one_unit)
            else:
                self.is_probability = _sums_to_1(outputs)

    def scores(self, images, watch=lambda name, tensor: None):
        """``(scores, outputs, distances)``: ``(n, classes)``, ``(n, units)``, and ``(n,)``.

        The outputs are the model's own; the distances are those from the activation of the scores.
        """
        found = self.calls.run(images, [None], self.head if self.activation else None, watch)
        outputs = _flat(found[None])
        if not self.activation:
            return self.of_classes(outputs), outputs, tf.zeros(tf.shape(outputs)[:1])
        logits = _flat(found[BEFORE])
        again = tf.nn.softmax(logits) if self.activation is activations.softmax else tf.nn.sigmoid(logits)
        scores = tf.concat([-logits, logits], axis=1) if self.units == 1 else logits
        room = 1 + tf.reduce_max(tf.abs(logits), axis=1) / 10  # two ways to one large logit round differently
        return scores, outputs, tf.reduce_max(tf.abs(again - outputs), axis=1) / room

    def check(self, outputs, distances):
        """``ValueError`` where the outputs are not what was found out about them."""
        outputs = np.asarray(outputs)
        near = max(NEAR.get(call.dtype, 1e-4) for call in (self.head, self.calls.last))
        if self.activation and np.nanmax(distances, initial=0) > near:
            raise ValueError(
                f"{self.head.name}: the output is not the {self.activation.__name__} that its layers tell of"
            )
        if self._decided_by_values and self.units > 1 and self.is_probability != _sums_to_1(outputs):
            raise ValueError("the outputs of some images are probabilities, and those of others are none")

    def of_classes(self, outputs):
        """The outputs as ``(n, classes)``: a single unit's is that of class 1; the higher, the more probable."""
        if self.units > 1:
            return outputs
        other = 1 - outputs if self.is_probability else -outputs
        return tf.concat([other, outputs], axis=1)


def _flat(tensor):
    return tf.cast(tf.reshape(tensor, (tf.shape(tensor)[0], math.prod(tensor.shape[1:]))), "float32")


def _sums_to_1(outputs):
    """Whether each row is a distribution, to the precision of 16 bits."""
    return bool((outputs >= 0).all() and (np.abs(outputs.sum(axis=1) - 1) < 1e-2).all())
