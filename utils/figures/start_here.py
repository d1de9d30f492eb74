"""The figures of the first notebook."""

import io
from functools import cache

import matplotlib
import numpy as np
from matplotlib.patches import FancyBboxPatch
from PIL import Image, ImageDraw, ImageFont

from utils.figures import BLUE, GREEN, ORANGE, SKY, YELLOW, Picture, new_figure, picture

CHANNELS = ("red", "green", "blue")
PANEL, PHOTOGRAPH, TITLE, GAP = 400, 640, 44, 24  # pixels, two for each of the screen


def draw_patch(photograph, patch, row, column, name):
    """A photograph with a square marked in it, and the square's three channels as numbers.

    ``photograph`` is ``(height, width, 3)``, ``patch`` the square at (row, column), ``(size, size, 3)``, both 0…255.
    """
    size = len(patch)
    panels = [_marked(photograph, row, column, size), *(_as_numbers(patch[..., each]) for each in range(3))]
    titles = [
        f"{name}: {' × '.join(map(str, photograph.shape))}",
        *(f"channel {each}, {color}" for each, color in enumerate(CHANNELS)),
    ]
    width = sum(each.width for each in panels) + GAP * (len(panels) - 1)
    sheet, left = Image.new("RGB", (width, PANEL + TITLE), "white"), 0
    for panel, title in zip(panels, titles, strict=True):
        sheet.paste(panel, (left, TITLE + (PANEL - panel.height) // 2))
        place = left + panel.width // 2, TITLE // 2
        ImageDraw.Draw(sheet).text(place, title, fill="black", font=_font(24), anchor="mm")
        left += panel.width + GAP
    ranges = (f"{color} {patch[..., i].min()} to {patch[..., i].max()}" for i, color in enumerate(CHANNELS))
    alt = (
        f"The photograph {name} with a square of {size} × {size} pixels marked at row {row}, column {column}; beside "
        f"it the square's three channels as gray pictures, with their values where there is room: {', '.join(ranges)}."
    )
    buffer = io.BytesIO()
    sheet.save(buffer, format="JPEG", quality=88, subsampling=0)
    return Picture(buffer.getvalue(), alt, width=width // 2, mime="image/jpeg")


def draw_course_map(chapters):
    """The course's chapters in teaching order, four in a row, each with its number, title and minutes."""
    rows = -(-len(chapters) // 4)
    figure, axis = new_figure(10, 1.45 * rows)
    axis.set(xlim=(-0.02, 4), ylim=(-rows + 0.06, 0.02))
    axis.axis("off")
    for place, chapter in enumerate(chapters):
        x, y = place % 4, -(place // 4) - 0.88
        color = (SKY, SKY, BLUE, BLUE, BLUE, BLUE, GREEN, ORANGE, ORANGE, SKY)[place % 10]
        box = FancyBboxPatch((x + 0.03, y), 0.84, 0.78, boxstyle="round,pad=0,rounding_size=0.06", mutation_aspect=0.6)
        box.set(facecolor=color, alpha=0.18, edgecolor="none")
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


@cache
def _font(size):
    """The other figures' font: Pillow's own has no ×."""
    return ImageFont.truetype(matplotlib.get_data_path() + "/fonts/ttf/DejaVuSans.ttf", size)


def _marked(photograph, row, column, size):
    """The photograph with a frame around the square."""
    height, width = photograph.shape[:2]
    scale = min(PHOTOGRAPH / width, PANEL / height)
    shown = Image.fromarray(photograph).resize((round(width * scale), round(height * scale)), Image.Resampling.BILINEAR)
    # A square of eight pixels is too small to find on the screen: the frame is drawn around a wider one.
    margin = max(height // 30, size // 2)
    top, left, side = row - margin, column - margin, size + 2 * margin
    corners = [round(scale * each) for each in (left, top, left + side, top + side)]
    for color, thickness in (("black", 9), (YELLOW, 5)):
        middle = (thickness - 5) // 2
        outer = [corners[0] - middle, corners[1] - middle, corners[2] + middle, corners[3] + middle]
        ImageDraw.Draw(shown).rectangle(outer, outline=color, width=thickness)
    return shown


def _as_numbers(values):
    """One channel of the square as gray cells; in large ones their values."""
    size = len(values)
    shown = Image.fromarray(values).resize((PANEL, PANEL), Image.Resampling.NEAREST)
    if size <= 8:
        pen, font, cell = ImageDraw.Draw(shown), _font(18), PANEL / size
        for (i, j), value in np.ndenumerate(values):
            place = (j + 0.5) * cell, (i + 0.5) * cell
            pen.text(place, str(value), fill=0 if value > 127 else 255, font=font, anchor="mm")
    return shown.convert("RGB")
