"""The files that describe a batch: three tables and an index page with filters."""

import json

from utils.course.pages.rendering import render
from utils.course.pages.tables import _csv, _junit, counted, label, record, tally
from utils.notebook_files.status import Status

REPORTS = ("results.json", "results.csv", "results.xml", "index.html")


def reports(outcomes):
    """The files that describe these outcomes: name → text."""
    ordered = sorted(
        outcomes, key=lambda each: (each.status == Status.PASSED, each.notebook, each.student.id, each.file)
    )
    return {
        "results.json": json.dumps([record(each) for each in ordered], indent=1, ensure_ascii=False) + "\n",
        "results.csv": _csv(ordered),
        "results.xml": _junit(ordered),
        "index.html": _index(ordered),
    }


def _index(outcomes):
    passed = sum(each.status == Status.PASSED for each in outcomes)
    return render(
        "batch_index.html",
        title=f"{passed} of {len(outcomes)} jobs passed",
        outcomes=outcomes,
        statuses=dict.fromkeys(each.status for each in outcomes),
        tally=tally(outcomes),
        page=lambda outcome: outcome.file and f"{outcome.file}.html",
        label=label,
        counted=counted,
    )
