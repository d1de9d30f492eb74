"""Does a channel stand for a part of an object? The eyes, ears and nose of Chelsea the cat, marked by hand."""

from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf
from PIL import Image

from utils.activations.receptive_fields import Window
from utils.layer_calls import LayerCalls
from utils.photographs import COLOUR, photograph

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


def parts_found(network, untrained, seed):
    """How often a single channel points to a part of the cat, on views that it was not chosen by.

    A channel points to a part in a view if its strongest place lies in the part, and if no view of seven other
    photographs excites it more. Of ``CANDIDATES`` channels the one is taken that points there most often in half of
    the views; what is returned is the share of the other half in which it does:
    ``{part: {"deep": …, "first layers": …, "untrained": …, "elsewhere": …}}``. The last three are the controls, chosen
    in the same way: the network's first layers, the deep layers of the ``untrained`` network, and deep channels for
    boxes of the same size elsewhere in the photograph (the mean over ``PLACES``). Views, candidates and places are
    drawn by ``seed``.
    """
    random = np.random.default_rng(seed)
    views = [view(random) for _ in range(VIEWS)]
    others = np.stack([_other(name, random) for name in COLOUR if name != "chelsea" for _ in range(OTHERS)])
    groups = {
        "deep": pointed_at(network, DEEP, views, others, random),
        "first layers": pointed_at(network, FIRST, views, others, random),
        "untrained": pointed_at(untrained, DEEP, views, others, random),
    }
    found = {}
    for part, boxes in PARTS.items():
        shares = {name: share_pointing(cells, views, boxes)[0] for name, cells in groups.items()}
        places = [elsewhere(boxes, random) for _ in range(PLACES)]
        shares["elsewhere"] = np.mean([share_pointing(groups["deep"], views, each)[0] for each in places])
        found[part] = {name: float(share) for name, share in shares.items()}
    return found


def beyond_controls(shares):
    """By how much the deep layers' share of one part exceeds the largest of its controls."""
    return shares["deep"] - max(share for name, share in shares.items() if name != "deep")


def pointed_at(model, layers, views, others, random):
    """The cell of each view that excites each of ``CANDIDATES`` channels most: ``(views, channels)``.

    −1 where one of ``others`` excites the channel more, or where it responds to all cells alike.
    """
    cells = _cells(model, layers, np.stack([each.pixels for each in views]))
    elsewhere = _cells(model, layers, others).max(axis=(0, 1, 2))
    chosen = random.choice(cells.shape[-1], min(CANDIDATES, cells.shape[-1]), replace=False)
    flat = cells[..., chosen].reshape(len(views), -1, len(chosen))
    counts = (flat.max(axis=1) > elsewhere[chosen]) & (flat.max(axis=1) > flat.min(axis=1))
    return np.where(counts, flat.argmax(axis=1), -1)


def share_pointing(cells, views, boxes):
    """The share of the second half of the views in which the channel that the first half chose points into ``boxes``.

    ``cells`` is what ``pointed_at`` returns. Returns the share and the channel's number among the candidates.
    """
    masks = np.stack([each.mask(boxes).ravel() for each in views])
    hits = np.take_along_axis(masks, np.maximum(cells, 0), axis=1) & (cells >= 0)
    half = len(views) // 2
    channel = int(hits[:half].mean(axis=0).argmax())
    return float(hits[half:, channel].mean()), channel


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


def _cells(model, layers, pixels, batch_size=8):
    """The activations of ``pixels``, 0…255, averaged over cells: ``(n, rows, columns, channels of all layers)``."""
    calls, images = LayerCalls(model), (pixels - 127) / 128
    found = []
    for start in range(0, len(images), batch_size):
        maps = calls.run(tf.constant(images[start : start + batch_size], tf.float32), list(layers))
        found.append(np.concatenate([_pooled(maps[name].numpy(), pixels.shape[1] // CELL) for name in layers], axis=-1))
    return np.concatenate(found)


def _pooled(maps, rows):
    count, height, width, channels = maps.shape
    factor = height // rows
    return maps.reshape(count, rows, factor, width // factor, factor, channels).mean(axis=(2, 4))


def _touch(one, other):
    return not (
        one.bottom <= other.top or other.bottom <= one.top or one.right <= other.left or other.right <= one.left
    )
