"""Executing one notebook through papermill, and saying truthfully what became of it."""

import os
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from utils.batch.notebooks import ANSWER, VERDICT, UnreadableNotebook, read, records

PASSED = "passed"


@dataclass
class Result:
    """What became of one notebook: ``status`` is ``"passed"`` or says in a word what happened instead.

    ``cells`` holds ``{"cell": place in the file, "status": …, "seconds": …}`` for each code cell.
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
    """
    started = time.monotonic()
    # "{" in a path would be read as one of papermill's placeholders.
    partial = job.output.with_name(f".{job.output.stem}.partial.ipynb")
    status, error = PASSED, ""
    try:
        kernel = read(job.source).metadata.get("kernelspec", {})
        job.output.parent.mkdir(parents=True, exist_ok=True)
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
        )
    except papermill.PapermillExecutionError as failure:
        status, error = "failed", f"In [{failure.exec_count}]: {failure.ename}: {_plain(failure.evalue)}"
        if not failure.traceback:
            # An unknown magic ends a cell without an error in its outputs; it only writes to stderr.
            error = f"In [{failure.exec_count}]: {_stderr(partial, failure.exec_count)}"
    except DeadKernelError:
        status, error = "died", "the kernel died (killed, out of memory, or a crash)"
    except CellTimeoutError:
        status, error = "timed out", f"a cell ran for more than {job.cell_timeout} s"
    except UnreadableNotebook as failure:
        status, error = "unreadable", str(failure)
    except Exception as failure:
        # Whatever else went wrong belongs to this notebook; the others still run.
        status, error = "failed", f"{type(failure).__name__}: {_plain(failure)}"
    result = Result(job.source.stem, status, round(time.monotonic() - started, 1), error)
    if partial.exists():
        _judge(result, nbformat.read(partial, as_version=4))
        os.replace(partial, job.output)
    return result


def _judge(result, notebook):
    """Fill in the records, and call a run that papermill takes for complete by its true name."""
    result.answers = records(notebook, ANSWER)
    result.verdicts = [{"id": record["id"], "verdict": record["verdict"]} for record in records(notebook, VERDICT)]
    if result.status == PASSED:
        code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        if any(cell.execution_count is None for cell in code):
            last = max((cell.execution_count or 0 for cell in code), default=0)
            result.status = "ended early"
            result.error = f"the notebook left its kernel in In [{last}]; the cells below never ran"


def _stderr(path, execution_count):
    cells = nbformat.read(path, as_version=4).cells
    outputs = next(cell.outputs for cell in cells if cell.get("execution_count") == execution_count)
    return _plain("".join(output.text for output in outputs if output.get("name") == "stderr"))


def _plain(text):
    """One line without terminal colours, cut at 500 characters."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(text)).split())[:500]
