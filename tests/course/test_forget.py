"""``course forget``: all about one student goes, nothing of anybody else does, and the page on it is true."""

import csv
import io
import json
import os
import re
import shutil
import stat
import zipfile
from pathlib import Path

import nbformat
import pytest
from a_hand_out import BN, SEPARABLE, put, type_in, write
from tiny_notebooks import course_here

from utils.course.batches.job import Outcome
from utils.course.forgetting import kept
from utils.course.hand_ins.collect import Returned
from utils.course.marking import code_verdicts
from utils.course.pages.batch_index import reports
from utils.course.sandbox.functions import Verdict
from utils.course.storage.store import FolderStore
from utils.course.students.roster import Student
from utils.course.working_folder.laying import lay
from utils.exercises import exercise, source_of
from utils.notebook_files.reading import tagged
from utils.notebook_files.returned import answered
from utils.records import PREDICTION

PAGE = Path(__file__).parents[2] / "docs" / "pages" / "instructors" / "student-data.md"
FOLDERS = "hand-out", "grades", "batch"
JOB = f"{BN}/ada-0123456789abcdef"
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"
    "Participant 12,Ada Example,a@example.org,Submitted,,10.00\n"
    "Participant 15,Dee Example,d@example.org,Submitted,,10.00\n"
)


@pytest.fixture(scope="module")
def term(handed_out, tmp_path_factory):
    """A hand-out, what came back, its grades and feedback, a batch and a working folder. All students are made up."""
    folder = tmp_path_factory.mktemp("term")
    shutil.copytree(handed_out.folder / "out", folder / "hand-out")
    shutil.copy2(handed_out.roster, folder / "roster.csv")
    (folder / "worksheet.csv").write_text(WORKSHEET)
    came_back(handed_out, folder / "returned")
    words = ["--roster", folder / "roster.csv", "--secret", handed_out.secret, "--out", folder / "grades"]
    words += ["--feedback", "--fill", folder / "worksheet.csv"]
    done = course_here("grade", folder / "returned", *words)
    assert done.returncode == 1, done.stderr  # some files are meant to be unclear
    verdicts(folder / "grades")
    batch(folder / "batch")
    work = folder / "work"
    list(lay({BN: handed_out.notebook("ada", BN)}, work))
    for copy in (work / ".course" / "old" / f"{BN}.1.ipynb", work / ".ipynb_checkpoints" / f"{BN}-checkpoint.ipynb"):
        copy.parent.mkdir(exist_ok=True)
        shutil.copy2(work / f"{BN}.ipynb", copy)
    (work / "cat.png").write_bytes(b"my own")
    return folder


def came_back(handed_out, folder):
    record = {"id": "reuse", "kind": "range", "low": 0.125, "high": 0.25}
    predicted = nbformat.v4.new_output("display_data", {PREDICTION: record})
    for student, name, places in (
        ("ada", "Ada", (f"Ada Example_12_assignsubmission_file_/{BN}.ipynb", f"exampleada_41_900_{SEPARABLE}.ipynb")),
        ("dee", "Dee", (f"Dee Example_15_assignsubmission_file_/{BN}.ipynb", f"exampledee_45_901_{SEPARABLE}.ipynb")),
        ("bo", "", (f"bo/{BN}.ipynb", f"bo/{SEPARABLE}.ipynb")),
    ):
        for place in places:
            notebook = handed_out.notebook(student, BN if BN in place else SEPARABLE)
            for cell in tagged(notebook, "answer") if name else []:
                type_in(notebook, cell.metadata.question, "98765431")  # the same in both: something to compare
            notebook.cells.append(nbformat.v4.new_code_cell("predict(…)", outputs=[predicted]))
            put(notebook, folder / place)
    write(folder, f"ada/dee/{BN}.ipynb", b'{"cells": []}')  # whose?
    write(folder, "ada/what.ipynb", b'{"cells": []}')  # which?
    write(folder, "ada/notes.txt", b"")


def verdicts(folder):
    """What is kept of the functions of two students."""
    cells = [nbformat.v4.new_code_cell(source_of(exercise("blank-maps").solution), metadata={"exercise": "blank-maps"})]
    content = answered(nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode())
    returned = [Returned(f"{each}/x.ipynb", None, Student(each), True, "x", content) for each in ("ada", "dee")]
    cells[0].metadata["tags"] = ["exercise"]
    source = type("Source", (), {"name": "x", "notebook": nbformat.v4.new_notebook(cells=cells)})
    before, code_verdicts._judged = (
        code_verdicts._judged,
        lambda waiting, *_: [{known: Verdict("blank-maps", "right") for known in own} for own in waiting.values()],
    )
    try:
        code_verdicts.code_verdicts([source], returned, b"s" * 32, FolderStore(folder))
    finally:
        code_verdicts._judged = before


