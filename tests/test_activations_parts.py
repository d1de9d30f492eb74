"""Channels that point to parts of the cat, and such that do not."""

import keras
import numpy as np
import pytest
from keras import layers

from utils.activations.parts import (
    PARTS,
    VIEW,
    Found,
    cells,
    elsewhere,
    pointed_at,
    share_pointing,
    view,
)
from utils.activations.receptive_fields import Window
from utils.claims import verdict
from utils.figures.activations import draw_parts
from utils.photographs import photograph

EYES = PARTS["eyes"]


def views(count=8, seed=0):
    random = np.random.default_rng(seed)
    return [view(random) for _ in range(count)]


def yellow_green(pixels):
    """Where the color of the cat's irises is."""
    red, green, blue = np.moveaxis(np.asarray(pixels, dtype=float), -1, 0)
    return (green > 0.99 * red) & (green > 1.25 * blue)


def test_the_irises_are_in_the_boxes_of_the_eyes_and_all_boxes_in_the_photograph():
    pixels = photograph("chelsea")
    for box in sum(PARTS.values(), ()):
        assert box.crop(pixels).shape[:2] == box.shape
        assert box not in EYES or yellow_green(box.crop(pixels)).mean() > 10 * yellow_green(pixels[200:]).mean()


def test_the_mask_of_a_view_lies_where_the_part_lies_in_it_mirrored_or_not():
    seen = {each.mirrored: each for each in views(20)}
    assert set(seen) == {True, False}
    for each in seen.values():
        mask = np.kron(each.mask(EYES[:1]), np.ones((16, 16), bool))
        assert each.pixels.shape == (*VIEW, 3)
        iris = yellow_green(each.pixels)
        assert iris[mask].mean() > 10 * iris[~mask].mean()
        columns = np.flatnonzero(mask.any(axis=0)).mean() / VIEW[1]
        assert (columns > 0.5) == each.mirrored  # the first eye is on the left of the photograph


def test_the_best_channel_is_chosen_by_one_half_and_judged_by_the_other():
    seen = views(4)
    masks = np.stack([each.mask(EYES).ravel() for each in seen])
    inside, outside = masks.argmax(axis=1), (~masks).argmax(axis=1)
    always, first_half, never = inside, np.where([1, 1, 0, 0], inside, outside), np.full(4, -1)
    assert share_pointing(np.stack([never, first_half], axis=1), seen, EYES) == (0, 1)
    assert share_pointing(np.stack([never, always], axis=1), seen, EYES) == (1, 1)
    assert share_pointing(np.stack([never, never], axis=1), seen, EYES)[0] == 0


def test_a_channel_that_another_photograph_excites_more_does_not_count():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, layers.Identity(name="same")(inputs))
    seen, random = views(3), np.random.default_rng(0)
    dark, bright = np.zeros((1, 224, 224, 3), "float32"), np.full((1, 224, 224, 3), 255, "float32")
    ((places, channels),) = pointed_at(model, (("same",),), seen, dark, random)
    assert (places >= 0).all()
    assert sorted(channels) == [("same", 0), ("same", 1), ("same", 2)]
    ((places, _),) = pointed_at(model, (("same",),), seen, bright, random)
    assert (places == -1).all()


def test_cells_are_means_over_sixteen_pixels():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, layers.Identity(name="same")(inputs))
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 32, 48, 3)).astype("float32")
    found = cells(model, ["same"], pixels)["same"]
    assert found.shape == (1, 2, 3, 3)
    assert found[0, 1, 2, 0] == pytest.approx((pixels[0, 16:, 32:, 0].mean() - 127) / 128, abs=1e-4)


def test_boxes_elsewhere_touch_no_part():
    random = np.random.default_rng(1)
    for _ in range(20):
        placed = elsewhere(EYES, random)
        assert [each.shape for each in placed] == [each.shape for each in EYES]
        taken = np.zeros(photograph("chelsea").shape[:2], int)
        for box in (*placed, *sum(PARTS.values(), ())):
            taken[box.top : box.bottom, box.left : box.right] += 1
        assert taken.max() == 1


def test_what_the_strongest_control_finds_as_well_does_not_count():
    found = Found(1.0, {"elsewhere": 0.2, "first layers": 0.9, "untrained": 0.0}, "deep", 3)
    assert found.beyond == pytest.approx(0.1)
    assert verdict("parts-of-objects", [found.beyond] * 5, [0.5] * 5, [0.5] * 5).word == "does not hold here"
    assert verdict("parts-of-objects", *[[0.5] * 5] * 3).word == "holds"


def test_the_figure_says_where_each_channel_responds_most():
    heat = np.zeros((4, 10))
    heat[0, 9] = 1
    alt = draw_parts(photograph("chelsea"), {"nose": (Window(222, 228, 270, 293),)}, {"nose": heat}).alt
    assert "nose: strongest ≈ 0.9 of the way from left to right, ≈ 0.1 from top to bottom" in alt
