"""The first notebook's explorer: any square of any bundled photograph, as numbers."""

from utils.explorers import Control, Explorer
from utils.figures.start_here import draw_patch
from utils.parameters import Choice, Whole
from utils.photographs import COLOR, photograph
from utils.start_here import patch


def patch_explorer(name="chelsea", size=8):
    """An ``Explorer`` that moves a square of ``size`` pixels over a photograph and shows its numbers."""
    return Explorer(
        "A photograph is numbers",
        _draw,
        _limits,
        name=Control("Photograph", Choice(*COLOR), name),
        row=Control("Row", Whole(0, 2000), photograph(name).shape[0] // 3),
        column=Control("Column", Whole(0, 2000), photograph(name).shape[1] // 3),
        size=Control("Size in pixels (up to 8: with numbers)", Whole(2, 64), size),
    )


def _draw(name, row, column, size):
    pixels = photograph(name)
    return draw_patch(pixels, patch(pixels, row, column, size), row, column, name)


def _limits(name, size, **_):
    height, width = photograph(name).shape[:2]
    return {"row": (0, height - size), "column": (0, width - size)}
