"""``course grade``: from the notebooks that came back to a table of points."""

import sys
from pathlib import Path

import click

from utils.course.commands.batch import file_type
from utils.notebook_files.sources import course_notebooks


@click.command()
@click.argument("returned", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--roster", type=file_type, required=True, help="Students (CSV: id, name, group).")
@click.option("--secret", type=file_type, help="The course's key file, if variants were handed out.")
@click.option(
    "--notebook", "notebooks", multiple=True, type=file_type, help="One that was handed out; by default the course's."
)
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/grades"), show_default=True)
def grade(returned, roster, secret, notebooks, out):
    """Grade the notebooks that came back, in folders and zip files, without running them.

    Writes grades.csv (each student's points), answers.csv (every answer, its verdict and its key) and index.html. A
    right answer gives one point. The exit code is 1 if a file or a line of the roster had to be left out.
    """
    from utils.course.batches.plan import sources
    from utils.course.pages.grade_index import reports
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.store import FolderStore
    from utils.course.students.collect import collected
    from utils.course.students.marks import marks
    from utils.course.students.roster import roster as roster_students
    from utils.course.students.variants import secret_at

    try:
        usable, unusable = sources(list(notebooks) or course_notebooks())
        if unusable:
            raise Mistake("\n".join(each.error for each in unusable))
        students, refused = roster_students(roster)
        complaints = [f"{roster}, line {line}: {reason}" for line, _, reason in refused]
        found, left_out = collected(returned, students, [each.name for each in usable])
        store = FolderStore(out)
        for name, text in reports(marks(usable, students, secret and secret_at(secret), found)).items():
            store.write(name, text, mode=0o600)
        store.sweep()
    except (Mistake, OSError) as error:
        raise click.UsageError(str(error)) from error
    came = len({each.student for each in found})
    click.echo(f"{len(found)} notebooks of {came} of {len(students)} students: {out / 'index.html'}")
    for complaint in [*complaints, *left_out]:
        click.echo(f"  left out: {complaint}")
    sys.exit(1 if complaints or left_out else 0)
