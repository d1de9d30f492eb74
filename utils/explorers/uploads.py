"""Files that a page sends in pieces. What arrived whole is kept while the kernel lives."""

import re
import tempfile
from functools import cache
from pathlib import Path

from utils.explorers.controls import MOST_BYTES


class Uploads:
    """One file after another, each in pieces that come in their order."""

    def __init__(self):
        self._path = self._arrived = None

    def piece(self, file, start, size, content):
        """The path of the file once its last piece is here, else ``None``.

        Raises ``OSError`` where it cannot be kept, and ``ValueError`` for more than it may hold.
        """
        if size > MOST_BYTES:
            raise ValueError(f"at most {MOST_BYTES / 1e6:.0f} MB are taken; save it smaller, and upload that")
        if start == 0:
            # A folder of its own: the same name may come twice, with another picture in it.
            self._path, self._arrived = Path(tempfile.mkdtemp(dir=_folder().name)) / _safe(file), 0
        if start != self._arrived:  # what came before it could not be kept
            return None
        self._arrived = None
        with self._path.open("ab") as kept:
            kept.write(content)
        self._arrived = start + len(content)
        return self._path if self._arrived >= size else None


@cache
def _folder():
    return tempfile.TemporaryDirectory(prefix="uploads-")


def _safe(name):
    """The name as the browser gives it, without what could lead out of a folder."""
    return re.sub(r"[^\w. -]", "_", name)[-60:].lstrip(". ") or "image"
