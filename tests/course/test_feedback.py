"""``course grade --feedback``: each student gets a page of their own, named as the platforms take it back."""

import io
import re
import stat
import zipfile

import nbformat
import pytest
from a_hand_out import BN, SEPARABLE, put, type_in, write

from utils import questions
from utils.claims import claim
from utils.course.hand_ins.collect import Returned
from utils.course.marking.giving_back import CANVAS_ZIP, MOODLE_ZIP, platform_zips
from utils.course.marking.mark import Mark, of_exercise
from utils.course.marking.marking_scheme import PLAIN
from utils.course.pages.feedback import pages
from utils.course.students.roster import Student
from utils.exercises import exercise
from utils.notebook_files.returned import Answered
from utils.records import PREDICTION

ADA, BO, CY = Student("ada", "Ada Example"), Student("bo", "Bo <Example>"), Student("cy", "Cy Example")  # made up


def text_of(page):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S).split())


def test_a_page_tells_each_answer_its_slip_how_it_is_found_and_nothing_of_anybody_else(handed_out, grade, tmp_path):
    channels = handed_out.parameters("ada", BN, "bn-parameters")["channels"]
    mine = handed_out.notebook("ada", BN)
    type_in(mine, "bn-parameters", f"2 * {channels}")
    type_in(mine, "bn-inference", '"moving"')
    type_in(mine, "bn-trainable", "'<script>alert(1)</script>'")
    record = {"id": "reuse", "kind": "range", "low": 0.125, "high": 0.25}
    output = nbformat.v4.new_output("display_data", {PREDICTION: record})
    mine.cells.append(nbformat.v4.new_code_cell("predict(…)", outputs=[output]))
    put(mine, tmp_path / "back" / "ada" / f"{BN}.ipynb")
    theirs = handed_out.notebook("dee", BN)
    type_in(theirs, "bn-parameters", "987654")
    put(theirs, tmp_path / "back" / "dee" / f"{BN}.ipynb")
    write(tmp_path / "back", f"ada-dee/ada/{SEPARABLE}.ipynb", b"{")
    _, _, done = grade(tmp_path / "back", options=["--feedback"])
    folder = tmp_path / "grades" / "feedback"
    assert {path.name for path in folder.iterdir()} == {"ada.html", "bo.html", "cy.html", "dee.html"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert f"{folder} (4 pages)" in done.stdout
    page = (folder / "ada.html").read_text(encoding="utf-8")
    text = text_of(page)
    question = questions.ask("bn-parameters", **handed_out.parameters("ada", BN, "bn-parameters"))
    for said in (question.text, f"Your answer: {2 * channels}", question.slips[0].why, *question.steps):
        assert said in text
    assert "✗ Not right: only the trained parameters. 0 of 1 point." in text
    assert "✓ Right. 1 of 1 point." in text
    assert "could not be read as an answer" in text
    assert "A file came back that could not be used." in text
    assert "No file of this notebook came back from you." in text
    assert claim("reuse").statement in text
    assert re.search(r"You said:? 0.125(, | to )0.25", text)
    assert "<script" not in page
    assert "http" not in page
    assert not {"dee", "Dee Example", "987654", "cmd()"} & set(re.findall(r"[\w()]+", page))
    assert "No file of this notebook" in text_of((folder / "bo.html").read_text(encoding="utf-8"))
    assert not list((tmp_path / "grades").glob("*.zip")), "nothing came from a platform"


def test_pages_and_zip_files_of_an_earlier_run_do_not_stay(handed_out, grade, tmp_path):
    out = tmp_path / "grades"
    write(out, "feedback/gone.html", b"")
    write(out, CANVAS_ZIP, b"")
    put(handed_out.notebook("ada", BN), tmp_path / "back" / f"Ada Example_77_assignsubmission_file_{BN}.ipynb")
    grade(tmp_path / "back", options=["--feedback"])
    assert not (out / "feedback" / "gone.html").exists()
    assert not (out / CANVAS_ZIP).exists()
    assert list(zipfile.ZipFile(out / MOODLE_ZIP).namelist()) == ["Ada Example_77_assignsubmission_file_feedback.html"]


def came(student, place, attachment=0):
    return Returned(place, None, student, True, BN, Answered({}, None, []), attachment=attachment)


def names_in(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


def test_canvas_gets_each_page_under_the_name_and_in_the_form_of_the_file_that_came():
    """It shows a page under the name of the file whose number it has: a notebook must be one, a zip file as well."""
    pages = {ADA: "<main><h1>Ada's</h1></main>", BO: "<main>Bo's</main>", CY: ""}
    zips, elsewhere = platform_zips(
        pages,
        [
            came(ADA, f"submissions.zip/exampleada_LATE_17_901_hand-in.zip/{BN}.ipynb"),
            came(BO, f"submissions.zip/examplebo_18_900_{SEPARABLE}.ipynb", attachment=900),
            came(BO, f"submissions.zip/examplebo_18_902_{BN}-1.ipynb", attachment=902),
            came(CY, f"cy/{BN}.ipynb"),
        ],
    )
    files = names_in(zips.pop(CANVAS_ZIP))
    assert zips == {}
    assert elsewhere == [CY]
    assert set(files) == {"exampleada_LATE_17_901_hand-in.zip", f"examplebo_18_902_{BN}-1.ipynb"}
    for name in files:  # as Canvas reads it: the first two parts that are numbers
        assert re.fullmatch(r"\d+", name.replace("_LATE", "").split("_")[1])
    assert names_in(files["exampleada_LATE_17_901_hand-in.zip"]) == {"feedback.html": pages[ADA].encode()}
    notebook = nbformat.reads(files[f"examplebo_18_902_{BN}-1.ipynb"].decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].outputs[0].data["text/html"] == "Bo's"


@pytest.mark.parametrize(
    "place",
    [
        f"all.zip/Ada Example_1234567_assignsubmission_file_/{BN}.ipynb",
        f"all.zip/Ada Example_1234567_assignsubmission_file/{BN}.ipynb",
        f"Ada Example_1234567_assignsubmission_file_{BN}.ipynb",
    ],
)
def test_moodle_finds_the_participant_in_the_second_part_of_each_name(place):
    zips, elsewhere = platform_zips({ADA: "<main></main>"}, [came(ADA, place)])
    (name,) = names_in(zips[MOODLE_ZIP])
    assert name.split("_", 4) == ["Ada Example", "1234567", "assignsubmission", "file", "feedback.html"]
    assert elsewhere == []


def test_one_file_of_several_students_is_given_back_to_none_of_them_by_the_platform():
    place = f"Team 3_55_assignsubmission_file_/{BN}.ipynb"
    ada, bo = Student("ada"), Student("bo")
    zips, elsewhere = platform_zips({ada: "", bo: ""}, [came(ada, place), came(bo, place)])
    assert (zips, elsewhere) == ({}, [ada, bo])


def test_a_page_goes_to_nobody_of_whom_only_the_notebook_says_that_it_is_hers():
    """In blind marking, say, somebody may have handed in another's notebook."""
    copied = Returned(f"Participant_55_assignsubmission_file_/{BN}.ipynb", None, ADA, False, BN, Answered({}, None, []))
    assert platform_zips({ADA: ""}, [copied]) == ({}, [ADA])


def test_a_mark_of_an_exercise_stands_on_the_page_with_its_mistake_and_its_solution():
    asked = exercise("bn-forward")
    slip = asked.slips[0]
    made = [
        Mark(ADA, BN, "bn-inference", {}, "moving", "right", given="moving"),
        of_exercise(ADA, BN, "bn-forward", "slip", PLAIN, slip=slip.name, remark="its input was changed"),
        of_exercise(ADA, BN, "conv-loops", "right", PLAIN),
    ]
    ((_, page),) = pages(made)
    text = text_of(page)
    assert f"✗ Not right: {slip.name}. 0 of {asked.points} points." in text
    assert f"{1 + exercise('conv-loops').points} of {1 + asked.points + exercise('conv-loops').points} points" in text
    assert "Remark: its input was changed." in text
    assert "def " in text
