"""``course hand-in``: what is still open, and the zip file to give back."""

import sys
from pathlib import Path

import click

from utils.course.commands.terminal import say


@click.command("hand-in")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="work")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("hand-in.zip"), show_default=True)
def hand_in(folder, out):
    """Say what is still open in FOLDER (work by default), and write the zip file that you give back.

    Save your notebooks before. The exit code is 1 if a notebook is missing or cannot be read.
    """
    from utils.course.storage.atomic import write_whole
    from utils.course.working_folder.handing_in import laid_names, open_in, packed
    from utils.exercises import exercise, exercises
    from utils.notebook_files.reading import UnreadableNotebook

    if not (names := laid_names(folder)):
        raise click.UsageError(f"nothing was laid into {folder} yet: course start {folder}")
    stubs, troubles = {each: exercise(each).stub for each in exercises()}, []
    for name in names:
        try:
            left = open_in(folder / f"{name}.ipynb", stubs)
        except (UnreadableNotebook, OSError) as error:
            troubles.append(f"{name}: {getattr(error, 'strerror', None) or error}")
            continue
        say(f"{name}: {f'{len(left)} open: ' + ', '.join(left) if left else 'nothing is open'}")
    try:
        write_whole(out, packed(folder))
    except OSError as error:
        raise click.UsageError(f"{out}: {error.strerror or error}") from error
    for trouble in troubles:
        say(f"  not handed in as it should be: {trouble}", err=True)
    say(f"Give back {out} ({len(names) - len(troubles)} notebooks)")
    sys.exit(bool(troubles))
