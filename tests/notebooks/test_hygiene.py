"""What every stored notebook keeps to."""

import ast
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import nbformat
import pytest

from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks, parameters
from utils.predictions import asked_about

MEGABYTE = 1_000_000
ALLOWED_TAGS = {
    "parameters",
    "answer",
    "concept",
    "exercise",
    "prediction",
    "trained",
    "nbval-ignore-output",
    "prints-false",
}

EMPTY = {"range": 'predict("{}", low=None, high=None)', "choice": 'predict("{}", None, confidence=None)'}

every_notebook = pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def texts(output):
    """What an output shows as text: printed, or in place of a figure."""
    data = output.get("data", {})
    return [output.get("text", ""), data.get("text/plain", "")]


class Images(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.alts, self.scripts = [], 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.alts.append(dict(attributes).get("alt") or "")
        self.scripts += tag == "script"


@every_notebook
def test_it_is_valid_and_under_two_megabytes(path):
    nbformat.validate(read(path))
    assert path.stat().st_size < 2 * MEGABYTE


@every_notebook
def test_it_has_one_parameters_cell_with_profile_and_seed_and_a_range_for_each(path):
    notebook = read(path)
    assert len(tagged(notebook, "parameters")) == 1
    declared = parameters(notebook)
    assert {"profile", "seed"} <= set(declared)
    assert declared["profile"].default == "quick"
    for each in declared.values():
        assert each.range is not None, f"{each.name} has no range"
        assert each.range.allows(each.default), f"{each.name}={each.default!r} is outside its own range"


@every_notebook
def test_its_parameters_are_typed_and_checked_in_the_next_code_cell(path):
    cells = code_cells(read(path))
    place = next(i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
    assert all(isinstance(line, ast.AnnAssign) for line in ast.parse(cells[place].source).body)
    assert "check_parameters(" in cells[place + 1].source


@every_notebook
def test_it_was_run_from_top_to_bottom(path):
    cells = [cell for cell in code_cells(read(path)) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@every_notebook
def test_it_stores_no_error_and_nothing_from_stderr(path):
    for output in outputs(read(path)):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.get("text")


@every_notebook
def test_every_code_cell_is_plain_python(path):
    # nbval passes a notebook whose unknown magic ended it, so there are no magics at all.
    for cell in code_cells(read(path)):
        ast.parse(cell.source)


@every_notebook
def test_every_figure_has_a_text_alternative_and_no_output_has_a_script(path):
    figures = 0
    for output in outputs(read(path)):
        data = output.get("data", {})
        assert not {"image/png", "image/jpeg", "image/svg+xml"} & set(data), "a picture without a text alternative"
        page = Images(data.get("text/html", ""))
        figures += len(page.alts)
        assert all(len(alt) >= 20 for alt in page.alts), page.alts
        assert not page.scripts
    assert figures, "no figure at all"


@every_notebook
def test_the_values_that_a_parameter_s_comment_lists_are_allowed(path):
    (cell,) = tagged(read(path), "parameters")
    for name, declared in parameters(read(path)).items():
        comment = re.search(rf"^{name}\b.*?#([^#\n]*(?:\n#[^\n]*)*)", cell.source, re.M)
        listed = (
            re.split(
                r",\s+(?:or\s+)?|\s+or\s+",
                re.sub(r"\n#", "", comment[1]).rpartition(":")[2].strip().removeprefix("or "),
            )
            if comment
            else []
        )
        allowed = [each for each in listed if declared.range.allows(each)]
        assert allowed in ([], listed), f"{name}: {set(listed) - set(allowed)} would be refused"


@pytest.mark.parametrize("place", range(len(course_notebooks())))
def test_it_leads_to_the_next_one_and_its_links_to_a_notebook(place):
    names = [path.name for path in course_notebooks()]
    text = "\n".join(each.source for each in read(course_notebooks()[place]).cells if each.cell_type == "markdown")
    links = re.findall(r"\]\(([^):]+\.ipynb)\)", text)
    assert set(links) <= set(names)
    assert set(names[1:] if place == 0 else names[place + 1 : place + 2]) <= set(links)


@every_notebook
def test_no_zero_that_it_shows_has_a_sign(path):
    shown = [text for output in outputs(read(path)) for text in texts(output)]
    assert not [each for each in shown if re.search(r"(?<![\w.])[-−]0(?:\.0+)?(?![\w.])", each)]


@every_notebook
def test_its_text_needs_no_mathjax(path):
    # The pages of a run load nothing from elsewhere, so formulas are written in plain characters.
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"\$[^$\n]+\$|\\\(|\\\[", cell.source), cell.source


@every_notebook
def test_it_is_stored_as_jupyter_writes_it(path):
    # Another program may write the same numbers in another way (ruff does, in a notebook that it formats).
    stored = path.read_text(encoding="utf-8")
    assert nbformat.writes(nbformat.reads(stored, as_version=4)) + "\n" == stored


@every_notebook
def test_it_stores_no_widget_state_and_no_times(path):
    notebook = read(path)
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "course"}
    for cell in notebook.cells:
        assert set(cell.metadata.get("tags", [])) <= ALLOWED_TAGS
        assert not set(cell.metadata) & {"execution", "papermill", "ExecuteTime"}
    assert not [o for o in outputs(notebook) if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]


@every_notebook
def test_answers_and_predictions_are_left_to_the_student(path):
    notebook = read(path)
    for cell in tagged(notebook, "answer"):
        assert re.search(r"^answer = None\b", cell.source, re.M), cell.source
        assert cell.metadata.get("question"), cell.source
        assert re.search(rf'check\(\s*"{cell.metadata.question}"', cell.source), cell.source
    for cell in tagged(notebook, "prediction"):
        about = re.search(r'^predict\("([\w-]+)"', cell.source, re.M)
        if about:
            assert cell.source.endswith(EMPTY[asked_about(about[1]).kind].format(about[1])), cell.source
        else:  # about a claim of one's own
            assert re.search(r"^low = None\b.*\nhigh = None\b.*\npredict\(\w+, low, high\)$", cell.source, re.M)
    answers = [cell for cell in code_cells(notebook) if "check(" in cell.source and "answer" in cell.source]
    assert all("answer" in cell.metadata.get("tags", []) for cell in answers)


def names_imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


@every_notebook
def test_help_is_offered_and_is_there_when_it_is_needed(path):
    """The text says hint("…") of a question of its own; the name is imported by the next cell of code, or above."""
    notebook, imported, waiting, offered = read(path), set(), set(), {"hint": set(), "solution": set()}
    for cell in notebook.cells:
        found = re.findall(r"\b(hint|solution)\(\"([\w-]+)\"", cell.source)
        for name, question in found:
            offered[name].add(question)
        if cell.cell_type == "markdown":
            waiting |= {name for name, _ in found}
            continue
        imported |= set(names_imported(cell.source))
        assert (waiting | {name for name, _ in found}) <= imported, cell.source
    asked = {cell.metadata.question for cell in tagged(notebook, "answer")}
    assert offered["hint"] <= asked
    assert offered["solution"] <= asked
    assert bool(asked) == bool(offered["hint"]) == bool(offered["solution"])


@every_notebook
def test_what_is_imported_is_used_or_offered_to_the_student(path):
    notebook = read(path)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in code_cells(notebook))
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    assert [name for name in names_imported(code) if name not in used and f"`{name}(" not in text] == []


