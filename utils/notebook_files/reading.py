"""What a notebook file says of itself: its parameters and their ranges, and the records in its outputs."""

import json
import re
from pathlib import Path

from utils.former_names import name_today

LARGEST_NOTEBOOK = 500_000_000  # bytes: the instructor's own
LARGEST_RETURNED, LARGEST_WITHOUT_OUTPUTS = 50_000_000, 10_000_000  # bytes: a student's
MOST_RETURNED_CELLS = 2_000
CELL_ID = re.compile(r"[\w-]{1,64}", flags=re.ASCII)


class UnreadableNotebook(ValueError):
    """A file that is not a notebook; the message says which and why."""


def read(path):
    """The notebook at ``path``, in format 4; ``UnreadableNotebook`` if it is none."""
    return reads(_content(path, LARGEST_NOTEBOOK), path)


def read_returned(path):
    """The same for a notebook that came back, without its outputs; what is too large counts as none."""
    content = _content(path, LARGEST_RETURNED)
    try:
        found = json.loads(content)
        cells = found["cells"]
        for cell in cells:
            if cell.get("cell_type") == "code":  # what it showed is not looked at, whatever it is
                cell["outputs"], cell["execution_count"] = [], None
        plain = json.dumps(found).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableNotebook(f"{path} is not a Jupyter notebook of format 4") from error
    if len(cells) > MOST_RETURNED_CELLS or len(plain) > LARGEST_WITHOUT_OUTPUTS:
        what = f"{MOST_RETURNED_CELLS:,} cells and {LARGEST_WITHOUT_OUTPUTS // 1_000_000} MB without outputs"
        raise UnreadableNotebook(f"{path} is too large: up to {what} are read")
    return reads(plain, path)


def _content(path, most):
    try:
        with Path(path).open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise UnreadableNotebook(f"{path}: {error.strerror or error}") from error
    if len(content) > most:
        raise UnreadableNotebook(f"{path} is larger than {most // 1_000_000} MB")
    return content


def reads(content, place):
    """The notebook in these bytes, in format 4; ``UnreadableNotebook`` naming ``place`` if there is none in them.

    Each cell has an id. Where a tool saved it without, it is the one that the tool put into the cell's metadata, as
    Colab does, or its place.
    """
    import nbformat

    try:
        notebook = nbformat.reads(content.decode(json.detect_encoding(content)), as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat's readers of old formats raise anything for what is none
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UnreadableNotebook(f"{place} is not a Jupyter notebook: {first}") from error
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        notebook.nbformat_minor, taken = 5, {cell.get("id") for cell in notebook.cells}
        for number, cell in enumerate(notebook.cells):
            if "id" not in cell:
                kept = cell.metadata.get("id")
                is_one = isinstance(kept, str) and CELL_ID.fullmatch(kept) and kept not in taken
                cell.id = kept if is_one else f"cell-{number}-of-{len(notebook.cells)}"
                taken.add(cell.id)
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
