"""Something that is kept about a student, and how it is deleted."""

import contextlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from utils.course.storage.input_files import Mistake
from utils.course.storage.store import PARTIAL, FolderStore


@dataclass(frozen=True)
class Kept:
    """A file of the student's own, or ``count`` things, ``what``, in one that tells of others, too.

    ``name`` is its place in the folder ``root``. ``without(path)`` is the content of the file without these things, in
    bytes, and their number; ``None`` where the whole file is the student's.
    """

    root: Path
    name: str
    count: int = 1
    what: str = ""
    without: Callable | None = None

    @property
    def path(self):
        return self.root / self.name

    def __str__(self):
        return f"{self.path}: {self.count} {self.what}{'s' * (self.count > 1)}" if self.without else str(self.path)

    def delete(self):
        """Delete it: the file is as it was or as it should be, whatever happens meanwhile.

        What has changed since it was found is looked at anew. ``Mistake`` or ``OSError`` if it cannot be deleted.
        """
        refuse_links(self.root, self.name)
        content, count = self.without(self.path) if self.without else (b"", 1)
        if content and count:
            FolderStore(self.root).write(self.name, content, stat.S_IMODE(self.path.stat().st_mode))
        elif count:
            self.path.unlink()
            with contextlib.suppress(OSError):  # a folder in which something is left
                for folder in list(Path(self.name).parents)[:-1]:
                    (self.root / folder).rmdir()


def refuse_links(root, name):
    """``Mistake`` if the file, or a folder on the way to it or for it, is a link or something else that is no file."""
    parts = Path(name).parts
    for end in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:end])
        if path.is_symlink():
            raise Mistake(f"{path}: a link, which is not followed")
    if not stat.S_ISREG(os.lstat(root / name).st_mode):
        raise Mistake(f"{root / name}: no file")
    if (root / PARTIAL).is_symlink():
        raise Mistake(f"{root / PARTIAL}: a link, which is not followed")
