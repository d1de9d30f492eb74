"""The photograph that a control names: a bundled one, or a file of one's own, read once; every failure a sentence."""

import html
import os
from functools import lru_cache

from utils.paths import file_of
from utils.photographs import open_photograph, photograph, photographs


def chosen_photograph(photo):
    """The pixels of the bundled photograph of that name, or of the image file at that path.

    ``ValueError``, which explorers show as its sentence, for all that fails.
    """
    if photo in photographs():
        return photograph(photo)
    try:
        return _opened(photo, changed(photo))[0]
    except OSError as error:
        raise ValueError(str(error)) from error


def remarks_on(photo):
    """What of a file of one's own is not shown as the file has it, as HTML; "" where there is nothing to say."""
    said = [] if photo in photographs() else _opened(photo, changed(photo))[1]
    return "".join(f"<p>{html.escape(each)}</p>" for each in said)


def changed(photo):
    """When the file was last changed, in nanoseconds; 0 where there is none. With it, a cache knows a new picture."""
    try:
        return os.stat(file_of(photo)).st_mtime_ns
    except (OSError, ValueError):  # no such file; no path at all
        return 0


@lru_cache(maxsize=1)
def _opened(path, changed):
    said = []
    return open_photograph(path, tell=said.append), tuple(said)
