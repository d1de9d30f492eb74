"""Notebook 04: the separable convolution in NumPy, what it assumes about images, and what it saves and costs."""

import time
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from utils import arithmetic
from utils.training import accuracy, trained

FILTERS = (16, 32, 64)
# The ordinary network with these has as many weights as the separable one with FILTERS, within one per cent.
NARROW_FILTERS = (16, 11, 20)


def convolution(images, kernels):
    """The ordinary convolution, padding "same", in NumPy.

    ``images`` is ``(batch, height, width, channels)``, ``kernels`` ``(k, k, channels, filters)`` as in Keras; returns
    ``(batch, height, width, filters)``.
    """
    return np.einsum("bhwcij,ijcf->bhwf", windows(images, len(kernels)), kernels, optimize=True)


def depthwise(images, kernels):
    """Each channel with its own kernel, ``(k, k, channels)``, and no channel with another; the shape stays."""
    return np.einsum("bhwcij,ijc->bhwc", windows(images, len(kernels)), kernels, optimize=True)


def pointwise(images, weights):
    """At every pixel by itself: ``filters`` mixes of its channels; ``weights`` is ``(channels, filters)``."""
    return images @ weights


def windows(images, kernel_size):
    """The ``kernel_size`` × ``kernel_size`` window around every pixel, zeros beyond the border.

    Returns ``(batch, height, width, channels, kernel_size, kernel_size)``: a view that copies only the border. An even
    window reaches one pixel further to the right and down, as TensorFlow's does.
    """
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    padded = np.pad(images, ((0, 0), (before, after), (before, after), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), axis=(1, 2))


def as_ordinary(depthwise_kernels, pointwise_weights):
    """The one ordinary kernel, ``(k, k, channels, filters)``, that does what both steps do in a row."""
    return depthwise_kernels[..., None] * pointwise_weights


def nearest_separable(kernels):
    """The two steps that come closest to an ordinary kernel, and the share of it that they keep.

    ``kernels`` is ``(k, k, channels, filters)``. Returns ``(k, k, channels)``, ``(channels, filters)`` and the
    share of the squared weights, 0…1. For each channel the ordinary kernel is a matrix, positions × filters;
    the two steps can make any such matrix of rank one, and the best is the first singular pair (Eckart & Young 1936).
    """
    k, _, channels, filters = kernels.shape
    matrices = np.moveaxis(kernels, 2, 0).reshape(channels, k * k, filters)
    left, strengths, right = np.linalg.svd(matrices, full_matrices=False)
    first = np.moveaxis(left[:, :, 0].reshape(channels, k, k), 0, 2)
    mix = strengths[:, :1] * right[:, 0]
    return first, mix, float((strengths[:, 0] ** 2).sum() / (strengths**2).sum())


@dataclass(frozen=True)
class Timing:
    """Both 3×3 convolutions on a batch: milliseconds here, and counted multiply-adds."""

    batch: int
    size: int
    channels: int
    filters: int
    ordinary_ms: float
    separable_ms: float

    @property
    def counted_ratio(self):
        """How many times more multiply-adds the ordinary convolution needs."""
        ordinary, separable = (
            layer(self.filters, 3, padding="same").multiply_adds((self.size, self.size, self.channels)).value
            for layer in (arithmetic.Conv2D, arithmetic.SeparableConv2D)
        )
        return ordinary / separable

    @property
    def measured_ratio(self):
        """How many times longer the ordinary convolution takes."""
        return self.ordinary_ms / self.separable_ms


# Maps shrink while channels grow, as in a network's blocks: (height and width, channels, filters).
SIZES = ((64, 32, 64), (32, 64, 128), (16, 128, 256), (8, 256, 512))


def timings(sizes=SIZES, batch=8, rounds=15):
    """A ``Timing`` for each of ``sizes``: the median of ``rounds``, the two convolutions taking turns.

    Each is compiled and run once before the clock starts.
    """
    found = []
    for size, channels, filters in sizes:
        images = tf.random.stateless_normal((batch, size, size, channels), seed=(0, 0))
        turns = [tf.function(layer(filters, 3, padding="same")) for layer in (layers.Conv2D, layers.SeparableConv2D)]
        for turn in turns:
            _milliseconds(turn, images)
        times = [[_milliseconds(turn, images) for turn in turns] for _ in range(rounds)]
        found.append(Timing(batch, size, channels, filters, *np.median(times, axis=0).tolist()))
    return found


