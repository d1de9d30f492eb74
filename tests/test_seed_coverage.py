"""docs/seed_coverage.md: each passage of the source documents has a section in a notebook, and the section exists."""

import re
from pathlib import Path

import pytest

from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks

ROOT = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "seed_coverage.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| .+\| 00[01]( |,)", line)
]
HEADINGS = {
    path.stem: re.findall(
        r"^#+ (.+)$", "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown"), re.M
    )
    for path in course_notebooks()
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_the_section_exists(row):
    _, _, notebook, section = row
    assert section in HEADINGS[notebook], f"{notebook} has: {HEADINGS[notebook]}"


def test_both_documents_and_every_teaching_notebook_are_covered():
    assert len(ROWS) >= 60
    assert {seed for row in ROWS for seed in row[1].split(", ")} == {"000", "001"}
    assert {row[2] for row in ROWS} >= set(HEADINGS) - {"00_start_here", "09_your_own_claim"}


def test_no_passage_is_listed_twice_for_one_section():
    assert len({tuple(row) for row in ROWS}) == len(ROWS)
