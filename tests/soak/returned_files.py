"""Thousands of broken and hostile returned files, made from good ones by chance: nobody else's marks change.

python -m tests.soak.returned_files [number of files] [seed]

Each file is one student's, mal's; it may say that it is another's. Grading must end each within its bounds, without a
traceback, in 500 MB, and give all other students what they get without it.
"""

import io
import json
import random
import resource
import sys
import tempfile
import time
import zipfile
from copy import deepcopy
from pathlib import Path

import nbformat

from utils.course.batches.plan import sources
from utils.course.hand_ins.collect import collected
from utils.course.hand_ins.owners import Owners
from utils.course.marking.grading import graded
from utils.course.students.hand_out import write_hand_out
from utils.course.students.roster import Student
from utils.notebook_files.archives import LARGEST_FILE
from utils.notebook_files.reading import tagged
from utils.notebook_files.sources import course_notebooks
from utils.records import ANSWER

SECRET = b"s" * 32
# Made up, all of them.
STUDENTS = [Student(each, f"{each.title()} Example", email=f"{each}@example.org") for each in ("ada", "bo", "mal")]
ROUND = 250  # files at once
MOST_MEMORY = 500_000_000
BOMB = b" " * (LARGEST_FILE + 1)
TEXTS = (
    "4 * 32",
    "-3",
    '"moving"',
    "moving",
    "layer.count_params()",
    "-" * 9000 + "1",
    "(" * 9000,
    "[" * 150 + "]" * 150,
    "9" * 5000,
    "0x" + "f" * 4000,
    "+".join(["1"] * 4500),
    "a" + ".a" * 4500,
    '"\\ud800"',
    "2 ** 10 ** 10",
    "1 / 0",
    "1e999",
    "b'4'",
    "lambda: 4",
    "answer",
    "None\nanswer += 4",
    "None\nfor answer in range(9): pass",
    "None\nexec('answer = 4')",
    "f'{4!r}'",
    "4\n%timeit 1",
    "\x00",
    "",
)
VALUES = (
    None,
    True,
    -1,
    10**30,
    1e308,
    float("nan"),
    "",
    "x" * 20_000,
    "\ud800",
    [],
    {},
    [[]],
    {"": {}},
    ["a"] * 5000,
    "ada",
    "code",
    "answer",
    json.loads("[" * 200 + "]" * 200),
    [None] * 3,
    {"tags": "answer"},
    {ANSWER: {}},
    {ANSWER: {"id": "bn-parameters", "answer": [[9] * 400]}},
)
PLACES = (
    "mal/{n}/{name}.ipynb",
    "mal/{n}/ada_{name}.ipynb",
    "mal/{n}/ada/{name}.ipynb",
    "mal/{n}/{name}.ipynb.txt",
    "Mal Example_{n}_assignsubmission_file_/ada/{name}.ipynb",
    "examplemal_late_{n}_77_ada_{name}.ipynb",
    "Participant_{n}_assignsubmission_file_/{name}.ipynb",
    "LATE_anon_{n}_77_{name}.ipynb",
    "mal_{n} ({name}).ipynb",
    "mal/{n}/{name}",
    "mal/{n}/\x1b[31m\n{name}.ipynb",
)
ENTRIES = (
    "{name}.ipynb",
    "../../ada/{name}.ipynb",
    "ada\\{name}.ipynb",
    "/ada/{name}.ipynb",
    "ada/.ipynb_checkpoints/{name}.ipynb",
    "a/" * 900 + "{name}.ipynb",
    "a\u0308/{name}.ipynb",
    "{name}.ipynb/",
    "\x00{name}.ipynb",
    "{name}.html",
    "x.zip",
    "CON:{name}.ipynb",
)


def main(count=10_000, seed=0):
    """Grade that many files, ``ROUND`` at a time; returns the complaints."""
    chance, complaints, start = random.Random(seed), [], time.process_time()
    with tempfile.TemporaryDirectory(prefix="returned-") as folder:
        course = Course(Path(folder))
        for first in range(0, count, ROUND):
            complaints += course.complaints(chance, min(ROUND, count - first), Path(folder, str(first)))
            print(f"{first + ROUND:6} files, {len(complaints)} complaints", flush=True)
    seconds = time.process_time() - start + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    # In kilobytes, and on a Mac in bytes.
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    memory *= 1 if sys.platform == "darwin" else 1024
    if memory > MOST_MEMORY:
        complaints.append(f"a process took {memory / 1e6:.0f} MB")
    print(f"{count} files: {seconds:.0f} CPU seconds, at most {memory / 1e6:.0f} MB; {len(complaints)} complaints")
    return complaints


