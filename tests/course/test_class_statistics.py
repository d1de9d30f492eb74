"""What grading tells of a class: slips by group, how hard a question was and what it tells apart, the same answers."""

import csv
import io
import random
import re
from collections import Counter
from fractions import Fraction
from statistics import fmean
from types import SimpleNamespace

import numpy as np
import pytest

from utils.course.commands.grade import _remarks
from utils.course.hand_ins.collect import Returned
from utils.course.marking.item_statistics import item_statistics
from utils.course.marking.mark import Mark
from utils.course.marking.marking_scheme import Correction
from utils.course.marking.same_work import CODE, OTHER_S, TYPED, WRONG, same_work
from utils.course.pages.grade_index import reports
from utils.course.students.roster import Student
from utils.exercises import exercise, source_of
from utils.notebook_files.answer_cells import Typed
from utils.notebook_files.code_cells import programs
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.returned import Answered, Cell
from utils.notebook_files.sources import course_notebooks

NAME = "03_batch_normalization"
STUDENTS = [Student(f"s{n:02}", f"Made Up {n}", group="1" if n % 2 else "2") for n in range(40)]


def mark(student, question, verdict, **more):
    return Mark(student, NAME, question, more.pop("parameters", {}), more.pop("key", 4), verdict, **more)


def rows(text):
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


@pytest.fixture(scope="module")
def a_class():
    """Forty students: "easy" and "hard" go with what they know, "coin" with nothing, and one notebook is missing."""
    drawn, made = random.Random(1), []
    for number, student in enumerate(STUDENTS):
        knows = number / len(STUDENTS)
        for question, share in (("easy", 0.2), ("hard", 0.8), ("second", 0.6)):
            made.append(
                mark(student, question, "right" if knows >= share else "slip", slip="" if knows >= share else "x")
            )
        made.append(mark(student, "coin", drawn.choice(["right", "wrong"])))
        made.append(mark(student, "guess", "noted", most=None, key=None))
    gone = Student("gone")
    return [*made, *(mark(gone, each, "not-returned") for each in ("easy", "hard", "second", "coin"))]


def test_how_hard_a_question_is_and_what_it_tells_apart_are_counted_as_numpy_counts_them(a_class):
    items = {each.question: each for each in item_statistics(a_class)}
    assert {name: each.came for name, each in items.items()} == dict.fromkeys(items, 40)
    assert items["easy"].earned == 0.8
    assert items["hard"].earned == 0.2
    by_student = {}
    for each in a_class:
        if each.came and each.most is not None:
            by_student.setdefault(each.student, {})[each.question] = float(each.verdict == "right")
    for name in ("easy", "hard", "second", "coin"):
        own = [each[name] for each in by_student.values()]
        rest = [fmean(value for other, value in each.items() if other != name) for each in by_student.values()]
        assert items[name].discrimination == pytest.approx(np.corrcoef(own, rest)[0, 1])
    assert items["second"].discrimination > 0.4 > 0.3 > items["coin"].discrimination
    assert items["guess"].prediction
    assert items["guess"].discrimination is None


def test_slips_are_counted_by_group_on_the_page_and_in_tables(a_class):
    files = reports(a_class, [], items=item_statistics(a_class))
    slips = {(row["question"], row["group"]): int(row["students"]) for row in rows(files["slips.csv"])}
    assert slips == {("easy", "1"): 4, ("easy", "2"): 4, ("hard", "1"): 16, ("hard", "2"): 16} | {
        ("second", "1"): 12,
        ("second", "2"): 12,
    }
    told = {row["question"]: row for row in rows(files["questions.csv"])}
    assert (told["hard"]["right"], told["hard"]["slip"], told["hard"]["share_of_points"]) == ("8", "32", "0.20")
    page = " ".join(files["index.html"].split())
    assert '<rect class="slip" x="8" width="32" height="1"/>' in page
    assert '<td>x</td><td class="number">32</td>' in page


def test_nothing_is_said_where_there_are_too_few_or_all_did_alike():
    few = [mark(each, name, "right") for each in STUDENTS[:4] for name in ("a", "b")]
    assert {each.discrimination for each in item_statistics(few)} == {None}
    alike = [mark(each, name, "right") for each in STUDENTS for name in ("a", "b")]
    assert {each.discrimination for each in item_statistics(alike)} == {None}
    dropped = [mark(each, "a", "wrong", most=Fraction(0)) for each in STUDENTS]
    assert item_statistics(dropped)[0].earned == 0
    assert item_statistics([]) == []
    assert "Questions" not in reports([], [])["index.html"]


