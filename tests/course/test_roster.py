"""Rosters as spreadsheets and platforms write them: each line by itself, nothing silently left out or mistaken."""

import re

import pytest

from utils.course.marking.mark import Mark
from utils.course.pages.grade_index import reports
from utils.course.storage.input_files import LARGEST, Mistake
from utils.course.students.roster import Student, roster

# Made up, all of them.
WANTED = [("ada", "Ada Example", "1"), ("Åsa", "Müller, Åsa", "2")]


def read(tmp_path, content):
    path = tmp_path / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return roster(path)


COMMAS = 'id,name,group\nada,Ada Example,1\nÅsa,"Müller, Åsa",2\n'


@pytest.mark.parametrize(
    "content",
    [
        COMMAS,
        "\ufeff" + COMMAS,
        COMMAS.replace("\n", "\r\n"),
        COMMAS.replace("id,name,group", "ID, Name ,GROUP"),
        COMMAS.encode("utf-16"),
        COMMAS.encode("utf-16-le"),
        COMMAS.replace("\n", "\r").encode("utf-16-be"),
        "id;name;group\nada;Ada Example;1\nÅsa;Müller, Åsa;2\n",
        "sep=;\nid;name;group\nada;Ada Example;1\nÅsa;Müller, Åsa;2\n",
        "id\tname\tgroup\nada\tAda Example\t1\nÅsa\tMüller, Åsa\t2\n".encode("utf-16"),
        'Student,ID,SIS User ID,Section\nAda Example,ada,7,1\n"Müller, Åsa",Åsa,8,2\n',
        'id,name,group\n\nada,Ada Example,1\n,,\nA\u030asa,"Mu\u0308ller, A\u030asa",2\n',
    ],
)
def test_a_roster_may_be_any_spreadsheet_s(tmp_path, content):
    students, refused = read(tmp_path, content)
    assert [(each.id, each.name, each.group) for each in students] == WANTED
    assert refused == []


def test_the_platforms_numbers_are_read(tmp_path):
    students, _ = read(tmp_path, "id,Email address,canvas,moodle\nada,ada@example.org,4711,1234567\n")
    assert students == [Student("ada", email="ada@example.org", canvas="4711", moodle="1234567")]


CANVAS_GRADEBOOK = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Notes,Week 3 (812)
,,,,,,Manual Posting
    Points Possible,,,,,(read only),10.00
