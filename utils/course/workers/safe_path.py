"""Interpreters that are started where anybody's files lie: they import nothing from the folder where they stand."""

import os
from contextlib import contextmanager

SAFE_PATH = "PYTHONSAFEPATH"


@contextmanager
def nothing_imported_from_here():
    """Interpreters started meanwhile import nothing from the folder where they stand: it may be what came back.

    Yields what ``as_it_was`` needs there, if they are to start others as usual.
    """
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield before
    finally:
        as_it_was(before)


def as_it_was(before):
    """Give the variable the value that it had; ``None`` if it had none."""
    os.environ.pop(SAFE_PATH, None)
    if before is not None:
        os.environ[SAFE_PATH] = before
