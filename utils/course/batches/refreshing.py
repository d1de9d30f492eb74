"""``course refresh``: a notebook executed, its outputs stored in the notebook itself."""

from copy import deepcopy

import nbformat

from utils.course.engine.execute import execute
from utils.course.storage.atomic import write_whole
from utils.course.warm_kernels.provisioner import KERNEL
from utils.figures.start_here import draw_course_map
from utils.notebook_files.reading import read
from utils.notebook_files.saving import without_running_kernel
from utils.notebook_files.sources import ROOT
from utils.notebook_files.status import Status, status_of
from utils.start_here import chapters

MACHINE_DEPENDENT = "nbval-ignore-output"


def refresh_notebook(source, force=False):
    """Execute ``source`` with its defaults, and store the outputs if it passed; returns the executed notebook.

    ``status_of`` says how it went; ``UnreadableNotebook`` for a file that is none.
    """
    stored = read(source)
    executed = execute(stored)
    status, _ = status_of(executed)
    if status == Status.INTERRUPTED:
        raise KeyboardInterrupt
    if status == Status.PASSED:
        fresh = deepcopy(executed)
        tidy(fresh)
        if not force:
            _keep_machine_dependent(stored, fresh)
        write_whole(source, nbformat.writes(fresh, version=nbformat.NO_CONVERT) + "\n")
    return executed


def refresh_map():
    """Draw the README's map of the course anew, from the notebooks."""
    (ROOT / "docs" / "course_map.png").write_bytes(draw_course_map(chapters()).data)


def tidy(notebook):
    """Take out what differs from run to run, and the empty outputs that bars of progress leave."""
    for key in ("papermill", "widgets", "jupytext"):
        notebook.metadata.pop(key, None)
    notebook.metadata.kernelspec = {"display_name": "Python 3 (convnet course)", "language": "python", "name": KERNEL}
    without_running_kernel(notebook)
    for cell in notebook.cells:
        for key in ("papermill", "execution", "trusted", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
        if "outputs" in cell:
            cell.outputs = joined_streams(output for output in cell.outputs if output.get("data") != {})
        for output in cell.get("outputs", []):
            if "data" in output:
                output.metadata = {}


def joined_streams(outputs):
    """The outputs, with printed text that came in several messages put together: when it comes apart is chance."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream" and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _keep_machine_dependent(stored, fresh):
    before = {cell.id: cell for cell in stored.cells}
    for cell in fresh.cells:
        old = before.get(cell.id)
        if (
            old
            and MACHINE_DEPENDENT in cell.metadata.get("tags", [])
            and old.source == cell.source
            and old.get("outputs")
        ):
            cell.outputs = old.outputs
