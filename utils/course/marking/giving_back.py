"""The feedback as the platforms take it back: zip files in which each page is named as what came back was."""

import html
import io
import json
import re
import zipfile

from nbformat import writes
from nbformat.v4 import new_code_cell, new_notebook, new_output

from utils.course.storage.input_files import Mistake
from utils.course.storage.zip_files import zipped
from utils.course.students.platforms import platform_name

CANVAS_ZIP, MOODLE_ZIP = "feedback-canvas.zip", "feedback-moodle.zip"
FEEDBACK = "feedback", CANVAS_ZIP, MOODLE_ZIP  # what is written: a folder of pages, and the zip files
PAGE = "feedback.html"
WHOSE = re.compile(r'data-student="([^"]*)"')  # in the page: its template writes it before all that a student wrote


def platform_zips(pages, returned):
    """Zip files for the platforms that the notebooks came from: name → bytes; and the students in none of them.

    ``pages`` are those of ``pages.feedback`` (student → HTML), ``returned`` what came back. Who returned nothing gets
    nothing. Who returned several files to Canvas gets the page once, with the latest. Where one file came back from
    several students, each has a page, and the platform could show but one of them: it shows none.
    """
    files, done = {CANVAS_ZIP: {}, MOODLE_ZIP: {}}, {}
    for each in sorted(returned, key=lambda each: -each.attachment):
        if each.student in pages and each.sure:  # else the folder may be that of somebody who has another's notebook
            for part in each.place.split("/"):
                for zip_name, name, wrapped in _named(part, each.student):
                    if done.setdefault((zip_name, each.student), name) == name:
                        files[zip_name].setdefault(name, {})[each.student] = wrapped
    made, given = {}, set()
    for zip_name, named in files.items():
        one = {name: next(iter(owners.items())) for name, owners in named.items() if len(owners) == 1}
        if one:
            made[zip_name] = zipped({name: wrapped(pages[student]) for name, (student, wrapped) in one.items()})
            given |= {student for student, _ in one.values()}
    return made, [
        each for each in dict.fromkeys(one.student for one in returned) if each in pages and each not in given
    ]


def zip_without(path, student_id):
    """A zip file of feedback without a student's page, as bytes, and how many files that are; b"" if none are left.

    ``Mistake`` where whose the pages are cannot be told.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        whose = {name: html.unescape(WHOSE.search(_page_in(name, content))[1]) for name, content in files.items()}
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, LookupError) as error:
        raise Mistake(f"{path}: it does not tell whose each page is: remove it, or grade again") from error
    left = {name: content for name, content in files.items() if whose[name].casefold() != student_id.casefold()}
    return zipped(left) if left else b"", len(files) - len(left)


def _page_in(name, content):
    """The page in a file of feedback, as ``platform_zips`` made it."""
    if name.casefold().endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(PAGE)
    elif not name.endswith(PAGE):
        return "".join(json.loads(content)["cells"][0]["outputs"][0]["data"]["text/html"])
    return content.decode()


def _named(part, student):
    """``(zip file, name, how the page is put into it)`` where this part of a path is a platform's.

    Moodle finds a participant by the number, the second part of the name. Canvas finds the student and the file that
    came by their numbers, and shows what it gets under that file's name.
    """
    read = platform_name(part)
    if read and read.platform == "canvas":
        yield CANVAS_ZIP, part, _in_a_zip if part.casefold().endswith(".zip") else _in_a_notebook
    elif read and (number := student.moodle or read.number):
        name = (student.name or read.name).replace("_", " ").replace("/", " ")
        yield MOODLE_ZIP, f"{name}_{number}_assignsubmission_file_{PAGE}", str


def _in_a_zip(page):
    return zipped({PAGE: page})


def _in_a_notebook(page):
    """A notebook that shows the page."""
    body = page.partition("<main>")[2].partition("</main>")[0]
    shown = new_output("display_data", {"text/html": body, "text/plain": "Open this notebook in Jupyter."})
    return writes(new_notebook(cells=[new_code_cell(id="feedback", outputs=[shown])]))
