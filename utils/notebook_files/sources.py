"""What a notebook of the course says of itself: its parameters and their ranges."""

import ast
from dataclasses import dataclass
from pathlib import Path

from utils.notebook_files.reading import tagged
from utils.parameters import KINDS

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Parameter:
    """A declared parameter: its default, and the range that the notebook checks it against (``None`` if none)."""

    name: str
    default: object
    range: object


def course_notebooks():
    """The paths of the course's notebooks in teaching order."""
    return sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


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
