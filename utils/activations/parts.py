"""Does a channel stand for a part of an object? The eyes, ears and nose of Chelsea the cat, marked by hand."""

from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf
from PIL import Image

from utils.activations.receptive_fields import Window
from utils.layer_calls import LayerCalls
from utils.photographs import COLOR, photograph

# Boxes in the photograph, 300 × 451 pixels: rows, columns. Both ears are cut off by its upper edge.
PARTS = {
    "eyes": (Window(83, 134, 151, 209), Window(107, 292, 168, 344)),
    "ears": (Window(0, 42, 28, 92), Window(0, 322, 74, 399)),
    "nose": (Window(222, 228, 270, 293),),
}
FIRST = ("stem_relu", "block1a_depthwise_relu", "block2a_expand_relu", "block2b_expand_relu")
DEEP = ("block5b_expand_relu", "block5c_expand_relu", "block6a_expand_relu")
CANDIDATES = 300  # channels of each group; the first layers have 304
CELL = 16  # pixels: the deep layers' maps have one number for so many, the others are averaged to it
VIEW = 224, 336  # height and width
VIEWS, OTHERS, PLACES = 16, 2, 6  # views of the cat, of each other photograph; places elsewhere for each part


@dataclass(frozen=True)
class View:
    """A view of the photograph: pixels, 0…255, the window of it that is seen, and whether it is mirrored."""

    pixels: np.ndarray = field(repr=False)
    window: Window
    mirrored: bool

    def mask(self, boxes):
        """Which cells of the view have their middle in one of the ``boxes`` of the photograph: booleans."""
        (height, width), (rows, columns) = self.window.shape, (VIEW[0] // CELL, VIEW[1] // CELL)
        down = self.window.top + (np.arange(rows) + 0.5) * height / rows
        across = self.window.left + (np.arange(columns) + 0.5) * width / columns
        across = across[::-1] if self.mirrored else across
        inside = [
            ((down >= box.top) & (down < box.bottom))[:, None] & (across >= box.left) & (across < box.right)
            for box in boxes
        ]
        return np.any(inside, axis=0)


@dataclass(frozen=True)
class Found:
    """How often the deep channel that was chosen for a part points to it: the share of fresh views, and its controls.

    ``layer`` and ``channel`` name it; ``controls`` are shares, too: "first layers", "untrained", "elsewhere".
    """

    share: float
    controls: dict[str, float]
    layer: str
    channel: int

    @property
    def beyond(self):
        """By how much the share exceeds the highest of its controls."""
        return self.share - max(self.controls.values())


def parts_found(network, untrained, seed, views=VIEWS, others=OTHERS):
    """``{part: Found}``: does a single deep channel point to a part of the cat, in views that it was not chosen by?

    A channel points to a part in a view if its strongest place lies in the part, and if no view of seven other
    photographs excites it more. Of ``CANDIDATES`` channels the one is taken that does so most often in half of the
    views; what counts is the share of the other half. The controls are chosen in the same way: the network's first
    layers, the deep layers of the ``untrained`` network, and deep channels for boxes of the same size elsewhere in the
    photograph (the mean over ``PLACES``). Views, candidates and places are drawn by ``seed``.
    """
    random = np.random.default_rng(seed)
    views = [view(random) for _ in range(views)]
    others = np.stack([_other(name, random) for name in COLOR if name != "chelsea" for _ in range(others)])
    (deep, channels), (first, _) = pointed_at(network, (DEEP, FIRST), views, others, random)
    ((blank, _),) = pointed_at(untrained, (DEEP,), views, others, random)
    found = {}
    for part, boxes in PARTS.items():
        share, best = share_pointing(deep, views, boxes)
        places = [share_pointing(deep, views, elsewhere(boxes, random))[0] for _ in range(PLACES)]
        controls = {
            "elsewhere": float(np.mean(places)),
            "first layers": share_pointing(first, views, boxes)[0],
            "untrained": share_pointing(blank, views, boxes)[0],
        }
        found[part] = Found(share, controls, *channels[best])
    return found


def pointed_at(model, groups, views, others, random):
    """Where ``CANDIDATES`` channels of each group of layers respond most, one pair a group: places, and the channels.

    The places are cells of each view, ``(views, channels)``: −1 where one of ``others`` excites the channel more, or
    where it responds to all cells alike. A channel is its layer's name and its number there.
    """
    layers = sum(groups, ())
    in_views = cells(model, layers, np.stack([each.pixels for each in views]))
    in_others = cells(model, layers, others)
    found = []
    for group in groups:
        names = [(layer, number) for layer in group for number in range(in_views[layer].shape[-1])]
        chosen = random.choice(len(names), min(CANDIDATES, len(names)), replace=False)
        flat = np.concatenate(
            [in_views[layer].reshape(len(views), -1, in_views[layer].shape[-1]) for layer in group], -1
        )
        most = np.concatenate([in_others[layer].max(axis=(0, 1, 2)) for layer in group])[chosen]
        flat = flat[..., chosen]
        counts = (flat.max(axis=1) > most) & (flat.max(axis=1) > flat.min(axis=1))
        found.append((np.where(counts, flat.argmax(axis=1), -1), [names[each] for each in chosen]))
    return found


def share_pointing(places, views, boxes):
    """The share of the second half of the views in which the channel that the first half chose points into ``boxes``.

    ``places`` are those of ``pointed_at``. Returns the share and the channel's place among the candidates.
    """
    masks = np.stack([each.mask(boxes).ravel() for each in views])
    hits = np.take_along_axis(masks, np.maximum(places, 0), axis=1) & (places >= 0)
    half = len(views) // 2
    channel = int(hits[:half].mean(axis=0).argmax())
    return float(hits[half:, channel].mean()), channel


def channel_map(model, layer, channel):
    """One channel's activations of the whole photograph, averaged over cells: ``(rows, columns)``."""
    pixels = Image.fromarray(photograph("chelsea")).resize(VIEW[::-1], Image.Resampling.BICUBIC)
    return cells(model, [layer], np.asarray(pixels, dtype="float32")[None])[layer][0, ..., channel]


def cells(model, layers, pixels, batch_size=8):
    """The activations of ``pixels``, 0…255, averaged over cells: ``{layer: (n, rows, columns, channels)}``."""
    calls, images = LayerCalls(model), (pixels - 127) / 128
    found = {layer: [] for layer in layers}
    for start in range(0, len(images), batch_size):
        maps = calls.run(tf.constant(images[start : start + batch_size], tf.float32), list(layers))
        for layer in layers:
            found[layer].append(_pooled(maps[layer].numpy(), pixels.shape[1] // CELL))
    return {layer: np.concatenate(parts) for layer, parts in found.items()}


def view(random):
    """A random ``View`` of the cat: most of the photograph, mirrored or not, darker or lighter."""
    pixels = photograph("chelsea")
    share = random.uniform(0.85, 1)
    height, width = (int(length * share) for length in pixels.shape[:2])
    top, left = random.integers(pixels.shape[0] - height + 1), random.integers(pixels.shape[1] - width + 1)
    window, mirrored = Window(int(top), int(left), int(top) + height, int(left) + width), bool(random.random() < 0.5)
    return View(_lit(window.crop(pixels), VIEW, mirrored, random), window, mirrored)


def elsewhere(boxes, random):
    """Boxes of the same sizes at random places that touch no part and not each other."""
    height, width = photograph("chelsea").shape[:2]
    taken = [box for part in PARTS.values() for box in part]
    placed = []
    while len(placed) < len(boxes):
        high, wide = boxes[len(placed)].shape
        top, left = int(random.integers(height - high + 1)), int(random.integers(width - wide + 1))
        box = Window(top, left, top + high, left + wide)
        if not any(_touch(box, each) for each in taken + placed):
            placed.append(box)
    return tuple(placed)


def _other(name, random):
    pixels = photograph(name)
    side = int(min(pixels.shape[:2]) * random.uniform(0.6, 0.95))
    top, left = (int(random.integers(length - side + 1)) for length in pixels.shape[:2])
    return _lit(pixels[top : top + side, left : left + side], (VIEW[0],) * 2, random.random() < 0.5, random)


def _lit(pixels, size, mirrored, random):
    resized = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BICUBIC)
    shades = (np.asarray(resized, dtype="float32") / 255)[:, :: -1 if mirrored else 1]
    return 255 * random.uniform(0.6, 1) * shades ** random.uniform(0.6, 1.6)


def _pooled(maps, rows):
    count, height, width, channels = maps.shape
    factor = height // rows
    return maps.reshape(count, rows, factor, width // factor, factor, channels).mean(axis=(2, 4))


def _touch(one, other):
    return not (
        one.bottom <= other.top or other.bottom <= one.top or one.right <= other.left or other.right <= one.left
    )
