"""What can be said of a function without running it: whether it is still the stub, and what it takes from outside."""

import dis
import inspect
import types


def is_stub(function, stub):
    """Whether the function does what the stub does, by its bytecode; comments and names of files do not matter."""
    space = {}
    exec(compile(stub, "stub", "exec"), space)
    if not isinstance(function, types.FunctionType) or function.__name__ not in space:
        return False
    return _same_code(function.__code__, space[function.__name__].__code__)


def outside(function):
    """What the function takes from outside that no program should: ``(variables, solutions)``.

    ``variables`` are the names of numbers, arrays and lists of the notebook that it reads; ``solutions`` the names by
    which it reaches the course's own code.
    """
    variables, solutions = [], []
    seen, waiting = set(), [function]
    while waiting:
        each = waiting.pop()
        code = getattr(each, "__code__", None)
        if code is None or code in seen:
            continue
        seen.add(code)
        for name in sorted(_global_names(code)):
            if name == "utils" or name.startswith("utils."):
                solutions.append(name)
            if name not in each.__globals__:
                continue
            value = each.__globals__[name]
            if isinstance(value, types.FunctionType) and value.__globals__ is each.__globals__:
                waiting.append(value)
            elif _of_the_course(value):
                solutions.append(name)
            elif not callable(value) and not isinstance(value, types.ModuleType):
                variables.append(name)
    return variables, solutions


def _same_code(one, other):
    """Constants are compared without the docstring, code within code likewise."""
    constants, others = _constants(one), _constants(other)
    if one.co_code != other.co_code or one.co_names != other.co_names or len(constants) != len(others):
        return False
    return all(
        _same_code(a, b) if isinstance(a, types.CodeType) and isinstance(b, types.CodeType) else a == b
        for a, b in zip(constants, others, strict=True)
    )


def _constants(code):
    """The code's constants, its docstring left out."""
    flag = getattr(inspect, "CO_HAS_DOCSTRING", None)  # Python 3.13; before it, a text that comes first is one
    first = code.co_consts[:1]
    documented = code.co_flags & flag if flag else first and isinstance(first[0], str)
    return code.co_consts[1:] if documented else code.co_consts


def _global_names(code):
    """The names that the code, or code within it, looks up outside, and modules that it imports."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "IMPORT_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)


def _of_the_course(value):
    name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None) or ""
    return name.startswith("utils.")
