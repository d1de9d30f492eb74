"""The surgery panel: parts of the ImageNet network switched off by hand, and the labels that come out."""

import html
from functools import cache, lru_cache

import numpy as np

from utils.explorers import Control, Explorer, File
from utils.explorers.own_photograph import changed, own_photograph
from utils.figures import BLUE
from utils.parameters import Choice
from utils.photographs import photograph
from utils.pretrained import prepare, top
from utils.surgery import PHOTOGRAPHS, channels_reversed, colour_removed, residual_blocks, shortcut_cut, switched_off

MOVING, BATCH = "moving averages", "this photograph and three others"
CHANNELS = {"as trained": lambda model: {}, "red and blue swapped": channels_reversed, "grey": colour_removed}


def surgery_panel(table, photo="chelsea", path=""):
    """An ``Explorer`` of an ``OperatingTable``: switch parts off, and read the five most probable classes."""
    branches = residual_blocks(table.model)

    @lru_cache(maxsize=2)
    def seen(photo, path, changed):
        images = prepare(own_photograph(path)) if path.strip() else _bundled(photo)
        return images, table.probabilities(images)[0]

    def card(photo, path, shortcut, statistics, channels, **on):
        changes = switched_off(table.model, *(block for block in branches if not on[block]))
        changes |= shortcut_cut(table.model, *([] if shortcut == "none" else [shortcut]))
        changes |= CHANNELS[channels](table.model)
        images, before = seen(photo, path, changed(path))
        if statistics == BATCH:
            others = [name for name in PHOTOGRAPHS if path.strip() or name != photo][:3]
            images = np.concatenate([images, *map(_bundled, others)])
        after = table.probabilities(images, changes, batch_statistics=statistics == BATCH)[0]
        return _bars(top(after, 5), top(before, 1)[0])

    return Explorer(
        "The operating table",
        card,
        photo=Control("Photograph", Choice(*PHOTOGRAPHS), photo),
        path=Control("Or the path of your own", File(), path),
        **{block: Control(f"Branch of {block}", Choice(True, False), True) for block in branches},
        shortcut=Control("Cut the shortcut of", Choice("none", *branches), "none"),
        statistics=Control("Statistics from", Choice(MOVING, BATCH), MOVING),
        channels=Control("Channels", Choice(*CHANNELS), "as trained"),
    )


@cache
def _bundled(photo):
    return prepare(photograph(photo))


def _bars(tops, intact):
    """Classes with a bar each; the label of the intact network is marked."""
    label, probability = intact
    rows = "".join(
        f'<tr><th scope="row" style="text-align:right;font-weight:{"bold" if name == label else "normal"}">'
        f"{html.escape(name)}</th>"
        f'<td style="width:20em"><div style="width:{round(100 * value)}%;height:1em;background:{BLUE}"></div></td>'
        f"<td>≈ {value:.2f}</td></tr>"
        for name, value in tops
    )
    return f"<p>Without any operation: {html.escape(label)}, ≈ {probability:.2f}. With yours:</p><table>{rows}</table>"
