"""The web site holds every notebook, shows its pictures, and asks nobody for anything."""

import re
import shutil
import subprocess

from tests.readme import ROOT, make
from utils.notebook_files.sources import course_notebooks

SITE = ROOT / "build" / "site"


def test_the_site_is_built_without_warnings_and_names_no_other_host():
    shutil.rmtree(SITE, ignore_errors=True)
    done = subprocess.run(make("site", ARGS="-W"), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (SITE / "docs" / "index.html").exists()
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (SITE / "notebooks").glob("*.html")}
    assert sorted(pages) == [path.stem for path in course_notebooks()]
    for name, page in pages.items():
        assert 'alt="' in page, name
        assert "model not found" not in page, name
    for page in SITE.rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*", page.read_text())
        assert not loaded, page.name
