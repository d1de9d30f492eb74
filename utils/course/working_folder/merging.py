"""A student's notebook and a new version of the course's become one, cell by cell.

Cells are the same if their ids are. What the student wrote stays, what the student left alone is renewed; where both
changed the same lines, the student's cell stays, and the course's stands behind it. What a hand-out says of itself, and
its cell of the variant, stay where the course's own notebook says nothing of that.
"""

import re
import uuid
from argparse import Namespace
from copy import deepcopy

from utils.former_names import name_today
from utils.notebook_files.reading import tagged
from utils.notebook_files.returned import VARIANT_CELL

NEW_VERSION = "new-version"  # the tag of a cell that holds the course's new version of the cell before it


def merged(base, mine, new):
    """``(notebook, conflicts)``: ``mine`` with what changed from ``base`` to ``new``.

    ``conflicts`` are the first words of each cell that both changed. All three are notebooks without surprises: valid,
    and with an id for each cell.
    """
    before, own = _by_id(base), _by_id(mine)
    result, conflicts = deepcopy(new), []
    result.cells = []
    for cell in new.cells:
        if cell.id in own:
            result.cells += _one(before.get(cell.id), own[cell.id], cell, mine, conflicts)
        elif cell.id not in before:
            result.cells.append(deepcopy(cell))
    _insert_own(result, before, mine)
    if "course" in mine.metadata and "course" not in new.metadata:  # a hand-out, renewed by the course itself
        result.metadata["course"] = mine.metadata["course"]
    return result, conflicts


def filled_in(new, versions, mine):
    """``(notebook, words)``: ``new`` with what was written into its questions and exercises while ``mine`` had them.

    ``versions`` are those of ``mine`` as the course laid them; ``words`` are the first words of what came along.
    """
    result, own, words = deepcopy(new), _by_id(mine), []
    result.cells = []
    for cell in new.cells:
        bases = [
            each for version in versions for each in version.cells if each.id == cell.id and _same_task(each, cell)
        ]
        if cell.id in own and bases and own[cell.id].source not in {each.source for each in bases}:
            result.cells += _one(bases[-1], own[cell.id], cell, new, [])
            words.append(_first_words(own[cell.id]))
        else:
            result.cells.append(deepcopy(cell))
    return result, words


def _same_task(one, other):
    """Whether two cells ask the same question, or set the same exercise."""
    names = "question", "exercise"
    tasks = [tuple(name_today(each.metadata.get(name)) for name in names) for each in (one, other)]
    return tasks[0] == tasks[1] != (None, None)


def alike(base, mine):
    """Whether enough cells have kept their ids to say which is which."""
    if not base.cells:
        return True
    return len(_by_id(base).keys() & _by_id(mine).keys()) >= len(base.cells) / 2


def _by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def _one(base, mine, new, notebook, conflicts):
    """The cells that take the place of a cell that is there in both."""
    if mine.source == new.source:
        return [_renewed(mine, new)]
    if base is not None and mine.source == base.source:
        return [deepcopy(new)]
    if base is not None and new.source == base.source:
        return [deepcopy(mine)]
    if base is not None and (source := _lines(base.source, mine.source, new.source)) is not None:
        cell = deepcopy(new)
        cell.source = source
        return [cell]
    conflicts.append(_first_words(mine))
    if any(each.source == new.source for each in tagged(notebook, NEW_VERSION)):
        return [deepcopy(mine)]
    beside = deepcopy(new)
    beside.id = uuid.uuid4().hex[:8]
    beside.metadata = {"tags": [NEW_VERSION]}
    return [deepcopy(mine), beside]


def _renewed(mine, new):
    """The cell as the course has it, with what running it has shown the student."""
    cell = deepcopy(new)
    if cell.cell_type == mine.cell_type == "code":
        cell.outputs, cell.execution_count = deepcopy(mine.outputs), mine.execution_count
    return cell


def _lines(base, mine, new):
    """A text with the lines that each changed; ``None`` if they changed the same ones."""
    from nbdime.merging.notebooks import merge_notebooks
    from nbformat.v4 import new_markdown_cell, new_notebook

    one, *others = (new_notebook(cells=[new_markdown_cell(each, id="a")]) for each in (base, mine, new))
    arguments = Namespace(
        merge_strategy=None, input_strategy=None, output_strategy=None, ignore_transients=True, log_level="INFO"
    )
    result, decisions = merge_notebooks(one, *others, arguments)
    if any(each.conflict for each in decisions) or len(result.cells) != 1:
        return None
    return result.cells[0].source


def _insert_own(result, before, mine):
    """Put the cells that the student made, or wrote into, behind the cell that they stand behind."""
    there, behind = {cell.id for cell in result.cells}, 0
    for cell in mine.cells:
        if cell.id in there:
            behind = next(n for n, each in enumerate(result.cells) if each.id == cell.id) + 1
            while behind < len(result.cells) and NEW_VERSION in result.cells[behind].metadata.get("tags", []):
                if result.cells[behind].id in _by_id(mine):
                    break
                behind += 1
        elif cell.id == VARIANT_CELL or cell.id not in before or cell.source != before[cell.id].source:
            result.cells.insert(behind, deepcopy(cell))
            behind += 1


def _first_words(cell):
    words = re.sub(r"\s+", " ", cell.source).strip()
    return words if len(words) <= 60 else words[:57] + "..."
