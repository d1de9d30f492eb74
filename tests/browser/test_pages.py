"""The pages of a run obey the accessibility rules that axe-core knows, and need no network."""

import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    out = tmp_path_factory.mktemp("pages") / "run"
    course = Path(sys.executable).with_name("course")
    subprocess.run([course, "run", ROOT / "notebooks" / "00_start_here.ipynb", "--out", out], check=True)
    return out


@pytest.mark.parametrize("name", ["index.html", "00_start_here.html"])
def test_a_page_has_no_serious_accessibility_fault_and_asks_for_nothing(browser, pages, name):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((pages / name).as_uri())
    found = Axe().run(page).response["violations"]
    ours = [each for each in found if each["impact"] in ("serious", "critical") and _ours(each)]
    assert not ours, [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in ours]
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]
    page.close()


def _ours(violation):
    """Whether it concerns what we wrote. nbconvert's own template colours code and scrolls cells in its own way."""
    return violation["id"] not in ("color-contrast", "scrollable-region-focusable", "html-has-lang", "label")
