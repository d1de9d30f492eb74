"""The course's own network: everything put together after Xception (Chollet 2017), small enough to train live."""

import contextlib
import hashlib
import inspect
import json
import os
import zipfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
from keras import layers

import utils.data
import utils.photographs
import utils.training
from utils.training import accuracy, settled

MODELS = Path(__file__).resolve().parents[1] / "build" / "models"

BATCH_SIZE = 16
LEARNING_RATE = 3e-3

# What each row of the ablation leaves out, as arguments of ``mini_xception``.
VARIANTS = {
    "everything": {},
    "without shortcuts": {"residual": False},
    "without batch normalization": {"normalized": False},
    "without separable convolutions": {"separable": False},
}
# Each variant learns at the rate that was best for it on 320 training patches kept back, over four seeds: among
# 3e-4, 1e-3, 3e-3, 1e-2 and 3e-2. ``utils.long_runs.ablation`` chooses anew for every seed.
RATES = {"without batch normalization": 1e-2, "without separable convolutions": 1e-3}


def mini_xception(
    size=32,
    channels=3,
    filters=(16, 32, 64),
    *,
    residual=True,
    normalized=True,
    separable=True,
    dropout=0.5,
    momentum=0.9,
    classes=2,
):
    """A classifier: images of 0…255, ``(batch, size, size, channels)`` → probability of class 1, ``(batch, 1)``.

    Rescaling, an ordinary 5×5 convolution with a stride, one block for each of ``filters``, global average
    pooling, dropout, one sigmoid unit. Stem and blocks halve the maps, rounded up. ``residual``, ``normalized`` and
    ``separable`` leave a technique out. ``size=None`` gives the same network for images of any size. More than two
    ``classes`` get a unit each, for logits ``(batch, classes)``.
    """
    inputs = keras.Input((size, size, channels), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Conv2D(filters[0], 5, strides=2, padding="same", use_bias=not normalized, name="stem")(x)
    for number, each in enumerate(filters, 1):
        x = _block(x, each, f"block{number}", residual, normalized, separable, momentum)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    last = layers.Dense(1, activation="sigmoid", name="cat") if classes == 2 else layers.Dense(classes, name="logits")
    return keras.Model(inputs, last(x), name="mini_xception")


def for_any_size(model):
    """The same trained network for images of any size: convolutions and averages do not ask how large the image is."""
    filters = tuple(layer.filters for layer in model.layers if layer.name.endswith("_conv2"))
    larger = mini_xception(None, model.input_shape[-1], filters)
    larger.set_weights(model.get_weights())
    return larger


@dataclass(frozen=True)
class Recipe:
    """What a trained mini-Xception depends on, beside the code: its shape, the data, the training, the seed."""

    size: int = 32
    filters: tuple[int, ...] = (16, 32, 64)
    dropout: float = 0.5
    train: int = 1600
    test: int = 600
    epochs: int = 1
    seed: int = 0

    def data(self):
        """The ``Dataset`` of color patches: Chelsea the cat (1), or another photograph (0)."""
        return utils.data.load(
            "photos", task="cat", size=self.size, color=True, train=self.train, test=self.test, seed=self.seed
        )


RECIPES = {"quick": Recipe(), "full": Recipe(test=1600)}


def recipe(profile="quick", *, size=32, filters=16, blocks=3, dropout=0.5, seed=0):
    """The ``Recipe`` of a profile: ``filters`` in the first block, twice as many in each next one."""
    widths = tuple(filters * 2**block for block in range(blocks))
    return replace(RECIPES[profile], size=size, filters=widths, dropout=dropout, seed=seed)


def train(recipe, data, seeds=None, rate=LEARNING_RATE, **changes):
    """Train the network of ``recipe`` on ``data`` and yield a ``utils.training.Trained`` for each of ``seeds``.

    ``seeds`` defaults to the recipe's own; ``changes`` go to ``mini_xception``. The learning ``rate`` falls to 0 along
    half a cosine: in the last steps the weights hardly move, so the moving averages catch up with them.
    """
    options = {"filters": recipe.filters, "dropout": recipe.dropout} | changes
    return settled(
        lambda: mini_xception(recipe.size, data.train_images.shape[-1], **options),
        data.train_images,
        data.train_labels,
        seeds=[recipe.seed] if seeds is None else seeds,
        epochs=recipe.epochs,
        batch_size=BATCH_SIZE,
        learning_rate=rate,
        loss=keras.losses.BinaryCrossentropy(),
    )


@dataclass(frozen=True)
class Outcome:
    """How one variant did: its size, and its accuracies (0…1), one for each seed."""

    name: str
    parameters: int
    train_accuracy: np.ndarray = field(repr=False)
    test_accuracy: np.ndarray = field(repr=False)

    @property
    def gap(self):
        """Training accuracy minus test accuracy, for each seed."""
        return self.train_accuracy - self.test_accuracy


def outcome(name, recipe, data, seeds, rate=LEARNING_RATE, **changes):
    """Train one variant with each seed and return its ``Outcome``; as many training as test images are judged."""
    accuracies, shown = [], len(data.test_images)
    for run in train(recipe, data, seeds, rate, **changes):
        on_training = accuracy(run.model, data.train_images[:shown], data.train_labels[:shown])
        accuracies.append((on_training, accuracy(run.model, data.test_images, data.test_labels)))
        parameters = run.model.count_params()
    return Outcome(name, parameters, *np.array(accuracies).T)


def ablation(recipe, data, seeds):
    """An ``Outcome`` for each of ``VARIANTS``: one technique left out at a time, the same seeds and batches."""
    return [
        outcome(name, recipe, data, seeds, RATES.get(name, LEARNING_RATE), **changes)
        for name, changes in VARIANTS.items()
    ]


def dropped_share(rate, inference=False, units=10_000):
    """The share of ``units`` ones that dropout at this ``rate`` sets to 0; at inference, the share it changes."""
    ones = np.ones((1, units), dtype="float32")
    given = keras.ops.convert_to_numpy(layers.Dropout(rate, seed=0)(ones, training=not inference))
    return float(np.mean(given != 1 if inference else given == 0))


def averaging(model, images):
    """What global average pooling makes of maps: how many numbers of each map, and how far they are from its mean.

    The distance is the largest one from the means computed here, relative to the largest mean.
    """
    average = model.get_layer("average")
    inside = keras.Model(model.input, [average.input, average.output])
    maps, pooled = (keras.ops.convert_to_numpy(each) for each in inside(images, training=False))
    means = maps.astype("float64").mean(axis=(1, 2))
    return pooled.size / (len(images) * maps.shape[-1]), float(np.abs(pooled - means).max() / np.abs(means).max())


def model_path(recipe):
    """Where the trained network of this recipe is kept; another recipe, code or Keras has another path."""
    said = json.dumps(asdict(recipe), sort_keys=True)
    return MODELS / f"mini_xception-{hashlib.sha256((said + _code_version()).encode()).hexdigest()[:16]}.keras"


def save(model, recipe):
    """Write the trained network to ``model_path(recipe)`` and return that path; a reader never sees half a file."""
    path = model_path(recipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial.keras")
    try:
        model.save(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def ready_model(recipe):
    """The trained network of this recipe: read from its file, or trained again where that is missing or damaged."""
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile):
        return keras.saving.load_model(model_path(recipe), compile=False)
    model = next(train(recipe, recipe.data())).model
    with contextlib.suppress(OSError):  # the file only saves the next reader's time
        save(model, recipe)
    return model


def _code_version():
    """The code that decides what training gives, and the versions of what runs it."""
    sources = [inspect.getsource(module) for module in (_this_module(), utils.training, utils.data, utils.photographs)]
    return "".join([*sources, keras.__version__, np.__version__])


def _this_module():
    return inspect.getmodule(_this_module)


def _block(x, filters, name, residual, normalized, separable, momentum):
    """Twice batch normalization, ReLU and convolution; max pooling; the shortcut added."""
    shortcut = x
    convolution = layers.SeparableConv2D if separable else layers.Conv2D
    for number in (1, 2):
        if normalized:
            x = layers.BatchNormalization(momentum=momentum, name=f"{name}_bn{number}")(x)
        x = layers.ReLU(name=f"{name}_relu{number}")(x)
        # A bias adds a constant, which the next normalization subtracts, or which the last unit's own bias can add.
        x = convolution(filters, 3, padding="same", use_bias=not normalized, name=f"{name}_conv{number}")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
    if not residual:
        return x
    shortcut = layers.Conv2D(filters, 1, strides=2, use_bias=False, name=f"{name}_shortcut")(shortcut)
    return layers.Add(name=f"{name}_add")([x, shortcut])
