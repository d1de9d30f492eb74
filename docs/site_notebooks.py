"""The notebooks as the site shows them: questions with a field, hints and solutions that unfold."""

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat.v4 import new_output
from respond import described

from utils import questions
from utils.course.pages.places import parameters_asked
from utils.exercises import exercise, source_of
from utils.notebook_files.reading import read
from utils.notebook_files.sources import ROOT, parameters

TEMPLATES = Environment(
    loader=FileSystemLoader(ROOT / "docs" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def notebook_for_site(path, live):
    """The text of the notebook at ``path`` for the site; ``live`` says whether answers can be checked in the page."""
    notebook = read(path)
    defaults = {name: each.default for name, each in parameters(notebook).items()}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "answer" in tags:
            asked = questions.ask(cell.metadata.question, **parameters_asked(cell, defaults))
            cell.outputs = [_shown(question_html(asked, live))]
            cell.metadata.tags = [*tags, "hide-input"]
        elif "exercise" in tags:
            found = exercise(cell.metadata.exercise)
            html = TEMPLATES.get_template("exercise.html").render(exercise=found, solution=source_of(found.solution))
            cell.outputs = [_shown(html)]
    return nbformat.writes(notebook)


def question_html(question, live):
    """A question with a field for the answer, its hints and its solution."""
    has_others = len(questions.variants(question.id)) > 1
    return TEMPLATES.get_template("question.html").render(shown=described(question), live=live, has_others=has_others)


def _shown(html):
    return new_output("display_data", {"text/html": html})
