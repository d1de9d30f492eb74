"""Notebook 02: residual blocks, messages through deep chains, and training with and without shortcuts."""

import contextlib
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from utils.progress import Progress
from utils.training import accuracy, trained

BATCH_SIZE = 16
AT_ONCE = 1600  # images: at this size Keras's cost per layer call no longer shows


# The blocks


def residual_block(
    x, filters, pooling=False, *, shortcut=True, kernel_initializer="glorot_uniform", dropout=0.0, name=None
):
    """Two 3×3 convolutions with ReLU, max pooling by 2 if ``pooling``, and the input added to the result.

    ``x`` is ``(batch, height, width, channels)``; the result is ``(batch, height, width, filters)``, with ``pooling``
    ⌈height / 2⌉ and ⌈width / 2⌉. Where the shapes differ, a 1×1 convolution without activation projects the shortcut
    (He et al. 2015, option B). ``shortcut=False`` leaves the shortcut away: a plain block of the same layers.
    ``dropout`` is the share of the block's values set to 0 in training, before the addition.
    """

    def named(part):
        return f"{name}_{part}" if name else None

    given = x
    for part in ("conv1", "conv2"):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=kernel_initializer,
            name=named(part),
        )(x)
    if pooling:
        x = layers.MaxPooling2D(2, padding="same", name=named("pool"))(x)
    if dropout:
        x = layers.Dropout(dropout, name=named("dropout"))(x)
    if not shortcut:
        return x
    if pooling or given.shape[-1] != filters:
        strides = 2 if pooling else 1
        given = layers.Conv2D(
            filters, 1, strides=strides, kernel_initializer=kernel_initializer, name=named("projection")
        )(given)
    return layers.Add(name=named("add"))([x, given])


def three_block_network(size=32, channels=3, filters=32):
    """A binary classifier of three residual blocks of ``filters``, twice and four times as many; the first two pool.

    Images of 0…255, ``(batch, size, size, channels)`` → the probability of class 1, ``(batch, 1)``. With the defaults
    it has 297,697 parameters.
    """
    inputs = keras.Input((size, size, channels), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = residual_block(x, filters, pooling=True, name="block1")
    x = residual_block(x, 2 * filters, pooling=True, name="block2")
    x = residual_block(x, 4 * filters, name="block3")
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x), name="three_blocks")


