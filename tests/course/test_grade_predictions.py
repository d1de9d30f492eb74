"""The class's predictions beside the truth: what the course's own notebooks measured, never what came back."""

import csv
import io
import json
from types import SimpleNamespace

import nbformat
import pytest

from utils.claims import claim
from utils.course.hand_ins.collect import Collected, Returned
from utils.course.marking.predicted import predictions
from utils.course.pages.grade_index import reports
from utils.course.students.roster import Student
from utils.notebook_files.returned import MOST_PREDICTIONS, answered
from utils.records import PREDICTION, VERDICT
from utils.scoring import Prediction
from utils.verdicts import judged

ADA, BO = Student("ada", "Ada Example"), Student("bo", "=cmd()")  # made up
REUSE, DATA = claim("reuse"), claim("architecture-data")
NAME = "01_architecture"


def notebook(*shown):
    cells = [
        nbformat.v4.new_code_cell("…", outputs=[nbformat.v4.new_output("display_data", {mime: record})])
        for mime, record in shown
    ]
    return nbformat.v4.new_notebook(cells=cells)


def came(student, *records, date=None, sure=True):
    content = answered(nbformat.writes(notebook(*((PREDICTION, each) for each in records))).encode())
    return Returned(f"{student.id}.ipynb", date, student, sure, NAME, content)


def said(of, *given):
    return Prediction(of.id, of.asked, given).record()


@pytest.fixture(scope="module")
def course():
    """The course's notebook, in which reuse measured 0.1 and architecture-data holds."""
    verdicts = judged(REUSE, [0.1] * 5, None), judged(DATA, *[[0.3] * 5] * 5)
    return [SimpleNamespace(name=NAME, notebook=notebook(*((VERDICT, each.record()) for each in verdicts)))]


def found(course, *returned):
    return predictions(course, Collected(list(returned)))


def test_each_prediction_stands_beside_the_truth_with_its_score(course):
    made = found(
        course,
        came(ADA, said(REUSE, 0.0, 0.2), said(DATA, "holds", 0.7)),
        came(BO, said(REUSE, 0.3, 0.5), {"id": DATA.id, "guess": "=convnet"}),
    )
    rows = list(csv.DictReader(io.StringIO(reports([], [], made)["predictions.csv"].lstrip("\ufeff"))))
    assert [(row["id"], row["claim"], row["kind"]) for row in rows] == [
        ("ada", DATA.id, "choice"),
        ("bo", DATA.id, "words"),
        ("ada", REUSE.id, "range"),
        ("bo", REUSE.id, "range"),
    ]
    choice, words, hit, missed = rows
    assert (choice["choice"], choice["confidence"], choice["measured"]) == ("holds", "0.7", "holds")
    assert float(choice["score"]) == pytest.approx(0.12)
    assert (words["choice"], words["score"], words["name"]) == ("'=convnet", "", "'=cmd()")
    assert (hit["low"], hit["high"], hit["measured"]) == ("0.0", "0.2", "0.1")
    assert float(hit["score"]) == pytest.approx(0.2 / REUSE.asked.scale, abs=1e-4)
    assert float(missed["score"]) == pytest.approx((0.2 + 10 * 0.2) / REUSE.asked.scale, abs=1e-4)


def test_the_page_sums_up_each_claim(course):
    made = found(course, *(came(Student(f"s{n}"), said(REUSE, n / 10, n / 10 + 0.2)) for n in range(3)))
    page = " ".join(reports([], [], made)["index.html"].split())
    # 0…0.2, 0.1…0.3 and 0.2…0.4: two hold 0.1, and the third costs ten times 0.1 more.
    mean = (3 * 0.2 + 10 * 0.1) / 3 / REUSE.asked.scale
    assert "<td>0.1 to 0.3 (medians)</td><td>≈ 0.10</td><td>2 of 3</td>" in page
    assert f'<td class="number">{mean:.2f}</td>' in page
    assert "Mean score" not in reports([], [])["index.html"]


def test_a_verdict_that_came_back_is_not_believed(course):
    forged = judged(REUSE, [0.4] * 5, None).record()
    mine = notebook((PREDICTION, said(REUSE, 0.3, 0.5)), (VERDICT, forged))
    returned = Returned("ada.ipynb", None, ADA, True, NAME, answered(nbformat.writes(mine).encode()))
    (made,) = found(course, returned)
    assert (made.measured, made.hit) == (0.1, False)


def test_of_several_copies_the_latest_in_the_student_s_own_place_counts(course):
    early, late = (came(ADA, said(REUSE, low, 0.9), date=date) for low, date in ((0.1, 5.0), (0.2, 7.0)))
    elsewhere = came(ADA, said(REUSE, 0.3, 0.9), date=9.0, sure=False)
    (made,) = found(course, late, early, elsewhere)
    assert made.given == (0.2, 0.9)


RANGE = {"id": "reuse", "kind": "range", "low": 0, "high": 1}
BROKEN = [
    7, None, [], {}, {"id": ["reuse"]}, {"id": "reuse"}, RANGE | {"id": "no-such"}, RANGE | {"low": "0"},
    RANGE | {"low": 1, "high": 0}, RANGE | {"low": -1e300, "high": 1e300}, RANGE | {"low": True},
    RANGE | {"low": [[[0]]], "high": {"a": 1}}, {"id": "reuse", "kind": "choice", "choice": "holds"},
    RANGE | {"low": 10**400, "high": 10**401}, RANGE | {"low": float("nan"), "high": float("inf")},
    {"id": "reuse", "guess": {"x": 1}}, {"id": "x" * 100_000, "guess": "y"},
]  # fmt: skip


def test_a_record_that_breaks_its_form_is_passed_over_and_costs_no_other(course):
    content = {"cells": [{"cell_type": "code", "source": "", "outputs": []}]}
    content["cells"][0]["outputs"] = [{"data": {PREDICTION: each}} for each in [*BROKEN, said(DATA, "holds", 0.5)]]
    returned = Returned("ada.ipynb", None, ADA, True, NAME, answered(json.dumps(content).encode()))
    made = found(course, returned)
    assert [(each.claim, each.given) for each in made] == [(DATA.id, ("holds", 0.5))]


def test_more_than_anybody_predicts_is_not_looked_at_and_words_are_cut():
    records = [{"id": f"x{n}", "guess": "a" * 5000} for n in range(MOST_PREDICTIONS + 50)]
    kept = came(ADA, *records).content.predictions
    assert len(kept) == MOST_PREDICTIONS
    assert {len(each["guess"]) for each in kept} == {200}