@dataclass(frozen=True)
class Correlations:
    """Mean absolute correlations within feature maps (or images) of one ``place``, one value a photograph.

    ``neighbours``: a value and the next one to the right or below, in the same channel. ``channels``: two
    channels at the same pixel. ``chance``: the same after every channel was shifted a way of its own, so that what is
    left comes from the smoothness and the small size of the maps alone.
    """

    place: str
    shape: tuple
    neighbours: np.ndarray = field(repr=False)
    channels: np.ndarray = field(repr=False)
    chance: np.ndarray = field(repr=False)


def correlations(place, maps, most_channels=96, seed=0):
    """The ``Correlations`` in ``maps``, ``(photographs, height, width, channels)``.

    Of more than ``most_channels`` channels, so many are drawn at random (``seed``). Channels that are constant on a
    photograph have no correlation and are left out there; ``ValueError`` where fewer than two remain.
    """
    random = np.random.default_rng(seed)
    chosen = random.permutation(maps.shape[-1])[:most_channels]
    rows = []
    for each in np.asarray(maps, dtype="float64")[..., chosen]:
        varied = each[..., each.std((0, 1)) > 1e-6]
        if varied.shape[-1] < 2:
            raise ValueError(f"{place}: {varied.shape[-1]} channel(s) that vary: at least 2 are needed")
        shifted = _shifted(varied, random)
        rows.append((_between_neighbours(varied), _between_channels(varied), _between_channels(shifted)))
    return Correlations(place, maps.shape[1:], *np.array(rows).T)


def inputs_of(model, names, images):
    """What comes into the layers of those names for ``images``: a list of arrays. The model stays as it is."""
    tensors = {name: model.get_layer(name).input for name in names}
    found = tf.function(keras.Model(model.input, tensors))(images, training=False)
    return [np.asarray(found[name]) for name in names]


