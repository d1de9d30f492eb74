"""The photograph that a control names: a bundled one, or a file of one's own, read once; every failure a sentence."""

import os
from functools import lru_cache

from utils.photographs import open_photograph, photograph, photographs


def chosen_photograph(photo):
    """The pixels of the bundled photograph of that name, or of the image file at that path.

    ``ValueError``, which explorers show as its sentence, for all that fails.
    """
    if photo in photographs():
        return photograph(photo)
    try:
        return _opened(photo, changed(photo))
    except OSError as error:
        raise ValueError(str(error)) from error


def changed(photo):
    """When the file was last changed, in nanoseconds; 0 where there is none. With it, a cache knows a new picture."""
    try:
        return os.stat(os.path.expanduser(photo)).st_mtime_ns
    except (OSError, ValueError):  # no such file; no such path at all
        return 0


@lru_cache(maxsize=1)
def _opened(path, changed):
    return open_photograph(path)
