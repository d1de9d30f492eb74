"""Private folders that do not outlive their process, even one that was killed."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from utils.course.storage.locks import locked

PREFIX = "convnet-course-private-"


@contextmanager
def private_folder():
    """A new folder, empty but for its lock, removed at the end together with those that dead processes left."""
    sweep()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with locked(folder) as mine:
            if mine is False or not folder.exists():
                continue  # another process swept it before it was locked
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return


def sweep():
    """Remove the private folders whose process is gone: nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with locked(folder) as mine:
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
