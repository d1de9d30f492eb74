"""Whose a returned file is: nobody gets another person's points, and nobody's file cancels another's."""

import csv
import os
import unicodedata
from copy import deepcopy
from datetime import datetime
from fractions import Fraction

import nbformat
import pytest
from a_hand_out import BN, SEPARABLE, put, table, type_in, write

from utils.course.batches.plan import sources
from utils.course.hand_ins.collect import LeftOut, collected
from utils.course.hand_ins.owners import Owner, Owners, Unclear
from utils.course.hand_ins.unclear import FilledIn, filled_in, renamed, unclear_csv
from utils.course.marking.marking_scheme import Scheme
from utils.course.marking.marks import marks
from utils.course.storage.input_files import Mistake
from utils.course.students.roster import Student
from utils.notebook_files.sources import course_notebooks
from utils.records import PREDICTION

# Made up, all of them.
CLASS = [
    Student("max", "Max Born"),
    Student("mmueller", "Max Mueller", "Lab 2", moodle="1234567"),
    Student("anna", "Anna Koch"),
    Student("leeann", "Leeann Kim"),
    Student("al", "Ann Lee", canvas="4711"),
    Student("s001", "Ada Example", email="ada@example.org"),
    Student("22334", "Bo Example"),
    Student("jörg", "Jörg Müller"),
    Student("t1", "Two Names"),
    Student("t2", "Two Names"),
    Student("hi", "कुमार, अनीता"),
    Student("an", "Anon"),
    Student("on", "Éamon O'Neil", moodle="66"),
    Student("c1", "Same Number", email="shared@example.org", canvas="5000"),
    Student("c2", "Other Person", email="shared@example.org", canvas="5000"),
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
        ("submissions.zip/अनीताकुमार_12_998877_{}.ipynb", "hi"),
        ("back/ONeil Éamon_99_assignsubmission_file/my work/max/{}.ipynb", "on"),
        ("back/Lab 2-Max Mueller_99_assignsubmission_file_/{}.ipynb", "mmueller"),
        ("back/s001 03 Batch-Normalization.ipynb", "s001"),
    ],
)
def test_a_path_says_whose_a_file_is(place, student):
    owner = Owners(CLASS).owner(place.format(BN), BN, None)
    assert ([each.id for each in owner.students], owner.sure) == ([student], True)


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
        "back/Max Mueller_66_assignsubmission_file_/{}.ipynb",  # the number is somebody else's
        "back/Lab 3-Max Mueller_99_assignsubmission_file_/{}.ipynb",  # Max Mueller is in another group
        "back/Default group_assignsubmission_file_/{}.ipynb",
        "submissions.zip/nobody_5000_998877_{}.ipynb",
        "submissions.zip/leeann_4799_998877_{}.ipynb",  # another Ann Lee: that of the roster is number 4711
        "submissions.zip/anon_x7Kq2_998877_{}.ipynb",
        "back/shared@example.org/{}.ipynb",
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
    assert owners.owner(f"back/{BN}.ipynb", BN, "MMueller").students[0].id == "mmueller"
    assert owners.owner(f"back/{MOODLE.format('Max Mueller')}/{BN}.ipynb", BN, "mmueller").students[0].id == "mmueller"
    assert owners.owner(twins, BN, "t2").students[0].id == "t2"
    assert owners.owner(unknown, BN, "max") == Owner((CLASS[0],), False, (CLASS[0],)), "only the notebook says so"
    for place, claimed in (
        (f"back/mmueller/{BN}.ipynb", "max"),
        (f"back/{MOODLE.format('Max Mueller')}/{BN}.ipynb", "max"),
        (f"back/max/{BN}.ipynb", "s012"),
        (twins, "max"),
        (f"back/max/s001/{BN}.ipynb", "max"),
        (f"back/{BN}.ipynb", ["max"]),
        (f"back/Max Mueller_66_assignsubmission_file_/{BN}.ipynb", "mmueller"),
    ):
        with pytest.raises(Unclear):
            owners.owner(place, BN, claimed)


BLIND = "all.zip/Participant_{}_assignsubmission_file_/{}.ipynb"


def learned(*files, given=()):
    """``Owners`` who have seen files under participants' numbers, given as pairs of a number and an id."""
    owners = Owners(CLASS, given)
    owners.learn((BLIND.format(number, at), BN, claimed) for at, (number, claimed) in enumerate(files))
    return owners


