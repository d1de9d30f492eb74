"""Performing a batch: the function that does one job wherever it is sent, and the loop that sees them all through."""

import hashlib
import json
import os
import threading
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

import nbformat

from utils.course.batches.plan import Outcome, environment
from utils.course.engine import execute as runner
from utils.course.pages.notebook_page import notebook_page
from utils.course.storage.private_folders import private_folder
from utils.course.storage.store import StoreError, store_at, write
from utils.course.workers.process_pool import Lost
from utils.notebook_files.reading import findings
from utils.notebook_files.status import Status, failed_cell

# The notebook's own doing.
SETTLED = {
    Status.PASSED, Status.FAILED, Status.ENDED_EARLY, Status.UNKNOWN_MAGIC, Status.UNKNOWN_PARAMETER,
}  # fmt: skip
CRASHED = {Status.KILLED, Status.LOST, Status.NOT_EXECUTED}


@dataclass(frozen=True)
class Orders:
    """What holds for all jobs of a batch: where outputs go, each notebook's bounds, and the environment expected."""

    address: str
    cell_timeout: int | None = None
    deadline: float | None = None
    memory: int | None = None
    fresh: bool = False
    environment: str = ""


_one_notebook_at_a_time = threading.Lock()


def perform(job, orders):
    """Execute one job, store its notebook and its page, and return the ``Outcome``; never raises for what goes wrong.

    Doing it twice does no harm: both write the same names, and the notebook appears with its record in it, at once. A
    process performs one job at a time, in a private folder that is the notebook's working directory. A notebook
    computes with one thread, unless TF_NUM_INTRAOP_THREADS says otherwise: there are enough other notebooks for the
    other cores, and the order of its sums does not hang on how many there are.
    """
    if orders.environment != environment():
        return _outcome(job, Status.REFUSED, "this worker has other packages, or another version of the course")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    store = store_at(orders.address)
    with _one_notebook_at_a_time:
        if not orders.fresh and (found := published(store, job)):
            outcome, notebook = found
            return _stored(store, job, outcome, f"{job.file}.html", notebook_page(notebook))
        before = os.getcwd()
        try:
            with private_folder() as folder:
                os.chdir(folder)
                try:
                    return _executed(job, orders, store, folder)
                finally:
                    os.chdir(before)
        except OSError as error:
            return _outcome(job, Status.NOT_EXECUTED, f"the worker cannot work: {error}")


def published(store, job):
    """``(outcome, notebook)`` where the stored notebook is whole, the job's, and needs no second try, or ``None``."""
    try:
        plain = json.loads(store.read(f"{job.file}.ipynb"))
        record = plain["metadata"]["course"].pop("record")
        if record["key"] != job.key or record["sha256"] != _digest(plain) or record["status"] not in SETTLED:
            return None
        notebook = nbformat.reads(json.dumps(plain), as_version=4)
        outcome = _outcome(job, record["status"], record["error"], record["seconds"])
        outcome.file = job.file
        outcome.answers, outcome.verdicts = findings(notebook)
        return outcome, notebook
    except Exception:
        return None  # absent, cut short, or something else altogether


def already_done(jobs, store):
    """The jobs that need not be done again, with their outcomes, each read and verified."""
    folders = {job.notebook for job in jobs}
    there = {f"{folder}/{name}" for folder in folders for name in store.names(folder)}
    candidates = [job for job in jobs if {f"{job.file}.ipynb", f"{job.file}.html"} <= there]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(partial(published, store), candidates)
        return {job: each[0] for job, each in zip(candidates, found, strict=True) if each}


def see_through(jobs, orders, executor, window, retries, on_outcome, stop):
    """Have ``executor`` perform the jobs, at most ``window()`` at a time, and give ``on_outcome`` each job's last word.

    A job whose worker was lost or whose kernel crashed is tried ``retries`` times more, after all the others. When
    ``stop`` is set, nothing new is begun.
    """
    waiting, running, attempts = deque(jobs), {}, Counter()
    while running or (waiting and not stop.is_set()):
        if not running:
            stop.wait(0.1)  # for a window to open
        while waiting and len(running) < window() and not stop.is_set():
            job = waiting.popleft()
            attempts[job] += 1
            running[executor.submit(perform, job, orders)] = job
        ended, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in ended:
            job = running.pop(future)
            if future.cancelled():  # its scheduler went away; that is not the job's fault
                attempts[job] -= 1
                waiting.append(job)
                continue
            outcome = _result(future, job)
            outcome.attempts = attempts[job]
            if stop.is_set() and outcome.status in (Status.LOST, Status.INTERRUPTED):
                continue  # ended by whoever stopped the batch
            if outcome.status in CRASHED and attempts[job] <= retries and not stop.is_set():
                waiting.append(job)
            else:
                on_outcome(outcome)


def _result(future, job):
    try:
        return future.result()
    except Lost as loss:
        return _outcome(job, Status.LOST, f"the worker ended in the middle of it: {loss}")
    except Exception as error:
        return _outcome(job, Status.LOST, f"{type(error).__name__}: {error}")


def _executed(job, orders, store, folder):
    source, output = folder / f"{job.notebook}.ipynb", folder / "executed" / f"{job.notebook}.ipynb"
    source.write_bytes(job.content)
    bounds = {"cell_timeout": orders.cell_timeout, "deadline": orders.deadline, "memory": orders.memory}
    result = runner.execute(runner.Job(source, output, job.parameters, **bounds))
    outcome = _outcome(job, result.status, result.error, result.seconds)
    outcome.answers, outcome.verdicts = result.answers, result.verdicts
    if output.exists():
        notebook = nbformat.read(output, as_version=4)
        if outcome.status == Status.FAILED and not failed_cell(notebook):
            outcome.status = Status.NOT_EXECUTED
        # The page first: a notebook that is there is complete. (Making the page changes the notebook.)
        text = _signed(job, outcome, notebook)
        outcome = _stored(store, job, outcome, f"{job.file}.html", notebook_page(notebook))
        outcome = _stored(store, job, outcome, f"{job.file}.ipynb", text)
    return outcome


def _stored(store, job, outcome, name, text):
    """The outcome after ``text`` was stored, or could not be."""
    if outcome.status != Status.NOT_STORED:
        try:
            write(store, name, text)
            outcome.file = job.file
        except StoreError as error:
            outcome.status, outcome.error, outcome.file = Status.NOT_STORED, f"{outcome.status}, but {error}", ""
    return outcome


def _signed(job, outcome, notebook):
    """The notebook's text with a record in it of what became of the job."""
    plain = json.loads(nbformat.writes(notebook))
    course = plain["metadata"].setdefault("course", {})
    record = {"key": job.key, "status": outcome.status, "error": outcome.error, "seconds": outcome.seconds}
    course["record"] = record | {"sha256": _digest(plain)}
    # ASCII: papermill cannot read others from S3 when the end of a buffer cuts a letter.
    return json.dumps(plain, indent=1) + "\n"


def _digest(plain):
    """The hash of a notebook without its record, whatever the spaces and line ends between its parts."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _outcome(job, status, error="", seconds=0.0):
    return Outcome(job.notebook, job.student, job.parameters, status, error, seconds, key=job.key)
