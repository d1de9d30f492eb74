"""What the text says of a measurement is what the output beside it says."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from utils.notebook_files.sources import course_notebooks

QUOTED = re.compile(r"≈\s*([-−]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)")
PRINTED = re.compile(r": (True|False)\b")
TAG = "prints-false"


def sections(cells):
    """The cells in groups, each from a ``##`` heading on."""
    group = []
    for cell in cells:
        if cell.cell_type == "markdown" and re.match(r"##\s", cell.source.lstrip()) and group:
            yield group
            group = []
        group.append(cell)
    yield group


def shown(cell):
    """All text that a code cell's outputs show."""
    texts = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    return "\n".join("".join(text) if isinstance(text, list) else text for text in texts)


def numbers(text):
    return [each.replace(",", "").replace("−", "-") for each in QUOTED.findall(text)]


def agrees(quoted, found):
    """Whether a number, as it is quoted, is one of those found, rounded to as many digits."""
    digits = len(quoted.partition(".")[2]) if "e" not in quoted else None
    step = 10.0**-digits if digits is not None else abs(float(quoted)) / 2
    return any(abs(float(quoted) - float(each)) <= 0.501 * step for each in found)


def strangers(cells):
    """The numbers behind "≈" in the text that no output of the same section shows."""
    wrong = []
    for group in sections(cells):
        found = [number for cell in group if cell.cell_type == "code" for number in numbers(shown(cell))]
        texts = (cell.source for cell in group if cell.cell_type == "markdown")
        wrong += [quoted for text in texts for quoted in numbers(text) if not agrees(quoted, found)]
    return wrong


def untruths(cells):
    """Cells that print False without saying that they do, and those that say so and do not."""
    wrong = []
    for number, cell in enumerate(cells):
        if cell.cell_type == "code":
            printed = "".join(output.get("text", "") for output in cell.get("outputs", ()))
            prints = "False" in PRINTED.findall(printed)
            if prints != (TAG in cell.metadata.get("tags", [])):
                wrong.append(f"cell {number} {'prints False' if prints else f'is tagged {TAG}'}: {cell.source[:60]!r}")
    return wrong


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_every_number_that_the_text_quotes_is_shown_beside_it(path):
    assert strangers(nbformat.read(path, as_version=4).cells) == []


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_what_is_printed_as_true_is_true(path):
    assert untruths(nbformat.read(path, as_version=4).cells) == []


def cell(text, tags=()):
    return new_code_cell("…", outputs=[new_output("stream", text=text)], metadata={"tags": list(tags)})


@pytest.mark.parametrize(
    ("text", "output", "wrong"),
    [
        ("It loses ≈ 0.2 of it.", "lost ≈ 0.21", []),
        ("It loses ≈ 0.3 of it.", "lost ≈ 0.21", ["0.3"]),
        ("It loses ≈ −3.7 powers of ten.", "10 to the power of ≈ -3.70", []),
        ("≈ 120,000 times", "≈ 120,000", []),
        ("≈ 1e-16", "≈ 1.2e-16", []),
        ("≈ 1e-16", "≈ 2e-13", ["1e-16"]),
        ("It is 7.", "≈ 8", []),
    ],
)
def test_a_quoted_number_is_looked_for_in_its_own_section(text, output, wrong):
    other = [new_markdown_cell("## Another"), cell("≈ 0.3")]
    assert strangers([new_markdown_cell("## One"), cell(output), new_markdown_cell(text), *other]) == wrong


def test_a_printed_false_must_be_meant():
    assert untruths([cell("the same: True"), cell("the same: False", [TAG])]) == []
    assert len(untruths([cell("the same: False"), cell("the same: True", [TAG])])) == 2
