"""The files that describe a run of the course: an index over the notebooks, and the results as JSON."""

from utils.course.pages.rendering import render
from utils.course.pages.tables import counted, json_table
from utils.notebook_files.status import Status


def reports(outcomes, ledger):
    """The files that describe these outcomes and the ``Ledger`` of their verdicts: name → text."""
    passed = sum(each.status == Status.PASSED for each in outcomes)
    index = render(
        "run_index.html",
        title=f"{passed} of {len(outcomes)} notebooks passed",
        outcomes=sorted(outcomes, key=lambda each: each.status == Status.PASSED),
        counted=counted,
        ledger=ledger.html() if ledger.rows else "",
    )
    return {"results.json": json_table(outcomes), **ledger.files(), "index.html": index}
