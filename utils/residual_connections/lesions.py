"""What trained networks lose with one of their parts, or with several (Veit et al. 2016)."""

from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from utils.residual_connections.networks import without

SEVERAL = 0.3  # the share of the blocks that are deleted together
SUBSETS = 3  # drawn for each network


@dataclass(frozen=True)
class Deletions:
    """The test accuracy of trained networks: whole, with one part deleted, and with three tenths of them deleted."""

    whole: np.ndarray  # (seeds,)
    deleted: np.ndarray  # (seeds, parts)
    several: np.ndarray = field(repr=False)  # (seeds,), the mean over subsets drawn at random
    chance: float

    @property
    def kept(self):
        """The share of the accuracy above chance left after one deletion, the mean over the parts: ``(seeds,)``."""
        return self._share(self.deleted.mean(axis=1))

    @property
    def kept_without_the_most_important(self):
        """The same for the part whose deletion costs most: ``(seeds,)``."""
        return self._share(self.deleted.min(axis=1))

    @property
    def kept_without_several(self):
        """The same for three tenths of the parts, deleted together: ``(seeds,)``."""
        return self._share(self.several)

    def _share(self, accuracies):
        return (accuracies - self.chance) / np.maximum(self.whole - self.chance, 0.01)


def lesions(runs, data):
    """Delete the last convolution of each block of trained networks, one at a time, then several: ``Deletions``.

    ``runs`` are ``Runs``. With it, a residual network loses the whole block, a plain one this layer alone.
    """
    network = runs.kind.build(
        runs.depth,
        filters=runs.weights[0][0].shape[-1],
        size=data.test_images.shape[1],
        channels=data.test_images.shape[-1],
        classes=len(data.class_names),
    )
    images, labels = tf.constant(data.test_images), data.test_labels
    logits = tf.function(lambda: network(images, training=False))

    def accuracy_without(*parts):
        with without(network, *parts):
            return float(np.mean(logits().numpy().argmax(axis=1) == labels))

    parts = [f"block{number}_conv2" for number in range(1, runs.depth // 2 + 1)]
    together = max(1, round(SEVERAL * len(parts)))
    whole, deleted, several = [], [], []
    for number, weights in enumerate(runs.weights):
        network.set_weights(weights)
        random = np.random.default_rng(number)
        whole.append(accuracy_without())
        deleted.append([accuracy_without(part) for part in parts])
        subsets = [random.choice(parts, together, replace=False) for _ in range(SUBSETS)]
        several.append(np.mean([accuracy_without(*subset) for subset in subsets]))
    return Deletions(np.array(whole), np.array(deleted), np.array(several), runs.chance)
