"""The surgery panel: parts of the ImageNet network switched off by hand, and the labels that come out."""

from functools import lru_cache

import numpy as np

from utils.explorers import Control, Explorer, Photograph, Several
from utils.explorers.chosen_photograph import changed, chosen_photograph, remarks_on
from utils.figures.surgery import draw_operation
from utils.parameters import Choice
from utils.pretrained import prepare, top
from utils.surgery import CHANNELS, PHOTOGRAPHS, company_of, operation, residual_blocks

MOVING, BATCH = "moving averages", "this photograph and three others"


def surgery_panel(table, photo="chelsea", path=""):
    """An ``Explorer`` of an ``OperatingTable``: switch parts off, and read the five most probable classes.

    ``path`` is a photograph of your own; while it is empty, ``photo`` names a bundled one.
    """
    blocks = residual_blocks(table.model)

    @lru_cache(maxsize=2)
    def seen(photo, changed):
        pixels = chosen_photograph(photo)
        images = prepare(pixels)
        return pixels, images, table.probabilities(images)[0]

    def card(photo, branches, shortcut, statistics, channels):
        pixels, images, intact = seen(photo, changed(photo))
        changes = operation(table.model, set(blocks) - set(branches), {shortcut} & set(blocks), channels)
        if statistics == BATCH:
            images = np.concatenate([images, company_of(photo)])
        after = table.probabilities(images, changes, batch_statistics=statistics == BATCH)[0]
        return remarks_on(photo) + draw_operation(pixels, top(after, 5), top(intact, 1)[0])

    return Explorer(
        "The operating table",
        card,
        photo=Control("Photograph", Photograph(*PHOTOGRAPHS), path.strip() or photo),
        branches=Control("Branches that work", Several(*blocks), blocks),
        shortcut=Control("Cut the shortcut of", Choice("none", *blocks), "none"),
        statistics=Control("Statistics from", Choice(MOVING, BATCH), MOVING),
        channels=Control("Channels", Choice(*CHANNELS), CHANNELS[0]),
    )
