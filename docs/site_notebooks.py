"""The notebooks as the site shows them: questions with a field, hints and solutions that unfold."""

import re

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat.v4 import new_output
from respond import block_costs, described

from utils import questions
from utils.concepts import AFTER, BEFORE, concept
from utils.course.pages.places import parameters_asked
from utils.exercises import exercise, source_of
from utils.explorers.blocks import block_explorer
from utils.notebook_files.reading import read
from utils.notebook_files.sources import ROOT, parameters

FIGURE = re.compile(r"<figure.*?</figure>", re.DOTALL)
TOGETHER = re.compile(
    r"(?<=[≥≤≈]) (?=[-−]?\d)|(?<=needed) (?=[≥≤=])|(?<=\[n) (?==)|(?<=\[n =) |(?<=\[n = \d) |(?<=\[n = \d\d) "
    r"|(?<=\d) (?=%|× [(\[])"
)
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
        elif "concept" in tags:
            cell.outputs = [_shown(concept_html(cell.metadata.concept, _when(cell)))]
            cell.metadata.tags = [*tags, "hide-input"]
        elif "exercise" in tags:
            found = exercise(cell.metadata.exercise)
            html = TEMPLATES.get_template("exercise.html").render(exercise=found, solution=source_of(found.solution))
            cell.outputs = [_shown(html)]
        elif live and cell.cell_type == "code" and "block_explorer(" in cell.source:
            stored = cell.outputs[0].data["text/html"]
            cell.outputs = [_shown(block_html(stored)), _shown(FIGURE.search(stored)[0])]
        else:
            for output in cell.get("outputs", ()):
                if 'role="note"' in output.get("data", {}).get("text/html", ""):  # criteria, a verdict, a judgment
                    output.data["text/html"] = kept_together(output.data["text/html"])
    return nbformat.writes(notebook)


def kept_together(text):
    """``text`` without line breaks between a sign and its number, or within "[n = 8"."""
    return TOGETHER.sub("\N{NO-BREAK SPACE}", text)


def question_html(question, live):
    """A question with a field for the answer, its hints and its solution."""
    has_others = len(questions.variants(question.id)) > 1
    return TEMPLATES.get_template("question.html").render(shown=described(question), live=live, has_others=has_others)


def concept_html(concept_id, when):
    """A question on a concept: at the start the page notes a choice, at the end each choice unfolds what is to be said.

    What was chosen at the start stays in the reader's browser; ``said`` is what the page says to it at the end.
    """
    about = concept(concept_id)
    first, asking = about.first, about.first if when == BEFORE else about.last
    said = {
        letter: f"“{sentence}” "
        + (f"That is not right: {about.explanation(first, letter)}" if idea else "That is right.")
        for letter, (sentence, idea) in first.choices.items()
        if when == AFTER
    }
    return TEMPLATES.get_template("concept.html").render(concept=about, when=when, asking=asking, said=said)


def _when(cell):
    return BEFORE if re.search(r"^before\(", cell.source, flags=re.MULTILINE) else AFTER


def block_html(stored):
    """The block explorer's controls and numbers, in place of those that the output ``stored`` in its notebook says."""
    controls = block_explorer().panel.controls
    said = dict(re.findall(r"[(;] ?([^:;(]+): ([^;)]+)(?=[;)])", stored.partition("</p>")[0]))
    values = {each["name"]: _value(said[each["label"]]) for each in controls}
    rows = block_costs(**values)
    return TEMPLATES.get_template("block.html").render(controls=controls, values=values, rows=rows, said=said)


def _value(text):
    return int(text) if text.isdecimal() else {"True": True, "False": False}.get(text, text)


def _shown(html):
    return new_output("display_data", {"text/html": html})
