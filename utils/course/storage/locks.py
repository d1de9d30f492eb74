"""Locks that the system lets go of when their process ends, however it ends."""

import os
from contextlib import contextmanager

try:
    import fcntl
except ImportError:  # Windows: what a killed process leaves there stays
    fcntl = None


@contextmanager
def locked(folder):
    """Hold the folder's lock: ``True``; ``False`` if another process holds it; ``None`` if there is nothing to lock.

    The system lets go of it when the process ends, however it ends.
    """
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = True
    except BlockingIOError:
        held = False
    except (OSError, AttributeError):  # gone, another user's, a network's file system, Windows
        held = None
    try:
        yield held
    finally:
        if handle is not None:
            os.close(handle)
