"""What a network's outputs mean beside labels: class numbers, probabilities, logits; and what does not fit together."""

import keras
import numpy as np

from utils.keras_graph import has_graph
from utils.layer_calls import LayerCalls

ONE_UNIT = ("probability", "logit")
PROBABILITIES = {
    keras.activations.softmax: True,
    keras.activations.sigmoid: True,
    keras.activations.hard_sigmoid: True,
    keras.activations.linear: False,
}


def gives_probabilities(model):
    """Whether the outputs of a Keras model are probabilities: True, False, or None where its layers do not say."""
    if not has_graph(model) or len(model.inputs) != 1 or len(model.outputs) != 1:
        return None
    try:
        return PROBABILITIES.get(LayerCalls(model).head()[1])
    except ValueError:  # a model into which nobody can look
        return None


def unit_is_probability(model, outputs, one_unit=None):
    """Whether a single unit's outputs, ``(n, 1)``, are probabilities of class 1 (else they are logits).

    Told from the model's layers, from values outside 0…1, or by ``one_unit``, "probability" or "logit". Raises
    ``ValueError`` where all of these say nothing.
    """
    refuse_other_units(one_unit)
    if one_unit or (known := gives_probabilities(model)) is not None:
        return one_unit == ONE_UNIT[0] if one_unit else known
    if ((outputs >= 0) & (outputs <= 1)).all():
        raise ValueError(
            f"{model.name} gives one number, here from 0 to 1, and nothing says what it is: "
            f"one_unit={ONE_UNIT[0]!r} or one_unit={ONE_UNIT[1]!r} is needed"
        )
    return False


def refuse_other_units(one_unit):
    """``ValueError`` unless ``one_unit`` is None, "probability" or "logit"."""
    if one_unit not in (None, *ONE_UNIT):
        raise ValueError(f"one_unit={one_unit!r}: {ONE_UNIT[0]!r} or {ONE_UNIT[1]!r} is needed")


def class_numbers(labels, images, classes):
    """``labels`` as ``(n,)``; ``ValueError`` where they are no class numbers, 0…``classes`` − 1, of that many images.

    ``keras.datasets`` gives some as ``(n, 1)``, which is allowed.
    """
    given = np.asarray(labels)
    numbers = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
    if numbers.ndim != 1:
        raise ValueError(
            f"labels of shape {given.shape}: one class number an image, (n,), is needed; "
            "of one-hot labels that is labels.argmax(axis=1)"
        )
    if len(numbers) != images:
        raise ValueError(f"{len(numbers)} labels for {images} images: one for each is needed")
    if numbers.dtype.kind not in "iub" and not (numbers.dtype.kind == "f" and (numbers == np.rint(numbers)).all()):
        raise ValueError(f"labels such as {numbers[0]!r}: whole numbers from 0 to {classes - 1} are needed")
    if images and not 0 <= numbers.min() <= numbers.max() < classes:
        raise ValueError(
            f"labels from {numbers.min()} to {numbers.max()}: the network tells {classes} classes apart, "
            f"so 0 to {classes - 1} are allowed"
        )
    return numbers.astype("int64")


def refuse_what_does_not_fit(model, images, labels, default_loss):
    """``ValueError`` where ``model`` cannot be trained on these images and labels, in a sentence that says why.

    ``default_loss`` says that the loss is the sparse categorical cross-entropy of logits.
    """
    if len(images) == 0:
        raise ValueError("no image: at least one is needed to train on")
    if len(labels) != len(images):
        raise ValueError(f"{len(labels)} labels for {len(images)} images: one for each is needed")
    if not default_loss:
        return
    units = model(images[:1], training=False).shape[-1]
    if units == 1:
        raise ValueError(
            "a network of one unit needs another loss, loss=keras.losses.BinaryCrossentropy(from_logits=…): "
            "the default is for one logit a class"
        )
    if gives_probabilities(model):
        raise ValueError(
            "a network that ends with a softmax needs loss=keras.losses.SparseCategoricalCrossentropy(): "
            "the default is for logits"
        )
    class_numbers(labels, len(images), units)
