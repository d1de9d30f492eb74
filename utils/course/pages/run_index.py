"""What ``course run`` tells in the end: an index over the notebooks, and the results as JSON."""

import json

from utils.course.pages.rendering import render
from utils.course.pages.tables import counted
from utils.notebook_files.status import Status


def index_page(results, ledger=""):
    """The index: one row a notebook (status, seconds, answers, verdicts), failures first; ``ledger`` is HTML."""
    passed = sum(result.status == Status.PASSED for result in results)
    return render(
        "run_index.html",
        title=f"{passed} of {len(results)} notebooks passed",
        outcomes=sorted(results, key=lambda result: result.status == Status.PASSED),
        page=lambda result: "" if result.status == Status.UNREADABLE else f"{result.notebook}.html",
        counted=counted,
        ledger=ledger,
    )


def results_json(results):
    """The results as the text of ``results.json``."""
    return json.dumps([result.asdict() for result in results], indent=1, ensure_ascii=False) + "\n"
