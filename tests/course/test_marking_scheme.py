"""``course grade --marks marks.yaml``: what answers are worth, lateness, and corrections that no run loses."""

import json
import re
import textwrap
from datetime import datetime
from fractions import Fraction

import nbformat
import pytest
from a_hand_out import BN, NAMES, cell_of, put, table, type_in

from tests.readme import ROOT
from utils import questions
from utils.course.batches.plan import sources
from utils.course.batches.values import yaml_of
from utils.course.hand_ins.collect import Collected, LeftOut, Returned
from utils.course.marking.copies import Copy, counted
from utils.course.marking.mark import of_exercise
from utils.course.marking.marking_scheme import Correction, scheme_of
from utils.course.marking.marks import marks
from utils.course.pages.grade_index import by_student, reachable, reports
from utils.course.storage.input_files import Mistake
from utils.course.students.roster import Student
from utils.course.students.signature import Held
from utils.exercises import exercise
from utils.notebook_files.returned import answered
from utils.notebook_files.sources import course_notebooks

ADA, BO = Student("ada", "Ada Example"), Student("bo", "Bo Example")  # made up
RIGHT = {"bn-parameters": "4 * 32", "bn-inference": '"moving"'}  # as everybody has notebook 03


def scheme(text):
    return scheme_of(yaml_of(text), NAMES)


def notebook(answers):
    made = nbformat.read(course_notebooks()[3], as_version=4)
    for question, text in answers.items():
        cell_of(made, question).outputs = []
        type_in(made, question, text)
    return answered(json.dumps(made).encode())


@pytest.fixture(scope="module")
def usable():
    return sources([course_notebooks()[3]])[0]


@pytest.fixture
def judged(usable):
    """``judged("marks.yaml's text", (student, answers, place, date), …)`` → marks by student and question."""

    def judge(text, *came, left_out=(), several="agreed"):
        found = [Returned(place, date, student, True, BN, notebook(own)) for student, own, place, date in came]
        collected = Collected(found, list(left_out))
        return marks(usable, [ADA, BO], None, collected, several, False, scheme(text)).marks

    return judge


def by_question(made, student=ADA):
    return {each.question: each for each in made if each.student == student}


def test_points_and_a_part_of_them_for_a_slip(judged):
    answers = {"bn-parameters": "2 * 32", "bn-inference": '"moving"', "bn-trainable": "7"}
    text = "points: {bn-parameters: 3, 03/bn-inference: 0.1, 05/bn-inference: 9}\npartial: {slip: 0.5}\n"
    text += "dropped: [bn-trainable]"
    made = judged(text, (ADA, answers, "ada", None))
    own = by_question(made)
    points = {name: (own[name].points, own[name].most) for name in answers}
    assert points == {
        "bn-parameters": (Fraction(3, 2), 3),
        "bn-inference": (Fraction(1, 10), Fraction(1, 10)),
        "bn-trainable": (0, 0),
    }
    assert own["bn-trainable"].verdict == "wrong", "it is judged and shown all the same"
    assert by_student(made)[ADA] == {BN: Fraction(8, 5)}
    assert by_student(made)[BO] == {BN: None}
    assert reachable(made) == {BN: Fraction(31, 10) + (len(own) - 3)}
    grades = reports(made, [])["grades.csv"]
    assert "ada,Ada Example,,1.6,1.6,4.1" in grades
    assert "bo,Bo Example,,,0,4.1" in grades


def test_each_right_one_of_several_numbers_earns_its_share():
    question = questions.ask("pyramid-shapes")
    key = questions.flat(question.answer)
    for several, share in (("true", Fraction(1, len(key))), ("false", 0)):
        worth = scheme(f"partial: {{several: {several}}}")
        assert worth.share("wrong", question, [key[0], *(each + 1 for each in key[1:])]) == share
        assert worth.share("right", question, key) == 1
        assert worth.share("unreadable", question, "seven") == 0
    both = scheme("partial: {several: true, slip: 0.9}")
    assert both.share("slip", question, [key[0], *(each + 1 for each in key[1:])]) == Fraction(9, 10)
    assert scheme("").share("wrong", questions.ask("bn-parameters"), 5) == 0


def test_an_exercise_has_its_own_points():
    assert scheme("").most(BN, "bn-forward") == exercise("bn-forward").points
    assert scheme("points: {bn-forward: 5}").most(BN, "bn-forward") == 5


LATE = "late: {due: 2026-12-01 12:00, percent_per_day: 10, at_most: 25, excused: [bo]}"
DUE = datetime(2026, 12, 1, 12).timestamp()
HOUR = 3600


