"""All channels of a layer in one picture, as bytes."""

import math
from dataclasses import dataclass, field

import numpy as np

from utils.activations.maps import refuse_all_but_positive

LEVELS = 250  # shades of a mosaic; the codes above them mark what is no value
GAP, BLANK, CONSTANT, BAD = range(LEVELS, LEVELS + 4)
MARKS = {"blank": BLANK, "constant": CONSTANT, "not finite": BAD}


@dataclass(frozen=True)
class Mosaic:
    """All channels of one image side by side, as bytes: ``LEVELS`` shades, and codes for what is no value.

    ``tile`` is the height and width of one channel's tile in pixels, ``low`` and ``high`` the values that the
    darkest and the brightest shade stand for, one for each channel; ``marked`` counts the marked channels by kind.
    """

    codes: np.ndarray = field(repr=False)
    columns: int
    tile: tuple[int, int]
    low: np.ndarray = field(repr=False)
    high: np.ndarray = field(repr=False)
    shared: bool
    marked: dict


def mosaic(maps, *, shared=False, columns=None, least=32):
    """The ``Mosaic`` of one image's activations, ``(height, width, channels)``: any shape, any number of channels.

    Each channel has a scale of its own unless ``shared``. Channels of one value only are marked: blank (0
    everywhere), constant (another value), bad (not finite). Small maps are enlarged by a whole factor to at least
    ``least`` pixels.
    """
    maps = np.asarray(maps, dtype="float32")
    if maps.ndim == 1:  # a dense layer's units, or pooled channels: maps of one pixel
        maps = maps[None, None]
    if maps.ndim != 3 or 0 in maps.shape:
        raise ValueError(f"maps of shape {maps.shape}: those of one image, (height, width, channels), are needed")
    height, width, channels = maps.shape
    if columns is None:
        columns = math.ceil(math.sqrt(channels * height / width))
    refuse_all_but_positive(columns=columns)
    columns = min(columns, channels)
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    finite = np.isfinite(low) & np.isfinite(high)  # a channel's extremes are not where one of its values is not
    safe = maps if finite.all() else np.where(finite, maps, 0)
    low, high = np.where(finite, low, 0), np.where(finite, high, 0)
    flat = low == high
    if shared:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    span = np.where(high > low, high - low, 1)
    codes = safe - low
    codes /= span
    codes *= LEVELS - 1
    codes = codes.astype(np.uint8)
    marks = {
        CONSTANT: flat & finite & (safe[0, 0] != 0),
        BLANK: flat & finite & (safe[0, 0] == 0),
        BAD: ~finite,
    }
    factor = max(1, math.ceil(least / min(height, width)))
    tiles = codes.transpose(2, 0, 1)
    if factor > 1:
        tiles = tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    for code, which in marks.items():
        if which.any():
            tiles[which] = _hatched(tiles.shape[1:], code)
    marked = {name: int(marks[code].sum()) for name, code in MARKS.items()}
    return Mosaic(_grid(tiles, columns), columns, tiles.shape[1:], low, high, shared, marked)


def _hatched(shape, code):
    """A tile in the color ``code`` with a pattern that differs by code, so that color alone carries nothing."""
    rows, columns = np.indices(shape)
    pattern = {
        BLANK: np.zeros(shape, bool),
        CONSTANT: (rows + columns) % 6 == 0,
        BAD: (rows % 4 == 0) | (columns % 4 == 0),
    }[code]
    return np.where(pattern, GAP, code).astype(np.uint8)


def _grid(tiles, columns):
    """The tiles, ``(n, height, width)``, row by row with a line of two pixels between them."""
    count, height, width = tiles.shape
    rows = -(-count // columns)
    padded = np.full((rows * columns, height + 2, width + 2), GAP, np.uint8)
    padded[:count, 1:-1, 1:-1] = tiles
    return padded.reshape(rows, columns, height + 2, width + 2).swapaxes(1, 2).reshape(rows * (height + 2), -1)
