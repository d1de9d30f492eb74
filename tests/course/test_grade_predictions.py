"""The class's predictions beside the truth: what the course's own notebooks measured, never what came back."""

import csv
import io
import json

import nbformat
import pytest

from utils.claims import claim
from utils.concepts import AFTER, BEFORE, concept
from utils.course.batches.plan import sources
from utils.course.hand_ins.collect import Collected, Returned
from utils.course.marking.grading import graded
from utils.course.marking.predicted import predictions
from utils.course.pages.grade_index import reports
from utils.course.students.roster import Student
from utils.course.students.variants import Variants
from utils.notebook_files.returned import MOST_PREDICTIONS, answered
from utils.notebook_files.sources import course_notebooks
from utils.records import CONCEPT, PREDICTION, VERDICT
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
def course(tmp_path_factory):
    """The course's notebook, in which reuse measured 0.1 and architecture-data holds."""
    verdicts = judged(REUSE, [0.1] * 5, None), judged(DATA, *[[0.3] * 5] * 5)
    shown = notebook(*((VERDICT, each.record()) for each in verdicts))
    nbformat.write(shown, path := tmp_path_factory.mktemp("course") / f"{NAME}.ipynb")
    return sources([path])[0]


def found(course, *returned):
    return predictions(course, returned)


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


def test_the_copy_that_counts_for_the_marks_counts_for_predictions_and_concepts():
    """Four copies of hers: an early one, a late one, an open one, and one that only says to be hers."""
    usable, _ = sources([course_notebooks()[1]])
    (_, asked), *_ = Variants(usable[0].notebook, {}).asked({})
    right, name = asked.answer, asked.id

    def copy(answer, low, choice, date, sure=True):
        shown = [(PREDICTION, said(REUSE, low, 0.9))]
        shown += [(CONCEPT, {"id": "place", "when": when, "choice": choice}) for when in (BEFORE, AFTER)]
        mine = notebook(*shown)
        cell = f'answer = {answer}\ncheck("{name}", answer)'
        mine.cells.append(nbformat.v4.new_code_cell(cell, metadata={"question": name}))
        content = answered(nbformat.writes(mine).encode())
        return Returned(f"{date}.ipynb", date, ADA, sure, NAME, content)

    early, late = copy(right, 0.1, "a", 5.0), copy(right + 1, 0.2, "b", 7.0)
    copies = [late, early, copy(None, 0.3, "c", 8.0), copy(right, 0.4, "d", 9.0, sure=False)]
    for attempts, counts in {"first": [early], "latest": [late], "best": [early], "agreed": [early, late]}.items():
        marked = graded(usable, [ADA], Collected(list(copies)), attempts=attempts)
        low = counts[-1].content.predictions[0]["low"]
        assert [each.given[0] for each in marked.predictions] == [low], attempts
        (chosen,) = {each["choice"] for each in counts[-1].content.chosen}
        gain = next(each for each in marked.gains if each.id == "place")
        assert (gain.n, gain.before) == (1, chosen == concept("place").first.right), attempts


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
