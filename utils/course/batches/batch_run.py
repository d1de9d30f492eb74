"""``course batch``: notebooks × parameters × students, planned, performed by many workers, and reported."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from utils.course.batches.environment import environment
from utils.course.batches.grid import grid
from utils.course.batches.job import Outcome
from utils.course.batches.perform import Orders, perform
from utils.course.batches.plan import jobs, returned_sources, settings, sources
from utils.course.batches.reporting import report
from utils.course.batches.schedule import see_through
from utils.course.batches.signing import published
from utils.course.pages.batch_index import REPORTS, reports
from utils.course.sandbox.notebooks import MOST_MEMORY, MOST_SECONDS, why_not
from utils.course.storage.input_files import Mistake
from utils.course.storage.locks import locked
from utils.course.storage.output_folder import claim, refuse_to_replace
from utils.course.storage.store import PARTIAL, store_at
from utils.course.students.roster import NOBODY, roster
from utils.course.students.variants import VariantsOfAll, secret_at
from utils.course.workers.cluster import WorkersGone, cluster_workers
from utils.course.workers.process_pool import ProcessPool
from utils.notebook_files.sources import course_notebooks
from utils.notebook_files.status import Status

RESERVED = (*REPORTS, PARTIAL)
MEGABYTE = 10**6


@dataclass(frozen=True)
class Options:
    """What the command line says, in its own words (see ``course batch --help``)."""

    notebooks: tuple
    out: str
    start_timeout: int
    cell_timeout: int
    resume: bool
    retries: int
    workers: int | None = None
    deadline: float | None = None
    memory: int | None = None
    grid: Path | None = None
    roster: Path | None = None
    secret: Path | None = None
    settings: tuple = ()
    scheduler: str | None = None
    slurm: bool = False
    pbs: bool = False
    sandbox: bool = False

    @property
    def elsewhere(self):
        """Whether others than this machine do the work."""
        return bool(self.scheduler or self.slurm or self.pbs)


@dataclass(frozen=True)
class Batch:
    """The jobs, those of them that are done already with their outcomes, and the outcomes of what was refused."""

    options: Options
    store: object
    jobs: list
    done: dict
    refused: list

    @property
    def to_do(self):
        return [job for job in self.jobs if job not in self.done]

    @property
    def at_a_time(self):
        """How many notebooks run at a time on this machine."""
        return min(self.options.workers or os.cpu_count() or 1, len(self.to_do))

    @property
    def total(self):
        return len(self.jobs) + len(self.refused)


def planned(options, sets=None):
    """The ``Batch`` for these options; ``Mistake`` or ``StoreError`` where it cannot be. Nothing is touched yet.

    ``sets`` are the sets of parameters, dictionaries; by default those that the options name.
    """
    if bool(options.roster) != bool(options.secret):
        raise Mistake("--roster and --secret belong together: the key file decides each student's variant")
    if (options.scheduler and (options.slurm or options.pbs)) or (options.slurm and options.pbs):
        raise Mistake("--scheduler, --slurm and --pbs: one of them is enough")
    paths = list(options.notebooks) or course_notebooks()
    if options.sandbox and not options.elsewhere and (why := why_not()):
        raise Mistake(why)
    usable, refused = (returned_sources if options.sandbox else sources)(paths, RESERVED)
    students, drawn = [NOBODY], {}
    if options.roster:
        students, lines = roster(options.roster)
        refused += [Outcome("", who, {}, Status.REFUSED, f"{options.roster}, line {n}: {why}") for n, who, why in lines]
        drawn = {"drawn": VariantsOfAll(secret_at(options.secret)).drawn}
    found, out_of_range = jobs(usable, _sets(options) if sets is None else sets, students, **drawn)
    store = store_at(options.out if "://" in options.out else Path(options.out).absolute())
    inputs = [*paths, *filter(None, (options.grid, options.roster, options.secret))]
    refuse_to_replace(store, [*REPORTS, *(f"{job.file}.{kind}" for job in found for kind in ("ipynb", "html"))], inputs)
    return Batch(options, store, found, _done(found, store) if options.resume else {}, refused + out_of_range)


def carry_out(batch, progress, stop):
    """Perform the jobs and write all files; returns the outcomes of all that ended, and a sentence on each trouble.

    ``Mistake`` if another batch writes there; ``CannotStart`` if there is nobody to do the work.
    """
    outcomes, troubles = [*batch.refused, *batch.done.values()], []

    def on_outcome(outcome):
        outcomes.append(outcome)
        progress.ended(outcome)

    claim(batch.store)
    with locked(getattr(batch.store, "root", "")) as mine:
        if mine is False:
            raise Mistake(f"{batch.options.out}: another batch is writing there")
        batch.store.sweep()
        if batch.to_do:
            with _workers(batch, progress) as workers:
                do = partial(perform, orders=_orders(batch))
                more = {"retries": batch.options.retries, "on_look": progress.look}
                try:
                    see_through(batch.to_do, do, workers, on_outcome, stop, **more)
                except WorkersGone as gone:
                    troubles.append(str(gone))
        troubles += report(batch.store, outcomes, reports)
    return outcomes, troubles


def _sets(options):
    """The sets of parameters: those of the grid, each with what ``-p`` sets."""
    fixed = settings(options.settings)
    sets = grid(options.grid) if options.grid else [{}]
    if twice := [name for values in sets for name in values if name in fixed]:
        raise Mistake(f"{twice[0]}: set both with -p and in {options.grid}")
    return [fixed | values for values in sets]


def _done(jobs, store):
    """The jobs that need not be done again, with their outcomes, each read and verified."""
    folders = {job.notebook for job in jobs}
    there = {f"{folder}/{name}" for folder in folders for name in store.names(folder)}
    candidates = [job for job in jobs if {f"{job.file}.ipynb", f"{job.file}.html"} <= there]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(partial(published, store), candidates)
        return {job: each[0] for job, each in zip(candidates, found, strict=True) if each}


def _workers(batch, progress):
    options = batch.options
    if options.elsewhere:
        system = "slurm" if options.slurm else "pbs" if options.pbs else None
        return cluster_workers(options.scheduler, system, options.workers, options.memory)
    return ProcessPool(batch.at_a_time, progress.told)


def _orders(batch):
    """A notebook computes with one thread, unless TF_NUM_INTRAOP_THREADS says otherwise.

    There are enough other notebooks for the other cores, and the order of its sums does not depend on their number.
    """
    options = batch.options
    bounds = {"start_timeout": options.start_timeout, "cell_timeout": options.cell_timeout}
    bounds |= {"deadline": options.deadline, "memory": options.memory and options.memory * MEGABYTE}
    if options.sandbox:
        bounds["deadline"] = options.deadline or MOST_SECONDS
        bounds["memory"] = bounds["memory"] or MOST_MEMORY
    variables = {"TF_NUM_INTRAOP_THREADS": os.environ.get("TF_NUM_INTRAOP_THREADS") or "1"}
    address = str(getattr(batch.store, "root", options.out))
    private = [address, *(str(each) for each in (options.secret, options.roster, options.grid) if each)]
    more = {"sandbox": options.sandbox, "private": tuple(private)}
    return Orders(address, environment(), bounds, variables, fresh=not options.resume, **more)
