"""Rosters as spreadsheets and platforms write them: each line by itself, nothing silently left out or mistaken."""

import re

import pytest

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


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('cy,"Cy Example,2', "its quotation marks do not fit"),
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
