"""Fine-tune a part of the ImageNet network on a few images: a new last layer first, then all with a small rate."""

from functools import cache
from unittest.mock import patch

import numpy as np

from utils.exercises import Fault
from utils.exercises._lazily import keras, layers

KIND = "fill in"
POINTS = 4
TEXT = (
    "Fine-tune a pretrained network. The model prepares its images itself. First train a new last layer on the frozen "
    "base, then all layers at a small learning rate. Batch normalization stays in inference mode throughout."
)
STUB = '''
def fine_tune(base, images, labels, classes):
    """base: a pretrained Keras model from images, prepared by (x - 127) / 128,
    to features (count, features). images: 0...255, (count, height, width, 3).
    labels: whole numbers from 0 to classes - 1.

    Trains twice with fit: first a new last layer alone, then the base as well,
    by Adam with a learning rate of at most 1e-4. Returns a Keras model that
    takes images of 0...255 and gives logits, (count, classes).
    """
    ...  # your code
'''
HINTS = (
    "Start with a Rescaling layer; its scale is 1 / 128, its offset -127 / 128. Then base(x) and one Dense layer. The "
    "attribute trainable decides whether a layer is trained.",
    "Set base.trainable = False, compile, fit. Then base.trainable = True, but trainable = False for each "
    "BatchNormalization among base.layers: it stays in inference mode. Compile again with the small rate, and fit.",
)
SECONDS = 120  # two trainings, each of which Keras must trace
SIDE, TRAIN, KEPT = 48, 96, 64
LARGEST_RATE, LEAST_ACCURACY = 1e-4, 0.5


@cache
def _remembering():
    """A class of networks that remember the numbers that went in."""

    class Base(keras.Model):
        def call(self, inputs, training=None, mask=None):
            if hasattr(inputs, "numpy"):
                self.__dict__["seen"] = np.asarray(inputs)
            return super().call(inputs, training=training, mask=mask)

    return Base


@cache
def _first_blocks():
    """The ImageNet network up to its fourth block, for small images, and its weights."""
    from utils.pretrained import imagenet_network

    network = imagenet_network()
    part = keras.Model(network.input, network.get_layer("block2b_add").output)
    small = keras.models.clone_model(part, input_tensors=keras.Input((SIDE, SIDE, 3)))
    return small, part.get_weights()


def _base():
    small, weights = _first_blocks()
    copy = keras.models.clone_model(small)
    copy.set_weights(weights)
    return _remembering()(copy.input, layers.GlobalAveragePooling2D()(copy.output), name="base")


def cases(random):
    from utils.data import load

    data = load("photos", size=SIDE, color=True, train=TRAIN, test=KEPT, seed=int(random.integers(10_000)))
    yield {
        "images": data.train_images,
        "labels": data.train_labels,
        "kept_images": data.test_images,
        "kept_labels": data.test_labels,
    }


def run(function, images, labels, kept_images, kept_labels):
    """What is known of each fit, and of the model that comes back."""
    keras.utils.set_random_seed(0)
    base, fits, fit = _base(), [], keras.Model.fit

    def watched(self, *args, **kwargs):
        own, before, weights = {id(each) for each in base.weights}, _averages(base), _without_averages(base)
        rate = float(np.asarray(self.optimizer.learning_rate))
        history = fit(self, *args, **kwargs)
        fits.append(
            {
                "trains the base": any(id(each) in own for each in self.trainable_variables),
                "moves the base": bool(np.any(_without_averages(base) != weights)),
                "moves the averages": bool(np.abs(_averages(base) - before).max() > 1e-6),
                "rate": rate,
            }
        )
        return history

    with patch.object(keras.Model, "fit", watched):
        model = function(base, images, labels, int(labels.max()) + 1)
    if model is None:
        return None
    if not isinstance(model, keras.Model):
        raise TypeError(f"a keras.Model is needed, and it returns a {type(model).__name__}")
    base.__dict__.pop("seen", None)
    outputs = np.asarray(model(kept_images, training=False))
    found = {"fits": fits, "shape": outputs.shape == (len(kept_images), int(labels.max()) + 1)}
    if fits and found["shape"]:
        found |= {"prepared": _is_prepared(base, kept_images), **_judged(model, outputs, kept_labels)}
    return found


def _averages(base):
    return np.concatenate([np.ravel(each) for each in base.non_trainable_weights if "moving_" in each.path] or [[0.0]])


def _without_averages(base):
    """The base's weights without its moving averages, as one array."""
    return np.concatenate([np.ravel(each) for each in base.weights if "moving_" not in each.path])


def _is_prepared(base, images):
    """Whether the base gets what it was trained with; only where it is called inside the model can anything be done."""
    seen = base.__dict__.get("seen")
    return seen is not None and seen.shape == images.shape and np.abs(seen - (images - 127) / 128).max() < 0.02


def _judged(model, outputs, labels):
    logits, targets = keras.ops.convert_to_tensor(outputs), keras.ops.convert_to_tensor(labels)
    return {
        "probabilities": bool(outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)),
        "accuracy": float(np.mean(outputs.argmax(axis=1) == labels)),
        "loss": float(keras.ops.mean(model.compute_loss(y=targets, y_pred=logits))),
        "right loss": float(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(targets, logits)),
    }


def report(outcome):
    """What the network reached."""
    if "accuracy" not in outcome:
        return f"It called fit {len(outcome['fits'])} times."
    return f"≈ {outcome['accuracy']:.2f} of the crops kept back are right. Guessing gives 0.125."


