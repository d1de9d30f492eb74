"""The figures of the first notebook."""

import numpy as np
from matplotlib.patches import Rectangle

from utils.figures import VERMILION, new_figure, picture

CHANNELS = ("red", "green", "blue")


def draw_patch(photograph, patch, row, column, name):
    """A photograph with a square marked in it, and the square's three channels as numbers.

    ``photograph`` is ``(height, width, 3)``, ``patch`` the square at (row, column), ``(size, size, 3)``, both 0…255.
    """
    size = len(patch)
    figure, axes = new_figure(10, 2.55, 1, 4, width_ratios=(1.5, 1, 1, 1))
    axes[0].imshow(photograph)
    # A square of eight pixels is too small to find on the screen: the frame is drawn around a wider one.
    margin = max(photograph.shape[0] // 30, size // 2)
    corner = column - margin, row - margin
    axes[0].add_patch(
        Rectangle(corner, size + 2 * margin, size + 2 * margin, fill=False, edgecolor=VERMILION, linewidth=2)
    )
    axes[0].set_title(f"{name}: {' × '.join(map(str, photograph.shape))}", fontsize=10)
    for channel, colour in enumerate(CHANNELS):
        values = patch[..., channel]
        axes[channel + 1].imshow(values, cmap="gray", vmin=0, vmax=255)
        axes[channel + 1].set_title(f"channel {channel}, {colour}", fontsize=10)
        if size <= 8:
            _write_numbers(axes[channel + 1], values)
    for each in axes:
        each.set_xticks([])
        each.set_yticks([])
    means = ", ".join(f"{colour} {patch[..., i].mean():.0f}" for i, colour in enumerate(CHANNELS))
    alt = (
        f"The photograph {name} with a square of {size} × {size} pixels marked at row {row}, column {column}; beside it the "
        f"square's three channels as grey pictures with their values; mean values: {means}."
    )
    return picture(figure, alt)


def _write_numbers(axis, values):
    for (i, j), value in np.ndenumerate(values):
        axis.text(
            j, i, str(value), ha="center", va="center", fontsize=7.5, color="black" if value > 127 else "white"
        )
