"""Networks with and without batch normalization, and two normalizations of our own."""

from contextlib import contextmanager

import keras
from keras import layers

# Keras's 0.99 forgets its starting values only after several hundred steps: more than any training here has.
MOMENTUM = 0.9


EPSILON = 1e-3  # Keras's default


def conv_net(
    depth=4,
    *,
    normalized="before",
    filters=24,
    stride=8,
    shape=(32, 32, 1),
    classes=8,
    initializer="he_normal",
    momentum=MOMENTUM,
    normalization=layers.BatchNormalization,
):
    """A network of ``depth`` convolutions that returns the logits of ``classes``, ``(batch, classes)``.

    The first convolution has a large ``stride``: small maps train quickly. ``normalized`` puts the
    ``normalization`` "before" or "after" each activation, or nowhere ("no").
    """
    x = inputs = keras.Input(shape)
    for number in range(1, depth + 1):
        x = layers.Conv2D(
            filters,
            stride + 1 if number == 1 else 3,
            strides=stride if number == 1 else 1,
            padding="same",
            use_bias=normalized != "before",
            kernel_initializer=initializer,
            name=f"conv{number}",
        )(x)
        if normalized == "before":
            x = normalization(momentum=momentum, name=f"bn{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
        if normalized == "after":
            x = normalization(momentum=momentum, name=f"bn{number}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x))


def net_for(data, **options):
    """A ``conv_net`` for that data set's images and classes."""
    return conv_net(shape=data.train_images.shape[1:], classes=len(data.class_names), **options)


@contextmanager
def moving_averages_kept(model):
    """Calls with ``training=True`` change moving averages; when this context ends, they are as before."""
    kept = [variable.numpy() for variable in model.non_trainable_variables]
    try:
        yield model
    finally:
        for variable, value in zip(model.non_trainable_variables, kept, strict=True):
            variable.assign(value)


class Unsettled(layers.Layer):
    """Batch normalization whose channels are then moved and stretched by random amounts, new ones at each step.

    The next layer meets another distribution at every step: the very "internal covariate shift" that batch
    normalization was invented against. After Santurkar et al. 2018, section 2.2. ``strength`` is the largest change, in
    standard deviations: 0.4 moves the means of our networks more than training does without the layer.
    """

    def __init__(self, momentum=MOMENTUM, strength=0.4, **options):
        super().__init__(**options)
        self.strength = strength
        self.normalization = layers.BatchNormalization(momentum=momentum)
        self.random = keras.random.SeedGenerator()

    def call(self, x, training=False):
        x = self.normalization(x, training=training)
        if not training:
            return x
        change = keras.random.uniform((2, x.shape[-1]), -self.strength, self.strength, seed=self.random)
        return (1 + change[0]) * x + change[1]


class GroupedNormalization(layers.Layer):
    """Batch normalization by the statistics of groups of ``group`` images within the batch ("ghost batches").

    Small groups mean noisy statistics at the same number of images a step. Hoffer et al. 2017.
    """

    def __init__(self, group, momentum=MOMENTUM, **options):
        super().__init__(**options)
        self.group, self.momentum = group, momentum

    def build(self, shape):
        numbers = {"shape": (shape[-1],)}
        self.gamma = self.add_weight(**numbers, initializer="ones", name="gamma")
        self.beta = self.add_weight(**numbers, initializer="zeros", name="beta")
        self.moving_mean = self.add_weight(**numbers, initializer="zeros", trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(**numbers, initializer="ones", trainable=False, name="moving_variance")

    def call(self, x, training=False):
        if not training:
            return self._normalized(x, self.moving_mean, self.moving_variance)
        groups = keras.ops.reshape(x, (-1, self.group, *x.shape[1:]))
        mean, variance = keras.ops.moments(groups, axes=(1, 2, 3), keepdims=True)
        for average, fresh in ((self.moving_mean, mean), (self.moving_variance, variance)):
            fresh = keras.ops.mean(fresh, axis=(0, 1, 2, 3))
            average.assign(average * self.momentum + fresh * (1 - self.momentum))
        return keras.ops.reshape(self._normalized(groups, mean, variance), keras.ops.shape(x))

    def _normalized(self, x, mean, variance):
        return self.gamma * (x - mean) * keras.ops.rsqrt(variance + EPSILON) + self.beta


def group_normalization(groups=4, **options):
    """Keras's group normalization in place of a batch normalization: it has no moving averages, so no momentum."""
    return layers.GroupNormalization(groups=groups, name=options.get("name"))
