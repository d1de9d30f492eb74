"""What a notebook of the course says of itself: its parameters and their ranges."""

import ast
from dataclasses import dataclass
from pathlib import Path

from utils.notebook_files.reading import tagged
from utils.parameters import KINDS

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class DeclaredParameter:
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
    ``ValueError``, with the line and what is allowed there, for what cannot be read so.
    """
    defaults, ranges = {}, {}
    for cell in tagged(notebook, "parameters"):
        for line in _lines(cell):
            if isinstance(line, ast.AnnAssign | ast.Assign) and line.value is not None:
                name, value = _default(line)
                defaults[name] = value
    for cell in notebook.cells:
        if cell.cell_type == "code" and "check_parameters" in cell.source:
            for call in _calls(_lines(cell, " of the cell that checks them"), "check_parameters"):
                ranges |= {keyword.arg: _range(keyword) for keyword in call.keywords}
    return {name: DeclaredParameter(name, value, ranges.get(name)) for name, value in defaults.items()}


def _lines(cell, where=""):
    try:
        return ast.parse(cell.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ValueError(f"line {line}{where} is no plain Python: {getattr(error, 'msg', error)}") from error


def _default(line):
    targets = line.targets if isinstance(line, ast.Assign) else [line.target]
    try:
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            return targets[0].id, ast.literal_eval(line.value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        pass
    written = ast.unparse(line)[:100]
    raise ValueError(f"line {line.lineno}, {written}: 'name: type = value' with a plain value is needed")


def _calls(lines, name):
    for line in lines:
        for node in ast.walk(line):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == name:
                yield node


def _range(keyword):
    call = keyword.value
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args]
        named = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
        return KINDS[call.func.id](*arguments, **named)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        written = ast.unparse(keyword)[:100]
        kinds = ", ".join(KINDS)
        raise ValueError(f"check_parameters({written}): one of {kinds} with plain values is needed") from error
