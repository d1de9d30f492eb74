"""A course of four students, handed out, and what they may do to their notebooks. The students are made up."""

import csv
import io
import json
import re
import zipfile

import nbformat
from tiny_notebooks import course_here

from utils.notebook_files.reading import tagged
from utils.notebook_files.sources import course_notebooks
from utils.records import ANSWER

ROSTER = "id,name,group\nada,Ada Example,1\nbo,=cmd(),1\ncy,דנה,2\ndee,Dee Example,2\n"
NAMES = [path.stem for path in course_notebooks()]
BN, SEPARABLE = NAMES[3], NAMES[5]


class HandOut:
    """The hand-out in ``folder``: roster.csv, course.key, and out/ with the students' zip files and the answer key."""

    def __init__(self, folder, *options):
        self.folder, self.roster, self.secret = folder, folder / "roster.csv", folder / "course.key"
        self.roster.write_text(ROSTER, encoding="utf-8")
        if "--exam" not in options:
            key_file(self.secret, "ab")
        out = folder / "out"
        done = course_here("hand-out", *options, "--roster", self.roster, "--secret", self.secret, "--out", out)
        assert done.returncode == 0, done.stderr
        rows = table(out / "answer_key.csv")
        self.rows = {(row["student"], row["notebook"], row["question"]): row for row in rows}
        self.key = {each: json.loads(row["answer"]) for each, row in self.rows.items()}

    def parameters(self, student, name, question):
        return json.loads(self.rows[student, name, question]["parameters"])

    def notebook(self, student, name):
        """The notebook as the student got it."""
        with zipfile.ZipFile(self.folder / "out" / "students" / f"{student}.zip") as archive:
            return nbformat.reads(archive.read(f"{student}/{name}.ipynb").decode(), as_version=4)

    def grade(self, *places, out, options=(), secret=True):
        """Grade these places: ``(points by student, rows by student, notebook and question, the process)``."""
        key = ["--secret", self.secret] if secret else []
        done = course_here("grade", *places, "--roster", self.roster, *key, "--out", out, *options)
        assert "Traceback" not in done.stdout + done.stderr
        if done.returncode == 2:
            return None, None, done
        rows = table(out / "answers.csv")
        answers = {(row["id"], row["notebook"], row["question"]): row for row in rows}
        assert len(answers) == len(rows)
        return {row["id"]: float(row["points"]) for row in table(out / "grades.csv")}, answers, done


def key_file(path, digits):
    """A key file whose variants are the same each time."""
    path.write_text(digits * 32, encoding="ascii")
    path.chmod(0o600)
    return path


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def cell_of(notebook, question):
    (cell,) = (each for each in tagged(notebook, "answer") if each.metadata.question == question)
    return cell


def type_in(notebook, question, text):
    cell = cell_of(notebook, question)
    cell.source = re.sub(r"^answer = None\b", lambda _: f"answer = {text}", cell.source, count=1, flags=re.M)
    assert f"answer = {text}" in cell.source


def show(cell, id, **record):
    """Give a cell an output, as if ``check`` had said so."""
    data = {"text/plain": "✓ Right.", ANSWER: {"id": id, "slip": None, **record}}
    cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]


def put(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def write(folder, place, content):
    """Write a file into a folder; a part of its path that ends with .zip becomes a zip file with the rest in it."""
    outer, zipped, rest = place.partition(".zip/")
    path = folder / (f"{outer}.zip" if zipped else outer)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_zipped(rest, content) if zipped else content)


def _zipped(place, content):
    outer, zipped, rest = place.partition(".zip/")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{outer}.zip" if zipped else outer, _zipped(rest, content) if zipped else content)
    return packed.getvalue()
