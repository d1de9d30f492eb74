"""How what a network shows changes with depth: sparsity, edges, classes; beside a network that was never trained."""

import math
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from utils.keras_graph import layers_inside
from utils.layer_calls import LayerCalls
from utils.photographs import COLOR, photograph

MEASURES = ("edges", "classes", "zeros", "blank maps", "blank windows")


def profile(model, images, classes, layers, photographs=None, batch_size=8):
    """What each of ``layers`` shows of the same images, in one pass: ``{measure: (layers,)}`` for all ``MEASURES``.

    - edges: how well a photograph's edges predict its maps, minus the same with another photograph's edges,
    - classes: the mean ``class_selectivity`` of the channels, by their mean activation,
    - zeros, blank maps, blank windows: the shares of ``Sparsity``; ``nan`` for windows where maps are smaller.

    ``images`` is what the model takes, ``photographs`` the same for the eye, ``(n, height, width, 3)``, ``classes`` is
    ``(n,)``. The edges are those of the first image of each class; without ``photographs`` there are none.
    """
    first = np.unique(classes, return_index=True)[1]
    found = {measure: [] for measure in MEASURES[photographs is None :]}
    for name, outputs in _layer_by_layer(model, images, layers, batch_size):
        maps = _as_maps(name, outputs)
        if photographs is not None:
            if outputs.ndim != 4:
                raise ValueError(
                    f"{name} gives {outputs.shape}: edges need a layer with maps (height, width, channels)"
                )
            found["edges"].append(edges_in(maps[first], np.asarray(photographs)[first]))
        selectivity = class_selectivity(maps.mean(axis=(1, 2)), classes)
        found["classes"].append(np.nan if np.isnan(selectivity).all() else np.nanmean(selectivity))
        sparse = sparsity(name, maps)
        for measure in MEASURES[2:]:
            found[measure].append(getattr(sparse, measure.replace(" ", "_")))
    return {measure: np.array(values) for measure, values in found.items()}


def rise(values):
    """The mean of ``values``, one a layer, over the last third of the layers, minus that over the first third.

    Layers that have no value (``nan``) do not count.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    third = max(1, len(values) // 3)
    return float(values[-third:].mean() - values[:third].mean())


def beyond(rises, *controls):
    """By how much ``rises`` exceeds the largest of its ``controls``; a control that falls counts as one that stays.

    Without that, a rise would be found where nothing rises and only the control falls.
    """
    return rises - max(0.0, *controls)


def edges_in(maps, photographs):
    """How well the edges of ``photographs`` predict their ``maps``, ``(n, height, width, channels)``.

    The mean size of the correlation, minus the same with the edges of another of the photographs: in small maps chance
    alone makes correlations.
    """
    edges = [edge_map(each, *maps.shape[1:3]) for each in photographs]
    by_others = zip(maps, edges[1:] + edges[:1], strict=True)
    own = np.mean([_mean_size(*each) for each in zip(maps, edges, strict=True)])
    return float(own - np.mean([_mean_size(*each) for each in by_others]))


def varied_crops(size=128, each=4, seed=0):
    """Crops of the eight color photographs in changing light, and their classes: ``(8 · each, size, size, 3)``, 0…255.

    Place, scale, mirror, brightness, contrast and color are drawn anew for each: a channel that tells the
    photographs apart all the same answers to more than brightness and color.
    """
    random = np.random.default_rng(seed)
    crops = [_varied_crop(photograph(name), size, random) for name in COLOR for _ in range(each)]
    return np.stack(crops), np.repeat(np.arange(len(COLOR)), each)


@dataclass(frozen=True)
class Sparsity:
    """How empty one layer is over a set of images; shares are 0…1.

    ``zeros``: of all activations. ``blank_maps``: of all maps (a channel for an image). ``blank_windows``: of
    all 2×2 windows, which are the same size at every depth; ``nan`` where the maps are smaller. The channels
    by kind: ``active`` or ``blank_here`` for the first image, ``dead`` for all, ``linear`` with negative values.
    """

    layer: str
    zeros: float
    blank_maps: float
    blank_windows: float
    active: int
    blank_here: int
    dead: int
    linear: int


def sparsity(layer, maps):
    """The ``Sparsity`` of one layer's activations, ``(n, height, width, channels)`` or ``(n, units)``."""
    maps = _as_maps(layer, np.asarray(maps))
    if maps.size == 0 or maps.dtype.kind not in "fiub":
        raise ValueError(f"{layer} gives {maps.shape} of {maps.dtype}: numbers, for one image at least, are needed")
    zero = maps == 0
    blank = zero.all(axis=(1, 2))
    linear = (maps < 0).any(axis=(0, 1, 2))
    dead = blank.all(axis=0)
    blank_here = blank[0] & ~dead & ~linear
    windows = zero[:, :-1, :-1] & zero[:, 1:, :-1] & zero[:, :-1, 1:] & zero[:, 1:, 1:]
    return Sparsity(
        layer,
        float(zero.mean()),
        float(blank.mean()),
        float(windows.mean()) if windows.size else math.nan,
        int((~blank[0] & ~linear).sum()),
        int(blank_here.sum()),
        int(dead.sum()),
        int(linear.sum()),
    )


