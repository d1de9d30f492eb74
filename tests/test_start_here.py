"""The first notebook's code: the report on the machine, the map, a photograph as numbers."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.explorers.start_here import patch_explorer
from utils.figures.start_here import draw_course_map, draw_patch
from utils.photographs import photograph
from utils.start_here import Chapter, chapters, environment, package_version, patch

ROOT = Path(__file__).parents[1]


def test_the_report_names_the_versions_that_run():
    import keras

    report = dict(environment())
    assert report["keras"] == keras.__version__
    assert int(report["processor cores"]) >= 1
    assert re.match(r"2\.\d+", report["tensorflow"])
    assert package_version("made-up-package") == "not installed"


def test_the_map_shows_every_notebook_in_order_with_its_minutes():
    found = chapters()
    assert [each.name for each in found] == sorted(path.stem for path in (ROOT / "notebooks").glob("0*.ipynb"))
    alt = draw_course_map(found).alt
    places = [alt.index(f"{each.name[:2]} {each.title}, {each.minutes} minutes") for each in found]
    assert places == sorted(places)
    assert str(sum(each.minutes for each in found)) in alt.split(".")[-2]


def test_a_long_title_and_an_odd_number_of_chapters_are_drawn():
    picture = draw_course_map([Chapter("00_a", "A", 5), Chapter("01_b", "Depthwise separable convolutions", 10)])
    assert np.asarray(Image.open(io.BytesIO(picture.data)).convert("L")).min() < 50


def test_the_map_in_the_readme_is_the_map_of_these_notebooks():
    stored = Image.open(ROOT / "docs" / "course_map.png").convert("L")
    fresh = Image.open(io.BytesIO(draw_course_map(chapters()).data)).convert("L")
    assert stored.size == fresh.size, "docs/course_map.png is out of date: make refresh"
    assert np.abs(np.asarray(stored, "int16") - np.asarray(fresh, "int16")).mean() < 1, "out of date: make refresh"


def test_a_patch_is_the_pixels_at_its_place():
    pixels = np.arange(5 * 6 * 3).reshape(5, 6, 3)
    assert patch(pixels, 1, 2, 2).tolist() == pixels[1:3, 2:4].tolist()


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (4, 0), (0, 5)])
def test_a_patch_beyond_the_edge_is_refused_with_the_range(row, column):
    with pytest.raises(ValueError, match=r"row 0…3, column 0…4"):
        patch(np.zeros((5, 6, 3)), row, column, 2)


def test_the_drawing_says_what_is_in_the_square():
    pixels = photograph("chelsea")
    square = patch(pixels, 10, 20, 4)
    red = square[..., 0]
    assert f"red {red.min()} to {red.max()}" in draw_patch(pixels, square, 10, 20, "chelsea").alt


def test_the_explorer_stays_inside_every_photograph():
    explorer = patch_explorer("retina", 8).set(row=1000, name="chelsea", size=64)
    assert explorer.values["row"] == 300 - 64
    assert "chelsea" in explorer.shown
