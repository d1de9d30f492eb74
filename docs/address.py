"""Writes the repository's address wherever it is needed: badges and links, CITATION.cff, and the notebooks' Colab cell.

The address stands in pyproject.toml, under ``[tool.course]``. It is empty until it is known, and then all of these are
absent. ``make lint`` runs this; where nothing is to be changed, nothing is written.
"""

import re
import sys
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
GITHUB = re.compile(r"https://github\.com/([\w-]+)/([\w.-]+)(?<!\.git)")
README = re.compile(r"(<!-- written by docs/address\.py -->\n).*?(<!-- end -->\n)", re.DOTALL)
CITATION = re.compile(r"^repository-code: .*\n", re.MULTILINE)
BADGES = """\
[![Tests]({address}/actions/workflows/ci.yml/badge.svg)]({address}/actions/workflows/ci.yml)
[![Open in Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/{owner}/{name}/HEAD?urlpath=lab/tree/work/00_start_here.ipynb)
[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/{owner}/{name}/blob/main/notebooks/00_start_here.ipynb)

[The course as a web site](https://{site}.github.io/{name}/) · `git clone {address}`
"""
COLAB = """\
# In Google Colab, this fetches the course and the versions that it needs. Elsewhere it does nothing.
import os
import subprocess
import sys

if "COLAB_RELEASE_TAG" in os.environ:
    course = "/content/convnet-course"
    if not os.path.exists(course):
        clone = ["git", "clone", "--quiet", "--depth", "1", "{address}", course]
        subprocess.run(clone, check=True)
    sys.path.insert(0, course)
    import colab

    colab.prepare()"""


def main(root=ROOT):
    """Bring every file of ``root`` in line with the address; the names of those that changed."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    address = project["tool"]["course"]["repository"]
    found = GITHUB.fullmatch(address)
    if address and not found:
        sys.exit(f"pyproject.toml: repository = {address!r}: https://github.com/OWNER/NAME is needed, or an empty text")
    changes = {"README.md": readme, "CITATION.cff": citation}
    changes |= {f"notebooks/{each.name}": notebook for each in sorted((root / "notebooks").glob("*.ipynb"))}
    changed = []
    for name, change in changes.items():
        before = (root / name).read_text(encoding="utf-8")
        after = change(before, found)
        if after != before:
            (root / name).write_text(after, encoding="utf-8", newline="\n")
            changed.append(name)
    return changed


def readme(text, found):
    """README.md with its badges and links, or without them."""
    shown = ""
    if found:
        owner, name = found.groups()
        shown = BADGES.format(address=found[0], owner=owner, name=name, site=owner.lower())
    return README.sub(lambda marked: marked[1] + shown + marked[2], text)


def citation(text, found):
    """CITATION.cff with ``repository-code``, or without it."""
    return CITATION.sub("", text) + (f"repository-code: {found[0]}\n" if found else "")


def notebook(text, found):
    """A notebook's file with the cell for Colab below its title, or without it."""
    read = nbformat.reads(text, as_version=4)
    cells = [cell for cell in read.cells if cell.id != "colab"]
    if found:
        cells.insert(1, nbformat.v4.new_code_cell(COLAB.format(address=found[0]), id="colab"))
    if [(each.id, each.source) for each in cells] == [(each.id, each.source) for each in read.cells]:
        return text
    read.cells = cells
    return nbformat.writes(read) + "\n"


if __name__ == "__main__":
    for name in main():
        print(f"{name}: the repository's address")
