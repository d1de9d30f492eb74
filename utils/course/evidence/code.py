"""Which code an experiment's numbers come from: its module and all that this imports of the course, as digests."""

import ast
import hashlib
import json

from utils.notebook_files.sources import ROOT

PACKAGES = ("utils", "data_scripts")


def code_of(experiment):
    """``{file: digest}`` of the modules that the experiment imports, directly or not, in order of their names.

    A digest changes with what the code does, not with its comments, docstrings or layout, nor with Python's version.
    """
    found, waiting = {}, [f"utils.long_runs.{experiment}"]
    while waiting:
        path = _file(waiting.pop())
        if path is None or (name := path.relative_to(ROOT).as_posix()) in found:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = _digest(tree)
        waiting += _imported(tree)
    return dict(sorted(found.items()))


def together(code):
    """One digest of all of an experiment's code."""
    return hashlib.sha256(json.dumps(code, sort_keys=True).encode()).hexdigest()[:16]


def _file(name):
    parts = name.split(".")
    if parts[0] not in PACKAGES:
        return None
    place = ROOT.joinpath(*parts)
    return next((each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()), None)


def _imported(tree):
    """The dotted names that are imported anywhere in it, packages on the way included."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _digest(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and _is_text(body[0].value):
            body[:1] = [ast.Pass()] if len(body) == 1 else []
    return hashlib.sha256(json.dumps(_plain(tree)).encode()).hexdigest()[:16]


def _plain(part):
    """A syntax tree as lists and texts, without fields that are empty: which of these there are depends on Python."""
    if isinstance(part, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(part) if value is not None and value != [])
        return [type(part).__name__, {name: _plain(value) for name, value in fields}]
    return [_plain(each) for each in part] if isinstance(part, list) else ascii(part)


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