def edge_map(photograph, height, width):
    """How strong the edges in brightness are (Sobel): ``photograph``, ``(…, …, 3)`` → ``(height, width)`` averages."""
    gray = np.asarray(photograph, dtype="float32") @ np.float32([0.299, 0.587, 0.114])
    strength = np.hypot(ndimage.sobel(gray, 0), ndimage.sobel(gray, 1))
    return np.asarray(Image.fromarray(strength).resize((width, height), Image.Resampling.BOX))


def edge_correlations(maps, edges):
    """The correlation of each channel of one image with its edge map: ``nan`` for channels of one value only.

    ``maps`` is ``(height, width, channels)``, ``edges`` ``(height, width)``.
    """
    maps = np.asarray(maps, dtype="float64").reshape(-1, np.shape(maps)[-1])
    maps, edges = maps - maps.mean(axis=0), np.ravel(edges) - np.mean(edges)
    norm = np.sqrt((maps**2).sum(axis=0) * (edges**2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(norm > 1e-12, edges @ maps / norm, np.nan)


def class_selectivity(responses, classes):
    """How much of the variance of each channel's ``responses``, ``(n, channels)``, the ``classes``, ``(n,)``, explain.

    1: the class alone decides; 0: no more than classes given by lot, which "explain" ``(k − 1) / (n − 1)`` of the
    variance by chance (the adjusted share; below 0 where it is less). Channels without any variance have ``nan``.
    """
    responses, classes = np.asarray(responses, dtype="float64"), np.asarray(classes)
    count, kinds = len(classes), np.unique(classes)
    if count <= len(kinds):
        raise ValueError(f"{count} responses to {len(kinds)} classes: more responses than classes are needed")
    total = ((responses - responses.mean(axis=0)) ** 2).sum(axis=0)
    within = sum(
        ((responses[classes == each] - responses[classes == each].mean(axis=0)) ** 2).sum(axis=0) for each in kinds
    )
    chance = (count - 1) / (count - len(kinds))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 1e-12, 1 - chance * within / total, np.nan)


def untrained(model, images, seed=0):
    """A copy of ``model`` as if before training: random kernels of the same spread, γ = 1, β = 0.

    The moving averages are those of ``images``. The control for whatever is found in a trained network: what an
    untrained one shows too was not learned. ``model`` is functional or sequential and may nest such models.
    """
    twin = keras.models.clone_model(model, recursive=True)
    random = np.random.default_rng(seed)
    for variable, trained in zip(twin.variables, model.variables, strict=True):
        name = variable.path.split("/")[-1]
        value = keras.ops.convert_to_numpy(trained)
        if "kernel" in name or name == "embeddings":
            value = random.normal(0, value.std(), value.shape)
        elif name in FRESH:
            value = np.full(value.shape, FRESH[name])
        variable.assign(value)
    for layer in layers_inside(twin):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its variables
    take_averages(twin, images)
    return twin


def take_averages(model, images):
    """Set the moving averages of ``model`` to those of ``images``; nothing else changes but what it trains with."""
    for layer in layers_inside(model):
        layer.trainable = True  # a frozen batch normalization takes no statistics
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # the moving averages are those of the last batch
    model(np.asarray(images, dtype="float32"), training=True)


FRESH = {"gamma": 1.0, "scale": 1.0, "moving_variance": 1.0, "beta": 0.0, "bias": 0.0, "moving_mean": 0.0}


def _layer_by_layer(model, images, layers, batch_size):
    """``(name, outputs)`` for each layer; its outputs for all images, ``(n, height, width, channels)``."""
    calls, images = LayerCalls(model), np.asarray(images, dtype="float32")
    parts = [
        calls.run(tf.constant(images[start : start + batch_size]), layers)
        for start in range(0, len(images), batch_size)
    ]
    for name in layers:
        yield name, np.concatenate([part[name].numpy() for part in parts])


def _as_maps(layer, outputs):
    """The outputs as ``(n, height, width, channels)``: a dense layer's units are maps of one pixel."""
    if outputs.ndim == 2:
        return outputs[:, None, None]
    if outputs.ndim != 4:
        raise ValueError(f"{layer} gives {outputs.shape}: (n, height, width, channels) or (n, units) is needed")
    return outputs


def _mean_size(maps, edges):
    sizes = np.abs(edge_correlations(maps, edges))
    return 0.0 if np.isnan(sizes).all() else float(np.nanmean(sizes))


def _varied_crop(pixels, size, random):
    side = int(min(pixels.shape[:2]) * random.uniform(0.6, 0.95))
    top, left = (random.integers(length - side + 1) for length in pixels.shape[:2])
    crop = Image.fromarray(pixels[top : top + side, left : left + side]).resize((size, size), Image.Resampling.BICUBIC)
    crop = np.asarray(crop, dtype="float32")[:, :: random.choice([-1, 1])]
    crop = 255 * random.uniform(0.5, 1) * (crop / 255) ** random.uniform(0.5, 2)
    gray = crop.mean(axis=2, keepdims=True)
    return np.clip(gray + random.uniform(-0.5, 1) * (crop - gray), 0, 255)
