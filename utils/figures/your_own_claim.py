"""The figure of the last notebook: two arms, paired by their seeds."""

import numpy as np

from utils.figures import BLUE, ORANGE, new_figure, picture

GRAY = "#999999"


def draw_pairs(arms, quantity="accuracy"):
    """The numbers of two arms, ``{name: (n,) numbers}``, the two of one seed joined by a line."""
    (one, first), (other, second) = arms.items()
    figure, axis = new_figure(5.5, 3)
    for pair in zip(first, second, strict=True):
        axis.plot((0, 1), pair, color=GRAY, lw=1, zorder=1)
    for place, (numbers, color, marker) in enumerate(((first, BLUE, "o"), (second, ORANGE, "s"))):
        axis.scatter([place] * len(numbers), numbers, color=color, marker=marker, zorder=2)
    axis.set_xticks((0, 1), (one, other))
    axis.set(xlim=(-0.4, 1.4), ylabel=quantity)
    higher = int(np.sum(np.asarray(first) > np.asarray(second)))
    means = ", ".join(f"{name} ≈ {np.mean(numbers):.2f} on average" for name, numbers in arms.items())
    return picture(
        figure,
        f"{quantity.capitalize()} of two arms for {len(first)} seeds: {means}. {one} is higher for ≈ {higher} of them.",
        "Each line joins the two networks of one seed.",
    )
