"""A grid of parameters: the sets that a YAML or a CSV file describes."""

import itertools
import math
import re
from pathlib import Path

from utils.course.batches.values import yaml_of
from utils.course.storage.input_files import Mistake, text_of
from utils.course.storage.spreadsheets import records

RANGE = re.compile(r"(-?\d{1,18})\.\.(-?\d{1,18})(?:\.\.(\d{1,18}))?")
LIKE_A_RANGE = re.compile(r"-?\d+\.\.\S*")
LARGEST_GRID = 100_000
DEEPEST_LIST = 5


def grid(path):
    """The sets of parameters that a grid file describes.

    YAML: a mapping of names to a value, a list or a range; every combination is a set; a list of mappings is several
    grids. CSV: a column for each parameter, a line for each set, ``4|8`` for a list. A range is ``0..9``, or
    ``0..40..10`` with steps. ``Mistake`` for a file that is none of this.
    """
    text = text_of(path)
    try:
        rows = _csv_rows(text) if Path(path).suffix.lower() == ".csv" else _yaml_rows(text)
        return _sets(rows)
    except Mistake as error:
        raise Mistake(f"{path}: {error}") from error


def _sets(rows):
    sets, many = [], 0
    for row in rows:
        choices = {name: list(_choices(name, value)) for name, value in row.items()}
        for name, values in choices.items():
            if not values:
                raise Mistake(f"{name}: an empty list leaves nothing to run")
        many += math.prod(map(len, choices.values()))
        if many > LARGEST_GRID:
            raise Mistake(f"{many:,} sets; at most {LARGEST_GRID:,} are run in one batch")
        sets += [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]
    return sets


def _yaml_rows(text):
    loaded = yaml_of(text)
    rows = loaded if isinstance(loaded, list) else [loaded]
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise Mistake("a mapping of parameters to values is needed, such as 'depth: [4, 20]' or 'seed: 0..9'")
    return rows


def _csv_rows(text):
    _, lines = records(text)
    _, names, fault = next(lines, (1, [], ""))
    if fault:
        raise Mistake(fault)
    names = [name.strip() for name in names]
    if twice := [name for name in names if name and names.count(name) > 1]:
        raise Mistake(f"line 1: the column {twice[0]!r} stands there twice")
    rows = []
    for number, fields, fault in lines:
        if fault:
            raise Mistake(f"line {number}: {fault}")
        if not any(map(str.strip, fields)):
            continue
        named = dict(zip(names, fields, strict=False))
        if any(map(str.strip, [*fields[len(names) :], named.get("", "")])):
            raise Mistake(f"line {number}: a value stands there without a column's name in the first line")
        # A field that is left empty: the notebook's own value.
        rows.append({name: field.split("|") for name, field in named.items() if field.strip()})
    if not rows:
        raise Mistake("there is no line below the names of the parameters: nothing to run")
    return rows


def _choices(name, value, depth=0):
    """The values that a grid's entry stands for."""
    if isinstance(value, dict) or depth > DEEPEST_LIST:
        raise Mistake(f"{name}: a value, a list of values or a range is needed")
    if isinstance(value, list):
        found = (choice for each in value for choice in _choices(name, each, depth + 1))
        yield from itertools.islice(found, LARGEST_GRID + 1)
    elif isinstance(value, str) and LIKE_A_RANGE.fullmatch(value.strip()):
        yield from _range(name, value.strip())
    else:
        yield value


def _range(name, text):
    bounds = RANGE.fullmatch(text)
    if not bounds:
        raise Mistake(f"{name}: {text[:60]}: a range of whole numbers is written 0..9 or 0..40..10")
    low, high, step = int(bounds[1]), int(bounds[2]), int(bounds[3] or 1)
    if step < 1 or low > high:
        raise Mistake(f"{name}: {text[:60]}: a range goes up, as in 0..9 or 0..40..10")
    if (high - low) // step >= LARGEST_GRID:
        raise Mistake(f"{name}: {text} are {(high - low) // step + 1:,} values; at most {LARGEST_GRID:,} are run")
    return range(low, high + 1, step)
