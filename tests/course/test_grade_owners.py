"""Whose a returned file is: nobody gets another person's points, and nobody's file cancels another's."""

import os
import unicodedata
from copy import deepcopy

import nbformat
import pytest
from a_hand_out import BN, SEPARABLE, put, table, type_in, write

from utils.course.students.owners import Owners, Unclear
from utils.course.students.roster import Student

# Made up, all of them.
CLASS = [
    Student("max", "Max Born"),
    Student("mmueller", "Max Mueller", moodle="1234567"),
    Student("anna", "Anna Koch"),
    Student("leeann", "Leeann Kim"),
    Student("al", "Ann Lee", canvas="4711"),
    Student("s001", "Ada Example", email="ada@example.org"),
    Student("22334", "Bo Example"),
    Student("jörg", "Jörg Müller"),
    Student("t1", "Two Names"),
    Student("t2", "Two Names"),
]
MOODLE = "{}_1234567_assignsubmission_file_"


@pytest.mark.parametrize(
    ("place", "student"),
    [
        ("back/s001/{}.ipynb", "s001"),
        ("back/S001/{}.ipynb", "s001"),
        ("back/s001_{}.ipynb", "s001"),
        ("back/s001.zip/{}.ipynb", "s001"),
        ("all.zip/s001 - March.zip/{} (1).ipynb", "s001"),
        ("back/s001 Bo/{}.ipynb", "s001"),
        ("back/ada@example.org/{}.ipynb", "s001"),
        ("back/Ada Example/{}.ipynb", "s001"),
        ("back/max/{}.ipynb", "max"),
        ("back/max_{}-Copy1.ipynb", "max"),
        ("back/max_born_late/{}.ipynb", "max"),
        ("back/anna - March/{}.ipynb", "anna"),
        ("back/" + unicodedata.normalize("NFD", "jörg") + "/{}.ipynb", "jörg"),
        ("back/" + unicodedata.normalize("NFD", "Jörg Müller") + "_99_assignsubmission_file_/{}.ipynb", "jörg"),
        ("back/Max Mueller_99_assignsubmission_file_/{}.ipynb", "mmueller"),
        ("back/Mueller, Max_99_assignsubmission_file_/{}.ipynb", "mmueller"),
        ("back/Participant_1234567_assignsubmission_file_/{}.ipynb", "mmueller"),
        ("back/Teilnehmer/in 1234567_assignsubmission_file_{}.ipynb", "mmueller"),
        ("back/Max Mueller_99_assignsubmission_file_/max/{}.ipynb", "mmueller"),
        ("submissions.zip/leeann_4711_998877_{}.ipynb", "al"),
        ("submissions.zip/leeann_LATE_4711_998877_{}-1.ipynb", "al"),
        ("submissions.zip/bornmax_12_998877_{}.ipynb", "max"),
        ("submissions.zip/examplebo_22334_998877_{}.ipynb", "22334"),
    ],
)
def test_a_path_says_whose_a_file_is(place, student):
    found, sure = Owners(CLASS).owner(place.format(BN), BN, None)
    assert (found.id, sure) == (student, True)


@pytest.mark.parametrize(
    "place",
    [
        "back/Max Schulz_99_assignsubmission_file_/{}.ipynb",
        "back/Max Schulz/{}.ipynb",
        "back/max_schulz/{}.ipynb",
        "back/max_schulz_{}.ipynb",
        "back/Anna-Lena Berg_99_assignsubmission_file_/{}.ipynb",
        "back/Anna-Lena Berg/{}.ipynb",
        "submissions.zip/leeann_4712_998877_{}.ipynb",  # no Leeann Kim, whose id is "leeann": an Ann Lee, another one
        "submissions.zip/schulzmax_22334_998877_{}.ipynb",  # an id that is somebody's number at Canvas by chance
        "back/Participant_7654321_assignsubmission_file_/{}.ipynb",
        "back/Two Names_99_assignsubmission_file_/{}.ipynb",
        "back/max/s001/{}.ipynb",
        "back/maximilian/{}.ipynb",
        "back/{}.ipynb",
    ],
)
def test_a_path_that_does_not_say_it_for_certain_says_nothing(place):
    class_of_one_less = [each for each in CLASS if each.id != "al"]
    with pytest.raises(Unclear) as refused:
        Owners(class_of_one_less).owner(place.format(BN), BN, None)
    assert str(refused.value)


def test_a_platform_s_number_that_is_nobody_s_says_which_column_would_tell():
    with pytest.raises(Unclear, match="none has 7654321 in a column 'moodle' of the roster"):
        Owners(CLASS).owner(f"back/Participant_7654321_assignsubmission_file_/{BN}.ipynb", BN, None)


def test_path_and_notebook_together():
    owners = Owners(CLASS)
    twins = f"back/Two Names_99_assignsubmission_file_/{BN}.ipynb"
    unknown = f"back/Max Schulz_99_assignsubmission_file_/{BN}.ipynb"
    assert owners.owner(f"back/{BN}.ipynb", BN, "MMueller")[0].id == "mmueller"
    assert owners.owner(f"back/{MOODLE.format('Max Mueller')}/{BN}.ipynb", BN, "mmueller")[0].id == "mmueller"
    assert owners.owner(twins, BN, "t2")[0].id == "t2"
    assert owners.owner(unknown, BN, "max") == (CLASS[0], False), "only the notebook says so"
    for place, claimed in (
        (f"back/mmueller/{BN}.ipynb", "max"),
        (f"back/{MOODLE.format('Max Mueller')}/{BN}.ipynb", "max"),
        (f"back/max/{BN}.ipynb", "s012"),
        (twins, "max"),
        (f"back/max/s001/{BN}.ipynb", "max"),
        (f"back/{BN}.ipynb", ["max"]),
    ):
        with pytest.raises(Unclear):
            owners.owner(place, BN, claimed)


