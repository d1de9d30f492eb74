"""``course batch`` and ``course hand-out``: notebooks × parameters × students, from the command line."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import click

from utils.course.commands.options import file_type, notebooks_argument
from utils.course.commands.surroundings import ready_for_kernels
from utils.course.commands.terminal import say, say_json
from utils.notebook_files.status import Status

INTERRUPTED = 130


@click.command()
@notebooks_argument
@click.option("--grid", type=file_type, help="Sets of parameters (YAML or CSV, with lists and ranges).")
@click.option("--roster", type=file_type, help="Students (CSV: id, name, group): each gets a variant.")
@click.option("--secret", type=click.Path(path_type=Path), help="The course's key file; made where there is none.")
@click.option("-p", "settings", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter for all jobs.")
@click.option(
    "--out", default="build/batch", show_default=True, help="A folder, or an address such as s3://bucket/run."
)
@click.option("--workers", type=click.IntRange(1, 1000), help="Notebooks at a time; by default one a processor core.")
@click.option("--cell-timeout", type=click.IntRange(1), default=600, show_default=True, help="A cell's most seconds.")
@click.option("--deadline", type=click.FloatRange(1), metavar="SECONDS", help="A notebook's most seconds.")
@click.option("--memory", type=click.IntRange(64), metavar="MB", help="The most memory that a notebook may use.")
@click.option("--retries", type=click.IntRange(0, 20), default=1, show_default=True, help="New tries after a crash.")
@click.option("--scheduler", metavar="ADDRESS", help="Work on the dask cluster of this scheduler.")
@click.option("--slurm", "system", flag_value="slurm", help="Start dask workers as SLURM jobs.")
@click.option("--pbs", "system", flag_value="pbs", help="Start dask workers as PBS jobs.")
@click.option("--resume/--fresh", default=True, help="Keep finished jobs that verify (the default), or do all anew.")
@click.option("--dry-run", is_flag=True, help="Show the jobs and run none.")
@click.option("--json", "as_json", is_flag=True, help="Write the table to the standard output as JSON.")
def batch(notebooks, grid, roster, secret, settings, out, scheduler, system, resume, dry_run, as_json, **limits):
    """Execute the NOTEBOOKS (all of the course by default) for each set of parameters and each student.

    Writes executed notebooks, a page for each, results.csv, results.json, results.xml (JUnit) and index.html. What goes
    wrong with one job stops no other. Run the same command again to go on with a batch that was stopped.

    Ctrl-C lets the running jobs finish; a second one ends them. Exit codes: 0 all passed, 1 some did not, 2 a mistake
    on the command line, 130 stopped.
    """
    from utils.course.workers.cluster import CannotStart, cluster_crew, local_crew

    if scheduler and system:
        raise click.UsageError("--scheduler and --slurm or --pbs: one of them is enough")
    crew = None
    if not (scheduler or system or dry_run):
        ready_for_kernels(limits["workers"] or os.cpu_count() or 1)
        crew = local_crew(limits["workers"])  # it starts while the jobs are planned
        click.get_current_context().call_on_close(crew.kill)

    from utils.course.batches.perform import Orders, already_done
    from utils.course.batches.plan import environment
    from utils.course.pages.batch_index import REPORTS
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.locks import locked
    from utils.course.storage.output_folder import TABLE, refuse_to_replace
    from utils.course.storage.store import StoreError, store_at

    jobs, refused = _planned(notebooks, grid, roster, secret, settings)
    try:
        store = store_at(out if "://" in out else Path(out).resolve())
        finished = already_done(jobs, store) if resume else {}
        if hasattr(store, "root"):
            inputs = [*notebooks, *filter(None, (grid, roster, secret))]
            names = [f"{job.file}.{kind}" for job in jobs for kind in ("ipynb", "html")]
            refuse_to_replace(store.root, [*REPORTS, *names], inputs)
        if dry_run:
            return _show(jobs, finished, refused, as_json)
        store.prepare()
    except Mistake as error:
        raise click.BadParameter(str(error), param_hint="--out") from error
    except (StoreError, OSError) as error:
        raise click.BadParameter(f"{out}: {getattr(error, 'strerror', None) or error}", param_hint="--out") from error
    memory = limits["memory"] and limits["memory"] * 2**20
    orders = Orders(
        str(getattr(store, "root", out)), limits["cell_timeout"], limits["deadline"], memory, not resume, environment()
    )
    try:
        crew = crew or cluster_crew(scheduler, system, limits["workers"], limits["memory"])
    except CannotStart as error:
        raise click.UsageError(str(error)) from error
    with locked(getattr(store, "root", "")) as mine:
        if mine is False:
            raise click.BadParameter(f"{out}: another batch is writing there", param_hint="--out")
        store.sweep()
        if hasattr(store, "root") and not (store.root / TABLE).exists():
            store.write(TABLE, "[]\n")  # from now on the folder is known as one of ours
        outcomes = [*refused, *finished.values()]
        stopped = _run(
            [job for job in jobs if job not in finished],
            orders,
            crew,
            limits["retries"],
            outcomes,
            len(jobs) + len(refused),
        )
        return _report(store, outcomes, len(jobs) + len(refused), stopped, as_json)


def _planned(notebooks, grid, roster, secret, settings):
    """The jobs, and an ``Outcome`` for every notebook, line and combination that is refused."""
    from utils.course.batches.grid import grid as grid_sets
    from utils.course.batches.plan import Outcome, jobs, sources
    from utils.course.storage.input_files import Mistake
    from utils.course.students.roster import NOBODY
    from utils.course.students.roster import roster as roster_students
    from utils.notebook_files.sources import course_notebooks

    if bool(roster) != bool(secret):
        raise click.UsageError("--roster and --secret belong together: the key file decides each student's variant")
    try:
        usable, refused = sources(list(notebooks) or course_notebooks())
        sets = [dict(settings) | values for values in (grid_sets(grid) if grid else [{}])]
        students, drawn = [NOBODY], {}
        if roster:
            from utils.course.students.variants import VariantsOfAll, secret_at

            students, lines = roster_students(roster)
            refused += [
                Outcome("", student, {}, Status.REFUSED, f"{roster}, line {n}: {why}") for n, student, why in lines
            ]
            drawn = {"drawn": VariantsOfAll(secret_at(secret)).drawn}
        planned, out_of_range = jobs(usable, sets, students, **drawn)
    except Mistake as error:
        raise click.UsageError(str(error)) from error
    return planned, refused + out_of_range


def _show(jobs, finished, refused, as_json):
    """What ``--dry-run`` shows."""
    from utils.course.pages.tables import record

    plan = [("done already" if job in finished else "to do", job) for job in jobs]
    if as_json:
        rows = [
            {"plan": word, "file": job.file, "notebook": job.notebook, "student": job.student.id}
            | {"parameters": job.parameters}
            for word, job in plan
        ]
        say_json(rows + [record(each) for each in refused])
        return
    for word, job in plan:
        say(f"{word:<12}  {job.file}")
    for each in refused:
        say(f"{each.status:<12}  {each.notebook}  {each.error}")
    counts = Counter(word for word, _ in plan)
    say(f"{counts['to do']} to do, {counts['done already']} done already, {len(refused)} refused")


def _run(jobs, orders, crew, retries, outcomes, total):
    """Perform the jobs; their outcomes are added to ``outcomes``. Returns whether it was stopped."""
    from utils.course.batches.perform import see_through
    from utils.course.workers.cluster import CrewGone

    progress = Progress(outcomes, total)
    with _interrupts(crew.kill) as stop, crew.executor:
        try:
            see_through(jobs, orders, crew.executor, crew.window, retries, progress, stop)
        except CrewGone as gone:
            stop.set()
            say(str(gone), err=True)
    progress.end()
    return stop.is_set()


def _report(store, outcomes, total, stopped, as_json):
    from utils.course.pages.batch_index import reports
    from utils.course.pages.tables import label, record, tally
    from utils.course.storage.store import StoreError, write

    unfinished = f"; {total - len(outcomes)} not begun or not finished: the same command goes on with them"
    try:
        for name, text in reports(outcomes).items():
            write(store, name, text)
        store.sweep()
    except (StoreError, OSError) as error:
        say(f"the table is missing: {error}", err=True)
    if as_json:
        say_json([record(each) for each in outcomes])
    else:
        say(f"{tally(outcomes)}{unfinished if stopped else ''}: {store.where('index.html')}")
        for each in outcomes:
            if each.status != Status.PASSED:
                say(f"  {' '.join(filter(None, (each.notebook, label(each))))}: {each.status}. {each.error}")
    sys.exit(INTERRUPTED if stopped else any(each.status != Status.PASSED for each in outcomes))


@contextmanager
def _interrupts(kill):
    """An event that the first Ctrl-C sets; the second, or a request to terminate, also calls ``kill``."""
    stop = threading.Event()

    def heard(number, frame):
        if stop.is_set() or number == signal.SIGTERM:
            stop.set()
            kill()
        else:
            stop.set()
            say("Nothing new is begun; the running notebooks finish. Ctrl-C again ends them.", err=True)

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Progress:
    """Collects the outcomes; on a terminal one line shows how far the batch is. Elsewhere nothing is shown."""

    def __init__(self, outcomes, total):
        self.outcomes, self.total, self.before = outcomes, total, len(outcomes)
        self.began, self.live = time.monotonic(), sys.stderr.isatty()

    def __call__(self, outcome):
        self.outcomes.append(outcome)
        if self.live:
            click.echo(f"\r\x1b[2K{self.line()}"[: os.get_terminal_size(2).columns + 4], nl=False, err=True)

    def line(self):
        done, left = len(self.outcomes), self.total - len(self.outcomes)
        failed = sum(each.status != Status.PASSED for each in self.outcomes)
        rate = (done - self.before) / max(time.monotonic() - self.began, 1e-6)
        return (
            f"{done} done · {failed} failed · {left} left · {60 * rate:.0f} a minute · {_duration(left / rate)} to go"
        )

    def end(self):
        if self.live:
            click.echo("\r\x1b[2K", nl=False, err=True)


def _duration(seconds):
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"
