"""What an instructor hands in: a grid of parameters, a roster of students."""

import csv
import io
import itertools
import math
import re
from pathlib import Path

import yaml

from utils.course.storage.input_files import Mistake, text_of

RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(\d+))?")
LARGEST_GRID = 100_000


def grid(path):
    """The sets of parameters that a grid file describes.

    YAML: a mapping of names to a value, a list or a range; every combination is a set; a list of mappings is several
    grids. CSV: a column for each parameter, a line for each set, ``4|8`` for a list. A range is ``0..9``, or
    ``0..40..10`` with steps. ``Mistake`` for a file that is none of this.
    """
    text = text_of(path)
    try:
        if Path(path).suffix.lower() == ".csv":
            rows = [
                {name.strip(): value.split("|") for name, value in row.items() if name and value and value.strip()}
                for row in csv.DictReader(io.StringIO(text), strict=True)
            ]
        else:
            loaded = yaml.safe_load(text)
            rows = loaded if isinstance(loaded, list) else [loaded]
    except (yaml.YAMLError, csv.Error, AttributeError) as error:
        raise Mistake(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise Mistake(f"{path}: a mapping of parameters to values is needed, such as 'depth: [4, 20]' or 'seed: 0..9'")
    sets, many = [], 0
    for row in rows:
        choices = [_choices(value) for value in row.values()]
        many += math.prod(len(each) for each in choices)
        if many > LARGEST_GRID:
            raise Mistake(f"{path}: {many:,} sets; at most {LARGEST_GRID:,} are run in one batch")
        sets += [dict(zip(map(str, row), values, strict=True)) for values in itertools.product(*choices)]
    return sets


def _choices(value):
    """The values that a grid's entry stands for."""
    if isinstance(value, list):
        return [choice for each in value for choice in _choices(each)]
    bounds = RANGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not bounds:
        return [value]
    low, high, step = int(bounds[1]), int(bounds[2]), int(bounds[3] or 1)
    if low > high or step < 1:
        raise Mistake(f"{value}: a range goes up, as in 0..9 or 0..40..10")
    return range(low, high + 1, step)
