"""How much places and channels of feature maps tell of each other."""

from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Correlations:
    """Mean absolute correlations within feature maps (or images) of one ``place``, one value a photograph.

    ``neighbors``: a value and the next one to the right or below, in the same channel. ``channels``: two
    channels at the same pixel. ``chance``: the same after every channel was shifted a way of its own, so that what is
    left comes from the smoothness and the small size of the maps alone.
    """

    place: str
    shape: tuple
    neighbors: np.ndarray = field(repr=False)
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
        rows.append((_between_neighbors(varied), _between_channels(varied), _between_channels(shifted)))
    return Correlations(place, maps.shape[1:], *np.array(rows).T)


def over_images(maps, seed=0):
    """Mean absolute correlations over all pixels of all ``maps``, ``(n, height, width, channels)``, at once.

    Returns ``(neighbors, channels, chance)``: a value and the next one to the right or below, in the same channel; two
    channels at the same pixel; two channels of different images, which is what they have in common by chance or by
    their place alone. Made for maps so small that one image says little. Channels that are constant are left out;
    ``ValueError`` where fewer than two remain.
    """
    maps = np.asarray(maps, dtype="float64")
    varied = maps[..., maps.std((0, 1, 2)) > 1e-6]
    if varied.shape[-1] < 2:
        raise ValueError(f"{varied.shape[-1]} channel(s) that vary: at least 2 are needed")
    random = np.random.default_rng(seed)
    others = np.stack([random.permutation(channel) for channel in np.moveaxis(varied, -1, 0)], axis=-1)
    pairs = ((varied[:, :, :-1], varied[:, :, 1:]), (varied[:, :-1], varied[:, 1:]))
    neighbors = np.concatenate([_correlation(*(_as_one(each) for each in pair)) for pair in pairs])
    return float(np.abs(neighbors).mean()), *(float(_between_channels(_as_one(each))) for each in (varied, others))


def within_photographs(images, labels):
    """How much the channels of one photograph correlate, the mean over the photographs that ``labels`` tell apart."""
    return float(np.mean([over_images(images[labels == each])[1] for each in np.unique(labels)]))


def prior_inside(model, images, most=400):
    """The mean of ``over_images`` over what comes into the convolutions of ``network`` but the first, as a dictionary.

    ``images`` are the first ``most`` of those given; batch normalization takes its numbers from them, so that a trained
    and an untrained network are treated alike.
    """
    names = [layer.name for layer in model.layers if layer.name.startswith("convolution")][1:]
    rows = [over_images(maps) for maps in inputs_of(model, names, images[:most], training=True)]
    return dict(zip(("neighbors", "channels", "chance"), np.mean(rows, axis=0).tolist(), strict=True))


def inputs_of(model, names, images, training=False):
    """What comes into the layers of those names for ``images``: a list of arrays. The model stays as it is.

    With ``training`` batch normalization takes the mean and variance of ``images``, as an untrained network needs it.
    """
    tensors = {name: model.get_layer(name).input for name in names}
    inside = keras.Model(model.input, tensors)
    weights = [tf.identity(each.value) for each in inside.non_trainable_variables]
    found, _ = inside.stateless_call(inside.trainable_variables, weights, images, training=training)
    return [np.asarray(found[name]) for name in names]


def with_random_weights(model, seed=0):
    """A copy of ``model`` with He's random kernels; it needs ``inputs_of(…, training=True)``."""
    copy = keras.models.clone_model(model)
    random = np.random.default_rng(seed)
    for variable in copy.trainable_variables:
        if variable.name in ("kernel", "depthwise_kernel"):
            depthwise = variable.name == "depthwise_kernel"
            inputs = np.prod(variable.shape[:2] if depthwise else variable.shape[:-1])
            variable.assign(random.normal(0, np.sqrt(2 / inputs), variable.shape))
    return copy


def _as_one(maps):
    """All images below each other, ``(n × height, width, channels)``."""
    return maps.reshape(-1, *maps.shape[2:])


def _between_neighbors(maps):
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
