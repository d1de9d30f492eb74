"""Builds the site: ``make site``, or ``python docs/build_site.py``. No notebook is executed: stored outputs are shown.

What Sphinx reads is written into ``build/site-source`` first: the notebooks with questions that can be answered in the
page (``site_notebooks.py``), and the pages of ``docs/pages`` with what is generated in them (``site_pages.py``).
"""

import shutil
import sys
import zipfile

from fetch_pyodide import NotToBeHad, fetch_pyodide
from site_notebooks import notebook_for_site
from site_pages import pages

from utils.notebook_files.sources import ROOT, course_notebooks

DOCS, BUILD = ROOT / "docs", ROOT / "build"
SOURCE, STATIC, SITE = BUILD / "site-source", BUILD / "site-static", BUILD / "site"
# What questions are checked with, in the reader's browser: none of it needs NumPy or Keras.
IN_THE_PAGE = "__init__.py", "parameters.py", "records.py", "scoring.py", "arithmetic/*.py", "questions/*.py"


def main(arguments):
    """Build the site, with Sphinx's own ``arguments``; the exit code."""
    # pip's path of this environment holds the course; Sphinx is imported late, since it takes a while.
    from sphinx.cmd.build import main as sphinx_build

    refusal = write_static_files()
    if refusal:
        print(f"The questions on the site's pages are not live: {refusal}")
    write_sources(live=not refusal)
    return sphinx_build(["-q", "-c", str(DOCS), "-d", str(BUILD / "site-doctrees"), str(SOURCE), str(SITE), *arguments])


def write_static_files():
    """Python for the page and the course's part of it; a sentence if Python is not to be had, else ""."""
    shutil.rmtree(STATIC, ignore_errors=True)
    python = STATIC / "live" / "pyodide"
    python.mkdir(parents=True)
    try:
        fetch_pyodide(python)
    except NotToBeHad as error:
        return str(error)
    with zipfile.ZipFile(python.with_name("course.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(DOCS / "respond.py", "respond.py")
        for path in sorted(found for pattern in IN_THE_PAGE for found in (ROOT / "utils").glob(pattern)):
            archive.write(path, path.relative_to(ROOT).as_posix())
    return ""


def write_sources(live):
    """Write what Sphinx reads; what is the same as before keeps its time, so that Sphinx reads it no second time."""
    files = {f"notebooks/{path.name}": notebook_for_site(path, live) for path in course_notebooks()} | pages(live)
    for path in SOURCE.rglob("*"):
        if path.is_file() and path.relative_to(SOURCE).as_posix() not in files:
            path.unlink()
    for name, text in files.items():
        path = SOURCE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
