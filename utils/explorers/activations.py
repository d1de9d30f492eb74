"""The activation browser: any layer and channel of a network, for any photograph."""

import html
from functools import lru_cache

import numpy as np

from utils.activations import Observer, mosaic
from utils.explorers import Control, Explorer, File
from utils.explorers.own_photograph import changed, own_photograph
from utils.figures.activations import draw_channel, draw_mosaic
from utils.parameters import Choice, Whole
from utils.photographs import COLOUR, photograph
from utils.pretrained import prepare

MOST_ROWS = 56  # of a map in the mosaic; larger ones show every second or fourth row


def activation_browser(model, layers, photo="chelsea", layer=None, path="", prepare=prepare):
    """An ``Explorer`` of the activations of ``model`` in ``layers``; ``prepare`` makes a batch of a photograph.

    ``path`` is a photograph of your own; while it is empty, ``photo`` names a bundled one. All layers are computed
    when the photograph changes, so that moving through layers and channels costs only the drawing.
    """
    observer = Observer(model, layers)
    channels = {call.name: call.shape[-1] for call in observer.calls}
    observer(prepare(photograph(photo)))  # the second look compiles: better before the first move than at it

    @lru_cache(maxsize=2)
    def seen(photo, path, changed):
        pixels = own_photograph(path) if path.strip() else photograph(photo)
        return pixels, observer(prepare(pixels), most_bytes=400_000_000)

    def card(photo, path, layer, channel, shared):
        pixels, found = seen(photo, path, changed(path))
        maps = found[layer][0]
        step = -(-maps.shape[0] // MOST_ROWS)
        tiles = draw_mosaic(mosaic(maps[::step, ::step], shared=shared, least=16), layer)
        return _row(maps[..., channel], layer, channel) + draw_channel(pixels, maps[..., channel]).html() + tiles.html()

    return Explorer(
        "What a layer makes of a photograph",
        card,
        lambda layer, **values: {"channel": (0, channels[layer] - 1)},
        photo=Control("Photograph", Choice(*COLOUR), photo),
        path=Control("Or the path of your own", File(), path),
        layer=Control("Layer", Choice(*layers), layer or layers[0]),
        channel=Control("Channel", Whole(0, max(channels[name] for name in layers) - 1), 0),
        shared=Control("One scale for all channels", Choice(True, False), False),
    )


def _row(channel, layer, number):
    zeros, negative = np.mean(channel == 0), np.mean(channel < 0)
    share = f"≈ {zeros:.2f} of it is 0" if not negative else f"≈ {negative:.2f} of it is negative"
    text = f"{layer}, channel {number}: from ≈ {channel.min():.1f} to ≈ {channel.max():.1f}, {share}"
    return f"<p>{html.escape(text)}</p>"
