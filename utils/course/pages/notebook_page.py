"""The pages of a run: each executed notebook as HTML, and an index over them. They need no network."""

import html
from functools import cache

from nbconvert import HTMLExporter
from nbconvert.filters import ansi2html
from papermill.execute import ERROR_MARKER_TAG

from utils.notebook_files.status import Status, cell_statuses, failed_cell, status_of

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: 600; padding: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8888 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.failed { font-weight: 700 }
"""
BOX_STYLE = """
.course-failure { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 1.5rem auto; padding: .25rem 1.25rem;
  border: 1px solid #b3261e; border-left-width: 10px; background: #fff4f2; color: #1b1b1b }
.course-failure h1 { font-size: 1.3rem; margin: .6rem 0 }
.course-failure .said { overflow-wrap: anywhere }
.course-failure a { color: #0b57d0 }
.course-failure summary { cursor: pointer }
.course-failure pre { overflow-x: auto; font-size: 13px; line-height: 1.35; padding: .5rem; background: #fff }
"""


def notebook_page(notebook):
    """The executed notebook as one HTML page that loads nothing from elsewhere; a failure stands first in it."""
    # With widget state present nbconvert would show a dead widget in place of its static picture.
    notebook.metadata.pop("widgets", None)
    exporter = _exporter()
    status, error = status_of(notebook)
    if status in (None, Status.PASSED):
        return exporter.from_notebook_node(notebook)[0]
    # The box says it better than papermill's marks.
    notebook.cells = [cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
    page, _ = exporter.from_notebook_node(notebook)
    before, body, after = page.partition("<main>")
    return before + body + _failure_box(notebook, status, error) + after


@cache
def _exporter():
    """One for all pages: it compiles its templates once, which takes longer than a page."""
    return HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", widget_renderer_url="", mermaid_js_url="")


def _failure_box(notebook, status, error):
    """What happened and where, with a link to the cell, and its traceback folded."""
    cell, link, folded, style = failed_cell(notebook), "", "", BOX_STYLE
    if cell:
        anchor = f"cell-id={html.escape(cell.id)}"
        name = f"In [{cell.execution_count}]" if cell.execution_count else "the cell"
        link = f'<p><a href="#{anchor}">Go to {name}</a></p>'
        style += f'[id="{anchor}"] {{ outline: 3px solid #b3261e; outline-offset: 2px }}'
        traces = [line for output in cell.outputs if output.output_type == "error" for line in output.traceback]
        if traces:
            trace = ansi2html("\n".join(traces))
            folded = (
                f'<details><summary>Traceback</summary><div class="jp-RenderedText"><pre>{trace}</pre></div></details>'
            )
    states = [each["status"] for each in cell_statuses(notebook)]
    below = (
        f"<p>{states.count(Status.NEVER_RAN)} of {len(states)} code cells never ran.</p>"
        if Status.NEVER_RAN in states
        else ""
    )
    return (
        f'<style>{style}</style><section class="course-failure" aria-labelledby="course-failure">'
        f'<h1 id="course-failure">✗ This notebook did not pass: {html.escape(status)}</h1>'
        f'<p class="said">{html.escape(error)}</p>{link}{below}{folded}</section>'
    )
