"""The folder that outputs go to: what stands there is replaced only where a run of the course wrote it."""

import json
import os

from utils.course.storage.input_files import Mistake
from utils.course.storage.store import PARTIAL, FolderStore

TABLE = "results.json"  # every run and every batch writes it, first of all


def refuse_to_replace(store, names, inputs):
    """``Mistake`` if an output of these names would replace an input, or what no run wrote; nothing is touched.

    ``inputs`` are the files that the command reads. A folder is one of ours if the table in it is; another one may be
    used, too, as long as none of the names is taken. An address elsewhere holds no inputs.
    """
    if not isinstance(store, FolderStore):
        return
    names = [*names, TABLE]
    keep_inputs(store, names, inputs)
    taken = [path for path in (store.root / name for name in (*names, PARTIAL)) if os.path.lexists(path)]
    if taken and not _is_ours(store.root / TABLE):
        raise Mistake(f"{taken[0]}: it is there already, and no run wrote it; choose another folder with --out")


def keep_inputs(store, names, inputs):
    """``Mistake`` if an output of these names in a ``FolderStore`` would replace or remove one of the ``inputs``."""
    outputs = {_identity(store.root / name) for name in (*names, PARTIAL)} - {None}
    for source in inputs:
        if not outputs.isdisjoint(map(_identity, (source, *source.absolute().parents))):
            raise Mistake(f"{source}: an output would replace it there; choose another folder with --out")


def claim(store):
    """Make the store ready; from now on its folder is known as one of ours. ``OSError`` or ``StoreError`` if not."""
    store.prepare()
    if isinstance(store, FolderStore) and not (store.root / TABLE).exists():
        store.write(TABLE, "[]\n")


def _identity(path):
    try:
        found = path.stat()
        return found.st_dev, found.st_ino
    except OSError:
        return None


def _is_ours(table):
    try:
        rows = json.loads(table.read_text(encoding="utf-8"))
        return isinstance(rows, list) and all({"notebook", "status"} <= row.keys() for row in rows)
    except (OSError, ValueError, AttributeError, RecursionError):
        return False
