"""The checks of the notebooks go red when something is wrong: each test here breaks a copy and watches."""

import json
import os
import runpy
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from utils.questions import check

ROOT = Path(__file__).parents[2]
# The repository's conftest.py by its path: the folders of tests have files of that name, too.
CHECKS = runpy.run_path(str(ROOT / "conftest.py"))
far_apart, without_what_may_differ = CHECKS["far_apart"], CHECKS["without_what_may_differ"]
NOTEBOOK = ROOT / "notebooks" / "00_start_here.ipynb"


def code_cells():
    return [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]


def excerpt(*words):
    """The notebook's first cell with each of these words, as it is."""
    return [next(cell for cell in code_cells() if each in cell.source) for each in words]


def corrupted(edit):
    """The cell of the notebook that ``edit`` changes, changed; it must be exactly one."""
    (cell,) = (cell for cell in code_cells() if edit(cell))
    return cell


def write(path, cells):
    """A notebook of these cells for the kernel of the course."""
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    nbformat.write(new_notebook(cells=cells, metadata=nbformat.read(NOTEBOOK, as_version=4).metadata), path)


def a_stored_number(cell):
    for output in cell.outputs:
        if "shape: (300, 451, 3)" in output.get("text", ""):
            output.text = output.text.replace("451", "452")
            return True
    return False


def a_figure_call(cell):
    changed = cell.source.replace("draw_patch(pixels, square,", "draw_patch(pixels, square // 2,")
    changed, cell.source = changed != cell.source, changed
    return changed


def a_missing_figure(cell):
    if "draw_patch(pixels" in cell.source:
        cell.source = "row, column, square = 100, 150, patch(pixels, 100, 150, size)"
        return True
    return False


def an_answer_that_fails(cell):
    if "answer = None" in cell.source:
        cell.source = cell.source.replace("answer = None", "answer = 191")
        return True
    return False


MUTATIONS = [a_stored_number, a_figure_call, a_missing_figure, an_answer_that_fails]


def red_cells(folder):
    """Under nbval, with this repository's conftest, the cells that fail: (notebook, number of the code cell)."""
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", f"--junitxml={report}", folder]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    subprocess.run(command, cwd=folder, capture_output=True, check=False, env=clean)
    cases = list(ElementTree.parse(report).iter("testcase"))
    assert cases
    return {
        (case.get("classname").removesuffix(".ipynb").split(".")[-1], int(case.get("name").split()[-1]))
        for case in cases
        if len(case)
    }


KEY_OFF_BY_ONE = """
from dataclasses import replace
from utils.questions import image_values
question = image_values.question
image_values.question = lambda **given: replace(question(**given), answer=question(**given).answer + 1)
"""


def right(before=""):
    """A cell with a right answer, and the output that says so; code may go before it."""
    asked = {"height": 8, "width": 12}
    shown = check("image-values", 8 * 12 * 3, **asked)._repr_mimebundle_()
    source = f'{before}check("image-values", 8 * 12 * 3, **{asked})'
    output = new_output("execute_result", shown, execution_count=1)
    return new_code_cell(source, outputs=[output], execution_count=1)


GOOD = "profile: str", "check_parameters(", "pixels = photograph(photo)", "draw_patch(pixels", "answer = None"


@pytest.fixture(scope="module")
def red(tmp_path_factory):
    """The red cells of two notebooks, in one run: good cells with corrupted ones below, and changed numbers."""
    folder = tmp_path_factory.mktemp("mutations")
    write(folder / "mutations.ipynb", [*excerpt(*GOOD), right(), *map(corrupted, MUTATIONS), right(KEY_OFF_BY_ONE)])
    write(folder / "numbers.ipynb", [cell for cell, _ in changed_numbers()])
    return red_cells(folder)


def test_unchanged_cells_are_green(red):
    assert not red & {("mutations", number) for number in range(len(GOOD) + 1)}


@pytest.mark.parametrize("edit", MUTATIONS, ids=lambda edit: edit.__name__)
def test_a_corrupted_cell_is_red(red, edit):
    assert ("mutations", len(GOOD) + 1 + MUTATIONS.index(edit)) in red


def test_a_right_answer_is_red_when_the_key_is_wrong(red):
    assert ("mutations", len(GOOD) + 1 + len(MUTATIONS)) in red