def batch(folder):
    outcomes = []
    for student in (Student("ada", "Ada Example", "1"), Student("ada-b", "Ada B.", "1"), Student("dee", "D <Example>")):
        file = JOB.replace("ada", student.id)
        outcomes.append(Outcome(BN, student, {"channels": 48}, "failed", "oh & no", file=file))
        for kind in ("ipynb", "html"):
            write(folder, f"{file}.{kind}", student.id.encode())
    for name, text in reports(outcomes).items():
        write(folder, name, text.encode())


@pytest.fixture
def copy(term, tmp_path):
    """The same for one test to work on."""
    shutil.copytree(term, tmp_path / "term")
    return tmp_path / "term"


def forget(folder, student="ada", *options, folders=FOLDERS):
    return course_here("forget", student, *(folder / each for each in folders), *options)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def places_on_the_page():
    """``(folder, place, who can read it)`` of each line of the page's tables."""
    lines = re.findall(r"^\| `([^`]+)` \| ([\w-]+).*?\| ([a-z ]+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    folders = {"start": "work", "JupyterLab": "work"}
    filled = {"ID": "ada", "FILE": "worksheet", "NOTEBOOK": BN, "HASH": "0123456789abcdef"}
    for place, command, who in lines:
        for name, value in filled.items():
            place = re.sub(rf"\b{name}\b|(?<=_){name}\b", value, place)
        yield folders.get(command, {"grade": "grades"}.get(command, command)), place, who


def tells_of_ada(path):
    """Whether a file, or what is in a zip file or folder, names her; ids that begin alike are others'."""
    texts = [b"", str(path.name).encode()]
    for each in [path] if path.is_file() else path.rglob("*"):
        if zipfile.is_zipfile(each):
            with zipfile.ZipFile(each) as archive:
                texts += [name.encode() + b"\n" + archive.read(name) for name in archive.namelist()]
        elif each.is_file():
            texts.append(each.read_bytes())
    return any(re.search(rb"(?<![\w-])ada(?![\w-])|Ada Example", text) for text in texts)


def test_each_place_on_the_page_exists_and_is_read_by_whom_it_says_and_is_emptied(copy):
    places = list(places_on_the_page())
    assert len(places) > 20
    written = {path.relative_to(copy) for each in FOLDERS for path in (copy / each).rglob("*") if tells_of_ada(path)}
    named = {Path(folder, place) for folder, place, _ in places}
    umask = os.umask(0)
    os.umask(umask)
    for folder, place, who in places:
        path = copy / folder / place
        assert tells_of_ada(path), place
        if path.is_file() and folder != "batch":
            assert stat.S_IMODE(path.stat().st_mode) == (0o600 if who == "only you" else 0o666 & ~umask), place
    assert {each for each in written if (copy / each).is_file()} <= named, "the page names all"
    done = forget(copy, "ada", "--yes", folders=(*FOLDERS, "work"))
    assert done.stdout.count("lines about others, too, stay (1)") == 2
    for folder, place, _ in places:
        path = copy / folder / place
        if place not in ("left_out.csv", "unclear.csv") and (folder, place) != ("grades", "index.html"):
            assert not path.exists() or not tells_of_ada(path), place
    for name in ("left_out.csv", "unclear.csv"):
        lines = (copy / "grades" / name).read_text(encoding="utf-8-sig").splitlines()
        assert [line for line in lines if re.search(r"\bada\b", line)] == [line for line in lines if "ada/dee" in line]
    rows = re.findall(r"<tr.*?</tr>", (copy / "grades" / "index.html").read_text(), flags=re.S)
    assert all("ada/dee" in row for row in rows if "ada" in row)
    assert sorted(os.listdir(copy / "work")) == ["cat.png"], "what the course did not write stays"
    assert done.returncode == 1
    for name in ("concepts.csv", "questions.csv", "slips.csv"):
        assert name in done.stdout
    assert "Not within reach: your roster" in done.stdout


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_nothing_of_anybody_else_changes(copy, term):
    forget(copy, "ada", "--yes")
    before, after = contents(term), contents(copy)
    assert all(name.name in (f"{JOB}.ipynb".split("/")[1], f"{JOB}.html".split("/")[1], "ada.zip", "ada.html")
               or tells_of_ada(term / name) for name in before.keys() - after.keys())  # fmt: skip
    for name in after:
        one, other = before[name], after[name]
        assert stat.S_IMODE((term / name).stat().st_mode) == stat.S_IMODE((copy / name).stat().st_mode)
        if one == other:
            continue
        if name.suffix == ".csv":
            left = iter(one.splitlines(keepends=True))
            assert all(line in left for line in other.splitlines(keepends=True)), name
            gone = [row for row in rows(one) if row not in rows(other)]
            assert gone
            assert all("ada" in row or "Ada Example" in row or "ada" in row[2:] for row in gone), name
        elif name.suffix == ".txt":
            old, new = one.splitlines(keepends=True), other.splitlines(keepends=True)
            assert new == [old[0], *(line for line in old[1:] if line.split(b" ")[2] != b"ada")]
        elif name.suffix == ".zip":
            old, new = (zipfile.ZipFile(io.BytesIO(each)) for each in (one, other))
            assert all(old.read(each) == new.read(each) for each in new.namelist())
            assert len(new.namelist()) == len(old.namelist()) - 1
        elif name.suffix == ".json":
            old, new = json.loads(one), json.loads(other)
            if name.name == "results.json":
                assert new == [row for row in old if row["student"] != "ada"]
            else:
                assert new["key"] == old["key"]
                assert new["verdicts"].items() <= old["verdicts"].items()
        else:
            old, new = one.decode(), other.decode()
            pieces = re.split(r"(<tr .*?</tr>\n| *<testcase .*?</testcase>\n)", old, flags=re.S)
            theirs = re.compile(r' *<t\w+ [^>]*(data-of="ada"|data-pair="[^"]*\bada\b|"ada ·)')
            assert new == "".join(each for each in pieces if not theirs.match(each)), name
    assert not [name for name in before if "dee" in name.name and name not in after]


def test_an_id_that_begins_like_another_is_another_and_letters_are_the_same_in_both_cases(copy, term):
    before = contents(copy / "batch")
    assert "Nothing is kept about 'ad'" in forget(copy, "ad", "--yes").stdout
    assert contents(copy / "batch") == before
    forget(copy, "ADA-B", "--yes", folders=["batch"])
    assert not (copy / "batch" / f"{JOB.replace('ada', 'ada-b')}.html").exists()
    assert (copy / "batch" / f"{JOB}.html").exists()
    assert [each["student"] for each in json.loads((copy / "batch" / "results.json").read_text())] == ["ada", "dee"]


def test_it_asks_and_shows_what_goes(copy):
    before = contents(copy)
    done = forget(copy)
    assert f"{copy / 'hand-out' / 'students' / 'ada.zip'}\n" in done.stdout
    assert re.search(r"same_work\.csv: \d+ lines", done.stdout)
    assert "Delete this? [y/N]" in done.stdout
    assert contents(copy) == before
    assert "deleted" not in done.stdout


def test_it_goes_on_where_it_was_stopped(copy, term, monkeypatch, tmp_path):
    folders = (*FOLDERS, "work")
    forget(copy, "ada", "--yes", folders=folders)
    wanted, delete = contents(copy), kept.Kept.delete
    for before_it in (False, True):
        folder = tmp_path / f"stopped-{before_it}"
        shutil.copytree(term, folder)
        for count in (1, 4, 2, 3, 1, 5, 2, 1, 1, 2, 1):
            left = [count]

            def stopped(each, left=left, before_it=before_it):
                left[0] -= 1
                if before_it or left[0]:
                    delete(each)
                if not left[0]:
                    raise KeyboardInterrupt

            monkeypatch.setattr(kept.Kept, "delete", stopped)
            forget(folder, "ada", "--yes", folders=folders)
        monkeypatch.setattr(kept.Kept, "delete", delete)
        forget(folder, "ada", "--yes", folders=folders)
        assert contents(folder) == wanted


def test_no_link_is_followed(copy, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("grades/answers.csv", "hand-out/students", "grades/feedback/ada.html", f"batch/{BN}"):
        shutil.move(copy / name, outside / name.replace("/", "-"))
        (copy / name).symlink_to(outside / name.replace("/", "-"))
    before = contents(outside)
    done = forget(copy, "ada", "--yes")
    assert contents(outside) == before
    assert done.stdout.count("a link, which is not followed") == 4
    assert done.returncode == 1
    (copy / "grades" / ".partial").symlink_to(outside)
    write(copy, "grades/same_work.csv", b"id,other_id\nada,bo\n")
    forget(copy, "ada", "--yes")
    assert contents(outside) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["../x", "."], "'../x' is no student's id"),
        (["ada", "nowhere"], "nowhere: there is no such folder"),
        (["ada", "s3://bucket/run"], "the tools of that store"),
        (["ada", "empty"], "empty: nothing of a hand-out"),
        (["ada"], "which folders? None of build/hand-out"),
        (["ada", "empty", "--returned", "empty"], "--returned and --roster belong together"),
        (["max", "--returned", "empty", "--roster", "roster.csv"], "'max' is not in roster.csv"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "roster.csv").write_text("id\nada\n")
    done = course_here("forget", *words, "--yes")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 4


BROKEN = {
    "results.json": (b"[[" * 9, "cannot be read as a table of jobs"),
    "kept_readings.txt": (b"[]", "cannot be read as kept readings"),
    "code_verdicts.json": (b"[]", "cannot be read as kept verdicts"),
    "feedback-moodle.zip": (b"no zip file", "does not tell whose each page is"),
    "answers.csv": (b'id,name\n"ada,\n', "unexpected end of data"),
    "predictions.csv": (b"id,name\nada," + b"x" * 200_000, "field larger than field limit"),
    "same_work.csv": ("id,other_id\nada,bo\n".encode("utf-16"), "it is in UTF-16"),
}


def test_a_page_that_does_not_say_whose_its_rows_are_is_named(copy):
    page = copy / "grades" / "index.html"
    page.write_text(re.sub(r" data-\w+=", " lang=", page.read_text()))
    before = page.read_bytes()
    assert "index.html: an earlier version of the course wrote it" in forget(copy, "ada", "--yes").stdout
    assert page.read_bytes() == before


def test_a_remark_on_another_s_answers_that_names_them_stays_and_is_counted(tmp_path):
    lines = b"id,verdict,remark\r\n", b"ada,left-out,\r\n", b"dee,left-out,x: it may be that of ada or dee\r\n"
    write(tmp_path, "answers.csv", b"".join((*lines, b"bo,right,ada or dee\r\n")))
    done = course_here("forget", "ada", tmp_path, "--yes")
    assert "answers.csv: lines about others, too, stay (1)" in done.stdout
    assert (tmp_path / "answers.csv").read_bytes() == b"".join((lines[0], lines[2], b"bo,right,ada or dee\r\n"))


def test_what_cannot_be_read_is_named_and_all_else_goes(tmp_path):
    for name, (content, _) in BROKEN.items():
        write(tmp_path, name, content)
    write(tmp_path, "answer_key.csv", b'sep=;\r\nstudent;name\r\nada;"two\r\nlines"\r\n\r\nbo;\'=cmd()')
    done = course_here("forget", "ada", tmp_path, "--yes")
    assert (tmp_path / "answer_key.csv").read_bytes() == b"sep=;\r\nstudent;name\r\n\r\nbo;'=cmd()"
    for name, (content, sentence) in BROKEN.items():
        assert re.search(rf"not deleted: .*{re.escape(name)}: .*{sentence}", done.stdout), done.stdout
        assert (tmp_path / name).read_bytes() == content


def test_what_came_back_goes_where_told_if_its_path_names_nobody_else(copy):
    write(copy, f"returned/all.zip/ada/{BN}.ipynb", b"{}")
    write(copy, "returned/hand-in ada.zip/x.ipynb", b"{}")
    write(copy, "returned/adamus/notes.txt", b"")
    before = contents(copy / "returned")
    options = ["--returned", copy / "returned", "--roster", copy / "roster.csv", "--yes"]
    done = forget(copy, "ada", *options, folders=())
    gone = {str(each) for each in before.keys() - contents(copy / "returned").keys()}
    assert gone == {
        f"Ada Example_12_assignsubmission_file_/{BN}.ipynb", f"exampleada_41_900_{SEPARABLE}.ipynb", "ada/what.ipynb",
        "ada/notes.txt",
    }  # fmt: skip
    assert not (copy / "returned" / "Ada Example_12_assignsubmission_file_").exists(), "a folder's name is a name, too"
    assert f"ada/dee/{BN}.ipynb: its path names others, too" in done.stdout
    assert "all.zip: 1 files in it are theirs" in done.stdout


def test_a_working_folder_of_somebody_else_stays(copy):
    before = contents(copy / "work")
    done = forget(copy, "dee", "--yes", folders=["work"])
    assert contents(copy / "work") == before
    assert "Nothing is kept about 'dee'" in done.stdout
