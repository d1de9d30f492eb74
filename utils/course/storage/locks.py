"""Locks that the system lets go of when their process ends, however it ends."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = ".lock"


@contextmanager
def locked(folder):
    """Hold the folder's lock: ``True``; ``False`` if somebody else holds it; ``None`` if there is nothing to lock.

    It is the lock of the file ``.lock`` in the folder, which goes again.
    """
    lock, held = FileLock(Path(folder) / LOCK, blocking=False), None
    try:
        if folder and Path(folder).is_dir():  # one that is gone would be made anew
            lock.acquire()
            held = True
    except Timeout:
        held = False
    except (OSError, NotImplementedError):  # gone, another user's, a file system without locks
        pass
    try:
        yield held
    finally:
        if held:
            with suppress(OSError):  # Windows removes no open file
                os.unlink(lock.lock_file)
        lock.release()
