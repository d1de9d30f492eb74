"""The files that describe a batch: three tables and an index page with filters."""

from utils.course.pages.rendering import render
from utils.course.pages.tables import counted, csv_table, json_table, junit_table, tally
from utils.notebook_files.status import Status

REPORTS = ("results.json", "results.csv", "results.xml", "index.html")


def reports(outcomes):
    """The files that describe these outcomes: name → text. Failures come first."""
    ordered = sorted(
        outcomes, key=lambda each: (each.status == Status.PASSED, each.notebook, each.student.id, each.file)
    )
    tables = json_table(ordered), csv_table(ordered), junit_table(ordered)
    return dict(zip(REPORTS, (*tables, _index(ordered)), strict=True))


def _index(outcomes):
    passed = sum(each.status == Status.PASSED for each in outcomes)
    return render(
        "batch_index.html",
        title=f"{passed} of {len(outcomes)} jobs passed",
        outcomes=outcomes,
        statuses=dict.fromkeys(each.status for each in outcomes),
        tally=tally(outcomes),
        counted=counted,
    )
