"""Hypothesis spaces, what a layer assumes, what reuse is worth, stages of networks, and the course's blocks.

Images are ``(n, height, width, channels)``, labels ``(n,)``. Numbers come out; nothing here draws or judges.
"""

from utils.architecture.blocks import BLOCKS, block
from utils.architecture.hypotheses import Surface, Tree, features, grow, linear_losses, surface
from utils.architecture.learning import (
    RATES,
    Learned,
    at_places,
    best_rate,
    kept_back,
    learning,
    scrambled,
    standardized_per_image,
)
from utils.architecture.networks import LocallyConnected2D, convnet, dense, unshared
from utils.architecture.pyramids import FAMILIES, Slope, Stage, families, formulas, pyramid, slope
from utils.architecture.shifts import as_dense, follows, in_a_corner, shifted_crops, stays
from utils.data import changed

__all__ = [
    "BLOCKS",
    "FAMILIES",
    "RATES",
    "Learned",
    "LocallyConnected2D",
    "Slope",
    "Stage",
    "Surface",
    "Tree",
    "as_dense",
    "at_places",
    "best_rate",
    "block",
    "changed",
    "convnet",
    "dense",
    "families",
    "features",
    "follows",
    "formulas",
    "grow",
    "in_a_corner",
    "kept_back",
    "learning",
    "linear_losses",
    "pyramid",
    "scrambled",
    "shifted_crops",
    "slope",
    "standardized_per_image",
    "stays",
    "surface",
    "unshared",
]