"Example, Ada",4711,m-1,ada@example.org,Lab 1 and Lab 2,"is ill
until May",
"Student, Test",4799,,0f3c,Lab 1,,
"""
CANVAS_GROUPS = """name,canvas_user_id,user_id,login_id,sections,group_name,canvas_group_id,group_id
Ada Example,4711,m-1,ada,Lab 1,Team 3,55,
"""
MOODLE_GRADES = """First name,Last name,ID number,Institution,Email address,Assignment: Week 3 (Real)
Ada,Example,m-1,,ada@example.org,-
Bo,Example,,,bo@example.org,-
"""
MOODLE_WORKSHEET = """Identifier,"Full name","ID number","Email address",Status,Grade
"Participant 1234567","Ada Example",m-1,ada@example.org,"Submitted for grading",
"""
MOODLE_BLIND = 'Identifier,Status,Grade,"Maximum grade"\n"Participant 1234567","No submission",,10\n'


@pytest.mark.parametrize(
    ("content", "wanted", "extra"),
    [
        (
            CANVAS_GRADEBOOK,
            Student("4711", "Example, Ada", "Lab 1 and Lab 2", canvas="4711"),
            {"SIS Login ID": "ada@example.org", "Notes": "is ill\nuntil May", "Week 3 (812)": ""},
        ),
        (
            CANVAS_GROUPS,
            Student("ada", "Ada Example", "Team 3", canvas="4711"),
            {"user_id": "m-1", "sections": "Lab 1"},
        ),
        (MOODLE_GRADES, Student("m-1", "Ada Example", email="ada@example.org"), {"Assignment: Week 3 (Real)": "-"}),
        (
            MOODLE_WORKSHEET,
            Student("m-1", "Ada Example", email="ada@example.org", moodle="1234567"),
            {"Status": "Submitted for grading", "Grade": ""},
        ),
        (MOODLE_BLIND, Student("1234567", moodle="1234567"), {"Maximum grade": "10"}),
        ("id,name,Seat\nada,Ada Example,12\n", Student("ada", "Ada Example"), {"Seat": "12"}),
    ],
)
def test_the_platforms_own_tables_are_rosters_and_their_other_columns_are_kept(tmp_path, content, wanted, extra):
    students, refused = read(tmp_path, content)
    assert students[0] == wanted
    assert extra.items() <= dict(students[0].extra).items()
    assert refused == []
    second = {CANVAS_GRADEBOOK: "4799", MOODLE_GRADES: "bo@example.org"}
    assert [each.id for each in students[1:]] == ([second[content]] if content in second else [])


def test_the_other_columns_come_out_beside_the_points(tmp_path):
    students, _ = read(tmp_path, "id,name,moodle,Seat,points\nada,Ada,7,12,old\nbo,Bo,,13,\n")
    made = [Mark(each, "03_x", "q", {}, 4, "right") for each in students]
    lines = reports(made, [])["grades.csv"].splitlines()
    assert lines[0].endswith("id,name,group,moodle,Seat,points,03_x,points,of")
    assert lines[1:] == ["ada,Ada,,7,12,old,1,1,1", "bo,Bo,,,13,,1,1,1"]


def test_a_quotation_mark_left_open_swallows_nobody(tmp_path):
    students, refused = read(tmp_path, 'id,name,group\nada,"Ada,1\nbo,Bo,2\ncy,"Cy",3\ndee,Dee",4\ned,Ed,5\n')
    assert [each.id for each in students] == ["bo", "cy", "dee", "ed"]
    assert [number for number, *_ in refused] == [2]
    students, refused = read(tmp_path, 'id,name,group\nada,"Ada,1\nbo,Bo,2"\ncy,Cy,3\n')
    assert [each.id for each in students] == ["bo", "cy"]
    assert refused[0][2] == "the quotation mark in line 2 is closed in line 3 only"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('cy,"Cy Example,2', "the quotation mark in line 3 is never closed"),
        ('cy,"Cy" Example,2', "its quotation marks do not fit"),
        ("cy,Example, Cy,2", "4 fields, where the first line names 3: what holds a ',' needs quotation marks"),
        ("1.23457E+11,Cy,2", "a spreadsheet has shortened this number"),
        ("1e+11,Cy,2", "a spreadsheet has shortened this number"),
        ("../../x,Cy,2", "an id of at most 64 letters"),
        (",Cy,2", "an id of at most 64 letters"),
        ("ADA,Cy,2", "stands in lines 2 and 3"),
    ],
)
def test_a_line_that_cannot_be_used_is_said_and_the_next_is_read(tmp_path, line, reason):
    students, refused = read(tmp_path, f"id,name,group\nada,Ada Example,1\n{line}\ndee,Dee Example,2\n")
    assert students[-1] == Student("dee", "Dee Example", "2")
    assert refused[-1][0] == 3
    assert reason in refused[-1][2]
    assert len(students) + len(refused) == 3


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "it is empty"),
        ("id,name,group\n", "no student stands in it"),
        ("name\nada\n", "no column 'id'"),
        ("id,name,ID\nada,Ada,bo\n", "it has 2 columns 'id'"),
        ('id,"name\nada,Ada\n', "its first line cannot be read"),
        ("id,name\nada,M\xfcller\n".encode("cp1252"), "it is not in UTF-8; save it as 'CSV UTF-8'"),
        (b"id\n\xff\xfe", "it is not in UTF-8"),
        (b"id\n" + b"x" * LARGEST, "larger than 20 MB"),
    ],
)
def test_what_is_no_roster_gets_a_sentence(tmp_path, content, sentence):
    with pytest.raises(Mistake, match=re.escape(sentence)):
        read(tmp_path, content)
