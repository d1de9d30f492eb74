"""What a class learned is counted over those who answered both times, and no record is believed beyond its form."""

import json

import nbformat
import pytest

from utils.concepts import AFTER, BEFORE, concept, concepts
from utils.course.hand_ins.collect import Returned
from utils.course.marking.gains import ALL, gains
from utils.course.pages.grade_index import reports
from utils.course.students.roster import Student
from utils.notebook_files.returned import MOST_CHOSEN, answered
from utils.records import CONCEPT


def returned(student, *records, place="", date=None):
    """A notebook of this student whose outputs hold these records."""
    outputs = [nbformat.v4.new_output("display_data", {"text/plain": "", CONCEPT: each}) for each in records]
    cells = [nbformat.v4.new_code_cell("after(…)", outputs=[each]) for each in outputs]
    content = answered(json.dumps(nbformat.v4.new_notebook(cells=cells)).encode())
    return Returned(place or f"{student}.ipynb", date, Student(student), True, "00_start_here", content)


def chosen(when, right, name="shift"):
    asking = concept(name).first if when == BEFORE else concept(name).last
    mistaken = next(letter for letter in asking.choices if letter != asking.right)
    return {"id": name, "when": when, "choice": asking.right if right else mistaken}


def of(found, name="shift"):
    return next(each for each in found if each.id == name)


def test_the_gain_is_that_of_those_who_answered_both_times():
    came = [
        returned("ada", chosen(BEFORE, False), chosen(AFTER, True)),
        returned("bo", chosen(BEFORE, True)),
        returned("bo", chosen(AFTER, True), place="bo/last.ipynb"),
        returned("cy", chosen(BEFORE, False), chosen(AFTER, False)),
        returned("dee", chosen(BEFORE, False), chosen(AFTER, True)),
        returned("eve", chosen(AFTER, True)),
    ]
    found = of(gains(came))
    assert (found.n, found.before, found.after) == (4, 1, 3)
    assert found.normalized == pytest.approx(2 / 3)  # (3 − 1) ÷ (4 − 1)
    assert of(gains(came), ALL).n == 4
    assert of(gains(came), "place").normalized is None
    assert len(gains(came)) == len(concepts()) + 1
    assert of(gains([returned("ada", chosen(BEFORE, True), chosen(AFTER, False))])).normalized is None


def test_of_several_copies_the_latest_counts():
    copies = [
        returned("ada", chosen(BEFORE, False), chosen(AFTER, True), date=2.0),
        returned("ada", chosen(BEFORE, False), chosen(AFTER, False), date=1.0, place="b"),
    ]
    for order in (copies, copies[::-1]):
        assert (of(gains(order)).n, of(gains(order)).after) == (1, 1)


def test_hostile_records_cost_nobody_anything():
    good = returned("ada", chosen(BEFORE, False), chosen(AFTER, True))
    bad = [{"id": "shift", "when": BEFORE, "choice": each} for each in (7, "z", "a" * 50_000, ["a"], {"a": []})]
    bad += [{"id": "x", "when": AFTER, "choice": "a"}] * 1000
    hostile = returned("bo", *bad)
    assert len(hostile.content.chosen) <= MOST_CHOSEN
    assert of(gains([hostile, good])) == of(gains([good]))


def test_the_table_and_the_page_say_it_and_no_mark_depends_on_it():
    files = reports([], [], gains=gains([returned("ada", chosen(BEFORE, False), chosen(AFTER, True))]))
    assert "shift,batch_normalization,1,0,1,1.00" in files["concepts.csv"]
    assert "Of 1 answers given both times, 0 were right at the start and 1 at the end" in files["index.html"]
    assert "shift" not in files["grades.csv"] + files["answers.csv"]
    assert "Normalized gain" not in reports([], [], gains=gains([]))["index.html"]
