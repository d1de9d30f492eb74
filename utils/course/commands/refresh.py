"""``course refresh``: the notebooks executed, and their outputs stored in their place."""

import os
import sys
from pathlib import Path

import click

from utils.course.commands.surroundings import can_be_written, ready_for_kernels
from utils.course.commands.terminal import say
from utils.notebook_files.sources import course_notebooks
from utils.notebook_files.status import Status


@click.command()
@click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also store anew what differs from machine to machine (times, versions).")
def refresh(notebooks, force):
    """Execute the NOTEBOOKS (all of the course by default) and store their outputs in them.

    A notebook that fails is left as it was. Cells tagged nbval-ignore-output keep the output they have. TensorFlow
    computes with one thread, as in the tests: what is stored does not depend on the number of processors.
    """
    from utils.course.batches.refreshing import refresh_map

    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    sources = list(notebooks) or course_notebooks()
    for folder in dict.fromkeys(source.parent for source in sources):
        if folder.is_dir() and not can_be_written(folder):
            raise click.BadParameter(f"{folder}: the outputs cannot be written there", param_hint="NOTEBOOKS")
    ready_for_kernels(1)
    failed = False
    for source in sources:
        status, error, seconds = _refreshed(source, force)
        failed |= status != Status.PASSED
        say(f"{source.stem}  {status}  {seconds:.1f} s  {error}".rstrip())
    if not notebooks:
        refresh_map()
    sys.exit(1 if failed else 0)


def _refreshed(source, force):
    from utils.course.batches.refreshing import refresh_notebook
    from utils.notebook_files.reading import UnreadableNotebook
    from utils.notebook_files.status import status_of

    try:
        executed = refresh_notebook(source, force)
    except UnreadableNotebook as error:
        return Status.UNREADABLE, str(error), 0.0
    except OSError as error:
        return Status.NOT_STORED, f"{source}: cannot be written: {error.strerror}", 0.0
    return *status_of(executed), executed.metadata.papermill.duration
