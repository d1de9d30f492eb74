"""The index page of a batch, with filters."""

import html
import json
from collections import Counter
from urllib.parse import quote

from utils.course.pages.notebook_page import STYLE
from utils.course.pages.tables import _csv, _junit, label, record, tally
from utils.notebook_files.status import Status

REPORTS = ("results.json", "results.csv", "results.xml", "index.html")
FILTERS = """
<form class="filters" role="search" onsubmit="return false">
<label>Status <select id="status"><option value="">all</option>{options}</select></label>
<label>Notebook <input id="notebook" size="20"></label>
<label>Student or parameters <input id="who" size="20"></label>
<span id="shown" role="status"></span>
</form>
"""


SCRIPT = """
const rows = [...document.querySelectorAll("tbody tr")];
const [status, notebook, who, shown] = ["status", "notebook", "who", "shown"].map(id => document.getElementById(id));
function filter() {
  let count = 0;
  for (const row of rows) {
    const has = (key, wanted) => row.dataset[key].toLowerCase().includes(wanted.toLowerCase());
    row.hidden = (status.value && row.dataset.status !== status.value)
      || !has("notebook", notebook.value) || !has("who", who.value);
    count += !row.hidden;
  }
  shown.textContent = `${count} of ${rows.length} shown`;
}
for (const control of [status, notebook, who]) control.addEventListener("input", filter);
filter();
"""


EXTRA_STYLE = """
.filters { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; margin: 1rem 0 }
.filters label { white-space: nowrap }
.filters input, .filters select { font: inherit }
td.status { overflow-wrap: anywhere; min-width: 14rem }
"""


def _index(outcomes):
    passed = sum(each.status == Status.PASSED for each in outcomes)
    title = f"{passed} of {len(outcomes)} jobs passed"
    statuses = dict.fromkeys(each.status for each in outcomes)
    options = "".join(f'<option value="{html.escape(each)}">{html.escape(each)}</option>' for each in statuses)
    columns = ("Notebook", "Student or parameters", "Status", "Seconds", "Answers")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}{EXTRA_STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>{html.escape(tally(outcomes))}. The same as a table: "
        '<a href="results.csv">CSV</a>, <a href="results.json">JSON</a>, <a href="results.xml">JUnit XML</a>.</p>'
        f"{FILTERS.format(options=options)}"
        '<div class="scroll" tabindex="0"><table><caption>Jobs</caption><thead><tr>'
        + "".join(f'<th scope="col">{each}</th>' for each in columns)
        + f"</tr></thead><tbody>{''.join(map(_row, outcomes))}</tbody></table></div></main>"
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _row(outcome):
    notebook, who, status = (html.escape(text) for text in (outcome.notebook, label(outcome), outcome.status))
    name = f'<a href="{quote(outcome.file)}.html">{notebook}</a>' if outcome.file else notebook
    told = (
        "✓ passed"
        if outcome.status == Status.PASSED
        else f'<span class="failed">✗ {status}</span><br>{html.escape(outcome.error)}'
    )
    verdicts = Counter(each["verdict"] for each in outcome.answers)
    answers = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()) or "–"
    return (
        f'<tr data-status="{status}" data-notebook="{notebook}" data-who="{who}">'
        f'<th scope="row">{name}</th><td dir="auto">{who or "–"}</td><td class="status">{told}</td>'
        f'<td class="number">{outcome.seconds:.1f}</td><td>{html.escape(answers)}</td></tr>\n'
    )


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
