"""The functions of exercises in a notebook's cells, with all that they need, read as data: parsed, never run."""

import ast
import builtins
import hashlib
import re
import symtable
from dataclasses import dataclass
from functools import lru_cache

from utils.former_names import name_today

LONGEST_CELL, LONGEST_PROGRAM = 50_000, 20_000  # characters
MOST_CELLS, MOST_PROGRAMS = 500, 60  # behind these, none is looked at
MAGIC = re.compile(r"^\s*[%!].*$", flags=re.MULTILINE)
COURSE = "utils", "data_scripts"
NO_PYTHON = SyntaxError, ValueError, TypeError, RecursionError, MemoryError


@dataclass(frozen=True, slots=True)
class Program:
    """A function and what it needs of its notebook.

    ``source`` holds the imports, the functions that it calls and itself. ``does`` is a digest of what stands in its
    body, whatever its comments. ``variables`` of the notebook, and names of the ``course``'s own code, that it reads
    are not in the source.
    """

    name: str
    source: str
    does: str
    parameters: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    course: tuple[str, ...] = ()


def programs(cells):
    """The ``Program`` for each exercise, by its id, in ``(source, the exercise that its metadata name)`` of code cells.

    A function is the one that a ``check_code("id", function)`` names, as it is last defined above that; where nothing
    checks it, the last one in the exercise's own cell. What cannot be parsed is left out.
    """
    read = [_Cell(*each) for each in list(cells)[:MOST_CELLS]]
    wanted = {}
    for at, cell in enumerate(read):
        if cell.exercise and cell.functions:
            wanted.setdefault(cell.exercise, (cell.functions[-1], at))
    for at, cell in enumerate(read):
        wanted |= {exercise: (name, at) for exercise, name in cell.checks}
    found = {}
    for exercise, (name, at) in list(wanted.items())[:MOST_PROGRAMS]:
        try:
            program = _program(name, read, at)
        except NO_PYTHON:
            continue
        if program:
            found[exercise] = program
    return found


def does(source, name):
    """The digest of what the function of that name does; "" where there is none."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            body = [each for each in node.body if not _is_nothing(each)]
            text = "\n".join(ast.dump(each) for each in (node.args, *body))
            return hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return ""


class _Cell:
    """A cell: the names that it binds at its top level, its functions, and what it checks.

    Most cells are the same in what all students return: they are looked into once.
    """

    def __init__(self, source, exercise=""):
        self.source, self.exercise = MAGIC.sub("pass", source[:LONGEST_CELL]), name_today(exercise)
        self.bound, self.functions, self.checks = _names_in(self.source)

    def line(self, name):
        """The statement that binds the name, the last one."""
        return _parsed(self.source)[1][name]

    def text(self, line):
        """The source of a statement, its decorators included."""
        first = min([line.lineno, *(each.lineno for each in getattr(line, "decorator_list", ()))])
        return "\n".join(self.source.split("\n")[first - 1 : line.end_lineno])


@lru_cache(maxsize=2000)
def _names_in(source):
    """The names that a cell binds at its top level, its functions, and ``(exercise, function)`` of each check."""
    try:
        tree, lines = _parsed(source)
    except NO_PYTHON:
        return frozenset(), (), ()
    functions = tuple(line.name for line in tree.body if isinstance(line, ast.FunctionDef))
    checks = []
    for node in ast.walk(tree) if "check_code" in source else ():
        match node:
            case ast.Call(
                func=ast.Name(id="check_code") | ast.Attribute(attr="check_code"),
                args=[ast.Constant(value=str() as exercise), ast.Name(id=name), *_],
            ):
                checks.append((name_today(exercise[:100]), name))
    return frozenset(lines), functions, tuple(checks)


@lru_cache(maxsize=50)
def _parsed(source):
    """A cell's syntax tree, and the last statement that binds each name at its top level; nobody changes them."""
    tree = ast.parse(source)
    return tree, {name: line for line in tree.body for name in _bound_by(line)}


def _program(name, cells, at):
    parts, variables, course, seen = {}, [], [], set()

    def take(name, before):
        place = _place_of(name, cells, before)
        if place is None or (name, place) in seen:
            return
        seen.add((name, place))
        cell = cells[place]
        line = cell.line(name)
        if isinstance(line, ast.Import | ast.ImportFrom):
            alias = next(each for each in line.names if (each.asname or each.name.split(".")[0]) == name)
            module = alias.name if isinstance(line, ast.Import) else line.module or ""
            if module.split(".")[0] in COURSE:
                course.append(name)
            else:
                parts[place, line.lineno, name] = ast.unparse(_alone(line, alias))
        elif _is_code(line):
            source = cell.text(line)
            parts[place, line.lineno, ""] = source
            course.extend(_course_in(line))
            for each in sorted(_reads(source) - {name}):
                take(each, len(cells) - 1 if isinstance(line, ast.FunctionDef) else place)
        else:
            variables.append(name)

    here = _place_of(name, cells, at)
    if here is None or not isinstance(function := cells[here].line(name), ast.FunctionDef):
        return None
    take(name, at)
    source = "\n\n".join(parts[place] for place in sorted(parts)) + "\n"
    if len(source) > LONGEST_PROGRAM:
        return None
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    return Program(name, source, does(source, name), tuple(names[:50]), _few(variables), _few(course))


def _place_of(name, cells, before):
    """The last cell that binds the name, none behind ``before`` if there is one above; ``None`` if none does."""
    places = [at for at, each in enumerate(cells) if name in each.bound]
    return max((at for at in places if at <= before), default=max(places, default=None))


def _bound_by(line):
    """The names that a statement at the top of a cell binds."""
    match line:
        case ast.Import() | ast.ImportFrom():
            return [each.asname or each.name.split(".")[0] for each in line.names]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [line.name]
    return [each.id for each in ast.walk(line) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]


def _is_code(line):
    """Whether a statement names code, as ``relu = lambda x: …`` or ``L = keras.layers`` do, and not a value."""
    if isinstance(line, ast.FunctionDef | ast.ClassDef):
        return True
    return (
        isinstance(line, ast.Assign)
        and all(isinstance(each, ast.Name) for each in line.targets)
        and isinstance(line.value, ast.Lambda | ast.Attribute | ast.Name)
    )


def _reads(source):
    """The names that the source takes from outside of itself."""
    names, waiting = set(), [symtable.symtable(source, "cell", "exec")]
    while waiting:
        table = waiting.pop()
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or (top and not symbol.is_assigned())):
                names.add(symbol.get_name())
        waiting += table.get_children()
    return names - set(dir(builtins))


def _course_in(line):
    """The modules of the course that are imported inside of a statement."""
    for node in ast.walk(line):
        modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (each for each in modules if each.split(".")[0] in COURSE)


def _alone(line, alias):
    """The import of that name only."""
    if isinstance(line, ast.Import):
        return ast.Import([alias])
    return ast.ImportFrom(line.module, [alias], line.level)


def _is_nothing(line):
    return isinstance(line, ast.Pass) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))


def _few(names):
    return tuple(each[:60] for each in dict.fromkeys(names))[:10]
