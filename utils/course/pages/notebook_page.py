"""An executed notebook as an HTML page that needs no network."""

import contextlib
import re
import signal
import threading
import warnings
from functools import cache

from nbconvert import HTMLExporter
from nbconvert.filters import ansi2html
from nbformat import NotebookNode
from papermill.execute import ERROR_MARKER_TAG

from utils.course.pages.rendering import render
from utils.notebook_files.status import Status, cell_statuses, failed_cell, status_of

PAGE_SECONDS = 120  # for the page of a notebook that anybody may have written
# A browser runs no script of such a page, whoever wrote it, loads nothing but the pictures in it, and stays there.
NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; media-src data:; '
    "font-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\">"
)

# nbconvert's page cuts off what is too wide for a narrow window, and for paper.
STYLE = """<style>
.jp-InputArea-editor { overflow-x: auto }
@media print { .jp-InputArea-editor pre, .jp-OutputArea-output pre { white-space: pre-wrap; overflow-wrap: anywhere } }
</style>
"""


def notebook_page(notebook, scripts=True):
    """The executed notebook as one HTML page that loads nothing from elsewhere; a failure stands first in it.

    An output that cannot be shown costs the page, never the notebook: the page then says so. Without ``scripts`` a
    browser runs none, whatever the notebook holds, and a page that takes too long is not made.
    """
    try:
        if scripts:
            return _page(notebook)
        with _within(PAGE_SECONDS):
            return _harmless(_page(notebook))
    except Exception as error:  # outputs hold whatever the notebook wrote
        return render("no_page.html", title="This notebook cannot be shown", error=f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def _within(seconds):
    """``TimeoutError`` after so many seconds, where this thread hears of it."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def late(*_):
        raise TimeoutError(f"its page takes more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _harmless(page):
    head, end, body = page.partition("</head>")
    body = re.sub(r"<(?=meta\b)", "&lt;", body, flags=re.IGNORECASE)  # one could lead to another page
    return head.replace("<head>", f"<head>{NO_SCRIPTS}", 1) + end + body


def _page(notebook):
    status, error = status_of(notebook)
    failed = status not in (None, Status.PASSED)
    # With widget state present nbconvert would show a dead widget in place of its static picture.
    metadata = NotebookNode({name: each for name, each in notebook.metadata.items() if name != "widgets"})
    # The box says it better than papermill's marks.
    cells = [cell for cell in notebook.cells if not (failed and ERROR_MARKER_TAG in cell.metadata.get("tags", []))]
    shown = NotebookNode(notebook | {"metadata": metadata, "cells": cells})
    with warnings.catch_warnings():
        # What no page can show is left out of it, such as the empty output that a bar of progress left.
        warnings.filterwarnings("ignore", "Your element with mimetype")
        title = _title(cells) if not failed else f"✗ {status}: {_title(cells)}"
        page, _ = _exporter().from_notebook_node(shown, resources={"metadata": {"name": title}})
    page = page.replace("</head>", f"{STYLE}</head>", 1)
    if not failed:
        return page
    before, body, after = page.partition("<main>")
    return before + body + _failure_box(notebook, status, error) + after


def _title(cells):
    """The notebook's first heading, which the browser's tab shows."""
    texts = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    heading = re.search(r"^# +(\S.*)$", texts, flags=re.MULTILINE)
    return heading[1] if heading else "Notebook"


@cache
def _exporter():
    """One for all pages: it compiles its templates once, which takes longer than a page."""
    return HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", widget_renderer_url="", mermaid_js_url="")


def _failure_box(notebook, status, error):
    """What happened and where, with a link to the cell, and its traceback folded."""
    cell, traces = failed_cell(notebook), []
    if cell:
        traces = [line for output in cell.outputs if output.output_type == "error" for line in output.traceback]
    states = [each["status"] for each in cell_statuses(notebook)]
    return render(
        "failure_box.html",
        status=status,
        error=error,
        cell=cell and {"id": cell.id, "name": f"In [{cell.execution_count}]" if cell.execution_count else "the cell"},
        never_ran=states.count(Status.NEVER_RAN),
        cells=len(states),
        traceback=ansi2html("\n".join(traces)),  # it escapes what it does not color
    )
