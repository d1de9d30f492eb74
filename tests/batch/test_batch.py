"""``course batch``: every combination once, a true table, and nothing done twice."""

import csv
import json
from xml.etree import ElementTree

import nbformat
import pytest
from tiny_notebooks import course, write


@pytest.fixture(scope="module")
def grid_run(tmp_path_factory):
    """Two notebooks × three depths, two at a time; the second notebook fails at depth 4."""
    folder = tmp_path_factory.mktemp("grid")
    sources = [write(folder / "good.ipynb", "print(depth * 2)"), write(folder / "bad.ipynb", "1 / (depth - 4)")]
    (folder / "grid.yaml").write_text("depth: 3..5\n")
    command = ["batch", *sources, "--grid", folder / "grid.yaml", "--out", folder / "out", "--workers", 2]
    done = course(*command, cwd=folder)
    return folder / "out", command, done, json.loads((folder / "out" / "results.json").read_text())


def test_every_combination_runs_once_and_says_truly_how_it_went(grid_run):
    _, _, done, rows = grid_run
    told = {(row["notebook"], row["parameters"]["depth"]): (row["status"], row["error"]) for row in rows}
    assert told == {
        ("good", 3): ("passed", ""),
        ("good", 4): ("passed", ""),
        ("good", 5): ("passed", ""),
        ("bad", 3): ("passed", ""),
        ("bad", 4): ("failed", "In [4]: ZeroDivisionError: division by zero"),
        ("bad", 5): ("passed", ""),
    }
    assert len(rows) == 6
    assert done.returncode == 1
    assert "5 passed, 1 failed" in done.stdout
    assert "to go" not in done.stderr, "progress is for terminals"


def test_each_output_has_its_own_parameters(grid_run):
    out, _, _, rows = grid_run
    for row in rows:
        if row["notebook"] == "good":
            cells = nbformat.read(out / f"{row['file']}.ipynb", as_version=4).cells
            assert cells[-1].outputs[0].text == f"{row['parameters']['depth'] * 2}\n"


def test_the_three_tables_say_the_same(grid_run):
    out, _, _, rows = grid_run
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["key"] for line in lines] == [row["key"] for row in rows]
    assert [json.loads(line["parameters"]) for line in lines] == [row["parameters"] for row in rows]
    suites = ElementTree.parse(out / "results.xml").getroot()
    assert {(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites} == {
        ("good", "3", "0"),
        ("bad", "3", "1"),
    }


def test_the_index_links_every_page_that_there_is_and_nothing_else_stays(grid_run):
    out, _, _, rows = grid_run
    index = (out / "index.html").read_text()
    stored = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    outputs = {f"{row['file']}.{kind}" for row in rows for kind in ("ipynb", "html")}
    assert stored == outputs | {"index.html", "results.csv", "results.json", "results.xml"}
    assert all(f'href="{row["file"].replace("=", "%3D")}.html"' in index for row in rows)
    assert not (out / ".partial").exists()


def test_a_second_run_does_only_what_is_missing_cut_short_or_changed_by_hand(grid_run):
    out, command, _, rows = grid_run
    notebooks = [out / f"{row['file']}.ipynb" for row in rows]
    before = [path.read_bytes() for path in notebooks]
    assert course(*command).returncode == 1
    assert [path.read_bytes() for path in notebooks] == before, "nothing was done again"
    notebooks[0].write_bytes(before[0][:-200])
    notebooks[1].write_bytes(before[1].replace(b"depth", b"width"))
    notebooks[2].unlink()
    notebooks[3].with_suffix(".html").unlink()
    plan = json.loads(course(*command, "--dry-run", "--json").stdout)
    assert {job["file"] for job in plan if job["plan"] == "to do"} == {row["file"] for row in rows[:4]}
    assert course(*command).returncode == 1
    anew = [path.read_bytes() != old for path, old in zip(notebooks, before, strict=True)]
    assert anew == [True, True, True, False, False, False], "of the fourth only the page was missing"
    again = json.loads((out / "results.json").read_text())
    assert [(row["key"], row["status"]) for row in again] == [(row["key"], row["status"]) for row in rows]
    assert all(path.with_suffix(".html").exists() for path in notebooks)
