"""What a notebook file says of itself: its parameters and their ranges, and the records in its outputs."""

from pathlib import Path

import nbformat

from utils.records import ANSWER, VERDICT


class UnreadableNotebook(ValueError):
    """A file that is not a notebook; the message says which and why."""


def read(path):
    """The notebook at ``path``, in format 4; ``UnreadableNotebook`` if it is none."""
    try:
        return reads(Path(path).read_bytes(), path)
    except OSError as error:
        raise UnreadableNotebook(f"{path}: {error.strerror or error}") from error


def reads(content, place):
    """The notebook in these bytes, in format 4; ``UnreadableNotebook`` naming ``place`` if there is none in them."""
    try:
        notebook = nbformat.reads(content.decode(), as_version=4)
        nbformat.validate(notebook)
    except (nbformat.ValidationError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
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


def findings(notebook):
    """The records of the answers, and the claims' ids and verdicts, in order."""
    verdicts = [{"id": record["id"], "verdict": record["verdict"]} for record in records(notebook, VERDICT)]
    return records(notebook, ANSWER), verdicts
