"""The record that an executed notebook carries: which job's it is, what became of that, and that it is whole."""

import hashlib
import json

import nbformat

from utils.course.batches.findings import findings
from utils.notebook_files.status import Status

RECORD = "course_record"  # in the notebook's metadata
SETTLED = {Status.PASSED, Status.FAILED, Status.ENDED_EARLY, Status.UNKNOWN_MAGIC, Status.UNKNOWN_PARAMETER}


def signed(notebook, outcome):
    """The notebook's text, with a record in it of what became of the job."""
    record = {name: getattr(outcome, name) for name in ("key", "status", "error", "seconds")}
    notebook.metadata[RECORD] = record | {"sha256": _digest(notebook)}
    # ASCII: papermill cannot read others from S3 when the end of a buffer cuts a letter.
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT, ensure_ascii=True) + "\n"


def verified(text):
    """``(record, notebook)`` of a signed notebook that is as it was written, else ``None``."""
    try:
        notebook = nbformat.reads(text, as_version=4)
        record = notebook.metadata[RECORD]
        return (record, notebook) if record["sha256"] == _digest(notebook) else None
    except Exception:  # cut short, changed, or something else altogether
        return None


def published(store, job):
    """``(outcome, notebook)`` where the stored notebook is whole, the job's, and needs no second try, or ``None``."""
    try:
        record, notebook = verified(store.read(f"{job.file}.ipynb"))
        if record["key"] != job.key or record["status"] not in SETTLED:
            return None
        answers, verdicts, remark = findings(notebook)
        found = {"answers": answers, "verdicts": verdicts, "remark": remark, "file": job.file}
        return job.outcome(record["status"], record["error"], seconds=record["seconds"], **found), notebook
    except Exception:  # absent, or not to be read
        return None


def _digest(notebook):
    """The hash of a notebook without its record, whatever the spaces and line ends between its parts."""
    plain = notebook | {"metadata": {name: each for name, each in notebook.metadata.items() if name != RECORD}}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