def deep_network(
    depth,
    shortcuts=True,
    *,
    filters=16,
    size=32,
    channels=1,
    classes=8,
    kernel_initializer="glorot_uniform",
    dropout=0.0,
):
    """A classifier with ``depth`` 3×3 convolutions in blocks of two, on 4×4 maps; ``shortcuts=False``: a plain chain.

    Images of 0…255, ``(batch, size, size, channels)`` → logits, ``(batch, classes)``. Rescaling to −1…1, a stem (one
    5×5 convolution and max pooling, which bring 16 to 40 pixels down to 4), the blocks, global average pooling, Dense.
    Both kinds have the same layers with the same weights; only the additions differ.
    """
    if depth < 2 or depth % 2:
        raise ValueError(f"depth={depth}: an even positive integer is needed, as every block has two convolutions")
    inputs = keras.Input((size, size, channels), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    x = layers.Conv2D(
        filters,
        5,
        strides=size // 8,
        padding="same",
        activation="relu",
        kernel_initializer=kernel_initializer,
        name="stem",
    )(x)
    x = layers.MaxPooling2D(2, name="stem_pool")(x)
    for number in range(1, depth // 2 + 1):
        x = residual_block(
            x,
            filters,
            shortcut=shortcuts,
            kernel_initializer=kernel_initializer,
            dropout=dropout,
            name=f"block{number}",
        )
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name="residual" if shortcuts else "plain")


# Messages through deep chains, before any training


@dataclass(frozen=True)
class Flow:
    """What untrained networks of ``depths`` layers do to the messages in them; all arrays are ``(seeds, depths)``.

    The message backward is the gradient of the right class's logit; the message forward is the photograph.
    """

    depths: tuple[int, ...]
    gradient: np.ndarray = field(repr=False)  # norm at the first block's input ÷ norm at the last block's output
    activation: np.ndarray = field(repr=False)  # norm of the last block's output ÷ norm of the first one's input
    kernels: np.ndarray = field(repr=False)  # root mean square of the gradient for a weight of the blocks
    neighbours: np.ndarray = field(repr=False)  # cosine of the gradients of two photographs that differ a little
    noise: np.ndarray = field(repr=False)  # cosine of the gradients of one photograph under two draws of dropout

    @property
    def gradient_slopes(self):
        """By how many powers of ten the gradient grows per layer on its way back, for each seed."""
        return _slopes(self.depths, self.gradient)

    @property
    def activation_slopes(self):
        """By how many powers of ten the activations grow per layer, for each seed."""
        return _slopes(self.depths, self.activation)


def message_flow(
    images,
    labels,
    *,
    shortcuts,
    kernel_initializer="glorot_uniform",
    depths=(4, 16, 64),
    filters=16,
    seeds=(0, 1, 2),
    dropout=0.1,
    difference=0.05,
    build=deep_network,
):
    """The ``Flow`` through untrained networks.

    Noise is ``dropout`` in every block. A neighbour of a photograph holds a share ``difference`` of the next one.
    ``images`` is ``(n, size, size, channels)``, ``labels`` ``(n,)``; a dozen are enough. ``build`` takes the arguments
    of ``deep_network``.
    """
    neighbours = (1 - difference) * images + difference * np.roll(images, 1, axis=0)
    measured = np.empty((5, len(seeds), len(depths)))
    with Progress("networks", len(depths) * len(seeds)) as progress:
        for column, depth in enumerate(depths):
            keras.utils.set_random_seed(seeds[0])
            network = build(
                depth,
                shortcuts,
                filters=filters,
                size=images.shape[1],
                channels=images.shape[-1],
                classes=int(labels.max()) + 1,
                kernel_initializer=kernel_initializer,
                dropout=dropout,
            )
            ends = _ends(network)
            blocks = [layer for layer in network.layers if layer.name.startswith("block") and layer.weights]
            kernels = [layer.kernel.value for layer in blocks]
            for row, seed in enumerate(seeds):
                _start_anew(network, kernel_initializer, seed)
                quiet = _messages(ends, np.concatenate([images, neighbours]), np.tile(labels, 2), kernels)
                # The same photographs twice: dropout draws anew for each image of a batch.
                noisy = _messages(ends, np.concatenate([images, images]), np.tile(labels, 2), training=True)
                measured[:, row, column] = (
                    _ratio(quiet.back_at_first, quiet.back_at_last),
                    _ratio(quiet.last, quiet.first),
                    np.sqrt(np.mean(np.square(quiet.for_kernels))),
                    _agreement(*np.split(quiet.back_at_first, 2)),
                    _agreement(*np.split(noisy.back_at_first, 2)),
                )
                progress.advance()
    return Flow(tuple(depths), *measured)


def readable(images, depth, shortcuts, *, filters=16, seeds=(0, 1, 2), kernel_initializer="glorot_uniform"):
    """How much of the blocks' input a linear map reads back from their output, before training: R² for each seed.

    The map (ridge regression) is fitted to three quarters of ``images``, R² is measured on the others: 1 means
    that they are read back to the last detail, 0 that one might as well guess their mean.
    """
    network = deep_network(depth, shortcuts, filters=filters, size=images.shape[1], channels=images.shape[-1])
    shares = []
    for seed in seeds:
        _start_anew(network, kernel_initializer, seed)
        first, last = (
            keras.ops.convert_to_numpy(each).reshape(len(images), -1).astype("float64")
            for each in _ends(network)(images)[:2]
        )
        shares.append(_explained(last, first, 3 * len(images) // 4))
    return np.array(shares)


# Identity


@dataclass(frozen=True)
class IdentityLearned:
    """How far a block is from the identity, ‖block(x) − x‖² / ‖x‖² on fresh photographs, one value a seed."""

    before: np.ndarray
    after: np.ndarray


def learn_identity(images, shortcut, *, filters=16, seeds=(0, 1, 2), epochs=8):
    """Train one block (plain with ``shortcut=False``) to return its input: an ``IdentityLearned``.

    Its input is what an untrained stem makes of ``images``: never negative, so that a plain block with ReLU could
    return it exactly. A quarter of the images is kept for the measurement.
    """
    keras.utils.set_random_seed(0)
    stem = deep_network(2, filters=filters, size=images.shape[1], channels=images.shape[-1])
    x = keras.ops.convert_to_numpy(keras.Model(stem.input, stem.get_layer("stem_pool").output)(images))
    x = x / np.sqrt(np.mean(x**2))
    train, fresh = np.split(x, [3 * len(x) // 4])

    def build():
        inputs = keras.Input(x.shape[1:])
        return keras.Model(inputs, residual_block(inputs, filters, shortcut=shortcut))

    def distance(network):
        return float(np.sum((keras.ops.convert_to_numpy(network(fresh)) - fresh) ** 2) / np.sum(fresh**2))

    before = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        before.append(distance(build()))
    runs = trained(
        build,
        train,
        train,
        seeds=seeds,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=2e-3,
        loss=keras.losses.MeanSquaredError(),
    )
    return IdentityLearned(np.array(before), np.array([distance(run.model) for run in runs]))


# Training, by depth


@dataclass(frozen=True)
class Kind:
    """A kind of deep network: with shortcuts or without, and how its weights start."""

    name: str
    shortcuts: bool
    kernel_initializer: str


PLAIN = Kind("plain", False, "glorot_uniform")
PLAIN_HE = Kind("plain, He's start", False, "he_normal")
RESIDUAL = Kind("residual", True, "glorot_uniform")


@dataclass(frozen=True)
class Runs:
    """One kind of network at one depth, trained from several seeds: accuracies on the training images, ``(seeds,)``."""

    kind: Kind
    depth: int
    learning_rate: float
    train_accuracy: np.ndarray
    weights: tuple = field(repr=False)
    chance: float


def train_deep(kind, depth, data, *, filters=16, seeds=(0, 1, 2), epochs=2, learning_rates=(3e-3,)):
    """Train ``deep_network`` once for each seed and learning rate, and return the ``Runs`` of the best rate.

    The best has the highest mean accuracy on the training images. Networks of every kind and depth see the same
    batches for the same seed, and Adam takes the same number of steps.
    """

    def build():
        return deep_network(
            depth,
            kind.shortcuts,
            filters=filters,
            size=data.train_images.shape[1],
            channels=data.train_images.shape[-1],
            classes=len(data.class_names),
            kernel_initializer=kind.kernel_initializer,
        )

    candidates = []
    for rate in learning_rates:
        runs = trained(
            build,
            data.train_images,
            data.train_labels,
            seeds=seeds,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            learning_rate=rate,
        )
        rows = [
            (accuracy(run.model, data.train_images, data.train_labels, AT_ONCE), run.model.get_weights())
            for run in runs
        ]
        accuracies, weights = zip(*rows, strict=True)
        candidates.append(Runs(kind, depth, rate, np.array(accuracies), weights, 1 / len(data.class_names)))
    return max(candidates, key=lambda runs: runs.train_accuracy.mean())


# Lesions


@contextlib.contextmanager
def without(network, convolution):
    """Inside ``with``, a convolution of a deep network is out of work; afterwards its weights are back.

    The last convolution of a residual block is set to 0: the block then returns its input. In a plain network the
    convolution hands its input on, which is never negative: its kernel is 1 in the middle, from each channel to itself.
    """
    layer = network.get_layer(convolution)
    weights = layer.get_weights()
    kernel, bias = (np.zeros_like(each) for each in weights)
    if not _has_shortcuts(network):
        kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] = np.eye(kernel.shape[-1])
    layer.set_weights([kernel, bias])
    try:
        yield network
    finally:
        layer.set_weights(weights)


@dataclass(frozen=True)
class Deletions:
    """The test accuracy of trained networks, whole ``(seeds,)``, and with one part deleted ``(seeds, parts)``."""

    whole: np.ndarray
    deleted: np.ndarray
    chance: float

    @property
    def kept(self):
        """The share of the accuracy above chance left after one deletion, the mean over the parts: ``(seeds,)``."""
        learned = np.maximum(self.whole - self.chance, 0.01)
        return (self.deleted.mean(axis=1) - self.chance) / learned


def lesions(runs, data):
    """Delete each block of trained residual networks, or each layer of plain ones, one at a time (Veit et al. 2016)."""
    network = deep_network(
        runs.depth,
        runs.kind.shortcuts,
        filters=runs.weights[0][0].shape[-1],
        size=data.test_images.shape[1],
        channels=data.test_images.shape[-1],
        classes=len(data.class_names),
    )
    blocks = range(1, runs.depth // 2 + 1)
    last_of_block = ("conv2",) if runs.kind.shortcuts else ("conv1", "conv2")
    parts = [f"block{number}_{part}" for number in blocks for part in last_of_block]
    whole, deleted = [], []
    for weights in runs.weights:
        network.set_weights(weights)
        whole.append(accuracy(network, data.test_images, data.test_labels, AT_ONCE))
        row = []
        for part in parts:
            with without(network, part):
                row.append(accuracy(network, data.test_images, data.test_labels, AT_ONCE))
        deleted.append(row)
    return Deletions(np.array(whole), np.array(deleted), runs.chance)


# Helpers


@dataclass(frozen=True)
class _Messages:
    first: np.ndarray
    last: np.ndarray
    back_at_first: np.ndarray
    back_at_last: np.ndarray
    for_kernels: np.ndarray


def _messages(ends, images, labels, kernels=(), training=False):
    """What runs through the network: forward at both ends of the blocks, back to the same places and to ``kernels``."""
    with tf.GradientTape() as tape:
        first, last, logits = ends(images, training=training)
        # Not the loss: its gradient is 0 at the output already where a network is sure of itself, and some start so.
        right = tf.reduce_mean(tf.gather(logits, labels, axis=1, batch_dims=1))
    back_at_first, back_at_last, *for_kernels = tape.gradient(right, [first, last, *kernels])
    # 64 bits from here on: the squares of such small numbers would not fit into 32.
    arrays = (np.asarray(each, dtype="float64") for each in (first, last, back_at_first, back_at_last, for_kernels))
    return _Messages(*arrays)


def _ends(network):
    """The network with three outputs: the first block's input, the last block's output, the logits."""
    return keras.Model(
        network.input, [network.get_layer("stem_pool").output, network.get_layer("average").input, network.output]
    )


def _start_anew(network, kernel_initializer, seed):
    """New starting weights, the same for all networks of the same layers; biases stay 0."""
    keras.utils.set_random_seed(seed)
    for layer in network.layers:
        if layer.weights:
            initializer = kernel_initializer if isinstance(layer, layers.Conv2D) else "glorot_uniform"
            layer.kernel.assign(keras.initializers.get(initializer)(layer.kernel.shape))


def _ratio(numerator, denominator):
    """The ratio of two norms; what is too small for 32 bits counts as the smallest number they hold."""
    return max(np.linalg.norm(numerator) / np.linalg.norm(denominator), np.finfo("float32").tiny)


def _agreement(one, other):
    """The mean cosine of the angle between two gradients of the same image; 0 where one of them is gone."""
    one, other = (each.reshape(len(each), -1) for each in (one, other))
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = (one * other).sum(axis=1)
    return float(np.mean(np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)))


def _slopes(depths, ratios):
    return np.array([np.polyfit(depths, np.log10(row), 1)[0] for row in ratios])


def _explained(source, target, fitted):
    """R² of a ridge regression from ``source`` to ``target``: fitted to the first rows, measured on the others."""
    source, target = source - source[:fitted].mean(axis=0), target - target[:fitted].mean(axis=0)
    products = source @ source[:fitted].T
    # The penalty is a thousandth of the mean variance: without one, forty layers of rounding errors would be fitted.
    penalty = 1e-3 * np.trace(products[:fitted]) / fitted * np.eye(fitted)
    read = products[fitted:] @ np.linalg.solve(products[:fitted] + penalty, target[:fitted])
    return 1 - np.sum((read - target[fitted:]) ** 2) / np.sum(target[fitted:] ** 2)


def _has_shortcuts(network):
    return any(isinstance(layer, layers.Add) for layer in network.layers)
