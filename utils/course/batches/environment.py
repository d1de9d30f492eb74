"""What the results of every job depend on beside the job itself."""

import hashlib
import sys
from functools import cache
from pathlib import Path

from utils.notebook_files.sources import ROOT

IMPORTED = ("utils", "data_scripts")  # packages of the course that a notebook can import …
READ = ("evidence", "notebooks")  # … and what it reads: the map of the course, the ledger of claims
NEVER_IMPORTED = ROOT / "utils" / "course"


@cache
def environment():
    """Hashed: Python's version, every package that is installed, and the files that a notebook imports or reads.

    A package's folder of metadata is called as the package and its version; to open each would take ten times as long.
    """
    digest = hashlib.sha256(f"python {sys.version_info[:2]}\n".encode())
    places = {Path(place).resolve() for place in sys.path}
    for package in sorted({each.name for place in places for each in place.glob("*.*-info")}):
        digest.update(f"{package}\n".encode())
    for path in project_files():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def project_files():
    """The files of the course that a notebook can import or read, in order."""
    found = (path for room in IMPORTED + READ for path in (ROOT / room).rglob("*"))
    return sorted(path for path in found if path.is_file() and not _is_left_out(path))


def _is_left_out(path):
    hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(ROOT).parts)
    return hidden or path.is_relative_to(NEVER_IMPORTED)
