"""All drawing of the course. This module holds what every figure needs; each notebook's figures have a module
of their own beside it, with the topic's name.

A figure function takes computed numbers and returns a ``Picture``: it computes nothing itself. Drawing
goes through ``matplotlib.figure.Figure`` without pyplot, so no global state is left behind.
"""

import base64
import html
import io
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

# Okabe and Ito's colors, distinguishable with every common color vision.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
COLOR_MAP = "viridis"  # for values that start at nothing
DIVERGING_MAP = "PuOr"  # for values around zero
DOTS_PER_INCH = 96
# A light ground keeps black axes readable in a dark theme. There it is gray, and so is what is white in the picture:
# JupyterLab's page color is mixed in. Where there is no such color, or no style is kept, the picture is as it is drawn.
GROUND = (
    "display:inline-block;max-width:100%;isolation:isolate;background:white;"
    "background:color-mix(in srgb,white 78%,var(--jp-layout-color1,white))"
)
ON_GROUND = "display:block;max-width:100%;mix-blend-mode:multiply"


@dataclass(frozen=True)
class Picture:
    """An image with its text alternative, shown in notebooks as ``<figure><img alt=…>``.

    ``alt`` says what the picture shows, with the numbers that one would read off it.
    """

    data: bytes
    alt: str
    caption: str = ""
    width: int = 0
    mime: str = "image/png"

    def __repr__(self):
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html(), "text/plain": repr(self)}

    def html(self):
        source = f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"
        width = f' width="{self.width}"' if self.width else ""
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure style="margin:0"><span style="{GROUND}"><img src="{source}" '
            f'alt="{html.escape(self.alt, quote=True)}"{width} style="{ON_GROUND}"></span>{caption}</figure>'
        )


def new_figure(width=7.0, height=3.5, rows=1, columns=1, **subplots):
    """A figure of ``width`` × ``height`` inches and its axes, as ``plt.subplots`` would give them."""
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots(rows, columns, **subplots)
    for each in np.ravel(axes):
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes


def picture(figure, alt, caption=""):
    """The ``Picture`` of a matplotlib figure, drawn at twice the screen's size, in a palette of 256 colors."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=2 * DOTS_PER_INCH, metadata={"Software": None})
    image = Image.open(buffer).convert("RGB")
    return Picture(palette_png(image), alt, caption, image.width // 2)


def palette_png(image):
    """The bytes of a PIL image as a palette PNG: a third of the size, and on plots the same to the eye."""
    buffer = io.BytesIO()
    image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        buffer, format="PNG", optimize=True
    )
    return buffer.getvalue()


def photograph(pixels, alt, caption="", width=0):
    """The ``Picture`` of an image array, ``(height, width)`` or ``(height, width, 3)``, of bytes or of 0…1."""
    pixels = np.asarray(pixels)
    if pixels.dtype != np.uint8:
        pixels = np.clip(np.rint(pixels * 255), 0, 255).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(buffer, format="PNG", optimize=True)
    return Picture(buffer.getvalue(), alt, caption, width or pixels.shape[1])
