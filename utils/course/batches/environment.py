"""What the results of every job depend on beside the job itself."""

import hashlib
import sys
from functools import cache
from importlib.metadata import distributions

from utils.notebook_files.sources import ROOT

IMPORTED = ("utils", "data_scripts")  # packages of the course that a notebook can import …
READ = ("evidence", "notebooks")  # … and what it reads: the map of the course, the ledger of claims
NEVER_IMPORTED = ROOT / "utils" / "course"


@cache
def environment():
    """Hashed: Python's version, every package that is installed, and the files that a notebook imports or reads."""
    digest = hashlib.sha256(f"python {sys.version_info[:2]}\n".encode())
    for package in sorted({f"{each.name} {each.version}" for each in distributions()}):
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
