"""``course start``: a student's own folder, laid, brought up to date, and opened in JupyterLab."""

import os
import subprocess
import sys
from pathlib import Path

import click

from utils.course.commands.terminal import say, sentence


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="work")
@click.option(
    "--hand-out",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Lay the notebooks of this zip file that you were given, instead of the course's own.",
)
@click.option("--no-lab", is_flag=True, help="Do not open JupyterLab.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- JUPYTERLAB OPTIONS]")
def start(folder, hand_out, no_lab, options):
    """Lay the notebooks, without outputs, into FOLDER (work by default), and open it in JupyterLab.

    What is there already is renewed cell by cell: whatever you wrote stays. Where you and the course changed the same
    lines, yours stay and the new version stands behind them. FOLDER/.course keeps the files as they were before.
    """
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.locks import locked
    from utils.course.working_folder.laying import STATE, lay

    try:
        notebooks = _given(hand_out) if hand_out else _own()
        if _is_the_courses(folder):
            raise Mistake(f"{folder} holds the course's own notebooks: choose another folder")
        _refuse_to_mix(notebooks, folder)
        (folder / STATE).mkdir(parents=True, exist_ok=True)
        with locked(folder / STATE) as held:
            if held is False:
                raise Mistake(f"another course start is at work in {folder}")
            done = list(lay(notebooks, folder))
    except (Mistake, OSError) as error:
        raise click.UsageError(sentence(error)) from error
    for each in done:
        if each.what != "up to date":
            say(f"{each.name}: {each.what}")
        for note in each.notes:
            say(f"  {note}")
    say(f"{len(done)} notebooks in {folder}")
    if not no_lab:
        sys.exit(_lab(folder / f"{done[0].name}.ipynb", options))


def _own():
    from utils.notebook_files.reading import read
    from utils.notebook_files.sources import course_notebooks

    return {path.stem: read(path) for path in course_notebooks()}


def _is_the_courses(folder):
    from utils.notebook_files.sources import ROOT

    return folder.resolve() == ROOT / "notebooks"


def _refuse_to_mix(notebooks, folder):
    """``Mistake`` where a hand-out would be merged with another one of the same notebook.

    A corrected one is the same: it was handed out to the same student with the same values. An exam is merged with
    nothing but itself. What the course lays itself renews a hand-out, and a hand-out what the course laid.
    """
    import nbformat

    from utils.course.storage.input_files import Mistake
    from utils.notebook_files.reading import UnreadableNotebook
    from utils.notebook_files.returned import answered
    from utils.questions import EXAM

    for name, notebook in notebooks.items():
        try:
            new = answered(nbformat.writes(notebook).encode())
            mine = answered((folder / f"{name}.ipynb").read_bytes())
        except (UnreadableNotebook, OSError):  # there is none yet, or the student is told so later
            continue
        is_exam = any(EXAM in (each.variant or {}) for each in (new, mine))
        if is_exam and new.course.get("variant") != mine.course.get("variant"):
            raise Mistake(f"{folder} holds another {name}: an exam needs a folder of its own")
        whose = [(each.course.get("student"), each.course.get("values")) for each in (new, mine)]
        if "variant" in new.course and "variant" in mine.course and whose[0] != whose[1]:
            raise Mistake(
                f"{folder} holds {name} of another hand-out, with other values: it was left as it is. Choose another "
                "folder for this one: course start FOLDER --hand-out FILE"
            )


def _given(path):
    """The notebooks in a hand-out's zip file, by name; ``Mistake`` for what is none."""
    from utils.course.storage.input_files import Mistake
    from utils.notebook_files.archives import NOTEBOOK, Refused, files, kind, sentence
    from utils.notebook_files.reading import UnreadableNotebook, reads

    found = {}
    try:
        for place, _, content in files(path, path.name, lambda place: None):
            if isinstance(content, Refused):
                raise Mistake(f"{place}: {content.reason}")
            if content is not None and kind(place) == NOTEBOOK:
                found[Path(place).stem] = reads(content, place)
    except Mistake:
        raise
    except UnreadableNotebook as error:
        raise Mistake(str(error)) from error
    except Exception as error:  # a broken file makes zipfile raise anything
        raise Mistake(f"{path}: {sentence(error)}") from error
    if not found:
        raise Mistake(f"{path} holds no notebook; the zip file of a hand-out is needed")
    return found


def _lab(first, options):
    from utils.course.warm_kernels.provisioner import start_parent

    start_parent()
    command = [sys.executable, "-m", "jupyter", "lab", str(first), *options]
    if os.name == "posix":
        os.execv(command[0], command)  # this process is JupyterLab now: what ends it ends that
    return subprocess.call(command)
