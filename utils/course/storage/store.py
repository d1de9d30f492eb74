"""Where a batch's files go: a folder, or any address that papermill writes to and lists, such as ``s3://…``."""

import errno
import os
import time
import uuid
from pathlib import Path

from utils.course.storage.atomic import write_whole

PARTIAL = ".partial"
PAUSES = (1, 2, 4, 8, 16)
LASTING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EFBIG}


class StoreError(RuntimeError):
    """A file could not be stored; the message says where and why."""


def store_at(address):
    """The store at ``address``; ``StoreError`` for an address that cannot be written to."""
    return RemoteStore(address) if "://" in str(address) else FolderStore(address)


def write(store, name, text):
    """Store ``text`` under ``name``, whole or not at all; try again for half a minute where that may help.

    ``StoreError`` when it cannot be stored.
    """
    for pause in (*PAUSES, None):
        try:
            store.write(name, text)
            return
        except Exception as error:
            if pause is None or _lasts(error):
                raise StoreError(f"{store.where(name)}: cannot be written: {_sentence(error)}") from error
        time.sleep(pause)


class FolderStore:
    """A folder of this machine, or one that several machines share."""

    def __init__(self, root):
        self.root = Path(root)

    def prepare(self):
        """Make sure that the store can be written to; ``OSError`` if not."""
        folder = self.root / PARTIAL
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / uuid.uuid4().hex
        probe.touch()
        probe.unlink()

    def where(self, name):
        return str(self.root / name)

    def read(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    def names(self, folder):
        """The names of the files in a folder of the store."""
        try:
            return set(os.listdir(self.root / folder))
        except FileNotFoundError:
            return set()

    def write(self, name, text, mode=0o666):
        """Store text, bytes or an iterable of bytes: ``name`` is the old file or the new."""
        path, partial = self.root / name, self.root / PARTIAL
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir(exist_ok=True)
        write_whole(path, text, mode, folder=partial)

    def remove(self, name):
        (self.root / name).unlink(missing_ok=True)

    def sweep(self):
        """Remove what writers left that were killed."""
        folder = self.root / PARTIAL
        if folder.is_dir():
            for left in folder.iterdir():
                left.unlink(missing_ok=True)
            folder.rmdir()


class RemoteStore:
    """An address behind one of papermill's handlers; object stores show a file whole or not at all."""

    def __init__(self, address):
        from papermill.iorw import LocalHandler, papermill_io

        self.address = str(address).rstrip("/")
        self._handler = papermill_io.get_handler(self.address)
        if isinstance(self._handler, LocalHandler):
            raise StoreError(f"{self.address}: an address of this kind is not known; s3://, gs:// and abs:// are")

    def prepare(self):
        """Make sure that the store can be written to; ``StoreError`` if not."""
        name = "about.txt"
        try:
            self.write(name, "The outputs of a batch of notebooks; index.html shows them.\n")
        except Exception as error:
            raise StoreError(f"cannot be written: {_sentence(error)}") from error

    def where(self, name):
        return f"{self.address}/{name}"

    def read(self, name):
        text = self._handler.read(self.where(name))
        return text if isinstance(text, str) else bytes(text).decode() if isinstance(text, bytes) else "".join(text)

    def names(self, folder):
        try:
            return {str(name).rstrip("/").rsplit("/", 1)[-1] for name in self._handler.listdir(self.where(folder))}
        except Exception as error:
            raise StoreError(f"{self.where(folder)}: cannot be listed: {_sentence(error)}") from error

    def write(self, name, text):
        self._handler.write(text, self.where(name))

    def sweep(self):
        """Nothing is ever left."""


def _lasts(error):
    """Whether trying again is no use: a full or read-only disk, a permission refused."""
    if isinstance(error, OSError) and error.errno in LASTING:
        return True
    answer = getattr(error, "response", None)
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(answer, dict) else 0
    return 400 <= status < 500 and status not in (408, 429)


def _sentence(error):
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
