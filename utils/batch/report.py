"""What a batch tells in the end: one table in three formats (CSV, JSON, JUnit XML) and an index page with filters."""

import csv
import html
import io
import json
import re
from collections import Counter
from dataclasses import asdict
from urllib.parse import quote
from xml.etree import ElementTree

from utils.batch.outcome import PASSED
from utils.batch.pages import STYLE

COLUMNS = (
    "notebook",
    "student",
    "name",
    "group",
    "parameters",
    "status",
    "error",
    "seconds",
    "attempts",
    "file",
    "key",
)
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOT_IN_A_CELL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

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


def reports(outcomes):
    """The files that describe these outcomes: name → text."""
    ordered = sorted(outcomes, key=lambda each: (each.status == PASSED, each.notebook, each.student.id, each.file))
    return {
        "results.json": json.dumps([record(each) for each in ordered], indent=1, ensure_ascii=False) + "\n",
        "results.csv": _csv(ordered),
        "results.xml": _junit(ordered),
        "index.html": _index(ordered),
    }


def record(outcome):
    """An outcome as a flat JSON object."""
    plain = asdict(outcome)
    student = plain.pop("student")
    return plain | {"student": student["id"], "name": student["name"], "group": student["group"]}


def tally(outcomes):
    """``"3 passed, 1 failed"``: how many there are of each status, those that passed first."""
    counts = Counter(each.status for each in outcomes)
    return ", ".join(f"{counts[each]} {each}" for each in sorted(counts, key=lambda status: (status != PASSED, status)))


def label(outcome):
    """The outcome's job in words: the student, or the parameters."""
    parameters = ", ".join(f"{name}={value}" for name, value in outcome.parameters.items())
    return " · ".join(filter(None, (outcome.student.id, outcome.student.name, parameters)))


def cell(value):
    """``value`` for a spreadsheet, which would run a text that begins like a formula."""
    if not isinstance(value, str):
        return value
    value = NOT_IN_A_CELL.sub("", value)
    return f"'{value}" if value.lstrip().startswith(("=", "+", "-", "@")) or value.startswith(("\t", "\r")) else value


def _csv(outcomes):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for outcome in outcomes:
        values = record(outcome) | {"parameters": json.dumps(outcome.parameters, ensure_ascii=False)}
        writer.writerow([cell(values[name]) for name in COLUMNS])
    return text.getvalue()


def _junit(outcomes):
    suites = ElementTree.Element("testsuites")
    for notebook in dict.fromkeys(each.notebook for each in outcomes):
        own = [each for each in outcomes if each.notebook == notebook]
        failed = [each for each in own if each.status == "failed"]
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=_xml(notebook),
            tests=str(len(own)),
            failures=str(len(failed)),
            errors=str(sum(each.status not in (PASSED, "failed") for each in own)),
            time=f"{sum(each.seconds for each in own):.3f}",
        )
        for each in own:
            names = {"classname": _xml(notebook), "name": _xml(label(each) or notebook), "time": f"{each.seconds:.3f}"}
            case = ElementTree.SubElement(suite, "testcase", names)
            if each.status != PASSED:
                kind = "failure" if each.status == "failed" else "error"
                ElementTree.SubElement(case, kind, type=_xml(each.status), message=_xml(each.error)).text = _xml(
                    each.error
                )
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _xml(text):
    return NOT_IN_XML.sub("", text)


def _index(outcomes):
    passed = sum(each.status == PASSED for each in outcomes)
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
        if outcome.status == PASSED
        else f'<span class="failed">✗ {status}</span><br>{html.escape(outcome.error)}'
    )
    verdicts = Counter(each["verdict"] for each in outcome.answers)
    answers = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()) or "–"
    return (
        f'<tr data-status="{status}" data-notebook="{notebook}" data-who="{who}">'
        f'<th scope="row">{name}</th><td dir="auto">{who or "–"}</td><td class="status">{told}</td>'
        f'<td class="number">{outcome.seconds:.1f}</td><td>{html.escape(answers)}</td></tr>\n'
    )
