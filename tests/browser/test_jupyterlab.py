"""A student opens the course in JupyterLab: the cells run, the pictures and controls show, a control redraws."""

import contextlib
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import TimeoutError

ROOT = Path(__file__).parents[2]
MINUTE = 60_000  # milliseconds


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab on loopback that serves a copy of the first notebook."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, folder / "00_start_here.ipynb")
    token = secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    log = tmp_path / "server.log"
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file, cwd=folder) as server:
        try:
            yield _address(log, server), token
        finally:
            server.terminate()
            server.wait(timeout=30)


def _address(log, server):
    for _ in range(240):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return found[0]
        assert server.poll() is None, log.read_text()[-2000:]
        time.sleep(0.25)
    raise AssertionError(log.read_text()[-2000:])


def test_the_first_notebook_runs_and_its_explorer_redraws(lab, browser):
    address, token = lab
    # JupyterLab takes cells out of the page that are scrolled away: here nothing is.
    page = browser.new_page(viewport={"width": 1400, "height": 5000})
    outside = []
    page.on("request", lambda request: None if "127.0.0.1" in request.url else outside.append(request.url))
    page.goto(f"{address}/lab/tree/00_start_here.ipynb?token={token}&reset")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(state="attached", timeout=2 * MINUTE)
    page.wait_for_timeout(2000)  # the session is announced a moment after the kernel's first idle
    row = page.get_by_label("Row", exact=True)
    for _ in range(4):  # what is run while the kernel still connects is dropped
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with contextlib.suppress(TimeoutError):
            row.wait_for(state="attached", timeout=MINUTE / 2)
            break
    explorer = page.locator(".widget-html-content figure img")
    before = explorer.first.get_attribute("alt")
    row.fill("20")
    row.press("Enter")
    page.wait_for_function(
        "before => document.querySelector('.widget-html-content figure img').alt !== before", arg=before, timeout=MINUTE
    )
    assert "row 20" in explorer.first.get_attribute("alt")
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert not [url for url in outside if url.startswith("http")], "the page asked for something from elsewhere"
    page.close()
