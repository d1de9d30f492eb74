"""Values as people write them on the command line, in CSV and in YAML: read by the rules of YAML 1.2.

``010`` is ten, ``no`` is a word and ``1:30`` is text; YAML 1.1, and much that reads it, makes 8, False and 90 of them.
"""

import math
import re

import yaml

from utils.course.storage.input_files import Mistake

MOST_DIGITS = 30
WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS = dict.fromkeys(("null", "Null", "NULL", "~", ""))
WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
NO_NUMBER = re.compile(r"[-+]?\.?(nan|inf|infinity)", re.IGNORECASE)


def value_of(text):
    """The number, truth value or text that is written there, or ``None``; ``Mistake`` for what is no value."""
    text = text.strip()
    if text in WORDS:
        return WORDS[text]
    if not (WHOLE.fullmatch(text) or DECIMAL.fullmatch(text)):
        if NO_NUMBER.fullmatch(text):
            raise Mistake(f"{text}: a finite number is needed")
        return text
    if len(text) > MOST_DIGITS:
        raise Mistake(f"{text[:MOST_DIGITS]}…: a number of {len(text)} characters; at most {MOST_DIGITS} are read")
    if WHOLE.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    number = float(text)
    if not math.isfinite(number):
        raise Mistake(f"{text}: a finite number is needed")
    return number


def yaml_of(text):
    """What a YAML text holds: mappings, lists and values; ``Mistake`` for anything else."""
    try:
        return yaml.load(text, _Loader)  # a safe one: it makes nothing but these
    except yaml.YAMLError as error:
        why = "a list holds itself" if "recursive" in str(error) else " ".join(str(error).split())
        raise Mistake(f"cannot be read: {why}") from error
    except RecursionError as error:
        raise Mistake("cannot be read: lists in lists without an end") from error


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, whose plain scalars go through ``value_of`` and which refuses what is silently lost."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (PyYAML's own interface)
    yaml_constructors = {}  # noqa: RUF012


def _scalar(loader, node):
    return node.value if node.style else value_of(node.value)  # quoted: a text as it stands


def _mapping(loader, node):
    found = {}
    yield found
    for key, value in node.value:
        name = str(loader.construct_object(key)) if isinstance(key, yaml.ScalarNode) else ""
        if not name or name in found:
            raise Mistake(f"line {key.start_mark.line + 1}: {f'{name} stands there twice' if name else 'no name'}")
        found[name] = loader.construct_object(value, deep=True)


def _list(loader, node):
    found = []
    yield found
    found.extend(loader.construct_object(each, deep=True) for each in node.value)


def _refused(loader, node):
    raise Mistake(
        f"line {node.start_mark.line + 1}: {node.tag.removeprefix('tag:yaml.org,2002:')} is no kind of value "
        "here: numbers, true, false, texts and lists are"
    )


_Loader.add_constructor("tag:yaml.org,2002:str", _scalar)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _list)
_Loader.add_constructor(None, _refused)
