"""Nothing that is shown before an answer cell gives its answer away: no text, no code, no output, no figure's text.

Looked for is every number of an answer that has three digits or more and does not stand in the question itself. Shorter
ones stand everywhere by chance.
"""

import ast
import re
from fractions import Fraction

import pytest

from utils import questions as course
from utils.claims.start_here import PRACTICE
from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks, parameters
from utils.questions._reading import flat

NUMBER = re.compile(r"(?<![\w.])[0-9][0-9,]*(?:\.[0-9]+)?(?![\w])")


def asked(path):
    """``(place of the cell, Question with the notebook's default parameters)`` for each answer cell."""
    notebook = read(path)
    values = {name: each.default for name, each in parameters(notebook).items()}
    for place, cell in enumerate(notebook.cells):
        if "answer" in cell.metadata.get("tags", []):
            call = next(
                node
                for node in ast.walk(ast.parse(cell.source))
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check"
            )
            given = {
                each.arg: values[each.value.id] if isinstance(each.value, ast.Name) else ast.literal_eval(each.value)
                for each in call.keywords
            }
            yield place, course.ask(cell.metadata.question, **given)


def shown_before(notebook, place):
    """All text of the cells above, with their outputs; ``(place, text)`` each."""
    for number, cell in enumerate(notebook.cells[:place]):
        yield number, cell.source
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for text in (output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")):
                yield number, re.sub(r"data:[^\"']*", "", text)


def numbers(text):
    return {each.replace(",", "").rstrip(".") for each in NUMBER.findall(text)}


def telling(question):
    """The numbers of the answer with three digits or more that the question does not say itself, as written."""
    found = set()
    for each in flat(question.answer) if not isinstance(question.answer, str | None) else ():
        value = abs(Fraction(each))
        if value.denominator == 1 and value >= 100:
            found.add(str(int(value)))
        elif value.denominator != 1:
            found.add(f"{float(value):.3g}")
    return {each for each in found if len(each.replace(".", "").lstrip("0")) >= 3} - numbers(question.text)


PLACES = [
    pytest.param(path, place, question, id=f"{path.stem}-{question.id}")
    for path in course_notebooks()
    for place, question in asked(path)
    if question.answer is not None
]


@pytest.mark.parametrize(("path", "place", "question"), PLACES)
def test_no_answer_is_shown_before_it_is_asked_for(path, place, question):
    notebook = read(path)
    for number, text in shown_before(notebook, place):
        assert not (seen := telling(question) & numbers(text)), f"cell {number} shows {seen}: {text[:300]}"


def test_a_prediction_is_asked_for_between_the_criteria_and_the_verdict():
    for path in course_notebooks():
        found = {}
        for cell in read(path).cells:
            if cell.cell_type == "code":
                for what, about in re.findall(r"\b(criteria|predict|compare|verdict)\(\s*\"([\w-]+)\"", cell.source):
                    found.setdefault(about, []).append(what)
        for about, order in found.items():
            if "predict" in order:
                expected = ["predict", "compare"] if about in PRACTICE else ["criteria", "predict", "verdict"]
                assert order == expected, f"{path.stem}: {about}"
        assert any("predict" in order for order in found.values()) or "your_own" in path.stem


def test_the_answers_that_are_looked_for():
    # Worked by hand: 1 ± 2·3/√10 and 1 ± 2·2/√5; three digits of 2.897 are 2.90, which is written with two.
    assert telling(course.ask("bn-normalize")) == {"0.897", "0.789", "2.79"}
    assert telling(course.ask("bn-bias")) == set()
    assert telling(course.ask("separable-parameters")) == {str(course.ask("separable-parameters").answer)}
