"""``course run``: the whole course, or some of its notebooks, executed into a folder."""

import os

from utils.course.batches.schedule import execute_all
from utils.course.engine.execute import Job
from utils.course.pages.notebook_page import notebook_page
from utils.course.pages.run_index import index_page, results_json
from utils.ledger import changes, ledger
from utils.notebook_files.reading import UnreadableNotebook, read
from utils.notebook_files.sources import ROOT

TABLES = ("index.html", "results.json", "ledger.json", "ledger.csv")


def run_course(chosen, out, workers, on_event):
    """Execute the notebooks of ``chosen`` (path → parameters) into ``out`` and return their results in order."""
    os.environ["COURSE_RUN_FOLDER"] = str(out.resolve())  # the last notebook shows the verdicts of this run
    jobs = [Job(source, out / source.name, values) for source, values in chosen.items()]
    for job in jobs:
        for old in (job.output, job.output.with_suffix(".html")):
            old.unlink(missing_ok=True)
    results = execute_all(jobs, _order(jobs), workers, on_event)
    for job in jobs:
        if job.output.exists():
            _write(job.output.with_suffix(".html"), notebook_page(read(job.output)))
    _write(out / "results.json", results_json(results))
    verdicts = ledger(out)
    verdicts.write(out)
    _write(out / "index.html", index_page(results, verdicts.html()))
    return results


def output_names(sources):
    """The names of all files that a run of these notebooks writes into its folder."""
    pages = [f"{source.stem}.html" for source in sources]
    return [*(source.name for source in sources), *pages, *TABLES]


def changed_verdicts(chosen, out):
    """A line for each claim whose verdict differs from the one stored in the course's notebooks, with both numbers."""
    executed = {source.stem for source in chosen}
    return [
        str(change)
        for change in changes(ledger(ROOT / "notebooks"), ledger(out))
        if change.before["notebook"] in executed
    ]


def _order(jobs):
    """Which jobs must have ended before a job starts, by what the notebooks' metadata says under ``course.after``."""
    by_name = {job.source.stem: job for job in jobs}
    return {job: [by_name[name] for name in _after(job.source) if name in by_name] for job in jobs}


def _after(source):
    try:
        return read(source).metadata.get("course", {}).get("after", [])
    except UnreadableNotebook:
        return []


def _write(path, text):
    beside = path.with_name(f".{path.name}.partial")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
