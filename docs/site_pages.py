"""The pages of the site beside the notebooks: ``docs/pages`` with what is generated in them."""

import re
from dataclasses import dataclass

from glossary_links import TERMS, uses
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from site_notebooks import TEMPLATES
from site_slides import TEACHING, slides

from utils import questions
from utils.course.pages.places import parameters_asked
from utils.exercises import exercise
from utils.ledger import ledger
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import ROOT, course_notebooks, parameters
from utils.rubric import FAULTS, RUBRIC
from utils.start_here import Chapter, chapters

PAGES = ROOT / "docs" / "pages"
SESSIONS = ("00", "01", "02"), ("03", "04", "05"), ("06", "07", "08")
# Of one session: a notebook, the numbers of its sections, and the minutes that they take without exercises.
ONE_SESSION = (
    ("00", (3, 5), 15),
    ("02", (1, 2, 4, 5), 45),
    ("03", (4, 5, 6), 35),
    ("05", (1, 2, 5, 6), 35),
    ("06", (1, 2, 3), 25),
    ("08", (4, 5), 20),
)


def pages(live, has_archive):
    """The pages' names and texts; ``live`` says whether answers can be checked in them, ``has_archive`` whether the
    course can be downloaded from them."""
    given = _given() | {"live": live, "has_archive": has_archive, "others": _others()}
    templates = Environment(
        loader=FileSystemLoader(PAGES), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    templates.filters |= {"md": _escaped, "answer": lambda answer: str(_readable(answer))}
    names = [path.relative_to(PAGES).as_posix() for path in sorted(PAGES.rglob("*.md"))]
    listed = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    return {name: templates.get_template(name).render(given) for name in names} | {"students/questions.md": listed}


def decks():
    """The names and texts of the slides, a page for each notebook; Sphinx has no part in them."""
    page, given = TEMPLATES.get_template("slides.html"), _given()
    return {
        f"slides/{each.name}.html": page.render(chapter=each, slides=slides(each, given["rows"]))
        for each in given["chapters"]
    }


def _others():
    """The pages that the first one does not name."""
    listed = (PAGES / "index.md").read_text(encoding="utf-8").splitlines()
    names = [path.relative_to(PAGES).with_suffix("").as_posix() for path in sorted(PAGES.rglob("*.md"))]
    return [name for name in names if name not in (*listed, "index")]


def _given():
    """What the pages are made from: the notebooks, their questions and exercises, the ledger, the rubric."""
    found = ledger(ROOT / "notebooks")
    notebooks = [
        _ChapterPage(each, read(path), len(found.of((each.name,)).rows))
        for path, each in zip(course_notebooks(), chapters(), strict=True)
    ]
    by_number = {each.number: each for each in notebooks}
    return {
        "chapters": notebooks,
        "rows": found.rows,
        "claims": [_claim(row) for row in found.rows],
        "ledger_html": _with_links(found.html(), notebooks),
        "glossary": [{**each, "first": _first_use(each["term"], notebooks)} for each in _sorted(TERMS)],
        "sessions": [[by_number[number] for number in session] for session in SESSIONS],
        "one_session": [
            {"chapter": by_number[number], "minutes": minutes, "links": by_number[number].links(sections)}
            for number, sections, minutes in ONE_SESSION
        ],
        "rubric": [{"number": n, "name": name, "asks": asks} for n, (name, asks) in RUBRIC.items()],
        "faults": [{"number": n, "name": RUBRIC[n][0], "fault": fault} for n, (_, fault) in FAULTS.items()],
    }


@dataclass(frozen=True)
class _ChapterPage:
    """What the pages tell of one notebook."""

    chapter: Chapter
    notebook: object
    claims: int

    def __getattr__(self, name):
        return getattr(self.chapter, name)

    @property
    def number(self):
        return self.name[:2]

    @property
    def seconds(self):
        """How long all cells run, in seconds, as the notebook's head says."""
        return int(re.search(r"Running all cells takes about (\d+) seconds", self.notebook.cells[0].source)[1])

    @property
    def asked(self):
        """How many questions the notebook asks, also those whose answer is measured."""
        return len(tagged(self.notebook, "answer"))

    @property
    def questions(self):
        """The questions that have an answer, as the notebook asks them."""
        defaults = {name: each.default for name, each in parameters(self.notebook).items()}
        asked = [
            questions.ask(cell.metadata.question, **parameters_asked(cell, defaults))
            for cell in tagged(self.notebook, "answer")
        ]
        return [each for each in asked if each.answer is not None]

    @property
    def stress(self):
        return TEACHING[self.number]["stress"]

    @property
    def discuss(self):
        return TEACHING[self.number]["discuss"]

    @property
    def exercises(self):
        return [exercise(cell.metadata.exercise) for cell in tagged(self.notebook, "exercise")]

    @property
    def prose(self):
        """The text without headings, code and links."""
        texts = (cell.source for cell in self.notebook.cells if cell.cell_type == "markdown")
        return re.sub(r"^#[^\n]*$|```.*?```|`[^`]*`|\[[^]]*\]\([^)]*\)", " ", "\n".join(texts), flags=re.M | re.S)

    def links(self, sections):
        """Links to the sections of these numbers, as Markdown."""
        headings = re.findall(r"^## ((\d+) · .+)$", "\n".join(c.source for c in self.notebook.cells), flags=re.M)
        titles = {int(number): title for title, number in headings}
        return ", ".join(f"[{titles[n]}](../notebooks/{self.name}.ipynb#{_slug(titles[n])})" for n in sections)


def _claim(row):
    long_run = row["evidence"]["verdict"] if row["evidence"] else "the same: nothing is trained"
    return {
        "number": row["notebook"][:2],
        "statement": row["statement"],
        "laptop": row["verdict"],
        "long_run": long_run,
    }


def _with_links(ledger_html, notebooks):
    """The ledger with each notebook's title, and a link to it, in place of the file's name."""
    for each in notebooks:
        link = f'<a href="notebooks/{each.name}.html">{each.number} · {each.title}</a>'
        ledger_html = ledger_html.replace(f">{each.name}</th>", f">{link}</th>")
    return ledger_html


def _first_use(term, notebooks):
    return next((each for each in notebooks if term in uses(each.prose)), None)


def _sorted(terms):
    return sorted(terms, key=lambda each: each["term"].casefold())


def _slug(title):
    """The heading's anchor, as MyST and GitHub make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _readable(answer):
    """An answer without the quotation marks and fractions of Python."""
    if isinstance(answer, tuple):
        return f"({', '.join(str(_readable(each)) for each in answer)})"
    return answer if isinstance(answer, str | int) else f"{float(answer):.4g}"


def _escaped(text):
    """Plain text as Markdown, fit for a cell of a table."""
    return re.sub(r"([\\`*_\[\]<>|$#~{}])", r"\\\1", " ".join(str(text).split()))
