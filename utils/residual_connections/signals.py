"""What reaches the ends of a deep network before any training: gradients backward, activations forward."""

from dataclasses import dataclass, field
from itertools import product

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from utils.progress import Progress
from utils.residual_connections.networks import PLAIN, PLAIN_HE, RESIDUAL, deep_network


@dataclass(frozen=True)
class Flow:
    """What untrained networks of ``depths`` layers do to gradients and activations; arrays are ``(seeds, depths)``.

    The gradient is that of the right class's logit.
    """

    depths: tuple[int, ...]
    gradient: np.ndarray = field(repr=False)  # norm at the first block's input ÷ norm at the last block's output
    activation: np.ndarray = field(repr=False)  # norm of the last block's output ÷ norm of the first one's input
    kernels: np.ndarray = field(repr=False)  # root mean square of the gradient for a weight of the blocks
    neighbors: np.ndarray = field(repr=False)  # cosine of the gradients of two images that differ a little
    unrelated: np.ndarray = field(repr=False)  # cosine of the gradients of two different images, for the same logit
    noise: np.ndarray = field(repr=False)  # cosine of the gradients of one image under two draws of dropout

    @property
    def gradient_slopes(self):
        """By how many powers of ten the gradient grows per layer on its way back, for each seed."""
        return _slopes(self.depths, self.gradient)

    @property
    def activation_slopes(self):
        """By how many powers of ten the activations grow per layer, for each seed."""
        return _slopes(self.depths, self.activation)


def signal_flows(
    images,
    labels,
    kinds=(PLAIN, RESIDUAL, PLAIN_HE),
    *,
    depths=(4, 16, 64),
    filters=16,
    seeds=(0, 1, 2),
    dropout=0.1,
    difference=0.05,
    count=8,
    build=deep_network,
):
    """The ``Flow`` through untrained networks of each of ``kinds``, ``{kind's name: Flow}``.

    A seed draws ``count`` of the images, the initial weights and the noise, which is ``dropout`` in every block. A
    neighbor of an image holds a share ``difference`` of another one. ``images`` is ``(n, size, size, channels)``,
    ``labels`` ``(n,)``. ``build`` takes the arguments of ``deep_network``.
    """
    measured = {kind.name: np.empty((6, len(seeds), len(depths))) for kind in kinds}
    with Progress("networks", len(depths) * len(seeds) * len(kinds)) as progress:
        for (column, depth), shortcuts in product(enumerate(depths), sorted({kind.shortcuts for kind in kinds})):
            keras.utils.set_random_seed(seeds[0])
            network = build(
                depth,
                shortcuts,
                filters=filters,
                size=images.shape[1],
                channels=images.shape[-1],
                classes=int(labels.max()) + 1,
                dropout=dropout,
            )
            quiet_signals, noisy_signals = _signals(network, training=False), _signals(network, training=True)
            built_so = [kind for kind in kinds if kind.shortcuts == shortcuts]
            weights = {kind: initial_weights(network, kind.kernel_initializer, seeds) for kind in built_so}
            for kind, (row, seed) in product(built_so, enumerate(seeds)):
                network.set_weights(weights[kind][row])
                drawn = np.random.default_rng(seed).choice(len(images), min(count, len(images)), replace=False)
                given, right = images[drawn], labels[drawn]
                others = np.roll(given, 1, axis=0)
                mixed = (1 - difference) * given + difference * others
                quiet = quiet_signals(np.concatenate([given, mixed, others]), np.tile(right, 3))
                # The same images twice: dropout draws anew for each image of a batch.
                noisy = noisy_signals(np.concatenate([given, given]), np.tile(right, 2))
                at_given, at_mixed, at_others = np.split(quiet.back_at_first, 3)
                measured[kind.name][:, row, column] = (
                    _ratio(quiet.back_at_first, quiet.back_at_last),
                    _ratio(quiet.last, quiet.first),
                    np.sqrt(np.mean(np.square(quiet.for_kernels))),
                    _agreement(at_given, at_mixed),
                    _agreement(at_given, at_others),
                    _agreement(*np.split(noisy.back_at_first, 2)),
                )
                progress.advance()
    return {name: Flow(tuple(depths), *numbers) for name, numbers in measured.items()}


def readable(images, kind, depth, *, filters=16, seeds=(0, 1, 2), weights=None):
    """How much of the blocks' input a linear map reads back from their output: R² for each seed.

    The map (ridge regression) is fitted to three quarters of ``images``, R² is measured on the others: 1 means
    that they are read back to the last detail, 0 that one might as well guess their mean. The networks are untrained,
    one for each of ``seeds``; or those whose ``weights`` are given, a list for each network.
    """
    classes = 8 if weights is None else len(weights[0][-1])
    network = kind.build(depth, filters=filters, size=images.shape[1], channels=images.shape[-1], classes=classes)
    ends = tf.function(_ends(network))
    shares = []
    for each in initial_weights(network, kind.kernel_initializer, seeds) if weights is None else weights:
        network.set_weights(each)
        first, last = (
            keras.ops.convert_to_numpy(end).reshape(len(images), -1).astype("float64") for end in ends(images)[:2]
        )
        shares.append(_explained(last, first, 3 * len(images) // 4))
    return np.array(shares)


def initial_weights(network, kernel_initializer, seeds):
    """New initial weights for each of ``seeds``, as ``network.set_weights`` takes them; biases stay as they are.

    Networks of the same layers get the same. All are drawn before any is used, since a new seed makes TensorFlow
    prepare every function again that it has already compiled.
    """
    drawn = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        for layer in network.layers:
            if hasattr(layer, "kernel"):
                initializer = kernel_initializer if isinstance(layer, layers.Conv2D) else "glorot_uniform"
                layer.kernel.assign(keras.initializers.get(initializer)(layer.kernel.shape))
        drawn.append(network.get_weights())
    return drawn


@dataclass(frozen=True)
class _Signals:
    first: np.ndarray
    last: np.ndarray
    back_at_first: np.ndarray
    back_at_last: np.ndarray
    for_kernels: np.ndarray


def _signals(network, training):
    """A function of images and labels: what passes both ends of the blocks forward and backward, and the kernels."""
    ends = _ends(network)
    blocks = [layer for layer in network.layers if layer.name.startswith("block") and hasattr(layer, "kernel")]

    def pass_both_ways(images, labels):
        with tf.GradientTape() as tape:
            first, last, logits = ends(images, training=training)
            # Not the loss: its gradient is 0 at the output where a network is sure of itself, and some start so.
            right = tf.reduce_mean(tf.gather(logits, labels, axis=1, batch_dims=1))
        return first, last, tape.gradient(right, [first, last, *(layer.kernel.value for layer in blocks)])

    specs = tf.TensorSpec((None, *network.input.shape[1:]), "float32"), tf.TensorSpec((None,), "int32")
    pass_both_ways = tf.function(pass_both_ways).get_concrete_function(*specs)

    def measured(images, labels):
        images, labels = tf.constant(images, "float32"), tf.constant(labels, "int32")
        first, last, (back_at_first, back_at_last, *for_kernels) = pass_both_ways(images, labels)
        # 64 bits from here on: the squares of such small numbers would not fit into 32.
        found = (first, last, back_at_first, back_at_last, for_kernels)
        return _Signals(*(np.asarray(each, dtype="float64") for each in found))

    return measured


def _ends(network):
    """The network with three outputs: the first block's input, the last block's output, the logits."""
    return keras.Model(
        network.input, [network.get_layer("stem_pool").output, network.get_layer("average").input, network.output]
    )


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