class Course:
    """A course of three students that was handed out, and what two of them returned."""

    def __init__(self, folder, notebooks=None):
        self._sources, _ = sources(notebooks or course_notebooks()[3:5])
        write_hand_out(self._sources, STUDENTS, SECRET, folder / "out")
        self._handed_out = {}
        for student in STUDENTS:
            with zipfile.ZipFile(folder / "out" / "students" / f"{student.id}.zip") as archive:
                for source in self._sources:
                    content = archive.read(f"{student.id}/{source.name}.ipynb").decode()
                    self._handed_out[student.id, source.name] = nbformat.reads(content, as_version=4)
        for student, name in self._handed_out:
            notebook = deepcopy(self._handed_out[student, name])
            for place, cell in enumerate(tagged(notebook, "answer")):
                cell.source = cell.source.replace("None", ("4 * 32", '"moving"', "7")[place % 3], 1)
            path = folder / "good" / student / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            if student != "mal":
                nbformat.write(notebook, path)
        self._as_json = {each: nbformat.writes(notebook) for each, notebook in self._handed_out.items()}
        self._good = folder / "good"
        self._wanted = self._marks([self._good])

    def complaints(self, chance, count, folder):
        """What is wrong when ``count`` files of mal's come back with the good ones."""
        for number in range(count):
            path, content = self._file(chance, number)
            path = folder / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            got = self._marks([self._good, folder])
        except Exception as error:  # what is looked for
            return [f"{folder.name}: {type(error).__name__}: {str(error)[:300]}"]
        return [
            f"{folder.name}: {student} {question}: {mark}, not {self._wanted[student, question]}"
            for (student, question), mark in got.items()
            if student != "mal" and mark != self._wanted[student, question]
        ]

    def _marks(self, places):
        found = collected(places, Owners(STUDENTS), {each.name: set() for each in self._sources})
        made = graded(self._sources, STUDENTS, found, secret=SECRET)
        assert made.tables().keys() >= {"grades.csv", "index.html"}
        return {(each.student.id, each.question): (each.verdict, each.given, each.remark) for each in made.marks}

    def _file(self, chance, number):
        """A path and the bytes of one broken or hostile file."""
        name = chance.choice(self._sources).name
        content = _notebook(chance, json.loads(self._as_json[chance.choice(("mal", "mal", "mal", "ada")), name]))
        if chance.random() < 0.3:
            content = _bytes_changed(chance, content)
        if chance.random() < 0.3:
            content = _zipped(chance, name, content)
            return f"mal/{number}.zip", _bytes_changed(chance, content) if chance.random() < 0.6 else content
        return chance.choice(PLACES).format(n=number, name=name), content


def _notebook(chance, notebook):
    for _ in range(chance.randrange(4)):
        _value_changed(chance, notebook)
    for cell in notebook.get("cells") or [] if isinstance(notebook.get("cells"), list) else []:
        source = cell.get("source") if isinstance(cell, dict) else None
        if isinstance(source, list) and all(isinstance(line, str) for line in source) and chance.random() < 0.3:
            cell["source"] = "".join(source).replace("None", chance.choice(TEXTS), 1)
            if chance.random() < 0.3:
                cell["outputs"] = [{"output_type": "display_data", "data": {ANSWER: chance.choice(VALUES)}}]
    return json.dumps(notebook).encode()


def _value_changed(chance, notebook):
    """Change, remove or repeat something anywhere in the notebook."""
    inside, depth = notebook, chance.randrange(1, 7)
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not keys:
            return
        key = chance.choice(keys)
        if depth == 0 or not isinstance(inside[key], dict | list) or not inside[key]:
            break
        inside, depth = inside[key], depth - 1
    what = chance.random()
    if what < 0.7:
        inside[key] = deepcopy(chance.choice(VALUES))
    elif what < 0.85:
        del inside[key]
    elif isinstance(inside, list):
        inside[key:key] = [inside[key]] * chance.choice((1, 50))


def _bytes_changed(chance, content):
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 30))):
        at, length = chance.randrange(len(content) + 1), chance.choice((1, 1, 4, 300))
        what = chance.randrange(5)
        if what == 0:
            content[at : at + length] = chance.randbytes(length)
        elif what == 1:
            del content[at : at + length]
        elif what == 2:
            content[at:at] = content[at : at + length]
        elif what == 3 and at < len(content):
            content[at] ^= 1 << chance.randrange(8)
        elif chance.random() < 0.2:
            del content[at:]
    return bytes(content)


def _zipped(chance, name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compresslevel=1) as archive:
        for number in range(chance.choice((1, 1, 2, 20))):
            inside = zipfile.ZipInfo(chance.choice(ENTRIES).format(name=name), (1980, 1, 1 + number % 9, 0, 0, 0))
            inside.compress_type = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED))
            bomb = number == 0 and chance.random() < 0.02
            data = BOMB if bomb else content
            if not bomb and chance.random() < 0.03:
                inside.compress_type = chance.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
            if inside.filename.endswith(".zip") and chance.random() < 0.5:
                data = _zipped(chance, name, content)
            archive.writestr(inside, data)
    return packed.getvalue()


if __name__ == "__main__":
    found = main(*map(int, sys.argv[1:]))
    print(*found, sep="\n")
    sys.exit(bool(found))