@pytest.mark.parametrize(
    ("copies", "taken_off"),
    [
        ([("ada", DUE)], 0),
        ([("ada", DUE + 1)], 10),
        ([("ada", DUE + 25 * HOUR)], 20),
        ([("ada", DUE + 1000 * HOUR)], 25),
        ([("ada", None)], 0),
        ([("s.zip/exampleada_17_901_x.ipynb", DUE + 1000 * HOUR)], 0),
        ([("s.zip/exampleada_LATE_17_901_x.ipynb", None)], 10),
        ([("ada (1)", DUE + 25 * HOUR), ("ada", DUE - 1)], 0),
    ],
)
def test_lateness_takes_a_share_off_and_the_same_again_later_takes_nothing(judged, copies, taken_off):
    made = judged(LATE, *((ADA, RIGHT, place, date) for place, date in copies))
    assert by_question(made)["bn-parameters"].late == Fraction(taken_off, 100)
    assert f",1,1,{taken_off or ''},128," in reports(made, [])["answers.csv"]
    assert by_student(made)[ADA][BN] == 2 * (1 - Fraction(taken_off, 100))


def test_the_copy_that_counts_decides_whether_it_was_late_and_who_is_excused_is_not(judged):
    first, second = {"bn-inference": '"moving"'}, {"bn-inference": '"batch"'}
    copies = (ADA, first, "a", DUE - 1), (ADA, second, "b", DUE + 1)
    assert by_question(judged(LATE, *copies, several="first"))["bn-inference"].late == 0
    assert by_question(judged(LATE, *copies, several="latest"))["bn-inference"].late == Fraction(1, 10)
    assert by_question(judged(LATE, (BO, RIGHT, "bo", DUE + 1)), BO)["bn-inference"].late == 0
    by_notebook = "late: {due: {03: 2026-12-01, 04: 2026-12-24}, percent_per_day: 10}"
    assert by_question(judged(by_notebook, (ADA, RIGHT, "a", DUE)))["bn-inference"].late == Fraction(1, 10)


BY_HAND = """corrections:
  - {student: ADA, notebook: 03, question: bn-parameters, points: 0.5, reason: "Right, 64 is a slip of the pen."}
  - {student: bo, notebook: 03, question: bn-inference, points: 1, reason: Seen on paper}
"""


def test_a_correction_replaces_what_was_computed_even_where_nothing_could_be_read(judged):
    unread = LeftOut("bo.pdf", "only notebooks are read", (BO,), BN)
    made = judged(BY_HAND, (ADA, {"bn-parameters": "65"}, "ada", None), left_out=[unread])
    own = by_question(made)["bn-parameters"]
    assert (own.points, own.verdict) == (Fraction(1, 2), "wrong")
    assert own.correction == Correction(Fraction(1, 2), "Right, 64 is a slip of the pen.")
    assert by_question(made, BO)["bn-inference"].points == 1
    assert by_student(made) == {ADA: {BN: Fraction(1, 2)}, BO: {BN: 1}}
    assert "Right, 64 is a slip of the pen." in reports(made, [])["answers.csv"]


def test_the_best_copy_earns_the_most_in_the_end_with_corrections_and_lateness(judged):
    """A correction is the student's for this question, in whichever copy: it tells none of them from another."""
    one = {"bn-inference": '"moving"', "bn-trainable": "7"}
    other = {"bn-parameters": "4 * 32", "bn-trainable": "7"}
    copies = (ADA, one, "one", DUE - 1), (ADA, other, "other", DUE + 1)
    worth = "points: {bn-parameters: 3}\n"
    by_hand = "corrections: [{student: ada, notebook: 03, question: bn-parameters, points: 2, reason: x}]\n"
    late = "late: {due: 2026-12-01 12:00, percent_per_day: 80}\n"
    for text, counts, points in (
        (worth, "other", 3),
        (worth + by_hand, "one", 1 + 2),
        (worth + late, "one", 1),
    ):
        own = by_question(judged(text, *copies, several="best"))
        assert (own["bn-inference"].verdict == "right") == (counts == "one"), text
        assert sum((each.points or 0) * (1 - each.late) for each in own.values()) == points, text


def test_a_correction_of_an_exercise_is_one_of_a_question(judged):
    worth = scheme("corrections: [{student: ada, notebook: 03, question: bn-forward, points: 2, reason: x}]")
    for verdict in ("wrong", "missing", "left-out"):
        assert of_exercise(ADA, BN, "bn-forward", verdict, worth).points == 2
    came = [Returned(name, None, ADA, True, BN, None) for name in "ab"]
    copies = [Copy(each, Held({}), own) for each, own in zip(came, both(worth), strict=True)]
    made, counting, _ = counted(copies, "best", lambda copies: 0)
    assert [each.returned.place for each in counting] == ["b"], "what is corrected is worth the same in both"
    assert sum(each.points for each in made) == 2 + exercise("conv-loops").points


def both(worth):
    """The marks of two copies: one has the exercise right that is corrected, the other one that is worth less."""
    for first, second in (("right", "wrong"), ("wrong", "right")):
        pairs = ("bn-forward", first), ("conv-loops", second)
        yield [of_exercise(ADA, BN, name, verdict, worth) for name, verdict in pairs]


