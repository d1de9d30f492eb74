"""The figures of the first notebook."""

import numpy as np
from matplotlib.patches import FancyBboxPatch, Rectangle

from utils.figures import BLUE, GREEN, ORANGE, SKY, YELLOW, new_figure, picture

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
    for colour, width in (("black", 4), (YELLOW, 2)):
        side = size + 2 * margin
        axes[0].add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=width))
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
        f"The photograph {name} with a square of {size} × {size} pixels marked at row {row}, column {column}; beside "
        f"it the square's three channels as grey pictures with their values; mean values: {means}."
    )
    return picture(figure, alt, photographic=True)


def draw_course_map(chapters):
    """The course's chapters in teaching order, four in a row, each with its number, title and minutes."""
    rows = -(-len(chapters) // 4)
    figure, axis = new_figure(10, 1.45 * rows)
    axis.set(xlim=(-0.02, 4), ylim=(-rows + 0.06, 0.02))
    axis.axis("off")
    for place, chapter in enumerate(chapters):
        x, y = place % 4, -(place // 4) - 0.88
        colour = (SKY, SKY, BLUE, BLUE, BLUE, GREEN, ORANGE, ORANGE)[place % 8]
        box = FancyBboxPatch((x + 0.03, y), 0.84, 0.78, boxstyle="round,pad=0,rounding_size=0.06", mutation_aspect=0.6)
        box.set(facecolor=colour, alpha=0.18, edgecolor="none")
        axis.add_patch(box)
        axis.text(x + 0.09, y + 0.58, chapter.name[:2], fontsize=13, weight="bold", va="center")
        axis.text(x + 0.83, y + 0.58, f"{chapter.minutes} min", fontsize=9.5, va="center", ha="right")
        axis.text(x + 0.09, y + 0.25, _two_lines(chapter.title), fontsize=10.5, va="center", linespacing=1.15)
        if place % 4 < 3 and place + 1 < len(chapters):
            axis.annotate("", (x + 1.02, y + 0.39), (x + 0.88, y + 0.39), arrowprops={"arrowstyle": "->", "lw": 1.4})
    listed = "; ".join(f"{each.name[:2]} {each.title}, {each.minutes} minutes" for each in chapters)
    total = sum(each.minutes for each in chapters)
    return picture(figure, f"The course's {len(chapters)} notebooks in order: {listed}. Together {total} minutes.")


def _two_lines(title):
    """The title, broken at the space nearest to its middle where it is long."""
    spaces = [place for place, letter in enumerate(title) if letter == " "]
    if len(title) <= 18 or not spaces:
        return title
    middle = min(spaces, key=lambda place: abs(place - len(title) / 2))
    return f"{title[:middle]}\n{title[middle + 1 :]}"


def _write_numbers(axis, values):
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, str(value), ha="center", va="center", fontsize=7.5, color="black" if value > 127 else "white")
