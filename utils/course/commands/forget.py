"""``course forget``: what is kept about one student, shown and deleted."""

import re
import sys
from pathlib import Path

import click

from utils.course.commands.options import file_type

STANDARD = "build/hand-out", "build/grades", "build/batch"  # where the commands write if nothing else is said
STAYS = (
    "Not changed: statistics of the class ({}, and the tables of index.html), which name nobody. Grade again without "
    "this student, and they are counted anew."
)
OUTSIDE = (
    "Not within reach: your roster, marks file and key file; what came back, unless --returned names it; the platform; "
    "addresses such as s3://; the student's own computer; copies and backups. As long as the roster names this "
    "student, the next run writes it all again."
)


@click.command()
@click.argument("student", metavar="ID")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--returned", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER",
    help="What came back: delete the files whose path names this student alone, too.",
)  # fmt: skip
@click.option("--roster", type=file_type, help="Students, as for the grading: with --returned.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(student, folders, returned, roster, yes):
    """Delete what is kept about the student ID in FOLDERS that hand-out, grade, batch or start have written.

    By default these are build/hand-out, build/grades and build/batch. What will be deleted is shown first. Nothing of
    another student is deleted or changed. If it is stopped, run it again. The exit code is 1 if something could not be
    deleted.
    """
    from contextlib import ExitStack

    from utils.course.commands.terminal import say
    from utils.course.forgetting.folders import STATISTICS, kept_in
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.locks import LOCK, locked
    from utils.course.storage.private_folders import sweep
    from utils.course.storage.store import PARTIAL, FolderStore
    from utils.course.students.roster import ID

    if not ID.fullmatch(student):
        raise click.UsageError(f"{student!r} is no student's id: letters, digits and . _ @ + - are allowed in one")
    if bool(returned) != bool(roster):
        raise click.UsageError("--returned and --roster belong together: the roster tells whose a file is")
    folders = _folders(folders, returned)
    try:
        with ExitStack() as stack:
            for each in folders:
                if (each / LOCK).is_symlink() or stack.enter_context(locked(each)) is False:
                    raise Mistake(f"{each}: a batch is writing there")
            looks = [kept_in(each, student) for each in folders] + _among_returned(student, returned, roster)
            found = [each for one, _ in looks for each in one]
            troubles = [each for _, one in looks for each in one]
            if found:
                say(f"Kept about {student!r}:")
                for each in found:
                    say(f"  {each}")
                if not yes:
                    click.confirm("Delete this?", abort=True)
            for each in found:
                try:
                    each.delete()
                    say(f"deleted: {each}")
                except (Mistake, OSError) as error:
                    troubles.append(f"{each.path}: {getattr(error, 'strerror', None) or error}")
            for each in folders:
                if not (each / PARTIAL).is_symlink():
                    FolderStore(each).sweep()
            sweep()
    except (Mistake, OSError) as error:
        raise click.UsageError(str(error)) from error
    if not found:
        say(f"Nothing is kept about {student!r} in {', '.join(map(str, (*folders, *returned)))}.")
    for each in troubles:
        say(f"not deleted: {each}")
    say(STAYS.format(", ".join(STATISTICS)))
    say(OUTSIDE)
    sys.exit(1 if troubles else 0)


def _folders(given, returned):
    """The folders to look into; ``click.UsageError`` if there are none."""
    for each in given:
        if re.match(r"\w+:/", str(each)) and not each.exists():
            raise click.UsageError(f"{each}: files at an address are deleted with the tools of that store")
        if not each.is_dir():
            raise click.UsageError(f"{each}: there is no such folder")
    found = list(given) or [each for each in map(Path, STANDARD) if each.is_dir()]
    if not found and not returned:
        raise click.UsageError(f"which folders? None of {', '.join(STANDARD)} is here")
    return found


def _among_returned(student, returned, roster):
    """What ``returned_by`` finds in each folder; ``Mistake`` if the roster has no such student."""
    from utils.course.forgetting.contents import same
    from utils.course.forgetting.returned import returned_by
    from utils.course.hand_ins.owners import Owners
    from utils.course.storage.input_files import Mistake
    from utils.course.students.roster import roster as roster_students
    from utils.notebook_files.sources import course_notebooks

    if not returned:
        return []
    students, _ = roster_students(roster)
    whose = next((each for each in students if same(each.id, student)), None)
    if whose is None:
        raise Mistake(f"{student!r} is not in {roster}: nothing else tells which files are theirs")
    owners, notebooks = Owners(students), [path.stem for path in course_notebooks()]
    return [returned_by(whose, each, owners, notebooks) for each in returned]
