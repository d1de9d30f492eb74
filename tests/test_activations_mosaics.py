"""All channels in one picture: each in its place, and what is no value marked."""

import io
import os

import matplotlib
import numpy as np
import pytest
import tensorflow as tf
from networks import linear_model
from PIL import Image

from utils.activations import (
    GradCam,
    Heatmaps,
    filters_by_ascent,
    mosaic,
    receptive_field,
    sparsity,
)
from utils.activations.mosaics import BAD, BLANK, CONSTANT, GAP, LEVELS
from utils.explorers.activations import activation_browser
from utils.figures.activations import (
    draw_by_depth,
    draw_channel,
    draw_channel_kinds,
    draw_contact_sheet,
    draw_exciting,
    draw_filters,
    draw_first_layers,
    draw_heatmaps,
    draw_kernels,
    draw_mosaic,
    draw_windows,
)
from utils.mini_xception import mini_xception
from utils.photographs import photograph

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(("height", "width", "channels"), [(9, 5, 3), (5, 9, 17), (1, 1, 40), (40, 40, 1), (2, 2, 16)])
def test_a_mosaic_shows_every_channel_in_its_place(height, width, channels):
    maps = RANDOM.normal(size=(height, width, channels))
    shown = mosaic(maps, least=8)
    tall, wide = shown.tile
    for channel in range(channels if height > 1 else 0):
        row, column = divmod(channel, shown.columns)
        top, left = row * (tall + 2) + 1, column * (wide + 2) + 1
        tile = shown.codes[top : top + tall, left : left + wide]
        own = maps[..., channel]
        expected = (own - own.min()) / np.ptp(own) * (LEVELS - 1)
        small = tile[:: tall // height, :: wide // width]
        assert np.abs(small - expected).max() <= 1
        np.testing.assert_array_equal(np.kron(small, np.ones((tall // height, wide // width))), tile)
    assert shown.codes.size == -(-channels // shown.columns) * shown.columns * (tall + 2) * (wide + 2)


def usual_grid(maps, columns=16):
    """Whole rows of 16 square maps, each channel by its mean and its deviation."""
    side, rows = maps.shape[0], maps.shape[-1] // columns
    grid = np.zeros(((side + 1) * rows - 1, (side + 1) * columns - 1))
    for row, column in np.ndindex(rows, columns):
        channel = maps[..., row * columns + column]
        channel = 64 * (channel - channel.mean()) / channel.std() + 128
        grid[row * (side + 1) :, column * (side + 1) :][:side, :side] = channel
    return grid


def test_the_usual_grid_cannot_show_what_a_mosaic_shows():
    random = np.random.default_rng(1)
    for shape in ((4, 4, 3), (5, 9, 16), (9, 5, 16)):  # fewer than 16 channels; maps that are not square
        with pytest.raises(ValueError, match=r"negative dimensions|could not broadcast"):
            usual_grid(random.normal(size=shape))
        assert len(mosaic(random.normal(size=shape)).low) == shape[2]
    assert usual_grid(random.normal(size=(4, 4, 30))).shape == (4, 5 * 16 - 1)  # one row: 14 channels are lost
    with np.errstate(invalid="ignore"):
        assert np.isnan(usual_grid(np.ones((4, 4, 16)))).any()
    assert not hasattr(matplotlib.cm, "get_cmap")  # where many look for their colors


def test_channels_without_a_picture_are_marked_and_never_nan():
    maps = RANDOM.normal(size=(8, 8, 5))
    maps[..., 0], maps[..., 1], maps[..., 2] = 0, 7, 0
    maps[0, 0, 3] = np.nan
    shown = mosaic(maps, columns=5, least=8)
    assert shown.marked == {"blank": 2, "constant": 1, "not finite": 1}
    tiles = [set(np.unique(shown.codes[:, 10 * each : 10 * each + 10])) for each in range(5)]
    assert tiles[0] == {GAP, BLANK}
    assert tiles[1] == {GAP, CONSTANT}
    assert tiles[2] == {GAP, BLANK}
    assert max(tiles[4] - {GAP}) == LEVELS - 1


def test_a_shared_scale_keeps_channels_comparable():
    maps = np.stack([np.full((4, 4), 1.0), np.full((4, 4), 3.0)], axis=2)
    maps[0, 0] = 0, 0
    own, shared = mosaic(maps, least=4), mosaic(maps, least=4, shared=True)
    assert own.codes[2, 2] == own.codes[2, 8] == LEVELS - 1
    assert shared.codes[2, 8] == LEVELS - 1
    assert shared.codes[2, 2] == (LEVELS - 1) // 3


def test_the_framed_channel_is_marked_where_its_tile_is_and_nowhere_else():
    grid = mosaic(RANDOM.normal(size=(20, 30, 12)), least=20)
    plain = np.asarray(Image.open(io.BytesIO(draw_mosaic(grid, "conv").data)))
    framed = draw_mosaic(grid, "conv", framed=7)
    marked = np.asarray(Image.open(io.BytesIO(framed.data)))
    row, column = divmod(7, grid.columns)
    own = np.zeros(plain.shape, bool)
    own[22 * row : 22 * row + 22, 32 * column : 32 * column + 32] = True
    np.testing.assert_array_equal(marked[~own], plain[~own])
    assert (marked[22 * row, 32 * column : 32 * column + 32] == BAD).all()
    assert (marked[22 * row : 22 * row + 22, 32 * column + 31] == BAD).all()
    assert "Channel 7 is framed" in framed.alt
    draw_mosaic(mosaic(RANDOM.normal(size=(1, 1, 1280)), least=16), "head", framed=1279)  # four digits in a tile of 16


def test_the_picture_of_a_mosaic_has_its_colors_and_says_what_is_marked():
    maps = np.stack([np.linspace(0, 1, 64).reshape(8, 8), np.zeros((8, 8))], axis=2)
    drawn = draw_mosaic(mosaic(maps, columns=2, least=8), "conv")
    pixels = np.asarray(Image.open(io.BytesIO(drawn.data)).convert("RGB"))
    assert tuple(pixels[1, 1]) == (68, 1, 84)  # the darkest color of viridis
    assert tuple(pixels[8, 8]) == (253, 231, 37)  # the brightest
    assert tuple(pixels[4, 14]) == (205, 205, 205)
    assert "1 blank" in drawn.alt
    assert "Each channel has its own scale" in drawn.caption


def test_every_figure_says_in_words_what_it_shows():
    maps = RANDOM.normal(size=(6, 9, 3))
    image = photograph("chelsea")
    climbed = filters_by_ascent(linear_model(), "conv", [0, 1], steps=2)
    heat = np.zeros((4, 4))
    heat[3, 0] = 1
    heatmaps = Heatmaps(np.stack([heat, 0 * heat]), np.array([0, 1]), None, "conv", "logit")
    window = receptive_field(mini_xception(None), "stem", size=(60, 60))
    measures = {"trained": (np.array([0.1, 0.7]), np.array([0.2, 0.9])), "random": (np.zeros(200), np.ones(200))}
    said = {
        draw_contact_sheet({"conv": mosaic(maps)}): "conv 3 channels",
        draw_channel(
            image, heat
        ): "the middle of the heat is ≈ 0.0 of the way from left to right, ≈ 1.0 from top to bottom",
        draw_kernels(RANDOM.normal(size=(3, 3, 3, 5)), [True, False, True, False, False]): "5 kernels",
        draw_first_layers(measures, dict.fromkeys(measures, 0.5)): "trained: ≈ 0.50 of the kernels are oriented",
        draw_by_depth({"zeros": {"mine": np.arange(9).reshape(3, 3)}}, "share"): "mine: from ≈ 1.00 to ≈ 7.00",
        draw_channel_kinds(
            [sparsity("a", np.ones((1, 2, 2, 4))), sparsity("b", np.zeros((1, 2, 2, 4)))]
        ): "dead ≈ 1.00",
        draw_filters([climbed]): "conv: 2 filters",
        draw_heatmaps(
            [image, image],
            heatmaps,
            ["cat", "dog"],
        ): "cat: the middle of the heat is ≈ 0.0 of the way from left to right, ≈ 1.0 from top to bottom; dog: no heat",
        draw_windows(image, {"stem": window}): "stem 5 × 5 pixels",
        draw_exciting({"channel 1": [(image, "chelsea")]}): "channel 1: chelsea",
    }
    for picture, words in said.items():
        assert words in picture.alt
        assert picture.html().startswith("<figure")
        assert Image.open(io.BytesIO(picture.data)).width > 20


def small(pixels):
    return np.asarray(Image.fromarray(pixels).resize((24, 24)), dtype="float32")[None]


def test_the_browser_moves_through_layers_channels_and_photographs(tmp_path):
    names = ["stem", "block1_relu1", "block2_relu2"]
    browser = activation_browser(mini_xception(24, filters=(4, 8)), names, prepare=small)
    first = browser.shown
    assert "stem, channel 0" in first
    assert browser.set(layer="block2_relu2").shown.count("<img") == 2
    assert "block2_relu2, channel 7" in browser.set(channel=7).shown
    browser.set(layer="stem")
    assert browser.values["channel"] == 3  # the stem has four channels only
    assert "stem, channel 3" in browser.shown
    assert "Channel 3 is framed" in browser.shown
    coffee = browser.set(photo="coffee").shown
    Image.fromarray(photograph("coffee")).save(tmp_path / "mine.png")
    assert browser.set(photo=str(tmp_path / "mine.png")).shown == coffee
    assert 'role="alert"' in browser.set(photo=str(tmp_path / "missing.png")).shown
    assert "Run this cell in JupyterLab" in browser._repr_mimebundle_()["text/html"]


def test_many_browsers_are_built_without_a_warning(caplog):
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    model = mini_xception(24, filters=(4, 8))
    for _ in range(8):
        browser = activation_browser(model, ["stem"], prepare=small)
        browser.set(photo="coffee")
        look = GradCam(model)
        for name in ("coffee", "chelsea"):
            look(small(photograph(name)))
        filters_by_ascent(model, "stem", [0], steps=1)
    logger.removeHandler(caplog.handler)
    assert not [record.message for record in caplog.records if "retracing" in record.message]


def test_the_browser_says_what_of_a_photograph_is_missing_and_reads_a_path_as_pasted(tmp_path):
    browser = activation_browser(mini_xception(24, filters=(4, 8)), ["stem"], prepare=small)
    encoded = io.BytesIO()
    Image.fromarray(photograph("coffee")).save(encoded, "JPEG", quality=95)
    whole = encoded.getvalue()
    (tmp_path / "my coffee.jpg").write_bytes(whole)
    shown = browser.set(photo=f'"{tmp_path / "my coffee.jpg"}"').shown
    assert "<img" in shown
    assert "lacks its end" not in shown
    (tmp_path / "my coffee.jpg").write_bytes(whole[: round(0.93 * len(whole))])
    os.utime(tmp_path / "my coffee.jpg", ns=(1, 1))
    shown = browser.set(channel=1).shown
    assert "my coffee.jpg: the file lacks its end" in shown
    assert "lacks its end" in browser.set(channel=2).shown