def test_no_run_loses_a_correction(handed_out, grade, tmp_path):
    mine = tmp_path / "marks.yaml"
    mine.write_text(BY_HAND, encoding="utf-8")
    type_in(back := handed_out.notebook("ada", BN), "bn-parameters", "1")
    put(back, tmp_path / "back" / "ada" / f"{BN}.ipynb")
    options = ["--marks", mine, "--notebook", course_notebooks()[3]]
    points, _, done = grade(tmp_path / "back", options=[*options, "--feedback"])
    assert points == {"ada": 0.5, "bo": 1, "cy": 0, "dee": 0}, done.stderr
    assert mine.read_text(encoding="utf-8") == BY_HAND
    page = (tmp_path / "grades" / "feedback" / "ada.html").read_text(encoding="utf-8")
    assert "These points were given by hand" in page
    assert "slip of the pen" in page
    rows = {(row["id"], row["question"]): row["corrected_because"] for row in table(tmp_path / "grades/answers.csv")}
    assert rows["bo", "bn-inference"] == "Seen on paper"
    mine.write_text(BY_HAND.replace("ADA", "ava"), encoding="utf-8")
    before = {path: path.read_bytes() for path in (tmp_path / "grades").glob("*.*")}
    _, _, done = grade(tmp_path / "back", options=options)
    assert done.returncode == 2
    assert "'ava' is not in the roster" in done.stderr
    assert before == {path: path.read_bytes() for path in (tmp_path / "grades").glob("*.*")}


FAULTS = {
    "point: {}": "'point' is unknown; there are: points, partial, dropped, late, corrections",
    "- 1": "marks.yaml: lines of the form 'name: value' are needed",
    "points: {bn-parameter: 2}": "there is no 'bn-parameter'. Do you mean 'bn-parameters'?",
    "points: {bn-parameters: two}": "points: bn-parameters: 'two': a number from 0 to 1000 is needed",
    "points: {bn-parameters: -1}": "a number from 0 to 1000 is needed",
    "points: {13/bn-parameters: 1}": "there is no notebook '13'",
    "partial: {slip: 50}": "a number from 0 to 1 is needed",
    "partial: {several: 1}": "true or false is needed",
    "dropped: image-values": "dropped: a list is needed",
    "dropped: [image]": "dropped: there is no 'image'",
    "late: {due: tomorrow, percent_per_day: 10}": "a date and a time are needed, such as 2026-12-01 23:59",
    "late: {due: 2026-12-01}": "'percent_per_day: 10' is needed",
    "late: {percent_per_day: 10, excused: [eve]}": "late: excused: 'eve' is not in the roster",
    "corrections: [{student: ada, question: bn-parameters, points: 1}]": "number 1: 'reason: …' is missing",
    "corrections: [{student: ada, question: bn-parameters, points: 2, reason: x}]": "which gives 1 at most",
    "corrections: [{student: ada, notebook: 03, question: image-values, points: 1, reason: x}]": "is not asked in 03_",
    "corrections: [a, a]": "lines of the form 'name: value' are needed",
    f"points: {'[' * 3000}": "lists in lists without an end",
    "points: &x [*x]": "a list holds itself",
}


@pytest.mark.parametrize(("text", "words"), FAULTS.items(), ids=FAULTS)
def test_what_cannot_be_meant_is_said_in_a_sentence(judged, text, words):
    with pytest.raises(Mistake) as refused:
        judged(text)
    assert words in str(refused.value)


def test_a_correction_that_could_be_of_two_notebooks_asks_which():
    same = "{student: ada, question: bn-parameters, points: 1, reason: x}"
    with pytest.raises(Mistake, match="is corrected already"):
        scheme(f"corrections: [{same}, {same}]")
    worth = scheme(f"corrections: [{same}]")
    with pytest.raises(Mistake, match="is asked in 03_x and 08_y: which of them is meant"):
        worth.check([ADA], {"03_x": {"bn-parameters"}, "08_y": {"bn-parameters"}})
    worth.check([ADA], {"01_z": {"conv-parameters"}})  # of a notebook that is not graded now: it stays for later


def test_the_example_in_the_readme_is_one():
    text = re.search(r"^ {6}points: .*?(?=\n\n)", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S | re.M)[
        0
    ]
    worth = scheme(textwrap.dedent(text))
    assert worth.most(BN, "bn-parameters") == 2
    assert worth.corrections["s001", BN, "bn-parameters"].points == Fraction(3, 2)
    assert (worth.slip, worth.per_day, worth.at_most) == (Fraction(1, 2), Fraction(1, 10), Fraction(1, 2))
    worth.check([Student("s001"), Student("s002")], {BN: {"bn-parameters"}})
