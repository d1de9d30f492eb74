"""The pages of runs, batches and grades obey the accessibility rules that axe-core knows, and need no network."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.course.tiny_notebooks import write
from tests.readme import ROOT, make


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder, notebook = tmp_path_factory.mktemp("pages"), ROOT / "notebooks" / "00_start_here.ipynb"
    course = Path(sys.executable).with_name("course")
    subprocess.run(make("run", ARGS=f"{notebook} -p seed 3 --out {folder / 'run'}"), cwd=ROOT, check=True)
    small = [write(folder / "passing.ipynb", "1"), write(folder / "failing.ipynb", "1 / 0")]
    assert subprocess.run([course, "batch", *small, "--out", folder / "batch"]).returncode == 1
    roster = folder / "roster.csv"
    # Made-up students; the notebook that was run is what the first returned.
    roster.write_text("id,name,group\nada,Ada Example,1\nbo,דנה,2\n")
    returned = folder / "returned" / "ada"
    returned.mkdir(parents=True)
    shutil.copy2(folder / "run" / notebook.name, returned)
    grading = [course, "grade", folder / "returned", "--roster", roster, "--feedback", "--out", folder / "grades"]
    subprocess.run(grading, check=True)
    return folder


@pytest.mark.parametrize(
    "name",
    ["run/index.html", "run/00_start_here.html", "batch/index.html", "grades/index.html", "grades/feedback/ada.html"],
)
def test_a_page_has_no_serious_accessibility_fault_and_asks_for_nothing(browser, pages, name):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((pages / name).as_uri())
    found = Axe().run(page).response["violations"]
    theirs = NBCONVERT if name.endswith("00_start_here.html") else ()
    faults = [each for each in found if each["impact"] in ("serious", "critical") and each["id"] not in theirs]
    assert not faults, [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in faults]
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "it fits the screen of a phone"
    page.close()


# nbconvert's own template colors code and scrolls cells in its own way.
NBCONVERT = ("color-contrast", "scrollable-region-focusable", "html-has-lang", "label")
