"""What a notebook file says of itself: its parameters and their ranges, and the records in its outputs."""

import ast
from dataclasses import dataclass
from pathlib import Path

import nbformat

from utils.parameters import KINDS

ROOT = Path(__file__).resolve().parents[2]
ANSWER = "application/vnd.convnet-course.answer+json"
VERDICT = "application/vnd.convnet-course.verdict+json"


class UnreadableNotebook(ValueError):
    """A file that is not a notebook; the message says which and why."""


@dataclass(frozen=True)
class Parameter:
    """A declared parameter: its default, and the range that the notebook checks it against (``None`` if none)."""

    name: str
    default: object
    range: object


def course_notebooks():
    """The paths of the course's notebooks in teaching order."""
    return sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


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


def parameters(notebook):
    """The declared parameters by name, read as text: nothing of the notebook is executed.

    The defaults come from the cell tagged ``parameters``, the ranges from the call of ``check_parameters``.
    """
    defaults, ranges = {}, {}
    for cell in tagged(notebook, "parameters"):
        for line in ast.parse(cell.source).body:
            if isinstance(line, ast.AnnAssign) and line.value is not None:
                defaults[line.target.id] = ast.literal_eval(line.value)
            elif isinstance(line, ast.Assign):
                defaults[line.targets[0].id] = ast.literal_eval(line.value)
    for call in _calls(notebook, "check_parameters"):
        ranges |= {keyword.arg: _range(keyword.value) for keyword in call.keywords}
    return {name: Parameter(name, value, ranges.get(name)) for name, value in defaults.items()}


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


def _calls(notebook, name):
    for cell in notebook.cells:
        if cell.cell_type == "code" and name in cell.source:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", None) == name:
                    yield node


def _range(call):
    arguments = [ast.literal_eval(argument) for argument in call.args]
    named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    return KINDS[call.func.id](*arguments, **named)
