"""Compile and fit a model with a validation split and learning curves."""

import inspect
from functools import cache

import numpy as np

from utils.exercises import Fault
from utils.exercises._lazily import keras, layers

KIND = "fill in"
POINTS = 2
TEXT = (
    "Compile the model with an optimizer, the loss that fits its logits, and the accuracy; then fit it, with a "
    "fifth of the images kept for validation."
)
STUB = '''
def fit_with_validation(model, images, labels, epochs):
    """model: an uncompiled Keras model whose outputs are logits (no softmax);
    labels: whole numbers, (images,).

    The images come in random order. Returns the History of model.fit: loss and
    accuracy after each epoch, of the training and of the validation images.
    """
    ...  # your code
'''
HINTS = (
    "model.compile takes an optimizer, a loss and a list of metrics. model.fit has an argument for the validation, and "
    "it returns the History.",
    "Labels that are whole numbers need a “sparse” loss, and every cross-entropy has an argument from_logits.",
)
SECONDS = 60  # a training takes one or two on a free processor
SHARE = 0.2


@cache
def _watched():
    """A class of models that remember what fit was given."""

    class Watched(keras.Sequential):
        given = None

        def fit(self, *args, **kwargs):
            self.given = inspect.signature(keras.Model.fit).bind(self, *args, **kwargs).arguments
            return super().fit(*args, **kwargs)

    return Watched


def _model(images, classes):
    return _watched()(
        [
            keras.Input(images.shape[1:]),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(classes),
        ],
        name="small",
    )


def cases(random):
    classes, count = 3, 200
    labels = random.integers(0, classes, count)
    patterns = random.normal(size=(classes, 6, 6, 1))
    images = patterns[labels] + random.normal(size=(count, 6, 6, 1)) / 2
    yield {"images": images.astype("float32"), "labels": labels, "epochs": 4}


def run(function, images, labels, epochs):
    """What is known of the training afterwards."""
    keras.utils.set_random_seed(0)
    model = _model(images, int(labels.max()) + 1)
    history = function(model, images, labels, epochs)
    if history is None:
        return None
    if not isinstance(history, keras.callbacks.History):
        return {"history": False}
    if model.given is None:
        return {"history": True, "trained": False}
    logits = keras.ops.convert_to_tensor(model(images))
    targets = keras.ops.convert_to_tensor(labels)
    return {
        "history": True,
        "trained": True,
        "curves": history.history,
        "validation": _validation(model.given, images),
        "loss": float(keras.ops.mean(model.compute_loss(images, targets, logits))),
        "right loss": float(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(targets, logits)),
        "of probabilities": float(keras.losses.SparseCategoricalCrossentropy()(targets, logits)),
    }


def _validation(given, images):
    """The share of the images that validate, and whether they are among those that train."""
    data, split = given.get("validation_data"), given.get("validation_split", 0.0)
    if not isinstance(data, tuple | list):
        return {"share": split, "is trained with": False}
    training, kept = (np.asarray(each).reshape(len(each), -1) for each in (given["x"], data[0]))
    common = any((training == image).all(axis=1).any() for image in kept)
    return {"share": len(kept) / len(images), "is trained with": common}


def fit_with_validation(model, images, labels, epochs):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model.fit(images, labels, epochs=epochs, validation_split=0.2, verbose=0)


SOLUTION = fit_with_validation


def _example(loss=None, metrics=("accuracy",), learning_rate=1e-3, epochs=None, **fit):
    """A training with other settings."""

    def trained(model, images, labels, epochs_needed):
        right = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(learning_rate), loss=loss or right, metrics=list(metrics))
        return model.fit(images, labels, epochs=epochs or epochs_needed, verbose=0, **({"validation_split": 0.2} | fit))

    return trained


def _history_as_dictionary(model, images, labels, epochs):
    return fit_with_validation(model, images, labels, epochs).history


def _another_model(model, images, labels, epochs):
    other = keras.Sequential([keras.Input(images.shape[1:]), layers.Flatten(), layers.Dense(9)])
    return fit_with_validation(other, images, labels, epochs)


def _validated_on_training_images(model, images, labels, epochs):
    return _example(validation_data=(images[:40], labels[:40]))(model, images, labels, epochs)


def _of_something_else(targets, logits):
    return keras.ops.mean(keras.ops.square(logits), axis=-1)


def _trained(when):
    """The predicate, for outcomes of a training only."""
    return lambda outcome, **arguments: bool(outcome.get("trained")) and when(outcome, **arguments)


def _near(one, other):
    return abs(one - other) <= 0.001 * max(abs(other), 1e-6)


FAULTS = (
    Fault(
        lambda outcome, **_: not outcome["history"],
        "no History comes back",
        "Return what model.fit returns, as it is.",
        _history_as_dictionary,
    ),
    Fault(
        lambda outcome, **_: outcome["history"] and not outcome["trained"],
        "another model is trained",
        "You fit another model than the one that was passed in.",
        _another_model,
    ),
    Fault(
        _trained(lambda outcome, epochs, **_: len(outcome["curves"]["loss"]) != epochs),
        "another number of epochs",
        "The curves do not have as many points as epochs says. Pass it on to fit by its name, epochs=epochs: without "
        "the name, the third argument of fit is the batch size.",
        _example(epochs=1),
    ),
    Fault(
        _trained(lambda outcome, **_: "val_loss" not in outcome["curves"]),
        "no validation",
        "The History has no val_loss: all images were used for training, so nothing shows how the model does on "
        "others.",
        _example(validation_split=0.0),
    ),
    Fault(
        _trained(lambda outcome, **_: outcome["validation"]["is trained with"]),
        "validated on training images",
        "Some of the validation images are used for training, too. Their accuracy says nothing about new images.",
        _validated_on_training_images,
    ),
    Fault(
        _trained(lambda outcome, **_: abs(outcome["validation"]["share"] - SHARE) > 0.02),
        "not a fifth for validation",
        "You keep another share of the images for validation. The task asks for a fifth.",
        _example(validation_split=0.5),
    ),
    Fault(
        _trained(lambda outcome, **_: _near(outcome["loss"], outcome["of probabilities"])),
        "logits taken for probabilities",
        "The loss expects probabilities, but the model returns logits, which can be any numbers. Tell the loss.",
        _example(loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        _trained(lambda outcome, **_: not _near(outcome["loss"], outcome["right loss"])),
        "another loss",
        "This is not the cross-entropy of logits and whole-number labels.",
        _example(loss=_of_something_else),
    ),
    Fault(
        _trained(lambda outcome, **_: not any(each.endswith("accuracy") for each in outcome["curves"])),
        "no accuracy",
        "The curves contain only the loss. The accuracy is a metric: pass it to compile.",
        _example(metrics=()),
    ),
    Fault(
        _trained(lambda outcome, **_: outcome["curves"]["loss"][-1] > 0.9 * outcome["curves"]["loss"][0]),
        "the loss does not fall",
        "After all epochs, the training loss is about where it began. Look at the optimizer and its learning rate.",
        _example(learning_rate=1e-7),
    ),
)
