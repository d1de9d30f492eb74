"""Batch normalization in training, backward."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 4
TEXT = (
    "Write the backward pass of BatchNormalization in training. dy is the gradient of the loss with respect to the "
    "layer's output. Return the gradients with respect to x, gamma and beta, in this order."
)
STUB = '''
def batch_norm_backward(dy, x, gamma, epsilon=1e-3):
    """dy, x: (images, rows, columns, channels); gamma: (channels,). Returns
    dx, dgamma, dbeta.
    """
    ...  # your code
'''
HINTS = (
    "x reaches y in three ways: directly, through the mean, and through the variance. Each adds a part to dx.",
    "Call the normalized x x̂. For each channel, dbeta is the sum of dy, and dgamma is the sum of dy·x̂. For dx, "
    "subtract two things from dy before you scale it: its mean, and x̂ times another mean.",
)


def cases(random):
    yield {
        "dy": np.array([[[[1.0, 2.0]]], [[[4.0, 0.0]]]]),
        "x": np.array([[[[1.0, 10.0]]], [[[7.0, 14.0]]]]),
        "gamma": np.array([2.0, 1.0]),
        "epsilon": 1.0,
    }
    for shape in ((1, 2, 2, 1), (3, 2, 1, 2), (4, 5, 3, 3)):
        yield {
            "dy": random.normal(1, 2, shape),
            "x": random.normal(3, 2, shape),
            "gamma": random.uniform(0.5, 2, shape[-1]),
            "epsilon": float(random.choice([0.001, 0.5])),
        }


def reference(dy, x, gamma, epsilon):
    import tensorflow as tf
    from keras import layers

    layer = layers.BatchNormalization(epsilon=epsilon, dtype="float64")
    layer.build(x.shape)
    layer.gamma.assign(gamma)
    given = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(given)
        loss = tf.reduce_sum(dy * layer(given, training=True))
    return tuple(tape.gradient(loss, [given, layer.gamma.value, layer.beta.value]))


def batch_norm_backward(dy, x, gamma, epsilon=1e-3):
    axes = (0, 1, 2)
    deviation = np.sqrt(x.var(axis=axes) + epsilon)
    normalized = (x - x.mean(axis=axes)) / deviation
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * normalized).sum(axis=axes)
    n = x[..., 0].size
    dx = gamma / deviation * (dy - dbeta / n - normalized * dgamma / n)
    return dx, dgamma, dbeta


SOLUTION = batch_norm_backward


def _wrong(mean=1, variance=1, scaled=True, count=None, root=True, product="normalized", total=np.sum, swapped=False):
    """The same with one mistake; ``count`` gives the n of the means, ``product`` the factor of dy in dgamma."""

    def gradients(dy, x, gamma, epsilon):
        axes = (0, 1, 2)
        centered = x - x.mean(axis=axes)
        deviation = np.sqrt(x.var(axis=axes) + epsilon)
        normalized = centered / deviation
        n = count(x) if count else x[..., 0].size
        taken_off = mean * dy.sum(axis=axes) / n + variance * normalized * (dy * normalized).sum(axis=axes) / n
        dx = (gamma if scaled else 1) / (deviation if root else deviation**2) * (dy - taken_off)
        dgamma = total(dy * {"normalized": normalized, "centered": centered, "x": x}[product], axis=axes)
        dbeta = total(dy, axis=axes)
        return (dx, dbeta, dgamma) if swapped else (dx, dgamma, dbeta)

    return gradients


def _without_sums(dy, x, gamma, epsilon):
    dx, *_ = batch_norm_backward(dy, x, gamma, epsilon)
    return dx, dy * (x - x.mean(axis=(0, 1, 2))) / np.sqrt(x.var(axis=(0, 1, 2)) + epsilon), dy


def _gamma_in_dgamma(dy, x, gamma, epsilon):
    dx, dgamma, dbeta = batch_norm_backward(dy, x, gamma, epsilon)
    return dx, gamma * dgamma, dbeta


def _without_epsilon(dy, x, gamma, epsilon):
    return batch_norm_backward(dy, x, gamma, 0)


SLIPS = (
    Slip(
        _wrong(mean=0, variance=0),
        "mean and variance as constants",
        "Your dx treats the mean and the variance as constants. Both are computed from x, so each adds a part to dx.",
    ),
    Slip(
        _wrong(variance=0),
        "the variance as a constant",
        "Your dx has the part that comes through the mean, but not the part that comes through the variance.",
    ),
    Slip(
        _wrong(mean=0),
        "the mean as a constant",
        "Your dx has the part that comes through the variance, but not the part that comes through the mean.",
    ),
    Slip(
        _wrong(variance=-1),
        "the variance's part with the wrong sign",
        "In dx, the part that comes through the variance has the wrong sign. Differentiate 1/√(variance + ε) again.",
    ),
    Slip(
        _wrong(count=lambda x: 1),
        "sums in place of means",
        "In dx, divide each sum over a channel by the number of values in the channel.",
    ),
    Slip(
        _wrong(count=len),
        "divided by the number of images",
        "In dx, you divide by the number of images. A channel's mean goes over rows and columns, too.",
    ),
    Slip(
        _wrong(scaled=False),
        "γ forgotten in dx",
        "γ scales in the forward pass, so it also scales the gradient in the backward pass. Look at dx.",
    ),
    Slip(
        _wrong(root=False),
        "dx divided by the variance",
        "You divide dx by variance + ε. In the forward pass, the layer divides by the square root of it.",
    ),
    Slip(
        _wrong(product="x"),
        "x not normalized in dgamma",
        "γ multiplies the normalized x. So dgamma needs the normalized x, not x itself.",
    ),
    Slip(
        _wrong(product="centered"),
        "x not divided in dgamma",
        "For dgamma you subtract the mean from x, but you do not divide. γ multiplies the normalized x.",
    ),
    Slip(
        _gamma_in_dgamma,
        "dgamma multiplied by γ",
        "Your dgamma contains γ itself. The output is γ·x̂ + β, and its derivative with respect to γ is x̂ alone.",
    ),
    Slip(
        _wrong(total=np.mean),
        "dgamma and dbeta as means",
        "γ and β are used for every image and every position of a channel. Their gradients are sums over these, not "
        "means.",
    ),
    Slip(
        _without_sums,
        "dgamma and dbeta not summed",
        "Your dgamma and dbeta have the shape of x. There is one γ and one β for each channel, so a sum is missing.",
    ),
    Slip(_wrong(swapped=True), "dgamma and dbeta exchanged", "The order is dx, dgamma, dbeta."),
    Slip(
        _without_epsilon, "ε forgotten", "The layer divides by √(variance + ε) in the forward pass, so dx needs ε, too."
    ),
)