VERDICT = """
import json
from IPython.display import display
print("accuracy ≈ 0.58, of 40")
criteria = [
    {"name": "weights", "role": "check", "exact": True, "value": 16096.0, "low": 16096.0, "result": "met"},
    {"name": "slope", "role": "deciding", "exact": False, "value": 0.452, "high": 0.454, "result": "contradicted"},
]
display({"application/vnd.convnet-course.verdict+json": {"verdict": "holds", "criteria": criteria}}, raw=True)
"""
# What is changed in the stored output, and whether an ordinary cell and one tagged "trained" are red then.
CHANGES = {
    "nothing": ("", "", False, False),
    "the last digit by one": ("≈ 0.58", "≈ 0.59", False, False),
    "the last digit by two": ("≈ 0.58", "≈ 0.60", True, False),
    "a number by half": ("≈ 0.58", "≈ 0.85", True, True),
    "an exact number": ("of 40", "of 41", True, True),
    "a measured number by a hundredth": ("0.452", "0.4565", False, False),
    "a measured number by a twentieth": ("0.452", "0.475", True, False),
    "a measured number by half": ("0.452", "0.7", True, True),
    "the end of an interval by a twentieth": ("0.454", "0.477", True, False),
    "a counted number": ('"value": 16096.0', '"value": 16097.0', True, True),
    "a result to its opposite": ("contradicted", "met", True, True),
    "a result to undecided": ("contradicted", "undecided", True, False),
    "the result of a check": ('"met"', '"undecided"', True, True),
    "the verdict's word": ("holds", "undecided here", True, False),
    "a criterion's role": ("deciding", "condition", True, True),
}


def changed_numbers():
    """A cell for each of CHANGES and tag, with the changed output, and whether it must be red."""
    namespace = {"display": lambda data, raw: None}
    exec(VERDICT.replace("from IPython.display import display", ""), namespace)
    record = {"verdict": "holds", "criteria": namespace["criteria"]}
    for before, after, *expected in CHANGES.values():
        text, data = (each.replace(before, after, 1) for each in ("accuracy ≈ 0.58, of 40\n", json.dumps(record)))
        for tag, goes_red in zip(("ordinary", "trained"), expected, strict=True):
            stored = [
                new_output("stream", text=text),
                new_output("display_data", data={"application/vnd.convnet-course.verdict+json": json.loads(data)}),
            ]
            yield new_code_cell(VERDICT, outputs=stored, execution_count=1, metadata={"tags": [tag]}), goes_red


def test_a_number_may_differ_by_as_much_as_fits_it_and_no_more(red):
    expected = {number for number, (_, goes_red) in enumerate(changed_numbers()) if goes_red}
    assert {number for notebook, number in red if notebook == "numbers"} == expected


def test_what_may_differ_is_pictures_and_approximate_numbers_only():
    assert without_what_may_differ("a ≈ 1,200 steps, 0.5") == "a ≈ steps, 0.5"
    assert without_what_may_differ("a ≈    0.58 and ≈ 1e+06") == "a ≈ and ≈"
    page = '<img src="data:image/png;base64,iVBOR+/=" alt="a cat">'
    assert without_what_may_differ(page) == '<img src="image" alt="a cat">'
    assert without_what_may_differ({"value": 0.5, "exact": True}) == '{"exact": true, "value": 0.5}'
    assert without_what_may_differ({"value": 0.5, "exact": False}) == '{"exact": false, "value": "≈"}'
    assert without_what_may_differ({"answer": 0.5}) == '{"answer": 0.5}'


def test_how_much_room_a_number_has():
    assert far_apart("≈ 0.6 and ≈ 1,000", "≈ 0.5 and ≈ 400", trained=True) == [("1,000", "400")]
    assert far_apart("≈ 0.6, ≈ 1,000, ≈ 2e-07", "≈ 0.5, ≈ 1,019, ≈ -8e-06") == []
    assert far_apart("≈ 0.6, ≈ 1,000, ≈ 2e-04", "≈ 0.4, ≈ 1,021, ≈ 4e-04") == [
        ("0.6", "0.4"), ("1,000", "1,021"), ("2e-04", "4e-04"),
    ]  # fmt: skip


def test_the_forms_of_an_output_are_compared_in_any_order():
    forms = {"text/plain": "≈ 0.1", "text/html": "≈ 0.3", "a/verdict+json": {"value": 0.2, "exact": False}}
    sent, stored = (CHECKS["_text"]([{"data": dict(items)}], False) for items in (forms.items(), sorted(forms.items())))
    assert far_apart(stored, sent) == []
