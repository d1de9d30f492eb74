"""What became of a notebook and of each of its cells: the words, and how to read them in the executed notebook.

The engine ``course`` writes them into papermill's metadata: ``metadata.papermill.status`` and ``.error`` of the
notebook, ``metadata.papermill.status`` of each cell.
"""

import re

PASSED = "passed"
FAILED = "failed"  # an error in a cell, or no way to execute the notebook
TIMED_OUT = "timed out"  # a cell, the whole notebook, or the kernel's start
KILLED = "killed"  # the kernel, by a signal
OUT_OF_MEMORY = "out of memory"  # over the bound that was set
ENDED_EARLY = "ended early"  # sys.exit, exit(), quit(), os._exit
UNKNOWN_MAGIC = "unknown magic"
UNKNOWN_PARAMETER = "unknown parameter"
INTERRUPTED = "interrupted"  # by Ctrl-C or a request to terminate
UNREADABLE = "unreadable"  # notebooks only: the file is none
NEVER_RAN = "never ran"  # cells only

COMPLETED = "completed"  # papermill's word for a cell that passed


def outcome(notebook):
    """``(status, error)`` of an executed notebook, or ``(None, "")`` if this engine did not execute it."""
    record = notebook.metadata.get("papermill", {})
    return record.get("status"), record.get("error", "")


def cell_states(notebook):
    """For each code cell that holds something its id, its number in ``In [ ]``, its status and its seconds."""
    return [
        {
            "id": cell.get("id"),
            "number": cell.get("execution_count"),
            "status": state(cell),
            "seconds": cell.metadata.get("papermill", {}).get("duration"),
        }
        for cell in notebook.cells
        if is_code(cell)
    ]


def state(cell):
    """What became of a cell, in the words above."""
    word = cell.metadata.get("papermill", {}).get("status")
    return PASSED if word == COMPLETED else word


def is_code(cell):
    """Whether there is anything to execute in the cell."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def culprit(notebook):
    """The first cell that ran and did not pass; ``None`` if there is none."""
    return next((cell for cell in notebook.cells if state(cell) not in (PASSED, NEVER_RAN, None, "pending")), None)


def plain(text):
    """One line without terminal colours, cut at 500 characters."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(text)).split())[:500]
