"""Every ``answer`` cell of the notebooks is filled in: with nothing, with the right answer, and with each slip.

The cell's own code runs, with the value put in place of ``None``, and the notebook's parameters at their defaults.
Nothing else of the notebook is executed: a check may use only those parameters and plain values.
"""

import ast
import re

import nbformat
import pytest
from checking import typed

from utils import questions as course
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks, parameters
from utils.parameters import Choice

CELLS = [
    pytest.param(path, place, id=f"{path.stem}-{cell.metadata.get('question')}")
    for path in course_notebooks()
    for place, cell in enumerate(tagged(read(path), "answer"))
]
every_cell = pytest.mark.parametrize(("path", "place"), CELLS)


def cell_and_values(path, place):
    notebook = read(path)
    values = {name: each.default for name, each in parameters(notebook).items()}
    return tagged(notebook, "answer")[place], values


def filled(cell, values, answer):
    """What the cell shows when ``answer`` stands in place of ``None``."""
    source = re.sub(r"^answer = None\b", f"answer = {typed(answer)!r}", cell.source, count=1, flags=re.MULTILINE)
    *statements, last = ast.parse(source).body
    namespace = {name: getattr(course, name) for name in ("check", "hint", "solution")} | values
    exec(compile(ast.Module(statements, []), "answer", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), "answer", "eval"), namespace)


def complaints(cell, values):
    """What is wrong with an answer cell, if anything."""
    if not re.search(r"^answer = None\b", cell.source, flags=re.MULTILINE):
        return ["it has no line 'answer = None'"]
    empty = filled(cell, values, None)
    if empty.verdict != "unanswered":
        return [f"as shipped it is judged {empty.verdict}: {empty}"]
    if empty.id != cell.metadata.get("question"):
        return [f"it asks {empty.id}, and its metadata say {cell.metadata.get('question')}"]
    question = course.ask(empty.id, **empty.parameters)
    if question.answer is None:
        return [] if all(filled(cell, values, each).verdict == "noted" for each in question.choices) else ["not noted"]
    right = filled(cell, values, question.answer)
    wrong = [(slip.name, filled(cell, values, slip.answer)) for slip in question.slips]
    return [f"the right answer is judged {right}"] * (right.verdict != "right") + [
        f"the slip {name} is judged {judged}"
        for name, judged in wrong
        if (judged.verdict, judged.slip) != ("slip", name)
    ]


@every_cell
def test_none_is_neutral_the_right_answer_passes_and_each_slip_is_named(path, place):
    assert complaints(*cell_and_values(path, place)) == []


@every_cell
def test_the_notebook_s_ranges_lie_within_those_of_the_question(path, place):
    notebook = read(path)
    declared, cell = parameters(notebook), tagged(notebook, "answer")[place]
    (call,) = (
        node for node in ast.walk(ast.parse(cell.source)) if getattr(getattr(node, "func", 0), "id", "") == "check"
    )
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Name):
            allowed = course.parameters_of(cell.metadata.question)[keyword.arg].allowed
            given = declared[keyword.value.id].range
            ends = given.values if isinstance(given, Choice) else (given.low, given.high)
            assert all(map(allowed.allows, ends)), f"{keyword.value.id}: {given}; the question takes {allowed}"


def test_every_question_is_asked_in_a_notebook():
    asked = {cell.metadata.get("question") for path in course_notebooks() for cell in tagged(read(path), "answer")}
    assert asked == set(course.questions())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('answer = None\ncheck("bn-parameters", answer, channels=channels)', None),
        ('from utils.questions import check\n\nanswer = None  # 2 * 3\ncheck("bn-parameters", answer)', None),
        ('answer = 128\ncheck("bn-parameters", answer)', "no line 'answer = None'"),
        ('answer = None\ncheck("bn-parameters", 128)', "as shipped it is judged right"),
        ('answer = None\ncheck("bn-parameters", None)', "the right answer is judged"),
        ('answer = None\ncheck("bn-trainable", answer)', "it asks bn-trainable"),
        ('answer = None\ncheck("bn-parameters", answer, channels=1)', "as shipped it is judged not-asked"),
        ('answer = None\ncheck("bn-parameters", answer and answer + 1)', "the right answer is judged"),
    ],
)
def test_a_cell_that_is_wrong_is_found(source, complaint):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["answer"], "question": "bn-parameters"})
    found = complaints(cell, {"channels": 48})
    assert found == [] if complaint is None else complaint in found[0]


@pytest.mark.parametrize("value", ["channels + 1", "model.count_params()"])
def test_a_check_of_anything_but_parameters_and_plain_values_is_an_error(value):
    cell = nbformat.v4.new_code_cell(f'answer = None\ncheck("bn-parameters", answer, channels={value})')
    with pytest.raises(NameError):
        filled(cell, {}, None)
