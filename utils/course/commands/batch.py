"""``course batch``: notebooks × parameters × students, from the command line."""

import sys
from collections import Counter

import click

from utils.course.commands.options import (
    Seconds,
    cluster_options,
    file_type,
    new_file_type,
    notebooks_argument,
    settings_option,
    start_timeout_option,
)
from utils.course.commands.surroundings import ready_for_kernels
from utils.course.commands.terminal import STOPPED, say, say_json
from utils.notebook_files.status import Status


@click.command()
@notebooks_argument
@click.option("--grid", type=file_type, help="Sets of parameters (YAML or CSV, with lists and ranges).")
@click.option("--roster", type=file_type, help="Students (CSV: id, name, group): each gets a variant.")
@click.option("--secret", type=new_file_type, help="The course's key file; made where there is none.")
@settings_option
@click.option(
    "--out", default="build/batch", show_default=True, help="A folder, or an address such as s3://bucket/run."
)
@click.option("--workers", type=click.IntRange(1, 1000), help="Notebooks at a time; by default one a processor core.")
@start_timeout_option
@click.option("--cell-timeout", type=click.IntRange(1), default=600, show_default=True, help="A cell's most seconds.")
@click.option("--deadline", type=Seconds(), metavar="SECONDS", help="A notebook's most seconds.")
@click.option("--memory", type=click.IntRange(64), metavar="MB", help="The most memory that a notebook may use.")
@click.option("--retries", type=click.IntRange(0, 20), default=1, show_default=True, help="New tries after a crash.")
@cluster_options
@click.option("--sandbox", is_flag=True, help="Run notebooks that came back where they can do no harm (Linux).")
@click.option("--resume/--fresh", default=True, help="Keep finished jobs that verify (the default), or do all anew.")
@click.option("--dry-run", is_flag=True, help="Show the jobs and run none.")
@click.option("--json", "as_json", is_flag=True, help="Write the table to the standard output as JSON.")
def batch(dry_run, as_json, **options):
    """Execute the NOTEBOOKS (all of the course by default) for each set of parameters and each student.

    With --sandbox each kernel has no network, a read-only system, an empty home of its own, and bounded memory, seconds
    and threads; it sees the course and its packages, and no other file. That is for notebooks that came back.

    Writes executed notebooks, a page for each, results.csv, results.json, results.xml (JUnit) and index.html. What goes
    wrong with one job stops no other. Run the same command again to go on with a batch that was stopped.

    Ctrl-C lets the running jobs finish; a second one ends them. Exit codes: 0 all passed, 1 some did not, 2 a mistake
    on the command line, 130 stopped.
    """
    from utils.course.batches import batch_run
    from utils.course.commands.progress import Progress
    from utils.course.commands.stopping import Stop
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.store import StoreError
    from utils.course.workers.cluster import CannotStart

    try:
        plan = batch_run.planned(batch_run.Options(**options))
        if dry_run:
            return _show(plan, as_json)
        if plan.to_do and not plan.options.elsewhere:
            ready_for_kernels(plan.at_a_time)
        with Stop(patient=True) as stop, Progress(plan.total, plan.total - len(plan.to_do), stop) as progress:
            outcomes, troubles = batch_run.carry_out(plan, progress, stop)
    except (Mistake, CannotStart) as error:
        raise click.UsageError(str(error)) from error
    except (StoreError, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise click.BadParameter(f"{options['out']}: {why}", param_hint="--out") from error
    _report(plan, outcomes, as_json)
    for trouble in troubles:
        say(trouble, err=True)
    failed = troubles or any(each.status != Status.PASSED for each in outcomes)
    sys.exit(STOPPED if len(outcomes) < plan.total else bool(failed))


def _show(plan, as_json):
    """What ``--dry-run`` shows."""
    words = [("done already" if job in plan.done else "to do", job) for job in plan.jobs]
    if as_json:
        rows = [
            {"plan": word, "file": job.file, "notebook": job.notebook, "student": job.student.id}
            | {"parameters": job.parameters}
            for word, job in words
        ]
        say_json(rows + [each.record() for each in plan.refused])
        return
    for word, job in words:
        values = ", ".join(f"{name}={value!r}" for name, value in job.parameters.items())
        say(f"{word:<12}  {job.file}  {values}".rstrip())
    for each in plan.refused:
        say(f"{each.status:<12}  {each.notebook}  {each.error}")
    counts = Counter(word for word, _ in words)
    say(f"{counts['to do']} to do, {counts['done already']} done already, {len(plan.refused)} refused")


def _report(plan, outcomes, as_json):
    from utils.course.pages.tables import tally

    if as_json:
        say_json([each.record() for each in outcomes])
        return
    left = plan.total - len(outcomes)
    unfinished = f"{left} not begun or not finished: the same command goes on with them" if left else ""
    say(f"{'; '.join(filter(None, (tally(outcomes), unfinished)))}: {plan.store.where('index.html')}")
    for each in outcomes:
        if each.status != Status.PASSED or each.remark:
            told = ". ".join(filter(None, (each.status, each.error, each.remark)))
            say(f"  {' '.join(filter(None, (each.notebook, each.label)))}: {told}")
