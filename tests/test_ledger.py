"""The claims ledger."""

import csv
import io
import json
from pathlib import Path

import nbformat
import pytest

from utils.claims import Claim, Criterion, Verdict, claims, counted, measured, verdict
from utils.ledger import NOT_MEASURED, changes, ledger, stored_notebooks
from utils.records import VERDICT

CLAIM = Claim(
    id="water-is-wet",
    statement="Water is <wet> & cold",
    source="seed 000, a lake",
    criteria=(Criterion("wetness", "dry things are not wet", at_least=0.5), Criterion("drops", "counted", at_most=9)),
    literature=("Nobody 1900",),
)
HOLDS = Verdict(CLAIM, (measured(0.94), counted(7)))
HALF = Verdict(CLAIM, (measured(0.12), counted(7)))


def notebook(path, *verdicts, seconds=None):
    """An executed notebook file whose outputs hold the verdicts."""
    cells = [nbformat.v4.new_markdown_cell("# A title"), nbformat.v4.new_code_cell("not run")]
    for each in verdicts:
        output = nbformat.v4.new_output("execute_result", {"text/plain": str(each), VERDICT: each.record()})
        cells.append(nbformat.v4.new_code_cell("verdict(…)", outputs=[output]))
    metadata = {"papermill": {"duration": seconds}} if seconds else {}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


def row(table, claim="water-is-wet"):
    return next(each for each in table.records() if each["claim"] == claim)


def test_a_verdict_in_a_notebook_becomes_a_row_with_its_numbers(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS, seconds=12.5)
    found = row(ledger(tmp_path))
    assert found["verdict"] == "holds"
    assert found["source"] == "seed 000, a lake"
    assert found["notebook"] == "03_water"
    assert found["seconds"] == 12.5
    assert found["measured"] == "wetness: ≈ 0.94; drops: 7"
    assert found["threshold"] == "wetness: ≥ 0.5; drops: ≤ 9"


def test_a_claim_that_no_notebook_judged_is_listed_as_not_measured_with_the_reason(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    missing = row(ledger(tmp_path), "bn-two-modes-imagenet")
    assert (missing["verdict"], missing["note"]) == (NOT_MEASURED, "there is no such notebook")
    notebook(tmp_path / "07_surgery.ipynb")
    missing = row(ledger(tmp_path), "bn-two-modes-imagenet")
    assert (missing["notebook"], missing["note"]) == ("07_surgery", "the notebook holds no verdict about it")
    assert {each["claim"] for each in ledger(tmp_path).records()} == {"water-is-wet", *claims()}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', "[" * 100_000])
def test_a_damaged_notebook_is_not_measured_and_hides_no_other(tmp_path, text):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    (tmp_path / "07_surgery.ipynb").write_text(text)
    table = ledger(tmp_path)
    assert row(table)["verdict"] == "holds"
    assert row(table, "bn-two-modes-imagenet")["note"] == "the notebook cannot be read"


def test_verdicts_of_the_running_kernel_go_before_stored_ones(tmp_path):
    claim_id = "bn-two-modes-imagenet"
    notebook(tmp_path / "07_surgery.ipynb", verdict(claim_id, measured(1), measured(0.1), measured(0.02)))
    fresh = verdict(claim_id, measured(0), measured(1), measured(1))
    assert row(ledger(tmp_path), claim_id)["verdict"] == "holds"
    assert row(ledger(tmp_path, [fresh]), claim_id)["verdict"] == "does not hold here"
    assert row(ledger(tmp_path, [fresh]), claim_id)["notebook"] == "07_surgery"


@pytest.mark.parametrize(
    "broken",
    [{}, "holds", {"id": "x"}]
    + [HOLDS.record() | part for part in ({"statement": 7}, {"criteria": ["dry"]}, {"criteria": [{"name": "dry"}]})],
)
def test_a_record_that_breaks_its_form_costs_no_other(tmp_path, broken):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    stored = nbformat.read(tmp_path / "03_water.ipynb", as_version=4)
    stored.cells[1].outputs = [nbformat.v4.new_output("display_data", {VERDICT: broken})]
    nbformat.write(stored, tmp_path / "03_water.ipynb")
    table = ledger(tmp_path)
    assert row(table)["verdict"] == "holds"
    assert table.html()
    assert table.files()


def test_a_run_of_one_notebook_shows_its_own_claims_alone(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    notebook(tmp_path / "07_surgery.ipynb")
    assert {each["notebook"] for each in ledger(tmp_path).of({"03_water"}).records()} == {"03_water"}


def test_rows_follow_the_order_of_the_notebooks(tmp_path):
    notebook(tmp_path / "01_water.ipynb", HOLDS)
    notebook(tmp_path / "07_surgery.ipynb")
    names = [each["notebook"] for each in ledger(tmp_path).records()]
    assert names[0] == "01_water"
    assert names == sorted(names)


def test_the_files_hold_the_same_numbers_as_the_table(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HALF)
    table = ledger(tmp_path)
    files = table.files()
    assert json.loads(files["ledger.json"]) == table.records()
    lines = [line for line in csv.DictReader(io.StringIO(files["ledger.csv"])) if line["claim"] == "water-is-wet"]
    assert [(line["criterion"], line["value"], line["met"]) for line in lines] == [
        ("wetness", "0.12", "False"),
        ("drops", "7", "True"),
    ]


def test_the_table_is_readable_as_text_and_as_html(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HALF)
    shown = ledger(tmp_path)._repr_mimebundle_()
    assert "holds here with a condition: 1" in shown["text/plain"]
    assert "missed: wetness: ≈ 0.12, needed ≥ 0.5" in shown["text/plain"]
    assert "Water is &lt;wet&gt; &amp; cold" in shown["text/html"]
    assert "<wet>" not in shown["text/html"]


def test_a_changed_verdict_is_named_with_both_numbers(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    before = ledger(tmp_path)
    notebook(tmp_path / "03_water.ipynb", HALF)
    (change,) = changes(before, ledger(tmp_path))
    assert str(change) == (
        "water-is-wet: holds [wetness: ≈ 0.94, needed ≥ 0.5; drops: 7, needed ≤ 9] → "
        "holds here with a condition [wetness: ≈ 0.12, needed ≥ 0.5; drops: 7, needed ≤ 9]"
    )


def test_changes_reads_stored_files_ignores_numbers_and_sees_a_lost_verdict(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    stored = json.loads(ledger(tmp_path).files()["ledger.json"])
    notebook(tmp_path / "03_water.ipynb", Verdict(CLAIM, (measured(0.61), counted(2))))
    assert changes(stored, ledger(tmp_path)) == []
    notebook(tmp_path / "03_water.ipynb")
    (lost,) = changes(stored, ledger(tmp_path))
    assert lost.after["verdict"] == NOT_MEASURED
    assert changes(ledger(tmp_path), stored) == []


def test_the_stored_notebooks_are_found_from_the_root_and_from_beside_them(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_RUN_FOLDER", raising=False)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("00_first.ipynb", "07_surgery.ipynb"):
        notebook(folder / name)
    for working_directory in (tmp_path, folder):
        monkeypatch.chdir(working_directory)
        assert stored_notebooks().resolve() == folder.resolve()


def test_a_notebook_alone_somewhere_else_still_finds_the_course(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_RUN_FOLDER", raising=False)
    notebook(tmp_path / "07_surgery.ipynb")
    monkeypatch.chdir(tmp_path)
    assert stored_notebooks() == Path(__file__).resolve().parents[1] / "notebooks"


def test_a_run_in_progress_is_read_from_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_RUN_FOLDER", str(tmp_path))
    assert stored_notebooks() == tmp_path
