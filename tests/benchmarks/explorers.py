"""How long a change in an explorer takes, up to the drawing's new HTML, against what a person takes for at once.

The ratios are the milliseconds allowed, 100, or 250 for a network of 224 pixels, to those measured.
"""

import time

import numpy as np

from utils.activations import activations
from utils.explorers.activations import activation_browser
from utils.explorers.batch_normalization import normalization_explorer
from utils.explorers.blocks import block_explorer
from utils.explorers.start_here import patch_explorer
from utils.explorers.surgery import surgery_panel
from utils.mini_xception import mini_xception
from utils.photographs import photograph
from utils.pretrained import imagenet_network
from utils.surgery import OperatingTable

AT_ONCE, SOON = 100, 250  # milliseconds
CHANGES = 15


def benchmarks():
    """A row for each kind of change; each of its runs is one change."""
    network = imagenet_network()
    relus = [layer.name for layer in network.layers if layer.name.endswith("relu")]
    panel, mini, large = surgery_panel(OperatingTable(network)), _mini_browser(), activation_browser(network, relus)
    blocks = panel.values["branches"]
    patches = np.stack([photograph("chelsea")[:32, left : left + 32] for left in range(0, 320, 5)]).astype("float32")
    maps = activations(mini_xception(32), patches, ["block1_conv1"])["block1_conv1"]
    photographs = ["coffee", "rocket", "chelsea"]
    yield _row("patch explorer: row", AT_ONCE, patch_explorer(), "row", range(10, 90))
    yield _row("block explorer: filters", AT_ONCE, block_explorer(), "filters", range(10, 90))
    yield _row("normalization explorer: γ", AT_ONCE, normalization_explorer(maps), "gamma", np.linspace(-2, 2, 90))
    yield _row("activation browser, 64 px: channel", AT_ONCE, mini, "channel", range(1, 16))
    yield _row("activation browser, 64 px: layer", AT_ONCE, mini, "layer", MINI_LAYERS[1:] + MINI_LAYERS[:1])
    yield _row("activation browser, 64 px: photograph", AT_ONCE, mini, "photo", photographs)
    yield _row("activation browser, 224 px: channel", SOON, large, "channel", range(1, 16))
    yield _row("activation browser, 224 px: layer", SOON, large, "layer", relus[1:] + relus[:1])
    yield _row("activation browser, 224 px: photograph", SOON, large, "photo", photographs)
    yield _row("operating table, 224 px: a branch", SOON, panel, "branches", [blocks[1:], blocks])
    yield _row("operating table, 224 px: photograph", SOON, panel, "photo", photographs)
    yield _row("operating table, 224 px: statistics", SOON, panel, "statistics", _options(panel, "statistics")[::-1])


MINI_LAYERS = ["stem", *(f"block{number}_{part}" for number in (1, 2, 3) for part in ("relu1", "conv1", "add"))]


def _mini_browser():
    def prepare(pixels):
        top, left = ((side - 64) // 2 for side in pixels.shape[:2])
        return pixels[None, top : top + 64, left : left + 64].astype("float32")

    return activation_browser(mini_xception(64), MINI_LAYERS, prepare=prepare)


def _options(explorer, name):
    return explorer._controls[name].allowed.values


def _row(name, allowed, explorer, control, values):
    """Move one control through the values, over and over, and take the time of each change."""
    values = list(values)
    explorer.set(**{control: values[-1]})
    milliseconds = []
    for number in range(CHANGES):
        before, start = explorer.shown, time.perf_counter()
        explorer.set(**{control: values[number % len(values)]})
        milliseconds.append(1000 * (time.perf_counter() - start))
        assert explorer.shown != before, f"{name}: {values[number % len(values)]!r} changed nothing"
        assert 'role="alert"' not in explorer.shown, explorer.shown
    ratios = allowed / np.array(milliseconds)
    found = f"{name}, {np.median(milliseconds):.0f} of {allowed} ms"
    return {"name": found, "ratio": float(np.median(ratios)), "target": 1, "runs": ratios.tolist()}
