"""Notebook 01: hypotheses, what an architecture assumes, modules and the pyramid they form."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import keras
import numpy as np
from keras import layers

from utils import arithmetic
from utils.training import accuracy, trained

BLOCKS = ("plain", "residual", "batch normalization", "separable", "mini-Xception")
WINDOWED = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Conv2DTranspose)


# Three hypothesis spaces over two features


def features(images):
    """Two numbers an image, ``(n, 2)``: its mean brightness, and how much pixels differ from their right neighbours."""
    images = np.asarray(images, dtype="float64")
    return np.stack([images.mean(axis=(1, 2, 3)), np.abs(np.diff(images, axis=2)).mean(axis=(1, 2, 3))], axis=1)


def linear_losses(x, y, w1, w2, b):
    """The mean squared error of each hypothesis w1·x1 + w2·x2 + b; ``w1`` and ``w2`` are arrays of one shape."""
    guesses = np.multiply.outer(w1, x[:, 0]) + np.multiply.outer(w2, x[:, 1]) + b
    return ((guesses - y) ** 2).mean(axis=-1)


@dataclass(frozen=True)
class Tree:
    """A decision tree: a question ``x[column] <= threshold`` with a tree for either answer, or a leaf's ``value``."""

    value: float
    column: int = 0
    threshold: float = 0.0
    yes: "Tree | None" = None
    no: "Tree | None" = None

    def __call__(self, x):
        """The hypothesis h(x) for every row of ``x``, ``(n,)``."""
        if self.yes is None:
            return np.full(len(x), self.value)
        return np.where(x[:, self.column] <= self.threshold, self.yes(x), self.no(x))

    @property
    def leaves(self):
        return 1 if self.yes is None else self.yes.leaves + self.no.leaves

    def rules(self, names, indent=""):
        """The tree as text, a line a question or leaf."""
        if self.yes is None:
            return [f"{indent}h(x) ≈ {self.value:.2f}"]
        question = f"{names[self.column]} ≤ ≈ {self.threshold:.2f}"
        return [
            f"{indent}if {question}:",
            *self.yes.rules(names, indent + "    "),
            f"{indent}otherwise:",
            *self.no.rules(names, indent + "    "),
        ]


def grow(x, y, depth, smallest=20):
    """A ``Tree`` of at most ``depth`` questions in a row; each leaf keeps at least ``smallest`` examples.

    Every question is the one that leaves the smallest squared error (Breiman et al. 1984), among nineteen thresholds
    a feature.
    """
    splits = _splits(x, smallest) if depth else []
    if not splits or np.ptp(y) == 0:
        return Tree(float(y.mean()))
    column, threshold = min(splits, key=lambda split: _squared_error(x, y, *split))
    left = x[:, column] <= threshold
    yes, no = (grow(x[side], y[side], depth - 1, smallest) for side in (left, ~left))
    return Tree(float(y.mean()), column, threshold, yes, no)


def _splits(x, smallest):
    candidates = [
        (column, float(t)) for column in range(x.shape[1]) for t in np.quantile(x[:, column], np.arange(1, 20) / 20)
    ]
    return [(column, t) for column, t in candidates if smallest <= (x[:, column] <= t).sum() <= len(x) - smallest]


def _squared_error(x, y, column, threshold):
    left = x[:, column] <= threshold
    return sum(((side - side.mean()) ** 2).sum() for side in (y[left], y[~left]))


@dataclass(frozen=True)
class Surface:
    """A hypothesis over the plane of two features: ``values[row, column]`` at ``(across[column], up[row])``."""

    across: np.ndarray = field(repr=False)
    up: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)
    train_accuracy: float
    test_accuracy: float


def surface(hypothesis, train, test, points=70):
    """The ``Surface`` of ``hypothesis``, a function of ``(n, 2)`` features that gives ``(n,)`` numbers.

    ``train`` and ``test`` are pairs (features, labels of 0 and 1); h(x) > 0.5 counts as the answer 1.
    """
    across, up = (np.linspace(column.min(), column.max(), points) for column in train[0].T)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    right = [float(np.mean((hypothesis(x) > 0.5) == (y > 0.5))) for x, y in (train, test)]
    return Surface(across, up, np.asarray(hypothesis(grid)).reshape(points, points), *right)


# What a layer assumes: shifted pictures


def shifted_crops(photographs, size, shifts, each, seed=0):
    """Square crops of photographs, and the same crops ``shifts`` pixels further right.

    ``photographs`` is a list of ``(height, width, channels)`` arrays of bytes, of which ``each`` crops are
    taken at random places. Returns float32 in −1…1, ``(1 + len(shifts), n, size, size, channels)``: first the
    unshifted crops.
    """
    random = np.random.default_rng(seed)
    crops = []
    for pixels in photographs:
        for _ in range(each):
            row = random.integers(pixels.shape[0] - size + 1)
            column = random.integers(pixels.shape[1] - size - max(shifts) + 1)
            crops.append([pixels[row : row + size, column + k : column + k + size] for k in (0, *shifts)])
    return np.asarray(crops, dtype="float32").swapaxes(0, 1) / 127.5 - 1


