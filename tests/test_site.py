"""The web site holds every notebook, shows its pictures, and asks nobody for anything."""

import re
import subprocess
import sys
from pathlib import Path

from utils.notebook_files.sources import course_notebooks

ROOT = Path(__file__).parents[1]


def test_the_site_is_built_without_warnings_and_names_no_other_host(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-c", "docs", "-b", "html", ".", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (tmp_path / "notebooks").glob("*.html")}
    assert sorted(pages) == [path.stem for path in course_notebooks()]
    for name, page in pages.items():
        assert 'alt="' in page, name
        assert "model not found" not in page, name
    for page in tmp_path.rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*", page.read_text())
        assert not loaded, page.name
