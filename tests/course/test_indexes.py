"""Pages hold whatever a notebook wrote, change nothing, and come with the package."""

import re
import subprocess
import sys
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from utils.course.batches.findings import findings
from utils.course.batches.job import Outcome
from utils.course.pages import run_index
from utils.course.pages.notebook_page import notebook_page
from utils.course.students.roster import NOBODY
from utils.ledger import Ledger
from utils.records import ANSWER

ROOT = Path(__file__).parents[2]


def executed(*cells, status="passed", error=""):
    notebook = new_notebook(cells=list(cells))
    notebook.metadata["papermill"] = {"status": status, "error": error}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    return notebook


def test_making_a_page_changes_nothing_in_the_notebook():
    failing = new_code_cell("1 / 0", execution_count=1, metadata={"papermill": {"status": "failed"}})
    failing.outputs = [new_output("error", ename="E", evalue="<b>", traceback=["\x1b[31m<b>\x1b[0m"])]
    marked = new_code_cell("mark", metadata={"tags": ["papermill-error-cell-tag"]})
    notebook = executed(marked, failing, status="failed", error="In [1]: </section><script>")
    before = deepcopy(notebook)
    page = notebook_page(notebook)
    assert notebook == before
    assert "<script>" not in page.partition("course-failure")[2].partition("</section>")[0]
    assert "&lt;/section&gt;&lt;script&gt;" in page


def test_the_browser_s_tab_tells_the_page_of_a_notebook_from_another():
    heading = new_markdown_cell("Text\n\n# 02 · Residual </title><script>alert(1)</script>")
    page = notebook_page(executed(heading, new_code_cell("1")), scripts=False)
    assert re.search(r"<title>02 · Residual &lt;/title&gt;&lt;script&gt;.*?</title>", page)
    failed = executed(heading, new_code_cell("1 / 0"), status="timed out", error="In [1]: more than 8 s")
    assert "<title>✗ timed out: 02 · Residual" in notebook_page(failed)
    assert "<title>Notebook</title>" in notebook_page(executed(new_code_cell("1")))


@pytest.mark.parametrize("data", [{"image/png": 7}, {"text/markdown": {}}, {"text/latex": ["a", 1]}, 7])
def test_an_output_that_cannot_be_shown_costs_no_notebook(data):
    notebook = executed(new_code_cell("1", outputs=[new_output("display_data")]))
    notebook.cells[0].outputs[0]["data"] = data
    assert "<main>" in notebook_page(notebook)


@pytest.mark.parametrize("data", [{}, {"application/x-of-its-own": "1"}])
def test_an_output_that_no_page_can_show_is_left_out_without_a_word(data, recwarn):
    assert "<main>" in notebook_page(executed(new_code_cell("1", outputs=[new_output("display_data", data)])))
    assert recwarn.list == []


def answer(tags, verdict):
    record = {ANSWER: {"id": "q", "verdict": verdict}}
    return new_code_cell("check", metadata={"tags": tags}, outputs=[new_output("display_data", record)])


def test_a_check_outside_of_an_answer_cell_is_the_notebooks_own_demonstration():
    answers, verdicts, remark = findings(executed(answer(["answer"], "right"), answer([], "slip")))
    assert ([each["verdict"] for each in answers], verdicts, remark) == (["right"], [], "")
    answers, _, _ = findings(executed(answer([], "slip")))
    assert [each["verdict"] for each in answers] == ["slip"], "where no cell is tagged, all are answers"


def test_the_index_links_what_is_stored_alone_and_escapes_every_word():
    outcomes = [
        Outcome("a <b>", NOBODY, {}, "passed", file="a <b>", answers=[{"verdict": "right"}] * 2, remark="odd <i>"),
        Outcome("gone", NOBODY, {}, "not stored", "passed, but <removed>"),
    ]
    index = run_index.reports(outcomes, Ledger(()))["index.html"]
    assert index.index("gone") < index.index("a &lt;b&gt;"), "failures come first"
    assert 'href="a%20%3Cb%3E.html"' in index
    assert "gone.html" not in index
    assert "2 right" in index
    assert not {"<b>", "<i>", "<removed>"} & set(index.replace(">", ">\n").split("\n"))
    assert "odd &lt;i&gt;" in index


def test_the_templates_are_in_the_wheel(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    there = {name for name in zipfile.ZipFile(wheel).namelist() if "/templates/" in name}
    own = (ROOT / "utils/course/pages/templates").glob("*.html")
    assert there == {path.relative_to(ROOT).as_posix() for path in own}