def fine_tune(base, images, labels, classes):
    inputs = keras.Input(images.shape[1:])
    prepared = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(classes)(base(prepared)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for trains_base, rate, epochs in ((False, 1e-2, 30), (True, 1e-4, 5)):
        for layer in base.layers:
            layer.trainable = trains_base and not isinstance(layer, keras.layers.BatchNormalization)
        model.compile(keras.optimizers.Adam(rate), loss)
        model.fit(images, labels, batch_size=16, epochs=epochs, verbose=0)
    return model


SOLUTION = fine_tune


def _example(phases=((False, 1e-2, 30), (True, 1e-4, 5)), scale=1 / 128, offset=-127 / 128, frozen=True, **last):
    """A fine-tuning with other settings."""

    def tuned(base, images, labels, classes):
        inputs = keras.Input(images.shape[1:])
        prepared = layers.Rescaling(scale, offset=offset)(inputs)
        wide = classes + last.get("more", 0)
        outputs = layers.Dense(wide, activation=last.get("activation"))(base(prepared, training=False))
        model = keras.Model(inputs, outputs)
        loss = last.get("loss") or keras.losses.SparseCategoricalCrossentropy(from_logits="activation" not in last)
        for trains_base, rate, epochs in phases:
            base.trainable = trains_base
            for layer in base.layers:
                if frozen and isinstance(layer, layers.BatchNormalization):
                    layer.trainable = False
            model.compile(keras.optimizers.Adam(rate), loss)
            model.fit(images, labels, batch_size=16, epochs=epochs, verbose=0)
        return model

    return tuned


def _compiled_once(base, images, labels, classes):
    model = keras.Sequential([layers.Rescaling(1 / 128, offset=-127 / 128), base, layers.Dense(classes)])
    for layer in base.layers:
        layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-4), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(2):
        model.fit(images, labels, batch_size=16, verbose=0)
        for layer in base.layers:
            layer.trainable = not isinstance(layer, layers.BatchNormalization)
    return model


def _after(when):
    """The predicate, for models of the right shape that were trained."""
    return lambda outcome, **_: "accuracy" in outcome and when(outcome)


def _of_base(outcome):
    return [each for each in outcome["fits"] if each["trains the base"]]


SHORT = ((False, 1e-2, 1), (True, 1e-4, 1))
FAULTS = (
    Fault(
        lambda outcome, **_: not outcome["fits"],
        "nothing is trained",
        "The method fit was never called.",
        _example(phases=()),
    ),
    Fault(
        lambda outcome, **_: bool(outcome["fits"]) and not outcome["shape"],
        "another shape",
        "The model must give one number for each class. Is the last layer as wide as classes?",
        _example(phases=SHORT, more=1),
    ),
    Fault(
        _after(lambda outcome: not outcome["prepared"]),
        "the images are not prepared as for the base",
        "The base does not get (x - 127) / 128. Its weights were trained for that range, and the model that you return "
        "takes 0...255.",
        _example(phases=SHORT, scale=1 / 255, offset=0),
    ),
    Fault(
        _after(lambda outcome: outcome["probabilities"]),
        "probabilities instead of logits",
        "The outputs of each image add up to 1. Leave the softmax out, and tell the loss that it gets logits.",
        _example(phases=SHORT, activation="softmax"),
    ),
    Fault(
        _after(lambda outcome: abs(outcome["loss"] - outcome["right loss"]) > 0.001 * outcome["right loss"]),
        "the loss does not fit the logits",
        "This is not the cross-entropy of logits and whole-number labels. Is from_logits=True set?",
        _example(phases=SHORT, loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        _after(lambda outcome: outcome["fits"][0]["trains the base"]),
        "the base is not frozen at first",
        "The first training also trains the base. The new layer is still random, so its gradients destroy what the "
        "base has learned.",
        _example(phases=((True, 1e-4, 1),)),
    ),
    Fault(
        _after(lambda outcome: any(each["moves the averages"] for each in outcome["fits"])),
        "batch normalization runs in training mode",
        "The moving averages of the base were changed: its batch normalization used the statistics of a few images. In "
        "Keras 3, base(x, training=False) does not prevent it, since fit passes training=True on. A BatchNormalization "
        "layer with trainable = False stays in inference mode.",
        _example(phases=SHORT, frozen=False),
    ),
    Fault(
        _after(lambda outcome: not _of_base(outcome)),
        "the base stays frozen",
        "Only the new layer was trained. Set base.trainable = True, compile again, and fit a second time.",
        _example(phases=((False, 1e-2, 1),)),
    ),
    Fault(
        _after(lambda outcome: not any(each["moves the base"] for each in _of_base(outcome))),
        "not compiled again",
        "You set trainable, but the base's weights did not move: a change of trainable counts from the next compile on."
        " Compile again before the second fit.",
        _compiled_once,
    ),
    Fault(
        _after(lambda outcome: any(each["rate"] > 1.01 * LARGEST_RATE for each in _of_base(outcome))),
        "the learning rate is too large for the base",
        "The base is trained with a rate above 1e-4. Large steps destroy weights that are already good.",
        _example(phases=((False, 1e-2, 1), (True, 1e-2, 1))),
    ),
    Fault(
        _after(lambda outcome: outcome["accuracy"] < LEAST_ACCURACY),
        "not accurate enough",
        "The model gets fewer than half of the held-out crops right. Train the new layer longer, or with a larger "
        "rate.",
        _example(phases=((False, 1e-5, 1), (True, 1e-6, 1))),
    ),
)
