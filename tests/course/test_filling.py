"""``course grade --fill``: the platforms' own tables get the points, and nothing else in them changes.

The tables are written as Canvas's gradebook exporter, Moodle's grading worksheet and Moodle's gradebook export write
them, and read back by the rules of the importers. All people in them are made up.
"""

import csv
import io
from fractions import Fraction
from pathlib import Path

import pytest
from a_hand_out import BN, put, type_in

from utils.course.hand_ins.collect import Returned
from utils.course.marking.filling import table_filled
from utils.course.storage.input_files import Mistake
from utils.course.students.roster import Student
from utils.notebook_files.returned import Answered
from utils.notebook_files.sources import course_notebooks

ADA = Student("ada1", "Ada Example", email="ada@example.org", canvas="4711", moodle="1234567")
BO = Student("bo2", "Bo Müller-Example", email="bo@example.org")
CY = Student("cy3", "Cy Example")
DEE = Student("dee4", "Dee Example", canvas="4714")
POINTS = {ADA: Fraction(7), BO: Fraction(5, 2), CY: None, DEE: Fraction(0)}
BO_S_PLACE = "all.zip/Bo Müller-Example_1234568_assignsubmission_file_/x.ipynb"
CAME = [Returned(BO_S_PLACE, None, BO, True, BN, Answered({}, None, []))]

CANVAS, WORKSHEET, GRADEBOOK, GERMAN = (
    (Path(__file__).parent / "platform_tables" / f"{name}.csv").read_text(encoding="utf-8")
    for name in ("canvas_gradebook", "moodle_worksheet", "moodle_gradebook", "moodle_worksheet_german")
)


def cells(content, separator=","):
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def differences(before, after):
    """``(row, column): (before, after)`` of the cells that differ; the tables have the same form."""
    assert [len(row) for row in before] == [len(row) for row in after]
    return {
        (at, column): (one, other)
        for at, (row, new) in enumerate(zip(before, after, strict=True))
        for column, (one, other) in enumerate(zip(row, new, strict=True))
        if one != other
    }


def fill(tmp_path, text, column=None, most=10, points=POINTS, came=CAME):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return table_filled(path, column, points, most, came)


