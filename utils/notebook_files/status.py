"""What became of a notebook and of each of its cells: the words, and how to read them in the executed notebook.

The engine ``course`` writes them into papermill's metadata: ``metadata.papermill.status`` and ``.error`` of the
notebook, ``metadata.papermill.status`` of each cell.
"""

import re
from enum import StrEnum


class Status(StrEnum):
    """What became of a notebook, of one of its cells, or of a batch's job. Each is the text that people read."""

    PASSED = "passed"
    FAILED = "failed"  # an error in a cell, or no way to execute the notebook
    TIMED_OUT = "timed out"  # a cell, the whole notebook, or the kernel's start
    KILLED = "killed"  # the kernel, by a signal
    OUT_OF_MEMORY = "out of memory"  # over the bound that was set
    ENDED_EARLY = "ended early"  # sys.exit, exit(), quit(), os._exit
    UNKNOWN_MAGIC = "unknown magic"
    UNKNOWN_PARAMETER = "unknown parameter"
    INTERRUPTED = "interrupted"  # by Ctrl-C or a request to terminate
    # Cells only.
    NEVER_RAN = "never ran"
    # Notebooks and jobs only.
    UNREADABLE = "unreadable"  # the file is no notebook
    LOST = "lost"  # the process that executed it ended without an answer
    # Jobs of a batch only.
    REFUSED = "refused"  # not begun: parameters, roster or worker do not fit
    NOT_EXECUTED = "not executed"  # no kernel could be had
    NOT_STORED = "not stored"  # executed, and its files could not be written


# papermill's own words for a cell.
COMPLETED, PENDING = "completed", "pending"


def status_of(notebook):
    """``(status, error)`` of an executed notebook, or ``(None, "")`` if this engine did not execute it."""
    record = notebook.metadata.get("papermill", {})
    return record.get("status"), record.get("error", "")


def cell_statuses(notebook):
    """For each code cell that holds something its id, its number in ``In [ ]``, its status and its seconds."""
    return [
        {
            "id": cell.get("id"),
            "number": cell.get("execution_count"),
            "status": cell_status(cell),
            "seconds": cell.metadata.get("papermill", {}).get("duration"),
        }
        for cell in notebook.cells
        if is_code(cell)
    ]


def cell_status(cell):
    """What became of a cell: a word of ``Status``, or ``None`` if nothing says so."""
    word = cell.metadata.get("papermill", {}).get("status")
    return Status.PASSED if word == COMPLETED else word


def is_code(cell):
    """Whether there is anything to execute in the cell."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def failed_cell(notebook):
    """The first cell that ran and did not pass; ``None`` if there is none."""
    harmless = (Status.PASSED, Status.NEVER_RAN, None, PENDING)
    return next((cell for cell in notebook.cells if cell_status(cell) not in harmless), None)


def plain(text):
    """One line without terminal colors, cut at 500 characters."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(text)).split())[:500]
