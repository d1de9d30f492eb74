"""The activation browser: any layer and channel of a network, for any photograph."""

from functools import lru_cache

from utils.activations import Observer, mosaic
from utils.explorers import Control, Explorer, Photograph
from utils.explorers.chosen_photograph import changed, chosen_photograph, remarks_on
from utils.figures.activations import describe_channel, draw_channel, draw_mosaic
from utils.parameters import Choice, Whole
from utils.photographs import COLOR, photograph
from utils.pretrained import prepare

MOST_ROWS = 56  # of a map in the mosaic; larger ones show every second or fourth row


def activation_browser(model, layers, photo="chelsea", layer=None, prepare=prepare):
    """An ``Explorer`` of the activations of ``model`` in ``layers``; ``prepare`` makes a batch of a photograph.

    ``photo`` names a bundled photograph, or is the path of your own. All layers are computed when the photograph
    changes, so that moving through layers and channels costs only the drawing.
    """
    observer = Observer(model, layers)
    channels = {call.name: call.shape[-1] for call in observer.calls}
    observer(prepare(photograph()))  # the second look compiles: better before the first move than at it

    @lru_cache(maxsize=2)
    def seen(photo, changed):
        pixels = chosen_photograph(photo)
        return pixels, observer(prepare(pixels), most_bytes=400_000_000)

    def card(photo, layer, channel, shared):
        pixels, found = seen(photo, changed(photo))
        maps = found[layer][0]
        step = -(-maps.shape[0] // MOST_ROWS)
        tiles = draw_mosaic(mosaic(maps[::step, ::step], shared=shared, least=16), layer, framed=channel)
        chosen = maps[..., channel]
        said = remarks_on(photo) + describe_channel(chosen, layer, channel)
        return said + draw_channel(pixels, chosen).html() + tiles.html()

    return Explorer(
        "The activations of a layer for a photograph",
        card,
        lambda layer, **values: {"channel": (0, channels[layer] - 1)},
        photo=Control("Photograph", Photograph(*COLOR), photo),
        layer=Control("Layer", Choice(*layers), layer or layers[0]),
        channel=Control("Channel", Whole(0, max(channels[name] for name in layers) - 1), 0),
        shared=Control("One scale for all channels", Choice(True, False), False),
    )
