"""Batch normalization by hand: a batch's activations before and after, with γ and β on sliders."""

import numpy as np

from utils.batch_normalization import batch_normalized
from utils.explorers import Control, Explorer
from utils.figures.batch_normalization import draw_before_and_after
from utils.parameters import Real, Whole


def normalization_explorer(maps):
    """An ``Explorer`` of what batch normalization makes of ``maps``, ``(images, height, width, channels)``."""
    images, *_, channels = maps.shape

    def draw(channel, batch_size, contrast, gamma, beta):
        before = contrast * np.asarray(maps[:batch_size, ..., channel - 1], dtype=float)
        after = batch_normalized(before[..., None], gamma, beta)
        return draw_before_and_after(before, after)

    return Explorer(
        "One channel of a batch, normalized",
        draw,
        channel=Control("Channel", Whole(1, channels), 1),
        batch_size=Control("Batch size", Whole(1, images), images),
        contrast=Control("Contrast of the maps", Real(0.0, 10.0), 1.0),
        gamma=Control("γ (scale)", Real(-3.0, 3.0), 1.0),
        beta=Control("β (shift)", Real(-3.0, 3.0), 0.0),
    )