def follows(layer, crops, shifts, strides=1):
    """How far the layer's output map is from moving along with its input, one number a shift.

    ``crops`` come from ``shifted_crops`` with the same ``shifts``. Only the interior is compared: what both
    crops show. 0: the output moves exactly; 1: it differs as much as two unrelated outputs would. Where the
    shift is no multiple of ``strides``, the nearer of the two neighbouring positions counts.
    """
    before, *after = (np.asarray(layer(batch)) for batch in crops)
    spread = np.sqrt(2) * before.std(axis=(0, 1, 2)).mean()
    distances = []
    for shift, moved in zip(shifts, after, strict=True):
        steps = {shift // strides, -(-shift // strides)}
        distances.append(min(_rms(before[:, :, k:] - moved[:, :, : moved.shape[2] - k]) for k in steps) / spread)
    return np.array(distances)


def stays(layer, crops):
    """How much the layer's output changes when the input moves, one number a shift; for outputs without positions.

    0: not at all; 1: as much as from one picture to another.
    """
    before, *after = (np.asarray(layer(batch)) for batch in crops)
    spread = np.sqrt(2) * np.sqrt(before.var(axis=0).mean())
    return np.array([_rms(moved - before) / spread for moved in after])


def as_dense(convolution, shape):
    """The ``Dense`` layer (on flattened pictures of ``shape``) that computes exactly what ``convolution`` computes."""
    pixels = int(np.prod(shape))
    probes = np.concatenate([np.zeros((1, pixels)), np.eye(pixels)]).reshape(-1, *shape).astype("float32")
    bias, *columns = np.asarray(convolution(probes)).reshape(pixels + 1, -1)
    dense = layers.Dense(len(bias))
    dense.build((None, pixels))
    dense.set_weights([np.array(columns) - bias, bias])
    return dense


def _rms(values):
    return float(np.sqrt(np.mean(np.square(values, dtype="float64"))))


# How much an architecture needs to see


@dataclass(frozen=True)
class Learned:
    """What training gave: the share of training and of test images right, ``(amounts, seeds)``, and for the largest
    amount the ``losses`` of every training step, ``(seeds, steps)``."""

    parameters: int
    amounts: tuple[int, ...]
    remembered: np.ndarray
    accuracies: np.ndarray
    losses: np.ndarray = field(repr=False)


def learning(build, data, amounts, seeds, steps, batch_size=32, learning_rate=1e-2):
    """Train the network of ``build()`` on the first images of a ``Dataset``, for each of ``amounts`` and ``seeds``.

    ``steps`` is the same for every amount, up to whole epochs. The learning rate falls to 0 along a cosine, so that
    the noise of the last steps does not decide. Returns a ``Learned``.
    """
    remembered, accuracies = [], []
    for amount in amounts:
        images, labels = data.train_images[:amount], data.train_labels[:amount]
        epochs = max(1, round(steps * batch_size / amount))
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * (amount // batch_size))
        losses, parameters = [], 0
        for run in trained(
            build, images, labels, seeds=seeds, epochs=epochs, batch_size=batch_size, learning_rate=rate
        ):
            remembered.append(accuracy(run.model, images[:600], labels[:600]))
            accuracies.append(accuracy(run.model, data.test_images, data.test_labels))
            losses.append(run.losses)
            parameters = run.model.count_params()
    shape = len(amounts), len(seeds)
    return Learned(
        parameters, tuple(amounts), np.reshape(remembered, shape), np.reshape(accuracies, shape), np.array(losses)
    )


def changed(data, change):
    """The ``Dataset`` with ``change`` applied to its training and its test images."""
    return replace(data, train_images=change(data.train_images), test_images=change(data.test_images))


def standardized_per_image(images):
    """Every image brought to mean 0 and standard deviation 1: its brightness and contrast say nothing any more.

    Five grey levels are added to the deviation, so that the noise of an empty image stays small.
    """
    mean, deviation = images.mean(axis=(1, 2, 3), keepdims=True), images.std(axis=(1, 2, 3), keepdims=True)
    return ((images - mean) / (deviation + 5)).astype("float32")


def scrambled(images, seed=0):
    """Every image's pixels in one new order, the same for all: nothing is lost but who is whose neighbour."""
    count, height, width, channels = images.shape
    order = np.random.default_rng(seed).permutation(height * width)
    return images.reshape(count, -1, channels)[:, order].reshape(images.shape)


def smooth(losses, window=20):
    """The mean over the last ``window`` steps, ``(seeds, steps − window + 1)``."""
    return np.stack([np.convolve(each, np.ones(window) / window, mode="valid") for each in losses])


def steps_to(losses, levels, window=20):
    """After how many steps each run's smoothed loss first reaches its level; one more than all when it never does."""
    reached = smooth(losses, window) <= np.asarray(levels)[:, None]
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + window, losses.shape[1] + 1)
    return first.astype(int)


# Modules and the pyramid


@dataclass(frozen=True)
class Stage:
    """The convolutions of a network that give maps of one size: how many, the maps' size, the last one's filters."""

    height: int
    width: int
    filters: int
    convolutions: int


def pyramid(model):
    """The ``Stage``s of a Keras network, in order: one begins where the size of the convolutions' maps changes."""
    stages = []
    for layer in model.layers:
        if not isinstance(layer, WINDOWED):
            continue
        _, height, width, filters = layer.output.shape
        if stages and (height, width) == (stages[-1].height, stages[-1].width):
            stages[-1] = Stage(height, width, filters, stages[-1].convolutions + 1)
        else:
            stages.append(Stage(height, width, filters, 1))
    return stages


@dataclass(frozen=True)
class Slope:
    """How a pyramid changes from stage to stage: the smallest growth of filters, the largest remainder of the map's
    height, and the growth of filters from the first stage to the last; all as ratios."""

    smallest_growth: float
    largest_remainder: float
    total_growth: float


def slope(stages):
    """The ``Slope`` of two or more ``Stage``s."""
    pairs = list(pairwise(stages))
    return Slope(
        min(below.filters / above.filters for above, below in pairs),
        max(below.height / above.height for above, below in pairs),
        stages[-1].filters / stages[0].filters,
    )


def known_networks(profile="quick", size=224):
    """Published convnets beside VGG16, ``(name, model)`` one at a time: no trained weights, no classifier."""
    applications = keras.applications
    builders = {"MobileNet": (applications.MobileNet, {"alpha": 0.25})}
    if profile == "full":
        builders |= {"ResNet50": (applications.ResNet50, {}), "Xception": (applications.Xception, {})}
    for name, (build, options) in builders.items():
        yield name, build(weights=None, include_top=False, input_shape=(size, size, 3), **options)


def formulas(model):
    """The same chain of layers in ``utils.arithmetic``, where shapes and counts are formulas and nothing is built."""
    return arithmetic.Sequential(
        tuple(_formula(layer) for layer in model.layers if not isinstance(layer, layers.InputLayer))
    )


def _formula(layer):
    kind = getattr(arithmetic, type(layer).__name__, None)
    if kind is None:
        return arithmetic.Elementwise(type(layer).__name__)
    return kind(**{name: getattr(layer, name) for name in kind.__dataclass_fields__})


# The blocks of the course, as formulas


def block(kind, filters, kernel_size=3, *, strides=1, padding="same", pooling=True, channels):
    """One of the course's ``BLOCKS`` as a layer of ``utils.arithmetic``, for an input of ``channels`` channels.

    Two convolutions of ``filters`` filters, the first with ``strides``, then max pooling by 2 if ``pooling``.
    "residual" and "mini-Xception" add a shortcut: with a 1×1 projection where the shape changes. In the
    mini-Xception's block each convolution is separable and comes after BatchNormalization and ReLU (Chollet 2017).
    """
    if kind not in BLOCKS:
        raise ValueError(f"kind={kind!r}: one of {', '.join(BLOCKS)} is needed")
    convolution = arithmetic.SeparableConv2D if kind in ("separable", "mini-Xception") else arithmetic.Conv2D
    normalized = kind in ("batch normalization", "mini-Xception")
    relu, normalization = arithmetic.Elementwise("ReLU"), arithmetic.BatchNormalization()
    body = []
    for stride in (strides, 1):
        work = convolution(filters, kernel_size, stride, padding, use_bias=not normalized)
        if kind == "mini-Xception":
            body += [normalization, relu, work]
        else:
            body += [work, normalization, relu] if normalized else [work, relu]
    if pooling:
        window = 3 if kind == "mini-Xception" else 2
        body.append(arithmetic.MaxPooling2D(window, 2, padding))
    body = arithmetic.Sequential(tuple(body))
    if kind not in ("residual", "mini-Xception"):
        return body
    stride = strides * (2 if pooling else 1)
    if stride == 1 and channels == filters:
        return arithmetic.Residual(body)
    return arithmetic.Residual(
        body, arithmetic.Sequential((arithmetic.Conv2D(filters, 1, stride, use_bias=not normalized),))
    )
