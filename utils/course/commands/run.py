"""``course run``: the course's notebooks, or some of them, executed into a folder."""

import os
import sys
from pathlib import Path

import click

from utils.course.commands.options import notebooks_argument, settings_option, start_timeout_option
from utils.course.commands.surroundings import ready_for_kernels
from utils.course.commands.terminal import STOPPED, say
from utils.notebook_files.status import Status


@click.command()
@notebooks_argument
@settings_option
@click.option("--profile", type=click.Choice(["quick", "full"]), help="How much is measured; quick by default.")
@click.option("--out", default="build/run", show_default=True, help="The folder to write to.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=min(2, os.cpu_count() or 1),
    show_default=True,
    help="Notebooks at a time.",
)
@start_timeout_option
def run(notebooks, settings, profile, out, workers, start_timeout):
    """Execute the NOTEBOOKS (all of the course by default).

    Writes the executed notebooks, a page for each, index.html and results.json. A failure stops no other notebook; any
    failure makes the exit code 1. Ctrl-C ends what runs, keeps what was executed so far, and makes the exit code 130.
    """
    from utils.course.batches import course_run, plan
    from utils.course.commands.progress import Progress
    from utils.course.commands.stopping import Stop
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.store import StoreError

    if "://" in out:
        raise click.BadParameter(f"{out}: course run writes to a folder; course batch can to this", param_hint="--out")
    try:
        chosen = plan.settings((*settings, *([("profile", profile)] if profile else [])))
        planned = course_run.planned(notebooks, chosen, Path(out))
        ready_for_kernels(min(workers, len(planned.jobs) or 1))
        total = len(planned.jobs) + len(planned.unreadable)
        with Stop(patient=False) as stop, Progress(total, lines=True) as progress:
            outcomes, verdicts, troubles = course_run.carry_out(planned, workers, start_timeout, progress, stop)
    except Mistake as error:
        raise click.UsageError(str(error)) from error
    except (StoreError, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise click.BadParameter(f"{out}: cannot write there: {why}", param_hint="--out") from error
    passed = [each for each in outcomes if each.status == Status.PASSED]
    say("")
    say(f"{len(passed)} of {len(outcomes)} notebooks passed: {Path(out) / 'index.html'}")
    for each in outcomes:
        if each.status != Status.PASSED or each.remark:
            say(f"  {each.notebook}: {'. '.join(filter(None, (each.status, each.error, each.remark)))}")
    changed = course_run.changed_verdicts(verdicts)
    for change in changed:
        words, *criteria = change.splitlines()
        say(f"  another verdict than the stored one: {words}")
        for each in criteria:
            say(f"  {each}")
    if changed:
        say("  (With another processor or number of threads a training ends otherwise: near a threshold this decides.)")
    for trouble in troubles:
        say(trouble, err=True)
    sys.exit(STOPPED if stop.asked else bool(troubles) or len(passed) < len(outcomes))