def network(separable=True, first_separable=False, filters=FILTERS, classes=8, momentum=0.8):
    """A small classifier of colour images of bytes, ``(batch, height, width, 3)`` → ``(batch, classes)`` logits.

    Three 3×3 convolutions, each with BatchNormalization and ReLU. The first is ordinary unless ``first_separable``;
    ``separable`` decides about the other two, whose inputs are the layers named ``relu1`` and ``relu2``.
    """
    kinds = [layers.SeparableConv2D if each else layers.Conv2D for each in (first_separable, separable, separable)]
    inputs = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for number, (kind, count) in enumerate(zip(kinds, filters, strict=True), 1):
        x = kind(
            count, 3, strides=2 if number == 1 else 1, padding="same", use_bias=False, name=f"convolution{number}"
        )(x)
        # A run here has some hundred steps: with Keras's 0.99 the moving averages would still lag behind at its end.
        x = layers.BatchNormalization(momentum=momentum, name=f"normalization{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
        if number < len(kinds):
            x = layers.MaxPooling2D(2, name=f"pooling{number}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, name="classes")(x))


@dataclass(frozen=True)
class Race:
    """One network trained from several seeds: accuracies ``(seeds, checkpoints)``, 0…1, and its size."""

    name: str
    parameters: int
    steps: np.ndarray
    train: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)
    model: keras.Model = field(repr=False)

    @property
    def gap(self):
        """Training accuracy minus test accuracy, ``(seeds, checkpoints)``."""
        return self.train - self.test


def race(name, build, data, *, seeds, epochs=20, checkpoints=4, batch_size=32, learning_rate=0.01):
    """Train ``build()`` on ``data`` (a ``utils.data.Dataset``) from each seed, and look at it ``checkpoints`` times.

    Two races with the same seeds see the same batches: their differences are paired. The learning rate sinks to 0
    along a cosine, so that the last accuracies do not hang on the last batches. ``model`` is that of the last seed.
    At 0.01 both kinds of network settle within a hundred steps; at 0.003 the separable one is still behind by then.
    """
    if epochs % checkpoints:
        raise ValueError(f"epochs={epochs}: a multiple of checkpoints={checkpoints} is needed")
    apart = epochs // checkpoints
    steps = len(data.train_images) // batch_size * np.arange(apart, epochs + 1, apart)

    def look(model, epoch):
        if epoch % apart:
            return None
        parts = ((data.train_images, data.train_labels), (data.test_images, data.test_labels))
        return [accuracy(model, images, labels) for images, labels in parts]

    rate = keras.optimizers.schedules.CosineDecay(learning_rate, int(steps[-1]))
    rows = []
    for run in trained(
        build, data.train_images, data.train_labels, seeds=seeds, epochs=epochs, batch_size=batch_size,
        learning_rate=rate, watch=look,
    ):  # fmt: skip
        rows.append([seen for seen in run.watched if seen])
    train, test = np.moveaxis(np.array(rows), -1, 0)
    return Race(name, run.model.count_params(), steps, train, test, run.model)


def gap_difference_at_equal_training(one, other):
    """How much larger the gap of ``one`` is than that of ``other`` at equal training accuracy, one number a seed.

    Test accuracies are interpolated between the checkpoints at which a run's training accuracy was a new best, and
    compared over the stretch of training accuracies that both runs pass; ``ValueError`` where there is none.
    """
    differences = []
    for runs in zip(zip(one.train, one.test, strict=True), zip(other.train, other.test, strict=True), strict=True):
        (train_1, test_1), (train_2, test_2) = (_new_bests(*run) for run in runs)
        low, high = max(train_1[0], train_2[0]), min(train_1[-1], train_2[-1])
        if low > high:
            raise ValueError(f"training accuracies above {low:.2f} and below {high:.2f}: the runs must overlap")
        levels = np.linspace(low, high, 9)
        differences.append(float(np.mean(np.interp(levels, train_2, test_2) - np.interp(levels, train_1, test_1))))
    return np.array(differences)


def convolutions_of(model):
    """The convolutions of a Keras model in order: [(layer, its input shape without the batch)]."""
    kinds = layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D
    return [(layer, tuple(layer.input.shape[1:])) for layer in model.layers if isinstance(layer, kinds)]


def parameters_by_step(model):
    """Where the parameters of a Keras model are: {kind of layer: parameters}, largest first.

    The two steps of separable convolutions are told apart.
    """
    found = {}
    for layer in model.layers:
        steps = {type(layer).__name__: layer.count_params()}
        if isinstance(layer, layers.SeparableConv2D):
            first = int(np.prod(layer.depthwise_kernel.shape))
            steps = {"depthwise steps": first, "pointwise steps": layer.count_params() - first}
        elif isinstance(layer, layers.Conv2D) and layer.kernel_size == (1, 1):
            steps = {"Conv2D 1×1": layer.count_params()}
        for kind, count in steps.items():
            found[kind] = found.get(kind, 0) + count
    return dict(sorted(((kind, count) for kind, count in found.items() if count), key=lambda item: -item[1]))


def _milliseconds(turn, images):
    start = time.perf_counter()
    turn(images).numpy()
    return 1000 * (time.perf_counter() - start)


def _between_neighbours(maps):
    right = _correlation(maps[:, :-1], maps[:, 1:])
    below = _correlation(maps[:-1], maps[1:])
    return np.abs(np.concatenate([right, below])).mean()


def _correlation(one, other):
    """Pearson's r of two stacks of maps, channel by channel; channels that do not vary there are left out."""
    one, other = (each - each.mean((0, 1)) for each in (one, other))
    scale = np.sqrt((one**2).sum((0, 1)) * (other**2).sum((0, 1)))
    varied = scale > 1e-9
    return (one * other).sum((0, 1))[varied] / scale[varied]


def _between_channels(maps):
    table = np.corrcoef(maps.reshape(-1, maps.shape[-1]), rowvar=False)
    return np.abs(table[np.triu_indices(len(table), 1)]).mean()


def _shifted(maps, random):
    """Every channel moved round by its own number of rows and columns."""
    height, width, channels = maps.shape
    ways = zip(random.integers(height, size=channels), random.integers(width, size=channels), strict=True)
    return np.stack([np.roll(maps[..., channel], way, (0, 1)) for channel, way in enumerate(ways)], axis=-1)


def _new_bests(train, test):
    """The accuracies at the checkpoints where the training accuracy was higher than ever before."""
    best_before = np.concatenate([[-1], np.maximum.accumulate(train)[:-1]])
    return train[train > best_before], test[train > best_before]