def test_under_a_blind_number_the_notebooks_tell_whose_the_others_are():
    owners = learned((11, "max"), (11, None), (12, "anna"), (13, "t1"), (13, "t2"))
    for number, student in {11: "max", 12: "anna"}.items():
        owner = owners.owner(BLIND.format(number, BN), BN, None)
        assert ([each.id for each in owner.students], owner.sure) == ([student], True)
    with pytest.raises(Unclear):
        owners.owner(BLIND.format(13, BN), BN, None)  # two students' notebooks
    assert owners.owner(BLIND.format(13, BN), BN, "max").sure is False
    assert learned((11, "max"), (13, "max"), (13, "t1")).owner(BLIND.format(11, BN), BN, "max").sure
    for other in ((14, "max"), (11, "anna"), (11, "s012")):
        with pytest.raises(Unclear):
            learned((11, "max"), other).owner(BLIND.format(11, BN), BN, None)

    with pytest.raises(Unclear, match="2 people handed in what was handed out to max"):
        learned((11, "max"), (14, "max")).owner(BLIND.format(11, BN), BN, "max")
    given = learned((11, "max"), (14, "max"), given={BLIND.format(11, 0): "max"})
    assert given.owner(BLIND.format(14, BN), BN, "max").sure is False, "11 is max's"
    owners = Owners(CLASS)
    places = [BLIND.format(11, BN), BLIND.format(14, BN).replace("all", "next")]
    owners.learn((each, BN, "max") for each in places)
    assert owners.owner(places[0], BN, "max").students[0].id == "max", "of another assignment, with other numbers"
    owners = Owners(CLASS)
    owners.learn([(BLIND.format(11, BN), BN, "max"), (f"all.zip/max/{BN}.ipynb", BN, None)])
    assert owners.owner(BLIND.format(11, BN), BN, "max").sure is False, "max has a place of his own"
    owners.learn([(BLIND.format(11, BN), BN, "max"), (f"other.zip/max/{SEPARABLE}.ipynb", SEPARABLE, None)])
    assert owners.owner(BLIND.format(11, BN), BN, "max").sure, "that is another notebook"


def test_what_is_filled_in_holds_for_a_folder_and_for_all_files_with_its_number():
    folder = BLIND.format(11, BN).rpartition("/")[0]
    owners = learned((11, "anna"), (12, "anna"), given={folder: "Max"})
    assert owners.owner(BLIND.format(11, BN), BN, None).students == (CLASS[0],)
    flat = "submissions.zip/anon_x7Kq2_{}_{}.ipynb"
    owners = Owners(CLASS, {flat.format(1, BN): "max"})
    owners.learn((flat.format(number, BN), BN, None) for number in (1, 2))
    assert owners.owner(flat.format(2, BN), BN, None).students == (CLASS[0],)
    named = f"all.zip/Anna Koch_77_assignsubmission_file_/{BN}.ipynb"
    owners = Owners(CLASS, {named.replace(BN, "x"): "max"})
    owners.learn((each, BN, None) for each in (named, named.replace(BN, "x")))
    assert owners.owner(named, BN, None).students[0].id == "anna", "its own path says so"


TEAMS = [  # made up
    Student("ada", "Ada Example", "Team 3", canvas="4711"),
    Student("bo", "Bo Example", "Team 3"),
    Student("cy", "Cy Example", "Team_4"),
    Student("dee", "Dee Example"),
]


@pytest.mark.parametrize(
    ("place", "claimed", "team"),
    [
        ("Team 3_55_assignsubmission_file/{}.ipynb", None, "ada bo"),
        ("Team 3_55_assignsubmission_file/{}.ipynb", "bo", "ada bo"),
        ("Team 4_56_assignsubmission_file/{}.ipynb", None, "cy"),
        ("Team 3-Bo Example_77_assignsubmission_file_/{}.ipynb", "ada", "ada bo"),
        ("all.zip/team3_4711_998877_{}.ipynb", "bo", "ada bo"),
        ("all.zip/team3_4712_998877_{}.ipynb", None, "ada bo"),
        ("back/team 3/{}.ipynb", "bo", "ada bo"),
        ("back/ada/{}.ipynb", None, "ada bo"),
        ("back/{}.ipynb", "bo", "ada bo"),
        ("back/dee/{}.ipynb", "dee", "dee"),
        ("Default group_assignsubmission_file/{}.ipynb", "dee", "dee"),
        ("Team 3_55_assignsubmission_file/{}.ipynb", "cy", ""),
        ("all.zip/team4_4711_998877_{}.ipynb", None, ""),
        ("back/Team 3/cy/{}.ipynb", None, ""),
        ("back/dee/{}.ipynb", "ada", ""),
        ("back/dee/Team 3/{}.ipynb", "dee", ""),
        ("back/dee/Team 3_55_assignsubmission_file/{}.ipynb", None, ""),
    ],
)
def test_one_hand_in_is_that_of_a_whole_group(place, claimed, team):
    try:
        owner = Owners(TEAMS, groups=True).owner(place.format(BN), BN, claimed)
    except Unclear:
        assert not team
    else:
        assert " ".join(each.id for each in owner.students) == team
        if claimed:
            assert [each.id for each in owner.drawn_for] == [claimed]


