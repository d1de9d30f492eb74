"""JupyterLab as the README's ``make lab`` opens it, in a student's folder, and what tests do in it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from nbformat.sign import NotebookNotary

from tests.readme import ROOT, make
from utils.notebook_files.sources import course_notebooks

MINUTE = 60_000  # milliseconds


class Lab:
    """``folder`` holds the notebooks, ``laid`` their bytes as ``make lab`` laid them, by name.

    ``opened`` is the address that ``make lab`` opened in the browser.
    """

    def __init__(self, folder, opened):
        self.folder, self.opened = folder, opened
        self.laid = {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}

    def open(self, browser, name=None):
        """A page with the notebook ``name`` (or the one that ``make lab`` opened) and its kernel ready."""
        # JupyterLab takes cells out of the page that are scrolled away: here nothing is.
        page = browser.new_page(viewport={"width": 1400, "height": 5000})
        page.set_default_timeout(3 * MINUTE)
        if name is None:
            page.goto(self.opened)
        else:
            moved = re.search(r"url=([^\"]*)/lab/tree/[^?]*\?(token=\w+)", Path(urlsplit(self.opened).path).read_text())
            page.goto(f"{moved[1]}/lab/tree/{name}?{moved[2]}&reset")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        kernel_ready(page)
        return page


@contextlib.contextmanager
def lab_from_make(folder):
    """Run ``make lab`` in ``folder``, with a program in place of the browser that notes what it was to open."""
    shutil.copy2(ROOT / "Makefile", folder)
    opened, log = folder / "opened", folder / "server.log"
    (folder / "browser").write_text(
        f'#!/bin/sh\nprintf %s "$1" >"{opened}.partial"\nmv "{opened}.partial" "{opened}"\n'
    )
    (folder / "browser").chmod(0o755)
    places = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    environment = {**os.environ, **places, "BROWSER": f"{folder / 'browser'} %s"}
    options = "--ip=127.0.0.1 --port=0 --LabApp.expose_app_in_browser=True"
    if os.geteuid() == 0:
        options += " --allow-root"
    command = make("lab", ARGS=options)
    with (
        log.open("w") as file,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True
        ) as server,
    ):
        try:
            end = time.monotonic() + 120
            while not opened.exists():
                assert server.poll() is None, log.read_text()[-2000:]
                assert time.monotonic() < end, log.read_text()[-2000:]
                time.sleep(0.1)
            yield Lab(folder / "work", opened.read_text())
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=60)


def open_as_run(lab, browser):
    """JupyterLab with the course's notebooks in the folder "as-run": with their stored outputs, and trusted.

    The list of files is hidden, as one hides it on a small screen, and no cell is left out of the page.
    """
    folder = lab.folder / "as-run"
    folder.mkdir()
    notary = NotebookNotary(data_dir=str(lab.folder.parent / "jupyter_data_dir"))
    for path in course_notebooks():
        shutil.copy2(path, folder)
        notary.sign(nbformat.read(path, as_version=4))
    notary.store.close()
    page = lab.open(browser)
    page.add_style_tag(content=".jp-Cell { content-visibility: visible !important; }")
    command(page, "application:toggle-left-area")
    return page


def kernel_ready(page):
    page.evaluate(
        """async () => {
            const panel = jupyterapp.shell.currentWidget;
            await panel.context.ready;
            await panel.sessionContext.ready;
            await panel.sessionContext.session.kernel.info;
        }"""
    )


def command(page, name):
    """Carry out a command of JupyterLab to its end."""
    page.evaluate("name => jupyterapp.commands.execute(name).then(() => null)", name)


def cells(page):
    """What the page holds: each cell's kind, text and execution count, and which one is active."""
    return page.evaluate(
        """() => {
            const notebook = jupyterapp.shell.currentWidget.content;
            const all = notebook.widgets.map(({ model }) => model);
            const told = all.map((cell) => [cell.type, cell.sharedModel.source, cell.executionCount]);
            return [told, notebook.activeCellIndex];
        }"""
    )


def end_sessions(page):
    """End all kernels of the server, as *Shut Down All Kernels* does."""
    page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