@every_notebook
def test_it_says_how_long_it_takes_and_what_must_run_before_it(path):
    notebook = read(path)
    minutes = re.search(r"About (\d+) minutes", notebook.cells[0].source)
    assert minutes, "its first cell says 'About … minutes'"
    assert 5 <= int(minutes[1]) <= 120
    seconds = re.search(r"Running all cells takes about (\d+) seconds", notebook.cells[0].source)
    assert seconds, "its first cell says 'Running all cells takes about … seconds'"
    assert int(seconds[1]) <= 60
    names = [other.stem for other in course_notebooks()]
    earlier = notebook.metadata.get("course", {}).get("after", [])
    assert all(names.index(name) < names.index(path.stem) for name in earlier)


@pytest.mark.parametrize("option", ["--nbval", "--nbval-lax"])
def test_a_comparison_that_would_tear_notebooks_apart_is_refused_in_a_sentence(option):
    path = course_notebooks()[0]
    pytest_with = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", option, "--collect-only", path]
    refused = subprocess.run(pytest_with, cwd=path.parents[1], capture_output=True, text=True)
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert refused.stderr.strip().endswith("add --dist loadfile to --nbval and -n")
    allowed = subprocess.run([*pytest_with, "--dist", "loadfile"], cwd=path.parents[1], capture_output=True, text=True)
    assert allowed.returncode == 0


@every_notebook
def test_a_browser_would_write_its_numbers_as_they_stand(path):
    """JavaScript knows no 1.0: JupyterLab saves it as 1, and a notebook that was only opened would be another."""
    whole = []

    def number(text):
        whole.append(text)
        return float(text)

    json.loads(path.read_text(encoding="utf-8"), parse_float=number)
    assert not [text for text in whole if float(text).is_integer()]
