"""Builds the site: ``make site``, or ``python docs/build_site.py``. No notebook is executed: stored outputs are shown.

What Sphinx reads is written into ``build/site-source`` first: the notebooks with questions that can be answered in the
page (``site_notebooks.py``), and the pages of ``docs/pages`` with what is generated in them (``site_pages.py``). The
slides (``site_slides.py``) are pages of their own, which it copies.
"""

import os
import shutil
import subprocess
import sys
import zipfile

import nbformat
from fetch_pyodide import NotToBeHad, fetch_pyodide
from site_notebooks import notebook_for_site
from site_pages import decks, pages

from utils.course.working_folder.laying import without_outputs
from utils.ledger import ledger
from utils.notebook_files.reading import read
from utils.notebook_files.sources import ROOT, course_notebooks

DOCS, BUILD = ROOT / "docs", ROOT / "build"
SOURCE, STATIC, SITE = BUILD / "site-source", BUILD / "site-static", BUILD / "site"
COPIED = BUILD / "site-copied"
# What questions are checked with, in the reader's browser: none of it needs NumPy or Keras.
IN_THE_PAGE = (
    "former_names.py", "parameters.py", "records.py", "scoring.py",
    "arithmetic/*.py", "questions/*.py", "architecture/blocks.py",
)  # fmt: skip


def main(arguments):
    """Build the site, with Sphinx's own ``arguments``; the exit code."""
    # pip's path of this environment holds the course; Sphinx is imported late, since it takes a while.
    from sphinx.cmd.build import main as sphinx_build

    if not os.access(BUILD if BUILD.exists() else ROOT, os.W_OK):
        sys.exit(f"{BUILD} cannot be written by you: build the site in a copy of the course.")
    refusal = write_static_files()
    if refusal:
        print(f"The questions on the site's pages are not live: {refusal}")
    write_sources(live=not refusal, has_archive=write_downloads())
    # -a: where Sphinx writes only what changed, its search forgets the glossary's terms on all other pages.
    options = ["-q", "-a", "-c", str(DOCS), "-d", str(BUILD / "site-doctrees")]
    return sphinx_build([*options, str(SOURCE), str(SITE), *arguments])


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
        # What these prepare is for a kernel: the one imports ctypes, the other Keras.
        archive.writestr("utils/__init__.py", "")
        archive.writestr("utils/architecture/__init__.py", "")
    return ""


def write_downloads():
    """What readers can download; whether the whole course is among it, which git must list: nothing else may get in."""
    folder = STATIC / "downloads"
    folder.mkdir()
    for name, text in ledger(ROOT / "notebooks").files().items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in course_notebooks():
        nbformat.write(without_outputs(read(path)), folder / path.name)
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    with zipfile.ZipFile(folder / "convnet-course.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                archive.write(ROOT / name, f"convnet-course/{name}")
    return True


def write_sources(live, has_archive):
    """Write what Sphinx reads; what is the same as before keeps its time, so that Sphinx reads it no second time."""
    files = {f"notebooks/{path.name}": notebook_for_site(path, live) for path in course_notebooks()} | pages(
        live, has_archive
    )
    _write(SOURCE, files)
    _write(COPIED, decks())


def _write(folder, files):
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
