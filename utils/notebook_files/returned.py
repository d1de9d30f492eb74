"""A notebook that came back, read as Jupyter reads it: whatever breaches of the format it opens, this does, too.

Only what grading looks at is kept, within bounds; nothing is converted, mended or validated. It can be packed as text:
so it comes from the process that read it, and so it is kept for the next run.
"""

import itertools
import json
import re
import sys
from dataclasses import astuple, dataclass, field
from functools import lru_cache

from utils.former_names import name_today
from utils.notebook_files.answer_cells import Typed, assigned, typed
from utils.notebook_files.code_cells import Program, programs
from utils.notebook_files.reading import UnreadableNotebook
from utils.records import ANSWER, CONCEPT, PREDICTION

MOST_CELLS = 10_000
MOST_ANSWER_CELLS = 300  # behind these, none is looked at
MOST_RECORDS = 20  # of a cell, the last ones
LONGEST_RECORD = 10_000  # characters, as JSON
MOST_CHOSEN = 100  # records of questions on concepts, of a notebook
MOST_SHOWN = 200_000  # characters of records, of a notebook
MOST_PREDICTIONS = 300  # of different things; behind these, none is looked at
MOST_TASKS = 100  # questions and exercises that the cells of a notebook name
LONGEST_PREDICTED = 200  # characters of a word in a prediction
MOST_SHARED = 20_000  # different cells, functions and predictions that are remembered
PREDICTED = "id", "kind", "low", "high", "choice", "confidence", "guess"
A_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")  # of a question or an exercise, in any version of the course
VARIANT_CELL, VARIANT_COMMENT = "your-variant", "Your variant"


@dataclass(frozen=True, slots=True)
class Cell:
    """What counts of a cell: its id, the question that its metadata name, what is typed, the records in its outputs.

    ``typed`` is what ``answer_cells.typed`` returns.
    """

    id: str
    question: str
    typed: dict[str, Typed]
    shown: list[dict]


@dataclass(frozen=True, slots=True)
class Answered:
    """What counts of a notebook: what its hand-out says in ``metadata.course``, its variant, and its cells.

    ``variant`` holds the values in the cell of the variant, ``None`` where there is no such cell. ``predictions`` are
    the records of what was predicted, the last for each id; ``chosen`` those of the questions on concepts, which are
    whatever the notebook says. ``code`` holds the function of each exercise in code. ``tasks`` are the questions and
    exercises that the metadata of its cells name, whether the course has them today or not. ``digest`` is that of the
    file's bytes, as far as anybody asked for it.
    """

    course: dict
    variant: dict | None
    cells: list[Cell]
    predictions: tuple[dict, ...] = ()
    chosen: list[dict] = field(default_factory=list)
    code: dict[str, Program] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    digest: str = field(default="", compare=False)


def answered(content):
    """The ``Answered`` in these bytes; ``UnreadableNotebook`` if they are no notebook, with the reason alone."""
    if not content.strip():
        raise UnreadableNotebook("the file is empty")
    try:
        notebook = json.loads(content)  # UTF-8, 16 or 32, with a byte order mark or without
    except RecursionError:
        raise UnreadableNotebook("it is not a Jupyter notebook: it is nested too deeply") from None
    except ValueError as error:
        raise UnreadableNotebook(f"it is not a Jupyter notebook: {_damage(error)}") from None
    cells = _cells(notebook)
    if cells is None:
        raise UnreadableNotebook("it is not a Jupyter notebook: it has no cells")
    if len(cells) > MOST_CELLS:
        raise UnreadableNotebook(f"it has {len(cells):,} cells; up to {MOST_CELLS:,} are read")
    code = [each for each in cells if isinstance(each, dict) and each.get("cell_type", "code") == "code"]
    course = bounded(_mapping(notebook.get("metadata")).get("course"))
    chosen = list(itertools.islice(itertools.chain(*(_records(cell, CONCEPT) for cell in code)), MOST_CHOSEN))
    course = course if isinstance(course, dict) else {}
    functions = programs((_source(each), _short(_mapping(each.get("metadata")).get("exercise"))) for each in code)
    read = course, _variant(code), list(_answer_cells(code)), tuple(_predictions(code)), chosen, functions
    return Answered(*read, tuple(itertools.islice(_tasks(code), MOST_TASKS)))


def _damage(error):
    """What is wrong with a text that is no JSON, in words for those who have never seen JSON."""
    if isinstance(error, json.JSONDecodeError):
        return f"its text is cut off or damaged at line {error.lineno}, column {error.colno}"
    return "its bytes are no text" if isinstance(error, UnicodeError) else "a number in it is far too long"


def packed(found):
    """An ``Answered`` as text, from which ``unpacked`` makes the same."""
    cells = [
        [each.id, each.question, {k: astuple(v) for k, v in each.typed.items()}, each.shown] for each in found.cells
    ]
    code = [[exercise, *astuple(program)] for exercise, program in found.code.items()]
    own, tasks = [found.course, found.variant, found.chosen], json.dumps(found.tasks)
    return json.dumps([own, tasks, *(list(map(json.dumps, each)) for each in (found.predictions, cells, code))])


