"""The exercises in the notebooks: the stub as it is, the check behind it, and nothing that needs either."""

import ast

import pytest

from utils.exercises import exercise, exercises, source_of
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks

PLACES = [
    pytest.param(path, cell.id, id=f"{path.stem}-{cell.metadata.get('exercise')}")
    for path in course_notebooks()
    for cell in tagged(read(path), "exercise")
]
every_exercise = pytest.mark.parametrize(("path", "cell_id"), PLACES)


def stub_check_and_rest(path, cell_id):
    """The cell with the stub, the cell that checks it, and all code cells after these."""
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    place = next(n for n, cell in enumerate(cells) if cell.id == cell_id)
    return cells[place], cells[place + 1], cells[place + 2 :]


def imports(path):
    """What the notebook's cells import, and nothing else of them."""
    nodes = [node for cell in read(path).cells if cell.cell_type == "code" for node in ast.parse(cell.source).body]
    chosen = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    space = {}
    exec(compile(ast.Module(chosen, []), str(path), "exec"), space)
    return space


def checked(cell, space):
    return eval(compile(ast.parse(cell.source, mode="eval"), "check", "eval"), space)


def test_every_exercise_stands_in_one_notebook():
    assert sorted(cell.metadata.exercise for path in course_notebooks() for cell in tagged(read(path), "exercise")) == (
        sorted(exercises())
    )


@every_exercise
def test_the_stub_is_the_cell_and_the_check_follows(path, cell_id):
    stub, check, _ = stub_check_and_rest(path, cell_id)
    of = exercise(stub.metadata.exercise)
    assert stub.source.strip() == of.stub.strip()
    assert check.source.strip() == f'check_code("{of.id}", {of.name})'


@every_exercise
def test_no_later_cell_needs_it(path, cell_id):
    stub, _, rest = stub_check_and_rest(path, cell_id)
    name = exercise(stub.metadata.exercise).name
    for cell in rest:
        names = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
        assert name not in names, cell.source


@every_exercise
def test_the_cells_judge_the_stub_the_solution_and_each_slip(path, cell_id):
    stub, check, _ = stub_check_and_rest(path, cell_id)
    of = exercise(stub.metadata.exercise)
    space = imports(path)
    exec(stub.source, space)
    untouched = checked(check, space)
    assert untouched.verdict == "unattempted"
    assert ("Write the body of" in str(untouched)) == ("# your code" in stub.source)
    exec(source_of(of.solution), space)
    assert checked(check, space).verdict == "right"
    for slip in of.slips:
        space[of.name] = slip.function
        assert checked(check, space).slip == slip.name