def test_without_groups_a_group_s_hand_in_is_nobody_s_and_the_option_is_named():
    for place in ("Team 3_55_assignsubmission_file/{}.ipynb", "all.zip/team3_4711_998877_{}.ipynb"):
        with pytest.raises(Unclear, match="with --groups"):
            Owners(TEAMS).owner(place.format(BN), BN, None)


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


@pytest.mark.parametrize("place", ["elsewhere/{}.ipynb", "handed_4711_99_{}.ipynb"])
def test_an_untouched_hand_out_in_a_student_s_own_place_cancels_nothing(handed_out, grade, tmp_path, place):
    back = tmp_path / "back"
    put(handed_out.notebook("ada", BN), back / "ada" / f"{BN}.ipynb")
    put(answered(handed_out, "ada"), back / place.format(BN))
    points, _, done = grade(back)
    assert points["ada"] == 1
    assert done.returncode == 0, done.stdout


def test_predictions_in_a_student_s_own_place_are_not_cancelled_from_elsewhere(handed_out, grade, tmp_path):
    own = handed_out.notebook("ada", BN)
    record = {"id": "bn-loss", "kind": "range", "low": 1, "high": 2}
    shown = nbformat.v4.new_output("display_data", {PREDICTION: record})
    own.cells.append(nbformat.v4.new_code_cell("…", outputs=[shown]))
    put(own, tmp_path / "back" / "ada" / f"{BN}.ipynb")
    put(answered(handed_out, "ada"), tmp_path / "back" / "elsewhere" / f"{BN}.ipynb")
    points, _, done = grade(tmp_path / "back")
    assert points["ada"] == 0
    assert done.returncode == 1, "it is named"


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
        points, _, done = grade(back, options=("--attempts", several))
        assert points["ada"] == wanted, several
        assert done.stdout.count(f"the {several} counts") == 1


def test_unclear_files_are_asked_for_and_the_next_run_reads_what_was_filled_in(handed_out, grade, tmp_path):
    notebook = answered(handed_out, "cy")
    del notebook.metadata["course"]
    back, unclear = tmp_path / "back", tmp_path / "grades" / "unclear.csv"
    blind = "Participant_77_assignsubmission_file_"
    put(notebook, back / "=lost" / f"{BN}.ipynb")
    put(notebook, back / blind / f"{BN}.ipynb")
    put(answered(handed_out, "cy", name=SEPARABLE, text='"few"'), back / "cy" / "homework.ipynb")
    points, _, done = grade(back)
    assert (points["cy"], done.returncode) == (0, 1)
    assert done.stdout.count("whose is it?") == 2
    assert str(unclear) in done.stdout
    rows = table(unclear)
    assert [(row["file"], row["id"]) for row in rows] == [(f"back/=lost/{BN}.ipynb", ""), (f"back/{blind}", "")]
    for row, student in zip(rows, ("CY", "cy"), strict=True):
        row["id"] = student
    lines = "".join(f"{row['file']};{row['id']};old\n" for row in rows)
    unclear.write_bytes(f"sep=;\nfile;id;why\n{lines}gone/x.ipynb;bo;\n".encode("utf-16"))  # as Excel may save it
    for _ in range(2):
        points, _, done = grade(back)
        assert (points["cy"], done.returncode) == (1, 0), done.stdout
        assert [row["id"] for row in table(unclear)] == ["CY", "cy", "bo"], "nothing is lost"


def test_where_a_platform_dates_files_by_the_download_it_says_otherwise_which_came_last(tmp_path):
    """Canvas's number of the file, and Moodle's worksheet as the roster. A date of a zip file is today's."""
    submitted = ("Last modified (submission)", "Friday, 20 November 2026, 11:59 PM")
    ada = Student("ada", "Ada Example", moodle="77", extra=(submitted,))
    usable, _ = sources([course_notebooks()[3]])
    for number, text in ((100, '"moving"'), (99, '"batch"')):
        notebook = deepcopy(usable[0].notebook)
        type_in(notebook, "bn-inference", text)
        put(notebook, tmp_path / "canvas" / f"exampleada_LATE_4711_{number}_{BN}.ipynb")
    for number in (77, 78):
        put(notebook, tmp_path / "moodle" / f"Ada Example_{number}_assignsubmission_file_" / f"{BN}.ipynb")
    found = collected([tmp_path / "canvas"], Owners([ada]), {BN: set()})
    for attempts, verdict in {"latest": "right", "first": "slip", "agreed": "returned-twice"}.items():
        made = marks(usable, [ada], None, found, attempts).marks
        mark = next(each for each in made if each.question == "bn-inference")
        assert (mark.verdict, mark.points) == (verdict, verdict == "right")
    days = Scheme(per_day=Fraction(1, 10), due={"": 0.0})
    assert {each.late for each in marks(usable, [ada], None, found, "latest", scheme=days).marks} == {Fraction(1, 10)}
    found = collected([tmp_path / "moodle"], Owners([ada]), {BN: set()})
    assert [each.date for each in found.returned] == [datetime(2026, 11, 20, 23, 59).timestamp(), None]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("file,id\nback,Jörg\n".encode("cp1252"), "save it as 'CSV UTF-8'"),
        (b"file;who\n", "no columns 'file' and 'id'"),
        (b'file,id\nback,ada\n"b,bo\n', "line 3: the quotation mark in line 3 is never closed"),
        (b"file,id\nback,ada\nback,bo\n", "line 3: another line says something else of back"),
    ],
)
def test_a_table_of_unclear_files_that_cannot_be_read_stays_as_it_is(tmp_path, content, sentence):
    (tmp_path / "unclear.csv").write_bytes(content)
    with pytest.raises(Mistake, match=sentence):
        filled_in(tmp_path / "unclear.csv")
    assert (tmp_path / "unclear.csv").read_bytes() == content
    with pytest.raises(Mistake, match="no notebook '77'"):
        renamed([FilledIn("back", "", "77")], [BN])


