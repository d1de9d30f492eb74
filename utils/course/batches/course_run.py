"""``course run``: the whole course, or some of its notebooks, executed into a folder."""

import os
from dataclasses import dataclass
from functools import partial

from utils.course.batches.environment import environment
from utils.course.batches.order import order
from utils.course.batches.perform import Orders, perform
from utils.course.batches.plan import jobs, sources
from utils.course.batches.reporting import report
from utils.course.batches.schedule import see_through
from utils.course.batches.signing import verified
from utils.course.pages.run_index import reports
from utils.course.storage.input_files import Mistake
from utils.course.storage.locks import locked
from utils.course.storage.output_folder import claim, refuse_to_replace
from utils.course.storage.store import FolderStore
from utils.course.workers.process_pool import ProcessPool
from utils.ledger import changes, ledger
from utils.notebook_files.sources import ROOT, course_notebooks
from utils.notebook_files.status import Status

TABLES = ("index.html", "results.json", "ledger.json", "ledger.csv")
RESERVED = ("index",)  # its page would be the index


@dataclass(frozen=True)
class Run:
    """What is to be run: the jobs in order, which of them wait for which, and what can be said without running."""

    store: FolderStore
    jobs: list
    after: dict
    remarks: dict
    unreadable: list


def planned(notebooks, settings, out):
    """The ``Run`` of these notebooks (all of the course if there are none) with these settings (name → text).

    ``Mistake`` where a notebook, a setting or the folder ``out`` will not do. Nothing is touched yet.
    """
    paths = list(notebooks) or course_notebooks()
    usable, refused = sources(paths, RESERVED)
    unreadable = [each for each in refused if each.status == Status.UNREADABLE]
    if wrong := [each.error for each in refused if each not in unreadable]:
        raise Mistake("\n".join(wrong))
    after, remarks = order(usable)
    found, refused = jobs(usable, [settings], named=lambda source: source.name)
    if refused:
        raise Mistake("\n".join(f"{each.error} ({each.notebook})" for each in refused))
    by_name = {job.notebook: job for job in found}
    after = {by_name[name]: [by_name[each] for each in others] for name, others in after.items()}
    store = FolderStore(out.absolute())
    names = [f"{each}.{kind}" for each in by_name for kind in ("ipynb", "html")]
    refuse_to_replace(store, [*TABLES, *names], paths)
    for job in found:
        _refuse_to_replace_changed(store, f"{job.file}.ipynb")
    return Run(store, found, after, remarks, unreadable)


def carry_out(run, workers, start_timeout, progress, stop):
    """Execute the notebooks and write all files; returns the outcomes, the run's own ``Ledger``, and its troubles.

    ``start_timeout`` is a kernel's most seconds to start; a trouble is a sentence. ``Mistake`` if another run writes
    there.
    """
    claim(run.store)
    with locked(run.store.root) as mine:
        if mine is False:
            raise Mistake(f"{run.store.root}: another run is writing there")
        outcomes = {outcome.notebook: outcome for outcome in run.unreadable}
        for outcome in run.unreadable:
            progress.ended(outcome)
        if run.jobs:
            outcomes |= _executed(run, workers, start_timeout, progress, stop)
        verdicts = ledger(run.store.root).of({job.notebook for job in run.jobs})
        outcomes = list(outcomes.values())
        return outcomes, verdicts, report(run.store, outcomes, partial(reports, ledger=verdicts))


def _executed(run, workers, start_timeout, progress, stop):
    """The outcomes of the jobs in order, by notebook."""
    found = {}

    def on_outcome(outcome):
        outcome.remark = "; ".join(filter(None, (run.remarks.get(outcome.notebook), outcome.remark)))
        found[outcome.notebook] = outcome
        progress.ended(outcome)

    for job in run.jobs:
        for kind in ("ipynb", "html"):
            run.store.remove(f"{job.file}.{kind}")
    folder = str(run.store.root)
    variables = {"COURSE_RUN_FOLDER": folder}  # the last notebook shows the verdicts of this run
    bounds = {"start_timeout": start_timeout}
    orders = Orders(folder, environment(), bounds, variables, folder=os.getcwd(), fresh=True)
    with ProcessPool(min(workers, len(run.jobs)), progress.told) as pool:
        do = partial(perform, orders=orders)
        see_through(run.jobs, do, pool, on_outcome, stop, after=run.after, on_look=progress.look)
    return {job.notebook: found.get(job.notebook) or _interrupted(run.store, job) for job in run.jobs}


def changed_verdicts(verdicts):
    """A line for each claim whose verdict differs from the one stored in the course's notebooks, with both numbers."""
    executed = {row["notebook"] for row in verdicts.rows}
    return [
        str(change) for change in changes(ledger(ROOT / "notebooks"), verdicts) if change.before["notebook"] in executed
    ]


def _interrupted(store, job):
    stored = f"{job.notebook}.ipynb" in store.names("")
    return job.outcome(Status.INTERRUPTED, "the run was stopped before its end", file=job.file if stored else "")


def _refuse_to_replace_changed(store, name):
    """An executed notebook that somebody worked in since is somebody's work."""
    path = store.root / name
    try:
        there = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError):
        there = ""
    if not verified(there):
        raise Mistake(f"{path}: it was changed since a run wrote it; move it away, or choose another folder with --out")
