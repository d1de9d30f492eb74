"""What the cells of an executed notebook left to be collected: answers and verdicts, as far as they keep their form."""

import json
from collections import Counter

from utils.notebook_files.reading import tagged
from utils.records import ANSWER, VERDICT

LARGEST_RECORD = 100_000  # characters
MOST_RECORDS = 1_000


def findings(notebook):
    """``(answers, verdicts, remark)``: the records of answers, the claims' ids and verdicts, and what is odd.

    Where cells are tagged ``answer``, the answers are theirs: a check elsewhere is the notebook's own demonstration. A
    record is whatever the notebook wrote; one that breaks its form is left out, and the remark says so.
    """
    broken = Counter()
    answers = _records(tagged(notebook, "answer") or notebook.cells, ANSWER, broken)
    verdicts = _records(notebook.cells, VERDICT, broken)
    verdicts = [{"id": record["id"], "verdict": record["verdict"]} for record in verdicts]
    kinds = (f"{count} of {'an answer' if kind == ANSWER else 'a verdict'}" for kind, count in broken.items())
    return answers, verdicts, f"records that break their form are left out: {', '.join(kinds)}" if broken else ""


def _records(cells, kind, broken):
    found = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            data = output.get("data")
            if not isinstance(data, dict) or kind not in data:
                continue
            record = data[kind]
            if _keeps_its_form(record) and len(found) < MOST_RECORDS:
                found.append(record)
            else:
                broken[kind] += 1
    return found


def _keeps_its_form(record):
    try:
        words = isinstance(record["id"], str) and isinstance(record["verdict"], str)
        return words and len(json.dumps(record, allow_nan=False)) <= LARGEST_RECORD
    except (TypeError, KeyError, ValueError, RecursionError):
        return False
