"""Which paths through a residual network the gradient takes (Veit et al. 2016)."""

from dataclasses import dataclass, field
from math import comb

import keras
import numpy as np
import tensorflow as tf
from keras import layers


@dataclass(frozen=True)
class PathGradients:
    """The gradient of the loss at the first block's input, by the number of blocks on a path; ``(seeds, blocks + 1)``.

    ``sums`` is the norm of the sum over all paths of one length, ``singles`` the mean norm of a single path times
    the number of paths of that length. Both are means over images.
    """

    sums: np.ndarray = field(repr=False)
    singles: np.ndarray = field(repr=False)

    @property
    def blocks(self):
        return self.sums.shape[1] - 1

    @property
    def short(self):
        """The largest number of blocks that counts as short: a third of them."""
        return self.blocks // 3

    @property
    def share_of_sums(self):
        """The share of the gradient through short paths, by ``sums``: ``(seeds,)``."""
        return self._share(self.sums)

    @property
    def share_of_singles(self):
        """The same by ``singles``."""
        return self._share(self.singles)

    @property
    def share_of_paths(self):
        """The share of the paths that are short: a count, the same for every network."""
        return float(self._share(paths_by_length(self.blocks)[None])[0])

    def _share(self, by_length):
        return by_length[:, : self.short + 1].sum(axis=1) / by_length.sum(axis=1)


def paths_by_length(blocks):
    """How many paths go through 0, 1, … of the blocks."""
    return np.array([comb(blocks, length) for length in range(blocks + 1)], dtype=float)


def path_gradients(network, weights, images, labels, *, seeds, count=8, paths=2):
    """The ``PathGradients`` of residual networks with each of ``weights``, measured at inference.

    A seed draws ``count`` of the images, and ``paths`` single paths of every length.
    """
    by_length = _by_length(network)
    sums, singles = [], []
    for each, seed in zip(weights, seeds, strict=True):
        network.set_weights(each)
        random = np.random.default_rng(seed)
        drawn = random.choice(len(images), min(count, len(images)), replace=False)
        summed, single = by_length(images[drawn], labels[drawn], paths, random)
        sums.append(np.linalg.norm(summed, axis=2).mean(axis=1))
        norms = np.linalg.norm(single, axis=3).mean(axis=(1, 2))
        singles.append(norms * paths_by_length(len(norms) - 1))
    return PathGradients(np.array(sums), np.array(singles))


def _by_length(network):
    """A function of images, labels, a number of paths and a random generator: the gradient by path length.

    It returns the sums over all paths, ``(lengths, images, values)``, and single paths, ``(lengths, paths, images,
    values)``. With blocks x + f(x) whose branch has the slope J, the gradient behind a block is (1 + Jᵀ) times that
    before it. The 1 keeps the length of a path, Jᵀ makes it one block longer.
    """
    additions = [layer for layer in network.layers if isinstance(layer, layers.Add)]
    branches = [keras.Model(added.input[1], added.input[0]) for added in additions]
    ends = [layer.output for layer in additions]
    relus = [layer.name.replace("_add", "_relu2") for layer in additions]
    names = {layer.name for layer in network.layers}
    if after_addition := relus[0] in names:
        ends = [network.get_layer(name).output for name in relus]
    inside = keras.Model(network.input, [added.input[1] for added in additions] + [ends[-1]])
    head = keras.Model(ends[-1], network.output)
    back = [_back_through(branch) for branch in branches]

    def by_length(images, labels, paths, random):
        *given, last = inside(images, training=False)
        with tf.GradientTape() as tape:
            tape.watch(last)
            losses = keras.losses.sparse_categorical_crossentropy(labels, head(last), from_logits=True)
        arriving = tape.gradient(losses, last).numpy().astype("float64")
        blocks, shape = len(given), arriving.shape
        # Row 0: the sums; the other rows: single paths of each length, through blocks drawn at random.
        flowing = np.zeros((1 + paths, blocks + 1, *shape))
        flowing[0, 0] = flowing[1:] = arriving
        through = np.zeros((paths, blocks + 1, blocks), dtype=bool)
        for path, length in np.ndindex(paths, blocks + 1):
            through[path, length, random.choice(blocks, length, replace=False)] = True
        for number in reversed(range(blocks)):
            if after_addition:
                end = given[number + 1] if number + 1 < blocks else last
                flowing = flowing * (end.numpy() > 0)
            turned = back[number](given[number], flowing)
            flowing[0] += np.concatenate([np.zeros_like(turned[0, :1]), turned[0, :-1]])
            flowing[1:] = np.where(through[:, :, number, None, None, None, None], turned[1:], flowing[1:])
        flowing = flowing.reshape(1 + paths, blocks + 1, len(images), -1)
        return flowing[0], np.moveaxis(flowing[1:], 0, 1)

    return by_length


def _back_through(branch):
    """A function of a branch's input and of gradients ``(…, images, height, width, channels)``: those behind it."""

    def gradients(x, arriving):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = branch(x, training=False)
        return tape.gradient(y, x, output_gradients=arriving)

    specs = [tf.TensorSpec((None, *tensor.shape[1:]), "float32") for tensor in (branch.input, branch.output)]
    gradients = tf.function(gradients).get_concrete_function(*specs)

    def back(x, arriving):
        # Gradients are linear, whatever their size: each is scaled to 1, since 32 bits hold no smaller ones.
        size = np.abs(arriving).max(axis=(-4, -3, -2, -1), keepdims=True)
        size[size == 0] = 1
        scaled = (arriving / size).astype("float32")
        images = scaled.shape[-4]
        flat = scaled.reshape(-1, *scaled.shape[-3:])
        turned = gradients(tf.tile(x, [len(flat) // images, 1, 1, 1]), tf.constant(flat)).numpy()
        return turned.reshape(arriving.shape).astype("float64") * size

    return back
