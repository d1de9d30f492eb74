"""The ImageNet network fine-tuned on a folder of one's own: a new last layer first, then all of it in small steps.

The folder holds one folder a class. Images that cannot be read are named and left out; nothing is written.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from utils.photographs import open_photograph
from utils.pretrained import imagenet_network, prepare
from utils.progress import Progress

FEWEST, MOST = 4, 100  # images of a class: fewer cannot be split, more are not taken
MOST_CLASSES, MOST_SAID = 50, 20
EPOCHS, RATE = 3, 1e-5  # of the second training, batch normalization in inference mode


@dataclass(frozen=True)
class FineTuned:
    """What came of it; ``model`` takes images from ``prepare`` and gives logits, ``None`` where nothing was trained.

    ``before`` and ``after`` are the shares of the images kept back that are right: after the first and the second
    training.
    """

    lines: tuple[str, ...]
    model: keras.Model | None = None
    class_names: tuple[str, ...] = ()
    before: float = 0.0
    after: float = 0.0

    def __repr__(self):
        return "\n".join(self.lines)


def fine_tuned(folder, seed=0):
    """A ``FineTuned`` network for the images in ``folder``, a path; ``None`` stands for no folder yet.

    A quarter of each class, drawn by ``seed``, is kept back. Never raises for what is in the folder.
    """
    if folder is None:
        return FineTuned(
            ("○ No folder yet: put its path in place of None. It contains one folder of images for each class.",)
        )
    try:
        classes, problems = images_in(folder)
    except (ValueError, OSError) as error:
        return FineTuned((f"✗ {error}",))
    random, parts = np.random.default_rng(seed), {"train": [], "kept": []}
    for label, images in enumerate(classes.values()):
        order, kept = random.permutation(len(images)), max(1, len(images) // 4)
        parts["kept"] += [(images[each], label) for each in order[:kept]]
        parts["train"] += [(images[each], label) for each in order[kept:]]
    (images, labels), kept = (tuple(map(np.array, zip(*part, strict=True))) for part in parts.values())
    model, before = _trained(_base(), images, labels, kept, len(classes), seed)
    after = _accuracy(model, *kept)
    counts = ", ".join(f"{name} {len(each)}" for name, each in classes.items())
    results = f"new last layer alone {before:.2f}, the whole network {after:.2f}; guessing {1 / len(classes):.2f}"
    said = f"● Images: {counts}. Right of {len(kept[1])} kept back: {results}."
    return FineTuned((said, *problems), model, tuple(classes), before, after)


def images_in(folder):
    """``({class: [image from prepare, …]}, sentences on what was left out)``; ``ValueError`` for less than two classes.

    At most ``MOST`` images of a class are read, in the order of their names.
    """
    path = Path(os.path.expanduser(str(folder)))  # that of Path raises for unknown users
    if not path.is_dir():
        raise ValueError(
            f"{path}: there is no such folder; one is needed that holds a folder of images for each class."
        )
    found, problems = {}, []
    inner = sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
    for each in inner[:MOST_CLASSES]:
        images = []
        for file in sorted(each.iterdir()):
            if file.name.startswith(".") or len(images) == MOST:
                continue
            try:
                images.append(prepare(open_photograph(file, tell=lambda said: None))[0])
            except (ValueError, OSError) as error:
                problems.append(f"Left out: {error}.")
        if len(images) >= FEWEST:
            found[each.name] = images
        else:
            problems.append(f"Left out: the class {each.name!r} has {len(images)} images, and {FEWEST} are needed.")
    more = len(problems) - MOST_SAID
    problems = problems[:MOST_SAID] + ([f"… and {more} more."] if more > 0 else [])
    if len(found) < 2:
        said = " ".join(problems)
        raise ValueError(
            f"{path}: two folders with {FEWEST} images each are needed, {len(found)} found. {said}".strip()
        )
    return found, tuple(problems)


def _base():
    network = imagenet_network()
    return keras.Model(network.input, network.get_layer("head_pool").output)


def _trained(base, images, labels, kept, classes, seed):
    """The model after both trainings, and its accuracy on what is kept back after the first."""
    keras.utils.set_random_seed(seed)
    for layer in base.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    last = layers.Dense(classes)
    model = keras.Model(base.input, last(base.output))
    # The frozen base gives the same features in each epoch: they are computed once.
    features = keras.Sequential([keras.Input(base.output.shape[1:]), last])
    _compile(features, 1e-2)
    features.fit(base.predict(images, batch_size=8, verbose=0), labels, batch_size=8, epochs=30, verbose=0)
    before = _accuracy(model, *kept)
    _compile(model, RATE)
    with Progress("fine-tuning", EPOCHS) as progress:
        for _ in range(EPOCHS):
            model.fit(images, labels, batch_size=8, verbose=0)
            progress.advance()
    return model, before


def _compile(model, rate):
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))


def _accuracy(model, images, labels):
    return float(np.mean(model.predict(images, batch_size=8, verbose=0).argmax(axis=1) == labels))
