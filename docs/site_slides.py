"""Slides for instructors: a deck for each notebook, made of what its file stores. No figure and no number is typed in.

A claim's slides follow the order of teaching: the claim with its criteria, the figures before its verdict (or the first
one after it), the verdict. A notebook without claims shows what it draws. Discussions stand in ``teaching.yaml``.
"""

import html
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from site_notebooks import FIGURE, kept_together

from utils.claims import claim
from utils.verdicts import Role
from utils.verdicts.display import SIGNS, badge, number, threshold

TEACHING = yaml.safe_load(Path(__file__).with_name("teaching.yaml").read_text(encoding="utf-8"))
TITLES = re.compile(r"^(##+) (?:\d+ · )?(.+)$", re.MULTILINE)


def slides(chapter, rows):
    """The slides of a chapter (with its ``number`` and its ``notebook``), for ``docs/templates/slides.html``.

    ``rows`` are those of the ledger. Each slide is a dictionary; its ``kind`` is "title", "claim", "figure", "verdict"
    or "discussion".
    """
    found, shown = {row["claim"]: row for row in rows}, []
    for each in _sections(chapter.notebook):
        if each.claim:
            shown += [_claim(each.claim), *each.figures, _verdict(each.claim, found[each.claim])]
    title = {"kind": "title", "goals": [_inline(each) for each in _goals(chapter.notebook)]}
    question = _inline(TEACHING[chapter.number]["discuss"][0])
    return [title, *(shown or _drawn(chapter.notebook)), {"kind": "discussion", "question": question}]


@dataclass
class _Section:
    """A claim, "" for none, and the figures that belong to it; ``judged`` once its verdict has been passed."""

    claim: str = ""
    figures: list = field(default_factory=list)
    judged: bool = False


def _sections(notebook):
    section = _Section()
    for cell, heading, starts in _cells(notebook):
        about = re.search(r'\bcriteria\(\s*"([\w-]+)"', cell.source)
        if about or (starts and section.judged):
            yield section
            section = _Section(about[1] if about else "")
        figure = _figure(cell, heading)
        if figure and not (section.judged and section.figures):
            section.figures.append(figure)
        section.judged = section.judged or bool(re.search(rf'\bverdict\(\s*"{section.claim}"', cell.source))
    yield section


def _drawn(notebook):
    """What the notebook draws, without the pictures that stand in for an explorer."""
    figures = (_figure(cell, heading) for cell, heading, _ in _cells(notebook) if "draw_" in cell.source)
    return [each for each in figures if each]


def _cells(notebook):
    """Each code cell, the heading that it stands under, and whether a section (``##``) has begun since the last one."""
    heading, starts = "", False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield cell, heading, starts
            starts = False
        for level, title in TITLES.findall(cell.source) if cell.cell_type == "markdown" else ():
            heading, starts = title, starts or level == "##"


def _figure(cell, heading):
    html_of = (output.get("data", {}).get("text/html", "") for output in cell.outputs)
    found = next((match for text in html_of if (match := FIGURE.search(text))), None)
    return found and {"kind": "figure", "heading": _inline(heading), "figure": found[0]}


def _claim(claim_id):
    about = claim(claim_id)
    choices = " or ".join(f"“{each}”" for each in getattr(about.asked, "names", ()))
    asked = f"{about.asked.what}: {choices}" if choices else f"{about.asked.what}. Give a range."
    criteria = list(_judging(about.criteria))
    asked = asked[0].upper() + asked[1:]
    return {"kind": "claim", "claim": about, "criteria": criteria, "lines": len(criteria), "asked": asked}


def _judging(criteria):
    """What decides and the conditions beside it, each with its reason, "" where it is the one before.

    Checks of the experiment are left to the notebook.
    """
    before = ""
    for each in criteria:
        if each.role is not Role.CHECK:
            yield each, "" if each.because == before else each.because
            before = each.because


def _verdict(claim_id, row):
    """What the notebook and the long run say; where the notebook measured nothing that decides, the long run's numbers
    are shown."""
    long_run = row["evidence"] or {}
    columns = {"This laptop": row["verdict"], "The long run": long_run.get("verdict")}
    here = [each for each in row["criteria"] if each["value"] is not None]
    decides = any(each["role"] == Role.DECIDING for each in here) or not long_run.get("criteria")
    shown = here if decides else [each for each in long_run["criteria"] if each["value"] is not None]
    results = [
        f"{SIGNS[each['result']]} {each['result']} · {each['name']}: {number(each)}, needed {threshold(each)}"
        for each in shown
        if each["role"] != Role.CHECK
    ]
    if left := sum(each["value"] is None for each in (row["criteria"] if decides else long_run["criteria"])):
        results.append(f"{SIGNS['undecided']} undecided · not measured: {left} more")
    return {
        "kind": "verdict",
        "claim": claim(claim_id),
        "columns": {name: badge(word) for name, word in columns.items() if word},
        "measured": "On this laptop" if decides else "In the long run",
        "results": [kept_together(each) for each in results],
        "lines": len(results),
    }


def _goals(notebook):
    listed = notebook.cells[0].source.partition("**After this notebook you can**")[2].strip().partition("\n\n")[0]
    return [" ".join(each.split()).rstrip(",.") for each in re.split(r"^- ", listed, flags=re.MULTILINE)[1:]]


def _inline(text):
    """A line of Markdown as HTML: code and emphasis are all that these lines hold."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(" ".join(text.split())))
    return re.sub(r"\*+([^*]+)\*+", r"<em>\1</em>", text)
