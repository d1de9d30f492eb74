"""What an answer cell holds, read as data: it is parsed, never run."""

import ast
import itertools
import re
import warnings
from dataclasses import dataclass, replace

from utils.former_names import name_today

LONGEST_CELL = 10_000  # characters; what stands behind them is not read
LONGEST_ANSWER = 1_000
MOST_CHECKS = 20  # of a cell
NO_PYTHON = SyntaxError, ValueError, RecursionError, MemoryError
ASSIGNED = re.compile(r"^answer\s*(?::[^=\n]*)?=(?!=)([^#\n]*)", flags=re.MULTILINE)
CHECKED = re.compile(r"""\bcheck\(\s*["']([\w-]{1,100})["']""")


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer as it stands in a cell: a text, a number or ``None`` as it is, anything else as its source.

    ``again``: it is set more than once, or in another way than by ``answer = …``, so that only what the cell shows can
    tell what became of it. ``bare``: it is a name that the cell does not define. ``above``: a cell above holds it.
    ``alone``: the check that looks at it names no parameters.
    """

    value: object = None
    again: bool = False
    bare: bool = False
    above: bool = False
    alone: bool = False


def typed(source, above=None):
    """For each ``check("id", …)`` in a cell the ``Typed`` that it looks at, by id; under "" what ``answer`` is at last.

    "" is missing where the cell does not set ``answer``; what a cell above sets, ``above``, is looked at then.
    """
    source = source[:LONGEST_CELL]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cell = _Cell(source, ast.parse(source), above)
        checks = list(itertools.islice(cell.checks(), MOST_CHECKS))
        found = {
            question: replace(cell.value_of(node, position), alone=alone) for question, node, position, alone in checks
        }
        end = (len(source) + 1, 0)
        return found | ({"": cell.value_of(ast.Name("answer"), end)} if cell.bindings("answer", end) else {})
    except NO_PYTHON:
        return _by_pattern(source)


def assigned(source):
    """The values that a cell of lines like ``name = literal`` gives, by name; other lines are passed over."""
    try:
        lines = ast.parse(source[:LONGEST_CELL]).body
    except NO_PYTHON:
        return {}
    values = {}
    for line in lines:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            try:
                values[line.targets[0].id] = ast.literal_eval(line.value)
            except (*NO_PYTHON, TypeError):
                continue
    return values


class _Cell:
    """A cell's syntax tree."""

    def __init__(self, source, tree, above):
        self._source, self._above = source, above
        self._nodes, self._set = list(ast.walk(tree)), {}
        for node in self._nodes:
            for name in _set_by(node):
                self._set.setdefault(name, []).append(node)
        self._plain = {}  # of the names on the left of a ``name = …`` that always runs, by id(): what is on the right
        for line in tree.body:
            if isinstance(line, ast.Assign):
                self._plain |= {id(target): line.value for target in line.targets if isinstance(target, ast.Name)}
            elif isinstance(line, ast.AnnAssign) and line.value:
                self._plain[id(line.target)] = line.value

    def checks(self):
        """``(question id, the expression of the answer, position, whether nothing else is given)`` of each check."""
        for node in self._nodes:
            if isinstance(node, ast.Call) and "check" in (getattr(node.func, key, 0) for key in ("id", "attr")):
                answer = [*node.args[1:2], *(each.value for each in node.keywords if each.arg == "answer")]
                first = node.args[0] if node.args else None
                if answer and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    alone = all(each.arg == "answer" for each in node.keywords)
                    yield name_today(first.value), answer[0], _position(node), alone

    def bindings(self, name, before):
        """The nodes that set ``name`` before a position, in the order of the text."""
        return sorted((each for each in self._set.get(name, ()) if _position(each) < before), key=_position)

    def value_of(self, node, before):
        """The ``Typed`` that the expression is worth at that position."""
        if not isinstance(node, ast.Name):
            return Typed(self._literal(node))
        set_by = self.bindings(node.id, before)
        if not set_by:
            if node.id == "answer":
                return replace(self._above, above=True) if self._above else Typed()
            return Typed(node.id[:LONGEST_ANSWER], bare=True)
        last = set_by[-1]
        if id(last) not in self._plain:
            line = self._source.splitlines()[last.lineno - 1]
            return Typed(line.strip()[:LONGEST_ANSWER], again=True)
        value = self.value_of(self._plain[id(last)], _position(last))
        return replace(value, again=value.again or len(set_by) > 1)

    def _literal(self, node):
        value = getattr(node, "value", ...) if isinstance(node, ast.Constant) else ...
        if value is None or isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= 64):
            return value
        text = value if isinstance(value, str) else ast.get_source_segment(self._source, node) or ""
        return _printable(text[:LONGEST_ANSWER])


def _set_by(node):
    """The names that a node of a syntax tree sets."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return (name,)
        case ast.alias(name=name, asname=other):
            return (other or name.partition(".")[0],)
    return ()


def _position(node):
    return node.lineno, node.col_offset


def _by_pattern(source):
    """The same from a cell that is no Python, such as one with a magic."""
    values = [_printable(each.strip()[:LONGEST_ANSWER]) for each in ASSIGNED.findall(source)]
    found = {"": Typed(None if values[-1] in ("", "None") else values[-1], again=len(values) > 1)} if values else {}
    return {name_today(each): found.get("", Typed()) for each in CHECKED.findall(source)} | found


def _printable(text):
    """The text with a question mark for each half of a character that it holds."""
    return text.encode(errors="replace").decode()