def test_a_table_of_unclear_files_reads_what_it_wrote_whatever_files_are_called(tmp_path):
    places = ["=cmd()/x.ipynb", 'a, "b".ipynb', "two\nlines/x.ipynb", "-1/;x.ipynb", "'quoted'.ipynb"]
    left_out = [LeftOut(each, "why?", (CLASS[0], CLASS[2]), asks=each) for each in places]
    text = unclear_csv([*left_out, LeftOut("back/y.ipynb", "it is damaged")], [FilledIn(places[0], "max", "")])
    (tmp_path / "unclear.csv").write_text(text, encoding="utf-8", newline="")
    rows = table(tmp_path / "unclear.csv")
    assert [row["guess"] for row in rows] == ["max anna"] * 5
    assert filled_in(tmp_path / "unclear.csv") == [FilledIn(places[0], "max", "")]
    for row in rows:
        row["id"] = "anna"
    lines = [("file", "id"), *((row["file"], row["id"]) for row in rows)]
    with (tmp_path / "unclear.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(lines)  # as a spreadsheet saves it
    assert [each.place for each in filled_in(tmp_path / "unclear.csv")] == places
    assert unclear_csv([], []) == ""


def test_a_renamed_notebook_is_known_by_all_its_questions_or_asked_for(handed_out, grade, tmp_path):
    whole, part = (answered(handed_out, student) for student in ("ada", "bo"))
    del whole.metadata["course"]["notebook"], part.metadata["course"]["notebook"]
    part.cells = [each for each in part.cells if each.metadata.get("question") != "bn-parameters"]
    put(whole, tmp_path / "back" / "ada" / "Untitled.ipynb")
    put(part, tmp_path / "back" / "bo" / "Untitled.ipynb")
    points, _, done = grade(tmp_path / "back")
    assert (points["ada"], points["bo"], done.returncode) == (1, 0, 1), done.stdout
    unclear = tmp_path / "grades" / "unclear.csv"
    assert [(row["file"], row["guess"]) for row in table(unclear)] == [("back/bo/Untitled.ipynb", "bo")]
    unclear.write_text(f"file,id,notebook\nback/bo/Untitled.ipynb,,{BN[:2]}\n", encoding="utf-8")
    points, _, done = grade(tmp_path / "back")
    assert (points["ada"], points["bo"], done.returncode) == (1, 1, 0), done.stdout


def test_a_group_s_hand_in_gives_all_of_it_the_marks_of_the_variant_that_is_in_it(handed_out, grade, tmp_path):
    notebook = answered(handed_out, "bo")
    type_in(notebook, "bn-parameters", str(handed_out.key["bo", BN, "bn-parameters"]))
    place = tmp_path / "1_55_assignsubmission_file" / f"{BN}.ipynb"
    del notebook.metadata["course"]  # the cell of the variant tells
    put(notebook, place)
    points, answers, done = grade(place.parent, options=("--groups",))
    assert (points, done.returncode) == ({"ada": 2, "bo": 2, "cy": 0, "dee": 0}, 0), done.stdout
    assert len({answers[each, BN, "bn-parameters"]["parameters"] for each in ("ada", "bo")}) == 1
    for each in notebook.cells:
        each.source = each.source.replace("# Your variant", "# Mine")
        each.id = each.id.replace("your-variant", "mine")
    put(notebook, place)
    points, _, done = grade(place.parent, options=("--groups",))
    assert "2 groups of up to 2 students" in done.stdout
    assert points["ada"] == points["bo"] == 0
    assert "to whom of the group was it handed out?" in done.stdout
    (row,) = table(tmp_path / "grades" / "unclear.csv")
    assert row["file"].endswith(f"/{BN}.ipynb")