def test_what_a_person_has_to_judge_counts_neither_for_nor_against_a_question_and_is_told(a_class):
    given = Correction(Fraction(2), "It trains the new layer alone.")
    waits = [mark(each, "fit", "open", key=None, exercise=True, most=Fraction(2)) for each in STUDENTS[:30]]
    waits += [mark(each, "fit", "wrong", key=None, exercise=True, most=Fraction(2)) for each in STUDENTS[30:39]]
    waits += [mark(STUDENTS[39], "fit", "open", key=None, exercise=True, most=Fraction(2), correction=given)]
    items = item_statistics([*a_class, *waits])
    assert items[-1].earned == 0.1, "nine got nothing, one everything, and thirty are not judged"
    assert items[0].discrimination == pytest.approx(item_statistics([*a_class, *waits[30:]])[0].discrimination)
    page = reports([*a_class, *waits], [], items=items)["index.html"]
    lines = dict(re.findall(r'<tr data-of="(\w+)">(.*?)</tr>', page, flags=re.S))
    assert "2 points to judge" in lines["s29"]
    assert not [each for each in ("s30", "s39", "gone") if "to judge" in lines[each]]
    collected = SimpleNamespace(returned=[], not_graded=[], others={})
    given = SimpleNamespace(groups={}, collected=collected, scheme=SimpleNamespace(due={}))
    (said,) = _remarks(None, given, SimpleNamespace(marks=waits, no_longer_asked=Counter(), left_out=[]))
    assert "for you to judge, without points until then: 30 functions" in said


def came(student, place, **typed):
    cells = [Cell("", "", {question: Typed(text)}, []) for question, text in typed.items()]
    return Returned(place, None, student, True, NAME, Answered({}, None, cells))


def test_answers_that_two_share_and_hardly_anybody_else_are_shown_as_a_question():
    ada, bo, cy, dee, *others = STUDENTS
    made = [mark(each, f"q{n}", "wrong", given=77) for each in others for n in range(9)]
    made += [mark(each, "q0", "wrong", given=123) for each in (ada, bo)]
    made += [mark(each, "q1", "unreadable", given="4 cats") for each in (ada, bo)]
    made += [mark(ada, "q2", "right", given=512, key=512, parameters={"channels": 128})]
    made += [mark(bo, "q2", "wrong", given=512, key=48, parameters={"channels": 12})]
    made += [mark(each, name, "wrong", given=9) for each in (cy, dee) for name in ("q0", "q1")]
    for number, name in enumerate(("q5", "q6", "q7")):  # what many have the key for is no sign
        made += [mark(each, name, "right", given=number, key=number, parameters={"n": 1}) for each in others]
        made += [mark(cy, name, "wrong", given=number, key=9, parameters={"n": 2})]
    returned = [came(each, f"{each.id}/x.ipynb", q3="2 * 64 + 2*64  # γ, β") for each in (ada, bo)]
    found = same_work(made, returned)
    assert {(each.question, each.why) for each in found} == {
        ("q0", WRONG),
        ("q1", WRONG),
        ("q2", OTHER_S),
        ("q3", TYPED),
    }
    assert {frozenset(each.students) for each in found} == {frozenset((ada, bo))}, (
        "two answers of cy and dee say nothing"
    )
    files = reports(made, [], same=found)
    assert len(rows(files["same_work.csv"])) == 4
    assert "proves nothing" in files["index.html"]
    together = [came(each, "team/x.ipynb") for each in (ada, bo)]
    assert same_work(made, [*returned, *together]) == [], "they handed in one file"
    assert "To compare" not in reports(made, [])["index.html"]


FORWARD = """
def batch_norm_forward(x, gamma, beta, epsilon=1e-3):
    # thanks to my aunt
    mean, var = np.mean(x, (0, 1, 2)), np.var(x, (0, 1, 2))
    the_normalized_thing = (x - mean) / np.sqrt(var + epsilon)
    return gamma * the_normalized_thing + beta
"""


def with_functions(student, **functions):
    code = programs((source, name.replace("_", "-")) for name, source in functions.items())
    assert len(code) == len(functions)
    return Returned(f"{student.id}/x.ipynb", None, student, True, NAME, Answered({}, None, [], code=code))


def test_a_function_that_two_share_counts_twice_and_the_course_s_own_solution_not_at_all():
    ada, bo, cy, dee, *_ = STUDENTS
    made = [mark(each, "bn-parameters", "wrong", given=123) for each in (ada, bo, cy, dee)]
    made += [mark(each, "bn-bias", "wrong", given=9 if each in (ada, bo) else 8) for each in (ada, bo, cy, dee)]
    shown = source_of(exercise("bn-forward").solution)
    returned = [with_functions(each, bn_forward=FORWARD) for each in (ada, bo)]
    returned += [with_functions(each, bn_forward=shown) for each in (cy, dee)]
    found = same_work(made, returned)
    assert {(each.question, each.why) for each in found} == {("bn-bias", WRONG), ("bn-forward", CODE)}
    assert {frozenset(each.students) for each in found} == {frozenset((ada, bo))}
    stub = read(course_notebooks()[3])
    handed_out = [SimpleNamespace(notebook=stub)]
    (cell,) = (each for each in tagged(stub, "exercise") if each.metadata.exercise == "bn-forward")
    open_still = [with_functions(each, bn_forward=f"{cell.source}\n{'# ' * 100}") for each in (ada, bo)]
    assert same_work(made, open_still, handed_out) == []
