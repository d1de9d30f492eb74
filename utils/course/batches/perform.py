"""Performing a job: the function that does one wherever it is sent.

Whoever sends jobs imports this module, too, so it imports what executes notebooks and writes pages only when it does.
"""

import contextlib
import os
import threading
from dataclasses import dataclass, field

import nbformat

from utils.course.batches.environment import environment
from utils.course.batches.findings import findings
from utils.course.batches.signing import published, signed
from utils.course.sandbox.notebooks import KernelBox, why_not
from utils.course.storage.private_folders import private_folder
from utils.course.storage.store import StoreError, store_at, write
from utils.course.workers.process_pool import tell
from utils.notebook_files.status import Status, failed_cell, status_of

TERMINATED = 143  # the exit code of a process that was asked to leave


@dataclass(frozen=True)
class Orders:
    """What holds for all jobs: where outputs go, each notebook's bounds, and what it finds around it.

    ``folder`` is the notebooks' working directory; where it is "" each has a private one. ``variables`` are added to
    the environment of the process that performs the jobs. ``environment`` is the hash that a worker must have, too.
    ``sandbox``: kernels are started in sandboxes, in which the paths ``private`` are not visible.
    """

    address: str
    environment: str
    bounds: dict = field(default_factory=dict)
    variables: dict = field(default_factory=dict)
    folder: str = ""
    fresh: bool = False
    sandbox: bool = False
    private: tuple = ()


_one_notebook_at_a_time = threading.Lock()


def perform(job, orders):
    """Execute one job, store its notebook and its page, and return the ``Outcome``; never raises for what goes wrong.

    Doing it twice does no harm: both write the same names, and the notebook appears with its record in it, at once. A
    process performs one job at a time. One that is asked to leave stores what it has, and leaves.
    """
    if orders.environment != environment():
        return job.outcome(Status.REFUSED, "this worker has other packages, or another version of the course")
    if orders.sandbox and (why := why_not()):
        return job.outcome(Status.REFUSED, why)
    from utils.course.engine.execute import execute

    os.environ.update(orders.variables)
    store = store_at(orders.address)
    with _one_notebook_at_a_time:
        if not orders.fresh and (found := published(store, job)):
            outcome, notebook = found  # only its page may be missing
            return _stored(store, outcome, f"{job.file}.html", _page(notebook, not orders.sandbox))
        try:
            with _working_in(orders.folder):
                notebook = nbformat.reads(job.content.decode(), as_version=4)
                box = KernelBox(orders.private) if orders.sandbox else None
                notebook = execute(notebook, job.parameters, on_cell=_tell, box=box, **orders.bounds)
        except OSError as error:
            return job.outcome(Status.NOT_EXECUTED, f"the worker cannot work: {error}")
        outcome = _kept(store, job, notebook, scripts=not orders.sandbox)
    if outcome.status == Status.INTERRUPTED:
        raise SystemExit(TERMINATED)
    return outcome


def _tell(number, cells):
    tell("cell", number, cells)


@contextlib.contextmanager
def _working_in(folder):
    """Work in the folder while it is there, else in a private one; what a notebook removes is its own affair."""
    before = _where()
    with contextlib.ExitStack() as stack:
        if not folder or not os.path.isdir(folder):
            folder = stack.enter_context(private_folder())
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before if os.path.isdir(before) else os.path.abspath(os.sep))


def _where():
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.path.abspath(os.sep)


def _kept(store, job, notebook, scripts):
    """The outcome, with the notebook and its page in the store."""
    status, error = status_of(notebook)
    if status == Status.FAILED and not failed_cell(notebook):
        status = Status.NOT_EXECUTED
    answers, verdicts, remark = findings(notebook)
    seconds = notebook.metadata.papermill.duration
    outcome = job.outcome(status, error, seconds=seconds, answers=answers, verdicts=verdicts, remark=remark)
    # The page first: a notebook that is there is complete.
    outcome = _stored(store, outcome, f"{job.file}.html", _page(notebook, scripts))
    outcome = _stored(store, outcome, f"{job.file}.ipynb", signed(notebook, outcome))
    if outcome.status != Status.NOT_STORED:
        outcome.file = job.file
    return outcome


def _page(notebook, scripts):
    from utils.course.pages.notebook_page import notebook_page

    return notebook_page(notebook, scripts)


def _stored(store, outcome, name, text):
    """The outcome after ``text`` was stored, or could not be."""
    if outcome.status != Status.NOT_STORED:
        try:
            write(store, name, text)
        except StoreError as error:
            outcome.status, outcome.error, outcome.file = Status.NOT_STORED, f"{outcome.status}, but {error}", ""
    return outcome
