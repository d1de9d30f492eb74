"""Executing one notebook through papermill, and saying truthfully what became of it."""

import time
from copy import deepcopy

import papermill
from papermill.execute import ERROR_MARKER_TAG

from utils.course.engine.client import NotPassed
from utils.course.warm_kernels.provisioner import KERNEL, start_parent
from utils.notebook_files.status import Status, plain, status_of


def execute(
    notebook,
    parameters=None,
    *,
    start_timeout=60,
    cell_timeout=600,
    deadline=None,
    memory=None,
    on_cell=None,
    box=None,
):
    """Execute a notebook in a kernel of its own and return it executed, whole or partial, whatever happened.

    ``status_of`` reads in it how it ended, and ``metadata.papermill.duration`` holds the seconds. ``start_timeout``,
    ``cell_timeout`` and ``deadline`` are seconds for the kernel's start, a cell and the whole notebook; ``memory`` is
    bytes for the kernel and all processes below it; ``None`` sets no bound. ``on_cell(number, cells)`` is called as
    each cell starts. With a ``box`` (``utils.course.sandbox``) the kernel is started in it, whatever kernel the
    notebook names, and never warm. Ctrl-C, and a request to terminate this process, end the kernel: the status is then
    "interrupted", and the caller is to leave.
    """
    started, kept, failure = time.monotonic(), [], ""
    bounds = {"start_timeout": start_timeout, "execution_timeout": cell_timeout, "deadline": deadline, "memory": memory}
    try:
        _execute(notebook, parameters or {}, box, kept=kept, on_cell=on_cell, **bounds)
    except (papermill.PapermillExecutionError, NotPassed):
        pass  # the executed notebook says it better
    except Exception as error:
        # Whatever else went wrong belongs to this notebook; the others still run.
        failure = f"{type(error).__name__}: {plain(error)}"
    except (KeyboardInterrupt, SystemExit):
        if not kept or status_of(kept[0])[0] != Status.INTERRUPTED:
            raise
    executed = kept[0] if kept else _never_begun(notebook)
    about = executed.metadata.papermill
    if failure and about.get("status") in (None, Status.PASSED):
        about["status"], about["error"] = Status.FAILED, failure
    about["duration"] = round(time.monotonic() - started, 1)
    about["input_path"] = about["output_path"] = None
    if about["status"] == Status.PASSED:
        # papermill marks every error that is shown, also one that its cell's tag expects.
        executed.cells = [cell for cell in executed.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
    return executed


def _execute(notebook, parameters, box, **options):
    kernel = {"name": KERNEL} if box else notebook.metadata.get("kernelspec", {})
    if kernel.get("name") == KERNEL and not box:
        start_parent(wait=60)
    papermill.execute_notebook(
        notebook,
        None,  # nothing is written: the caller does that
        parameters=parameters,
        engine_name="course",
        kernel_name=kernel.get("name", "python3"),
        language=kernel.get("language", "python"),
        progress_bar=False,
        box=box,
        **options,
    )


def _never_begun(notebook):
    copy = deepcopy(notebook)
    copy.metadata.papermill = {}
    return copy