def unpacked(text, digest=""):
    """The ``Answered`` that was ``packed``; ``ValueError`` if the text holds none.

    What is the same in many notebooks, such as a cell that nobody fills in, is the same object.
    """
    try:
        (course, variant, chosen), tasks, *lists = json.loads(text, object_pairs_hook=_with_known_names)
        _of_types((course, dict), (variant, dict | None), *((each, list) for each in (chosen, *lists)))
        _of_types(*((each, dict) for each in chosen))
        predictions, cells, code = lists
        cells, code = list(map(_unpacked_cell, cells)), dict(map(_unpacked_program, code))
        predictions = tuple(map(_unpacked_prediction, predictions))
        return Answered(course, variant, cells, predictions, chosen, code, _unpacked_tasks(tasks), digest)
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it is no notebook as it was read") from error


def _with_known_names(pairs):
    return {sys.intern(name): value for name, value in pairs}


@lru_cache(maxsize=MOST_SHARED)
def _unpacked_tasks(text):
    tasks = json.loads(text)
    _of_types((tasks, list), *((each, str) for each in tasks))
    return tuple(tasks)


@lru_cache(maxsize=MOST_SHARED)
def _unpacked_prediction(text):
    record = json.loads(text)
    _of_types((record, dict))
    return record


@lru_cache(maxsize=MOST_SHARED)
def _unpacked_cell(text):
    id, question, answers, shown = json.loads(text)
    _of_types((id, str), (question, str), (answers, dict), (shown, list), *((each, dict) for each in shown))
    for value, *others in answers.values():
        _of_types((value, str | int | float | None), *((each, bool) for each in others))
    return Cell(id, question, {name: Typed(*each) for name, each in answers.items()}, shown)


@lru_cache(maxsize=MOST_SHARED)
def _unpacked_program(text):
    exercise, name, source, does, *names = json.loads(text)
    _of_types(*((each, str) for each in (exercise, name, source, does)), *((each, list) for each in names))
    _of_types(*((each, str) for few in names for each in few))
    return exercise, Program(name, source, does, *map(tuple, names))


def _of_types(*pairs):
    if not all(isinstance(value, types) for value, types in pairs):
        raise TypeError


def bounded(value):
    """The same value, without halves of characters; ``None`` if it is too long or too deep."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return None
    return json.loads(text.encode(errors="replace")) if len(text) <= LONGEST_RECORD else None


def _cells(notebook):
    """The cells of a notebook; before format 4 they lay in worksheets."""
    notebook = _mapping(notebook)
    sheets = [notebook, *filter(_mapping, _list(notebook.get("worksheets")))]
    found = [each["cells"] for each in sheets if isinstance(each.get("cells"), list)]
    return list(itertools.chain(*found)) if found else None


def _variant(cells):
    for cell in cells:
        if cell.get("id") == VARIANT_CELL or _source(cell).startswith(f"# {VARIANT_COMMENT}\n"):
            return bounded(assigned(_source(cell))) or {}
    return None


def _answer_cells(cells):
    found, above, left = 0, None, MOST_SHOWN
    for cell in cells:
        question = _mapping(cell.get("metadata")).get("question")
        source, shown = _source(cell), _records(cell)
        if isinstance(question, str) or shown or "answer" in source or "check" in source:
            found += 1
            if found > MOST_ANSWER_CELLS:
                return
            left -= len(json.dumps(shown))
            answers = typed(source, above)
            above = answers.get("") if set(answers) <= {""} else None
            yield Cell(_short(cell.get("id")), name_today(_short(question)), answers, shown if left > 0 else [])


def _tasks(cells):
    for cell in cells:
        named = [_mapping(cell.get("metadata")).get(kind) for kind in ("question", "exercise")]
        yield from (name_today(each) for each in named if isinstance(each, str) and A_NAME.fullmatch(each))


def _predictions(cells):
    """The last record for each id that something is predicted about: what it says in numbers and short texts."""
    last = {}
    for each in (record for cell in cells for record in _records(cell, PREDICTION)):
        about = each.get("id")
        if isinstance(about, str) and (about in last or len(last) < MOST_PREDICTIONS):
            values = {name: each[name] for name in PREDICTED if isinstance(each.get(name), str | int | float)}
            last[about] = {k: v[:LONGEST_PREDICTED] if isinstance(v, str) else v for k, v in values.items()}
    return last.values()


def _records(cell, mime=ANSWER):
    outputs = (_mapping(_mapping(each).get("data")).get(mime) for each in _list(cell.get("outputs")))
    records = [bounded(each) for each in list(filter(_mapping, outputs))[-MOST_RECORDS:]]
    return [each | {"id": name_today(each.get("id"))} for each in records if each]


def _source(cell):
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list):
        source = "".join(each for each in source if isinstance(each, str))
    return source if isinstance(source, str) else ""


def _short(value):
    return value.encode(errors="replace").decode()[:100] if isinstance(value, str) else ""


def _mapping(value):
    return value if isinstance(value, dict) else {}


def _list(value):
    return value if isinstance(value, list) else []
