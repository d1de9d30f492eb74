"""The pages of the site beside the notebooks: ``docs/pages`` with what is generated in them."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from utils.notebook_files.sources import ROOT
from utils.start_here import chapters

PAGES = ROOT / "docs" / "pages"


def pages(live):
    """The pages' names and texts; ``live`` says whether answers can be checked in them."""
    given = {"live": live, "chapters": chapters()}
    templates = Environment(loader=FileSystemLoader(PAGES), undefined=StrictUndefined, trim_blocks=True)
    written = {
        path.relative_to(PAGES).as_posix(): templates.get_template(path.relative_to(PAGES).as_posix()).render(given)
        for path in sorted(PAGES.rglob("*.md"))
    }
    questions = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    return written | {"students/questions.md": questions}
