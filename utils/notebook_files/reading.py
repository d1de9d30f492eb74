"""What a notebook file says of itself: its parameters and their ranges, and the records in its outputs."""

import json
from pathlib import Path

from utils.former_names import name_today

LARGEST_NOTEBOOK = 500_000_000  # bytes: the instructor's own


class UnreadableNotebook(ValueError):
    """A file that is not a notebook; the message says which and why."""


def read(path):
    """The notebook at ``path``, in format 4; ``UnreadableNotebook`` if it is none."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_NOTEBOOK + 1)
    except OSError as error:
        raise UnreadableNotebook(f"{path}: {error.strerror or error}") from error
    if len(content) > LARGEST_NOTEBOOK:
        raise UnreadableNotebook(f"{path} is larger than {LARGEST_NOTEBOOK // 1_000_000} MB")
    return reads(content, path)


def reads(content, place):
    """The notebook in these bytes, in format 4; ``UnreadableNotebook`` naming ``place`` if there is none in them."""
    import nbformat

    try:
        notebook = nbformat.reads(content.decode(json.detect_encoding(content)), as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat's readers of old formats raise anything for what is none
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UnreadableNotebook(f"{place} is not a Jupyter notebook: {first}") from error
    return notebook


def tagged(notebook, tag):
    """The cells that carry ``tag``."""
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def records(notebook, mime):
    """The JSON records of that kind in the notebook's outputs, in order."""
    return [
        output.data[mime]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if mime in output.get("data", {})
    ]


def last_records(notebook, mime):
    """The last record of that kind for each id, ``{id: record}``; what has no id is passed over.

    An id is today's, whatever it was when the notebook was executed.
    """
    found = [each for each in records(notebook, mime) if isinstance(each, dict) and isinstance(each.get("id"), str)]
    return {name_today(each["id"]): each for each in found}
