"""The claims ledger."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from utils.claims import claim, claims, criteria, verdict
from utils.ledger import NOT_MEASURED, SAME, changes, ledger, stored_notebooks
from utils.records import VERDICT
from utils.verdicts import CONDITION, COUNT, Claim, Criterion, judged

CLAIM = Claim(
    id="water-is-wet",
    statement="Water is <wet> & cold",
    source="seed 000, a lake",
    criteria=(
        Criterion(
            name="drops", because="counted", control="no water", scale=COUNT, drawn=False, unit="lakes", at_most=9
        ),
        Criterion(
            name="wetness", because="dry things are not wet", control="sand", role=CONDITION, unit="lakes", at_least=0.5
        ),
    ),
    literature=("Nobody 1900",),
)
WET, DRY = [0.94, 0.9, 0.95, 0.99, 0.91], [0.12, 0.1, 0.2, 0.3, 0.11]
HOLDS = judged(CLAIM, 7, WET)
HALF = judged(CLAIM, 7, DRY)
NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
MEASURED = "n", "value", "low", "high", "result", "needed"
WITHOUT_CIFAR10 = {"experiment": "lakes", "verdict": "not run", "criteria": []}


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
    drops, wetness = found["criteria"]
    assert (drops["value"], drops["at_most"], drops["exact"]) == (7, 9, True)
    assert (wetness["value"], wetness["low"], wetness["high"], wetness["n"]) == (0.94, 0.9, 0.99, 5)


def test_a_claim_that_no_notebook_judged_is_listed_as_not_measured_with_the_reason(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    missing = row(ledger(tmp_path), "bn-two-modes-imagenet")
    assert (missing["verdict"], missing["note"]) == (NOT_MEASURED, "there is no such notebook")
    notebook(tmp_path / "08_surgery.ipynb")
    missing = row(ledger(tmp_path), "bn-two-modes-imagenet")
    assert (missing["notebook"], missing["note"]) == ("08_surgery", "the notebook holds no verdict about it")
    assert {each["claim"] for each in ledger(tmp_path).records()} == {"water-is-wet", *claims()}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', "[" * 100_000])
def test_a_damaged_notebook_is_not_measured_and_hides_no_other(tmp_path, text):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    (tmp_path / "08_surgery.ipynb").write_text(text)
    table = ledger(tmp_path)
    assert row(table)["verdict"] == "holds"
    assert row(table, "bn-two-modes-imagenet")["note"] == "the notebook cannot be read"


def bounds(claim_id, met):
    """Values for each criterion of the claim: all at the threshold, or all far from it."""
    for each in claim(claim_id).criteria:
        near = each.at_least if math.isfinite(each.at_least) else each.at_most
        far = each.at_least - 1 if math.isfinite(each.at_least) else each.at_most + 1
        yield [near if met or each.scale in ("share", "log ratio") else far] * 8


def test_verdicts_of_the_running_kernel_go_before_stored_ones(tmp_path):
    claim_id = "bn-two-modes-imagenet"
    stored, fresh = (verdict(claim_id, *bounds(claim_id, met)) for met in (True, False))
    notebook(tmp_path / "08_surgery.ipynb", stored)
    assert stored.word != fresh.word
    assert row(ledger(tmp_path), claim_id)["verdict"] == stored.word
    assert row(ledger(tmp_path, [fresh]), claim_id)["verdict"] == fresh.word
    assert row(ledger(tmp_path, [fresh]), claim_id)["notebook"] == "08_surgery"


@pytest.mark.parametrize(
    "broken",
    [{}, "holds", {"id": "x"}]
    + [HOLDS.record() | part for part in ({"statement": 7}, {"criteria": ["dry"]}, {"criteria": [{"name": "dry"}]})]
    + [
        HOLDS.record() | {"evidence": part}
        for part in ("yes", {"verdict": "holds"}, {"verdict": 1, "criteria": [{}]}, WITHOUT_CIFAR10)
    ]
    + [HOLDS.record() | {"criteria": [HOLDS.record()["criteria"][0] | part]} for part in ({"n": "7"}, {"result": []})],
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
    notebook(tmp_path / "08_surgery.ipynb")
    assert {each["notebook"] for each in ledger(tmp_path).of({"03_water"}).records()} == {"03_water"}


def test_rows_follow_the_order_of_the_notebooks(tmp_path):
    notebook(tmp_path / "01_water.ipynb", HOLDS)
    notebook(tmp_path / "08_surgery.ipynb")
    names = [each["notebook"] for each in ledger(tmp_path).records()]
    assert names[0] == "01_water"
    assert names == sorted(names)


def test_the_files_hold_the_same_numbers_as_the_table(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HALF)
    table = ledger(tmp_path)
    files = table.files()
    assert json.loads(files["ledger.json"]) == table.records()
    lines = [line for line in csv.DictReader(io.StringIO(files["ledger.csv"])) if line["claim"] == "water-is-wet"]
    assert [(line["criterion"], line["value"], line["result"], line["column"]) for line in lines] == [
        ("drops", "7", "met", "this laptop"),
        ("wetness", "0.12", "contradicted", "this laptop"),
    ]


def test_the_long_run_has_a_column_of_its_own(tmp_path):
    trained = replace(CLAIM, long_run="lakes")
    notebook(
        tmp_path / "03_water.ipynb",
        judged(trained, 7, WET, long_run=judged(trained, 7, DRY), cifar10=judged(trained, 7, WET)),
    )
    table = ledger(tmp_path)
    assert row(table)["evidence"]["verdict"] == "holds here with a condition"
    lines = [
        line for line in csv.DictReader(io.StringIO(table.files()["ledger.csv"])) if line["criterion"] == "wetness"
    ]
    assert [(line["column"], line["result"]) for line in lines] == [
        ("this laptop", "met"),
        ("the long run", "contradicted"),
        ("on CIFAR-10", "met"),
    ]
    assert "the long run: contradicted" in str(table)
    notebook(tmp_path / "03_water.ipynb", judged(trained, 7, WET))
    assert row(ledger(tmp_path))["evidence"]["verdict"] == "not run"
    assert "On CIFAR-10: not run" in ledger(tmp_path).summary
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    assert row(ledger(tmp_path))["evidence"] is None
    assert SAME in ledger(tmp_path).html()


def test_the_number_of_wrong_results_to_expect_is_that_of_the_coins(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    # One result on five lakes that were drawn: it is wrong once in 32 times. The count of drops is not drawn.
    assert ledger(tmp_path).of({"03_water"}).errors.startswith("1 results rest on units that were drawn at random.")
    assert "≈ 0.0 of them" in ledger(tmp_path).of({"03_water"}).errors
    notebook(tmp_path / "03_water.ipynb", *(judged(replace(CLAIM, id=f"w{n}"), 7, WET) for n in range(32)))
    assert "≈ 1.0 of them" in ledger(tmp_path).of({"03_water"}).errors


def test_the_table_is_readable_as_text_and_as_html(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HALF)
    shown = ledger(tmp_path)._repr_mimebundle_()
    assert "holds here with a condition 1" in shown["text/plain"]
    assert "wetness: ≈ 0.12 (≈ 0.10 … ≈ 0.30) [n = 5 lakes], needed ≥ 0.5" in shown["text/plain"]
    assert "Water is &lt;wet&gt; &amp; cold" in shown["text/html"]
    assert "<wet>" not in shown["text/html"]


def test_a_changed_verdict_is_named_with_both_numbers(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    before = ledger(tmp_path)
    notebook(tmp_path / "03_water.ipynb", HALF)
    (change,) = changes(before, ledger(tmp_path))
    words, *criteria = str(change).splitlines()
    assert words == "water-is-wet: holds → holds here with a condition"
    assert any(re.search("≈ 0.94.* → .*≈ 0.12", each) for each in criteria)


def test_changes_reads_stored_files_ignores_numbers_and_sees_a_lost_verdict(tmp_path):
    notebook(tmp_path / "03_water.ipynb", HOLDS)
    stored = json.loads(ledger(tmp_path).files()["ledger.json"])
    notebook(tmp_path / "03_water.ipynb", judged(CLAIM, 2, [0.61] * 5))
    assert changes(stored, ledger(tmp_path)) == []
    notebook(tmp_path / "03_water.ipynb")
    (lost,) = changes(stored, ledger(tmp_path))
    assert lost.after["verdict"] == NOT_MEASURED
    assert changes(ledger(tmp_path), stored) == []


def test_the_stored_notebooks_are_found_from_the_root_and_from_beside_them(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_RUN_FOLDER", raising=False)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("00_first.ipynb", "08_surgery.ipynb"):
        notebook(folder / name)
    for working_directory in (tmp_path, folder):
        monkeypatch.chdir(working_directory)
        assert stored_notebooks().resolve() == folder.resolve()


def test_a_notebook_alone_somewhere_else_still_finds_the_course(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_RUN_FOLDER", raising=False)
    notebook(tmp_path / "08_surgery.ipynb")
    monkeypatch.chdir(tmp_path)
    assert stored_notebooks() == Path(__file__).resolve().parents[1] / "notebooks"


def test_a_run_in_progress_is_read_from_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_RUN_FOLDER", str(tmp_path))
    assert stored_notebooks() == tmp_path


def test_the_verdicts_in_the_notebooks_speak_of_the_claims_as_they_stand_today():
    """Sentence, criteria, thresholds, reasons and the long run; what a machine measured is left out."""
    for row in ledger(NOTEBOOKS).records():
        own = claim(row["claim"])
        today = verdict(row["claim"], *[None] * len(own.criteria)).record()
        stored = [{key: part for key, part in each.items() if key not in MEASURED} for each in row["criteria"]]
        assert stored == [{key: each[key] for key in each if key not in MEASURED} for each in today["criteria"]]
        assert (row["statement"], row["source"]) == (today["statement"], today["source"])
        assert row["evidence"] == today.get("evidence"), f"{row['claim']}: the long run has gone on"


def test_the_criteria_that_the_notebooks_show_are_those_of_the_claims():
    shown = set()
    for path in NOTEBOOKS.glob("[0-9]*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if asked := re.search(r'^criteria\("(.+)"\)', cell.source, re.MULTILINE):
                assert cell.outputs[0].data["text/plain"] == str(criteria(asked[1])), asked[1]
                shown.add(asked[1])
    assert shown == set(claims())
