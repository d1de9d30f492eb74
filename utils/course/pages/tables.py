"""What became of the jobs as one table in three formats: CSV, JSON, JUnit XML."""

import json
import re
from collections import Counter
from xml.etree import ElementTree

from utils.course.storage.spreadsheets import csv_text
from utils.notebook_files.status import Status

COLUMNS = (
    "notebook",
    "student",
    "name",
    "group",
    "parameters",
    "status",
    "error",
    "remark",
    "seconds",
    "attempts",
    "file",
    "key",
)
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def json_table(outcomes):
    """The text of ``results.json``."""
    return json.dumps([each.record() for each in outcomes], indent=1, ensure_ascii=False) + "\n"


def tally(outcomes):
    """``"3 passed, 1 failed"``: how many there are of each status, those that passed first."""
    counts = Counter(each.status for each in outcomes)
    return ", ".join(
        f"{counts[each]} {each}" for each in sorted(counts, key=lambda status: (status != Status.PASSED, status))
    )


def counted(records, form="{count} {verdict}"):
    """``"3 right, 1 slip"``: the verdicts in these records of answers or claims, each in this form, or a dash."""
    verdicts = Counter(each["verdict"] for each in records)
    return ", ".join(form.format(count=count, verdict=verdict) for verdict, count in verdicts.items()) or "–"


def csv_table(outcomes):
    """The text of ``results.csv``."""
    rows = [COLUMNS]
    for outcome in outcomes:
        values = outcome.record() | {"parameters": json.dumps(outcome.parameters, ensure_ascii=False)}
        rows.append([values[name] for name in COLUMNS])
    return csv_text(rows)


def junit_table(outcomes):
    """The text of ``results.xml``, as CI systems read it."""
    suites = ElementTree.Element("testsuites")
    for notebook in dict.fromkeys(each.notebook for each in outcomes):
        own = [each for each in outcomes if each.notebook == notebook]
        failed = [each for each in own if each.status == Status.FAILED]
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=_xml(notebook),
            tests=str(len(own)),
            failures=str(len(failed)),
            errors=str(sum(each.status not in (Status.PASSED, Status.FAILED) for each in own)),
            time=f"{sum(each.seconds for each in own):.3f}",
        )
        for each in own:
            names = {"classname": _xml(notebook), "name": _xml(each.label or notebook), "time": f"{each.seconds:.3f}"}
            case = ElementTree.SubElement(suite, "testcase", names)
            if each.status != Status.PASSED:
                kind = "failure" if each.status == Status.FAILED else "error"
                ElementTree.SubElement(case, kind, type=_xml(each.status), message=_xml(each.error)).text = _xml(
                    each.error
                )
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _xml(text):
    return NOT_IN_XML.sub("", text)