WAYS = {
    "as it is": lambda text: text.encode(),
    "with a byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "Windows's line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "no line end at the end": lambda text: text.rstrip("\n").encode(),
    "Latin-1": lambda text: text.encode("latin-1"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("table", "column", "marks"),
    [
        # Scaled from 10 to 20 points. Cy returned nothing; Dee's mark is one that Canvas does not want.
        (CANVAS, "Week 3 (812)", {'May""",,': 'May""",14,', "example.org,Lab 1,,3.00": "example.org,Lab 1,,5"}),
        (
            WORKSHEET,
            None,
            {
                'grading - ",,': 'grading - ",7,',
                "4.00,10.00": "2.5,10.00",
                'dee@example.org,"No submission",': 'dee@example.org,"No submission",0',
            },
        ),
        (
            GRADEBOOK,
            "Assignment: Week 3 (Real)",
            {"ada@x.org,-": "ada@x.org,7", '3.00,"well': '2.5,"well', "dee@example.org,-": "dee@example.org,0"},
        ),
    ],
    ids=["Canvas", "worksheet", "gradebook"],
)
def test_the_marks_are_put_in_and_every_other_byte_stays(tmp_path, table, column, marks, way):
    content, _ = fill(tmp_path, way(table), column)
    wanted = table
    for before, after in marks.items():
        assert wanted.count(before) == 1, before
        wanted = wanted.replace(before, after)
    assert content == way(wanted)


def test_what_was_put_where_is_said(tmp_path):
    _, said = fill(tmp_path, CANVAS, "week 3 (812)")
    assert said == [
        "  2 marks in the column 'Week 3 (812)'",
        "  scaled from 10 points to 20",
        "  1 of them replace another mark",
        "  not filled, though something came back: dee4",
    ]
    _, said = fill(tmp_path, GRADEBOOK, "Assignment: Week 3 (Real)")
    assert said[1] == "  as they are, of 10 points: the table names no maximum"
    assert "  1 of them by the full name alone" in said


def test_a_table_in_another_language_is_filled_where_its_column_is_named_with_its_decimal_comma(tmp_path):
    content, said = fill(tmp_path, GERMAN, "Bewertung")
    changed = differences(cells(GERMAN.encode(), ";"), cells(content, ";"))
    assert changed == {(1, 3): ("", "7"), (2, 3): ("1,25", "2,5")}
    assert said[0] == "  2 marks in the column 'Bewertung'"
    quoted, _ = fill(tmp_path, GRADEBOOK.replace("3.00", '"3,00"'), "Assignment: Week 3 (Real)")
    assert b'Bo,M\xc3\xbcller-Example,,,,bo@example.org,"2,5","well, yes",-,"3,00",1780000000' in quoted


def test_nobody_gets_another_person_s_mark(tmp_path):
    two_cys = {**POINTS, CY: Fraction(9), Student("cy9", "Cy Example"): Fraction(1)}
    table = GRADEBOOK.replace("Cy,Example,cy3", "Cy,Example,").replace("Dee,Example,,", "Ada,Example,zzz,")
    content, said = fill(tmp_path, table, "Assignment: Week 3 (Real)", points=two_cys)
    rows = cells(content)
    assert [row[6] for row in rows[1:]] == ["7", "2.5", "-", "-"], "two have that name; another Ada is not this one"
    assert said[-1].startswith("  not filled, though something came back: cy3, dee4, cy9")
    torn = CANVAS.replace('"Example, Cy",4713,cy3', '"Example, Cy",4711,cy3')
    content, _ = fill(tmp_path, torn, "Week 3 (812)", points={**POINTS, CY: Fraction(9)})
    assert cells(content)[5][6] == "1.00", "its two numbers are those of two people"
    own_numbers = {Student("4711", "Eve Example"): Fraction(1)}
    content, _ = fill(tmp_path, CANVAS, "Week 3 (812)", points=own_numbers)
    assert content == CANVAS.encode(), "an id of one's own that is somebody else's number on the platform"
    fay = Student("fay6", "Fay Example", "Team 3")
    blind = 'Identifier,Status,Grade,"Maximum grade"\n"Participant 55",,,10\n'
    for place, sure, mark in (
        ("Team 3_55_assignsubmission_file/x.ipynb", True, ""),  # the group's number
        ("Participant_55_assignsubmission_file/x.ipynb", False, ""),  # only the notebook says that it is Fay's
        ("Participant_55_assignsubmission_file/x.ipynb", True, "1"),
    ):
        came = [Returned(place, None, fay, sure, BN, Answered({}, None, []))]
        content, _ = fill(tmp_path, blind, points={fay: Fraction(1)}, came=came)
        assert cells(content)[1][2] == mark, place
    twice = CANVAS + '"Example, Ada",4711,,a.login,Lab 2,,,,,\n'
    content, said = fill(tmp_path, twice, "Week 3 (812)")
    assert cells(content)[3][6] == cells(content)[8][6] == ""
    assert "  not filled, since they stand there more than once: ada1" in said


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        (CANVAS, None, "which column is to be filled? Name one with --column: Week 3 (812); Week 4 (813)"),
        (CANVAS, "Week 5", "there is no column 'Week 5' Name one with --column: Week 3 (812); Week 4 (813)"),
        (GRADEBOOK, None, "Assignment: Week 3 (Real); Quiz: Start (Real)"),
        (WORKSHEET.replace("Maximum grade", "Scale"), None, "graded in words (a scale)"),
        (WORKSHEET.replace('"Cy Example"', '"Cy Example'), None, "line 5: its quotation marks do not fit"),
        (GRADEBOOK.replace("Cy,Example,cy3,", "Cy,Example,"), None, "line 4: 10 fields, where the first line names 11"),
        ("PK\x03\x04\x00 no table", None, "no table with several columns"),
    ],
)
def test_a_table_that_cannot_be_filled_is_refused_in_a_sentence(tmp_path, table, column, words):
    with pytest.raises(Mistake) as refused:
        fill(tmp_path, table, column)
    assert words in str(refused.value)


def test_the_command_writes_a_copy_and_leaves_the_table_alone(handed_out, grade, tmp_path):
    type_in(back := handed_out.notebook("ada", BN), "bn-inference", '"moving"')
    put(back, tmp_path / "back" / "Ada Example_77_assignsubmission_file_" / f"{BN}.ipynb")
    table = tmp_path / "Grades-CS101.csv"
    table.write_text(WORKSHEET.replace("Participant 1234567", "Participant 77"), encoding="utf-8")
    before = table.read_bytes()
    _, _, done = grade(tmp_path / "back", options=["--fill", table, "--notebook", course_notebooks()[3]])
    assert table.read_bytes() == before
    new = (tmp_path / "grades" / "filled_Grades-CS101.csv").read_bytes()
    ((where, (_, mark)),) = differences(cells(before), cells(new)).items()
    assert where == (1, 4)
    assert float(mark) == round(10 / 4, 2), "one of four questions, of ten points"
    assert "1 marks in the column 'Grade'" in done.stdout
    _, _, done = grade(tmp_path / "back", options=["--fill", table, "--column", "Mark"])
    assert done.returncode == 2
    assert "there is no column 'Mark'" in done.stderr
