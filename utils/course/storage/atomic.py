"""One file written whole or not at all."""

import contextlib
import os
import uuid
from pathlib import Path


def write_whole(path, content, mode=0o666, folder=None):
    """Write text, bytes or an iterable of bytes: ``path`` is the old file or the new one, whatever happens meanwhile.

    It is written beside (or in ``folder``, on the same disk), forced to the disk, and renamed.
    """
    path = Path(path)
    beside = Path(folder or path.parent) / (f".{path.name[:100]}.{uuid.uuid4().hex}.partial")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            content = content.encode(errors="replace") if isinstance(content, str) else content
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    sync(path.parent)


def sync(folder):
    """Make a renaming in the folder survive a power cut, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        with contextlib.suppress(OSError):  # some network file systems sync no folders
            os.fsync(handle)
    finally:
        os.close(handle)
