"""``course hand-out``: each student's variants, ready to hand out."""

import sys
from pathlib import Path

import click

from utils.course.commands.options import file_type, new_file_type, notebooks_argument


@click.command("hand-out")
@notebooks_argument
@click.option("--roster", type=file_type, required=True, help="Students (CSV: id, name, group).")
@click.option("--secret", type=new_file_type, required=True, help="The course's key file.")
@click.option("--exam", is_flag=True, help="No hint, no solution and no verdict before it is handed in.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/hand-out"), show_default=True)
def hand_out(notebooks, roster, secret, exam, out):
    """Write each student's variants of the NOTEBOOKS (all of the course by default), ready to hand out.

    students/ID.zip holds a student's notebooks without outputs or answers. answer_key.csv holds everybody's answers:
    it stays with you, as the key file does. An --exam needs a key file of its own, so that nobody knows its numbers.
    The exit code is 1 if a student or a notebook had to be left out.
    """
    from utils.course.batches.plan import sources
    from utils.course.commands.terminal import say, sentence
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.output_folder import keep_inputs
    from utils.course.storage.store import FolderStore, StoreError
    from utils.course.students.hand_out import KEY, write_hand_out
    from utils.course.students.roster import roster as roster_students
    from utils.course.students.variants import secret_at
    from utils.notebook_files.sources import course_notebooks

    try:
        keep_inputs(FolderStore(out), ["students", KEY], [roster, secret, *notebooks])
        usable, unusable = sources(list(notebooks) or course_notebooks())
        students, refused = roster_students(roster)
        complaints = [f"{each.notebook}: {each.error}" for each in unusable]
        complaints += [f"{roster}, line {line}: {reason}" for line, _, reason in refused]
        complaints += write_hand_out(usable, students, secret_at(secret, exam), out)
    except (Mistake, StoreError, OSError) as error:
        raise click.UsageError(sentence(error)) from error
    say(f"{len(students)} students: {out / 'students'}. Keep to yourself: {out / 'answer_key.csv'} and {secret}")
    for complaint in complaints:
        say(f"  left out: {complaint}")
    sys.exit(1 if complaints else 0)
