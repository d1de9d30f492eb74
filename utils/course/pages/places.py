"""The page for students that lists all questions and exercises with their places. It holds no answer and no hint."""

import ast
import re

from utils import questions
from utils.exercises import exercise
from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks, parameters
from utils.start_here import chapters

HEAD = """# All questions and exercises

Where each of them stands; some questions stand in two notebooks. `another("…")` asks a question with other numbers, as
often as you like, and `course progress` tells what you have done. Ten questions on concepts stand in the
first notebook, and again at the end of the last. (This page is what `course questions --page` prints.)
"""


def page_of_places():
    """The page, as Markdown."""
    titles = {each.name: each.title for each in chapters()}
    parts = [HEAD]
    for path in course_notebooks():
        if rows := list(_rows(read(path))):
            number = path.stem[:2]
            parts.append(f"## {number} · {titles[path.stem]}\n\nIn [notebook {number}](../notebooks/{path.name}):\n")
            parts.append("| Name | Kind | Section | What is asked |\n|---|---|---|---|")
            parts += ["| " + " | ".join(each.replace("|", "/") for each in row) + " |" for row in rows]
            parts[-1] += "\n"
    return "\n".join(parts)


def _rows(notebook):
    section, defaults = "", {name: each.default for name, each in parameters(notebook).items()}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = [section, *re.findall(r"^## (.+)$", cell.source, flags=re.MULTILINE)][-1]
        elif "answer" in cell.metadata.get("tags", []):
            yield f"`{cell.metadata.question}`", "question", section, _asked(cell, defaults)
        elif "exercise" in cell.metadata.get("tags", []):
            found = exercise(cell.metadata.exercise)
            yield f"`{found.id}`", f"exercise ({found.kind})", section, " ".join(found.text.split())


def parameters_asked(cell, defaults):
    """The parameters with which an answer's cell asks its question; ``defaults`` are those of its notebook."""
    calls = (each for each in ast.walk(ast.parse(cell.source)) if isinstance(each, ast.Call))
    call = next(each for each in calls if getattr(each.func, "id", "") == "check")
    given = {each.arg: defaults.get(getattr(each.value, "id", None)) for each in call.keywords}
    return given | {each.arg: each.value.value for each in call.keywords if isinstance(each.value, ast.Constant)}


def _asked(cell, defaults):
    """The text of a question with the notebook's default parameters."""
    return " ".join(questions.ask(cell.metadata.question, **parameters_asked(cell, defaults)).text.split())