def answered(handed_out, student, text='"moving"', name=BN):
    notebook = handed_out.notebook(student, name)
    type_in(notebook, "bn-inference" if name == BN else "separable-first-layer", text)
    return notebook


@pytest.mark.parametrize(
    "place",
    [
        "bo/{}.ipynb",
        "bo/ada_{}.ipynb",
        "bo.zip/../../ada/{}.ipynb",
        "bo.zip/ada/{}.ipynb",
        "Eve Example_77_assignsubmission_file_/{}.ipynb",
        "Dee Example_77_assignsubmission_file_/ada_{}.ipynb",
        "{}.ipynb",
    ],
)
def test_a_file_in_another_s_place_cancels_nobody_s(handed_out, grade, tmp_path, place):
    back = tmp_path / "back"
    put(answered(handed_out, "ada"), back / "ada" / f"{BN}.ipynb")
    theirs = answered(handed_out, "ada", '"batch"')
    write(back, place.format(BN), nbformat.writes(theirs).encode())
    points, _, done = grade(back)
    assert points == {"ada": 1, "bo": 0, "cy": 0, "dee": 0}
    assert done.returncode == 1, "it is named"


@pytest.mark.parametrize("zipped", [False, True])
def test_copies_that_say_the_same_count_once(handed_out, grade, tmp_path, zipped):
    """A second download, a zip file beside what was in it, the hand-out itself, and one that was only opened."""
    back, mine, untouched = tmp_path / "back", answered(handed_out, "ada"), handed_out.notebook("ada", BN)
    put(mine, back / "ada" / f"{BN} (1).ipynb")
    opened = deepcopy(mine)
    opened.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    put(opened, back / "ada" / f"{BN}.ipynb")
    write(back, f"ada.zip/ada/{BN}.ipynb", nbformat.writes(mine).encode())
    put(untouched, back / "ada" / "old" / f"{BN}.ipynb")
    out = handed_out.folder / "out"
    points, answers, done = grade(back, out)
    assert points["ada"] == 1
    assert answers["ada", BN, "bn-inference"]["verdict"] == "right"
    assert done.returncode == 0, done.stdout


def test_the_folder_of_the_hand_out_can_be_graded_as_it_is(handed_out, grade, tmp_path):
    points, answers, done = grade(handed_out.folder)
    assert set(points.values()) == {0}
    assert {row["verdict"] for row in answers.values()} == {"unanswered"}
    assert done.returncode == 0, done.stdout


def test_of_copies_that_differ_what_they_agree_on_counts_or_what_was_asked_for(handed_out, grade, tmp_path):
    back = tmp_path / "back"
    first, second = (answered(handed_out, "ada", text, SEPARABLE) for text in ('"few"', '"correlated"'))
    for notebook in (first, second):
        type_in(notebook, "conv-parameters", str(handed_out.key["ada", SEPARABLE, "conv-parameters"]))
    type_in(second, "separable-exercise", "38")
    put(first, back / "ada" / f"{SEPARABLE}.ipynb")
    write(back, f"ada.zip/{SEPARABLE}.ipynb", nbformat.writes(second).encode())  # dated today
    os.utime(back / "ada" / f"{SEPARABLE}.ipynb", (10**9, 10**9))
    untouched = put(handed_out.notebook("ada", SEPARABLE), back / "ada" / "new" / f"{SEPARABLE}.ipynb")
    os.utime(untouched, (10**10, 10**10))
    points, answers, done = grade(back)
    mark = answers["ada", SEPARABLE, "separable-first-layer"]
    assert mark["verdict"] == "returned-twice"
    assert "few in back/ada" in mark["remark"]
    assert "correlated in back/ada.zip" in mark["remark"]
    assert points["ada"] == 2, "both answer one question alike, and one answers another alone"
    assert done.returncode == 1
    assert done.stdout.count("it came back more than once") == 2
    for several, wanted in {"latest": 3, "first": 1, "best": 3}.items():
        points, _, done = grade(back, options=("--several", several))
        assert points["ada"] == wanted, several
        assert done.stdout.count(f"the {several} counts") == 1


def test_a_table_of_owners_tells_whose_the_rest_is(handed_out, grade, tmp_path):
    notebook = answered(handed_out, "cy")
    del notebook.metadata["course"]
    back = tmp_path / "back"
    put(notebook, back / "=lost+found" / f"{BN}.ipynb")
    put(notebook, tmp_path / "=odd.ipynb" / f"{BN}.ipynb")
    places = back, tmp_path / "=odd.ipynb"
    points, _, done = grade(*places)
    assert points["cy"] == 0
    assert done.stdout.count("whose is it?") == 2
    rows = table(tmp_path / "grades" / "left_out.csv")
    assert [row["id"] for row in rows] == ["", ""]
    owners = tmp_path / "owners.csv"
    lines = "\n".join(f"{row['place']},cy" for row in rows)
    owners.write_text(f"place,id\n{lines}\n", encoding="utf-8")
    points, _, done = grade(*places, options=("--owners", owners))
    assert points["cy"] == 1
    assert done.returncode == 0, done.stdout
    owners.write_text("file;who\n", encoding="utf-8")
    _, _, done = grade(back, options=("--owners", owners))
    assert "no columns 'place' and 'id'" in done.stderr
