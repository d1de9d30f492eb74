"""Executing one notebook through papermill, and saying truthfully what became of it."""

import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
import papermill
from papermill.execute import ERROR_MARKER_TAG

from utils.course.engine.client import NotPassed
from utils.course.warm_kernels.provisioner import KERNEL, start_parent
from utils.notebook_files.reading import UnreadableNotebook, findings, read
from utils.notebook_files.status import Status, cell_statuses, plain, status_of


@dataclass
class Result:
    """What became of one notebook: ``status`` is a ``Status``, ``error`` a sentence on it.

    ``answers`` and ``verdicts`` are the records in the outputs, ``cells`` is what ``cell_statuses`` returns.
    """

    notebook: str
    status: str
    seconds: float
    error: str = ""
    answers: list = field(default_factory=list)
    verdicts: list = field(default_factory=list)
    cells: list = field(default_factory=list)

    asdict = asdict


@dataclass(frozen=True, eq=False)
class Job:
    """A notebook to execute, the parameters to set in it, where the executed notebook goes, and its bounds.

    ``cell_timeout`` and ``deadline`` are seconds for a cell and for the whole notebook; ``memory`` is bytes for
    the kernel and all processes below it. ``None`` sets no bound.
    """

    source: Path
    output: Path
    parameters: dict = field(default_factory=dict)
    cell_timeout: int | None = 600
    deadline: float | None = None
    memory: int | None = None


def execute(job, on_cell=None):
    """Execute one notebook in a kernel of its own; the ``Result`` tells how it ended, and never raises for it.

    The executed notebook, whole or partial, is at ``job.output`` afterwards: written beside it first, then renamed.
    ``on_cell(number, cells)`` is called as each cell starts. Ctrl-C, and a request to terminate this process, end
    the kernel and raise ``KeyboardInterrupt`` and ``SystemExit``.
    """
    started = time.monotonic()
    # "{" in a path would be read as one of papermill's placeholders.
    partial = job.output.with_name(f".{job.output.stem}.partial.ipynb")
    result = Result(job.source.stem, Status.FAILED, 0.0)
    try:
        _execute(job, partial, on_cell)
    except (papermill.PapermillExecutionError, NotPassed):
        pass  # the executed notebook says it better
    except UnreadableNotebook as failure:
        result.status, result.error = Status.UNREADABLE, str(failure)
    except Exception as failure:
        # Whatever else went wrong belongs to this notebook; the others still run.
        result.error = f"{type(failure).__name__}: {plain(failure)}"
    finally:
        _keep(partial, job.output, result)
    result.seconds = round(time.monotonic() - started, 1)
    return result


def _execute(job, partial, on_cell):
    kernel = read(job.source).metadata.get("kernelspec", {})
    job.output.parent.mkdir(parents=True, exist_ok=True)
    partial.unlink(missing_ok=True)
    if kernel.get("name") == KERNEL:
        start_parent(wait=60)
    papermill.execute_notebook(
        job.source,
        partial,
        parameters=job.parameters,
        engine_name="course",
        kernel_name=kernel.get("name", "python3"),
        language=kernel.get("language", "python"),
        on_cell=on_cell,
        progress_bar=False,
        execution_timeout=job.cell_timeout,
        deadline=job.deadline,
        memory=job.memory,
    )


def _keep(partial, output, result):
    """Fill in the result from the executed notebook, if there is one, and give that its name."""
    if not partial.exists():
        return
    try:
        notebook = nbformat.read(partial, as_version=4)
        if not result.error:
            result.status, result.error = status_of(notebook)
        result.cells = cell_statuses(notebook)
        result.answers, result.verdicts = findings(notebook)
        if result.status == Status.PASSED:
            _without_marks(notebook, partial)
        os.replace(partial, output)
    except (ValueError, OSError) as failure:
        # Half written, for the disk is full. Then the first failure tells more than the second.
        partial.unlink(missing_ok=True)
        result.status, result.error = Status.FAILED, result.error or f"{type(failure).__name__}: {plain(failure)}"


def _without_marks(notebook, path):
    """papermill marks every error that is shown, also one that its cell's tag expects."""
    unmarked = [cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
    if len(unmarked) < len(notebook.cells):
        notebook.cells = unmarked
        nbformat.write(notebook, path)
