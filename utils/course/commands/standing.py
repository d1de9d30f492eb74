"""``course progress``: what is right, not right yet and open in a student's folder."""

from pathlib import Path

import click

from utils.course.commands.terminal import say


@click.command("progress")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="work")
def progress(folder):
    """Say for each notebook in FOLDER (work by default) what is right, not right yet and open, and how predictions did.

    It is read out of what the notebooks' cells show, as they were saved last; nothing is executed.
    """
    from utils.calibration import my_predictions
    from utils.standing import standing

    for line in (*str(standing(folder)).splitlines(), my_predictions(folder).summary):
        say(line)
