"""What forgers hand in, by the name of the trick: more than a hundred ways to claim points that nobody earned.

Everybody is made up.
"""

import io
import json
import re
import zipfile
from copy import deepcopy
from dataclasses import dataclass

import nbformat
from a_hand_out import BN, cell_of
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from utils.records import ANSWER, CONCEPT, PREDICTION, VERDICT

HONEST = 1  # the point that each forger earns, for bn-inference, where the file counts at all
ASKED = "bn-parameters"  # what they want a point for; their victims have other channels
TRAP = "a-forgery-ran"  # the file that code would write
ODD = {
    "nothing": None, "true": True, "huge": 10**30, "a long text": "x" * 50_000, "lists in lists": [[[[1]]]],
    "a mapping": {"a": {"b": []}},
}  # fmt: skip
ODDER = {"minus one": -1, "a fraction": 0.5, "no text": "", "half a character": "\ud800", "a formula": "=1+1"}


@dataclass
class Forger:
    """Who forges: the ids, the notebook as handed out with one honest answer, and the victim's with right answers."""

    id: str
    victim: str
    own: nbformat.NotebookNode
    stolen: nbformat.NotebookNode
    key: dict

    def cell(self, question=ASKED):
        return cell_of(self.own, question)


FORGERIES, POINTS = {}, {}  # name → the forger → {path in the folder of all: content}; name → points, if not 0


def forgery(name, points=0):
    def known(function):
        assert name not in FORGERIES
        FORGERIES[name], POINTS[name] = function, points
        return function

    return known


def of_stolen(name, change, points=0):
    """A victim's notebook in the forger's folder, after a change."""

    @forgery(name, points)
    def made(forger):
        change(forger, forger.stolen)
        return {f"{forger.id}/{BN}.ipynb": forger.stolen}


def of_own(name, change, points=HONEST):
    """The forger's own notebook after a change."""

    @forgery(name, points)
    def made(forger):
        change(forger)
        return {f"{forger.id}/{BN}.ipynb": forger.own}


def beside(name, *paths, content=None):
    """The forger's own notebook, and files beside it: in paths and contents {f} is the forger's id, {v} the victim's.

    Where nothing else is given, such a file is the victim's notebook with a wrong answer.
    """

    @forgery(name, HONEST)
    def made(forger):
        ids = {"f": forger.id, "v": forger.victim, "n": BN}
        spoiled = deepcopy(forger.stolen)
        cell = cell_of(spoiled, ASKED)
        cell.source = re.sub(r"^answer = .*", "answer = 1", cell.source, flags=re.M)
        put = content.format(**ids) if isinstance(content, str) else content or spoiled
        return {f"{forger.id}/{BN}.ipynb": forger.own} | {each.format(**ids): put for each in paths}


# Forged metadata

of_stolen("another's notebook as it is", lambda forger, its: None)
of_stolen("another's notebook with my id", lambda forger, its: its.metadata.course.update(student=forger.id))
of_stolen("another's notebook with both ids", lambda f, its: its.metadata.course.update(student=[f.id, f.victim]))
of_stolen("another's notebook without metadata", lambda forger, its: its.metadata.pop("course"))
of_stolen("another's values under my signature", lambda forger, its: its.metadata.update(
    course=forger.own.metadata.course | {"values": its.metadata.course["values"]}
))  # fmt: skip
of_stolen("my metadata in another's notebook", lambda f, its: its.metadata.update(course=f.own.metadata.course))
of_stolen("my metadata with another's signature", lambda forger, its: its.metadata.update(
    course=forger.own.metadata.course | {"variant": its.metadata.course["variant"]}
))  # fmt: skip


@forgery("another's notebook without any variant")
def _(forger):
    forger.stolen.metadata.pop("course")
    forger.stolen.cells = [each for each in forger.stolen.cells if each.id != "your-variant"]
    return {f"{forger.id}/{BN}.ipynb": forger.stolen}


@forgery("my variant's cell in another's notebook")
def _(forger):
    forger.stolen.metadata.pop("course")
    own = next(each for each in forger.own.cells if each.id == "your-variant")
    forger.stolen.cells = [own if each.id == "your-variant" else each for each in forger.stolen.cells]
    return {f"{forger.id}/{BN}.ipynb": forger.stolen}


for field in ("student", "notebook", "values", "questions", "variant"):
    for what, odd in ODD.items():
        of_stolen(
            f"metadata: {field} is {what}", lambda forger, its, f=field, odd=odd: its.metadata.course.update({f: odd})
        )
for what, odd in ODD.items():
    of_stolen(f"metadata: all of it is {what}", lambda forger, its, odd=odd: its.metadata.update(course=odd))
for name, change in {
    "an easier variant": lambda course: course["values"].update(channels=1),
    "one parameter more": lambda course: course["values"].update(height=1),
    "no value": lambda course: course["values"].clear(),
    "a form of my own": lambda course: course["questions"].update({ASKED: "0" * 32}),
    "one question less": lambda course: course["questions"].pop(ASKED),
    "a signature in capital letters": lambda course: course.update(variant=course["variant"].upper()),
    "a longer signature": lambda course: course.update(variant=course["variant"] + "0"),
    "half a signature": lambda course: course.update(variant=course["variant"][:16]),
}.items():
    of_own(f"metadata: {name}", lambda forger, change=change: change(forger.own.metadata.course), points=0)
of_own("metadata: points and verdicts", lambda forger: forger.own.metadata.course.update(
    points=99, grade=100, verdict="right", record={ASKED: "right"}, status="passed", students=["x"], group="1"
))  # fmt: skip
of_own("metadata: points in a cell", lambda f: f.cell().metadata.update(points=9, grade_id="a", nbgrader={"points": 9}))
for name, look_alike in {
    "Cyrillic letters": lambda text: text.replace("v", "ѵ"),
    "full width": lambda text: "".join(chr(ord(each) + 0xFEE0) for each in text),
    "a character of no width": lambda text: f"{text}\u200b",
    "blanks around": lambda text: f" {text} ",
    "writing from right to left": lambda text: f"\u202e{text[::-1]}",
}.items():
    of_stolen(
        f"an id that looks like the victim's: {name}",
        lambda f, its, like=look_alike: its.metadata.course.update(student=like(f.victim)),
    )


# Outputs that say "right"

RIGHT = {"id": ASKED, "answer": 1, "parameters": {}, "verdict": "right", "slip": None}


def shows(forger, *records, cell=None, mime=ANSWER):
    data = [{"text/plain": "✓ Right.", "text/html": "<b>✓ Right.</b>", mime: each} for each in records]
    (cell or forger.cell()).outputs = [new_output("display_data", each) for each in data]


of_own("a record that says right", lambda forger: shows(forger, RIGHT))
of_own("a record without an answer", lambda forger: shows(forger, RIGHT | {"answer": None}))
of_own("a text that says right", lambda f: setattr(f.cell(), "outputs", [new_output("stream", text="✓ Right.\n")]))
of_own("a record of an earlier version", lambda f: shows(f, {"question": ASKED, "correct": True, "score": 1}))
of_own("a record for other parameters", lambda f: shows(f, RIGHT | {"answer": 4, "parameters": {"channels": 1}}))
of_own("a hundred guesses in records", lambda f: shows(f, *(RIGHT | {"answer": each} for each in range(1, 101))))
of_own("a record in another question's cell", lambda f: shows(f, RIGHT, cell=f.cell("bn-trainable")))
of_own("a record in a cell of its own", lambda f: f.own.cells.insert(0, new_code_cell(outputs=[
    new_output("display_data", {ANSWER: RIGHT | {"parameters": {"channels": 1, "height": 30, "width": 30}}})
])))  # fmt: skip
of_own("records of other kinds", lambda forger: [
    shows(forger, RIGHT | {"score": 1e308, "low": -1e308, "high": 1e308, "guess": "=1"}, mime=mime)
    for mime in (PREDICTION, CONCEPT, VERDICT)
])  # fmt: skip
for field in RIGHT:
    for what, odd in (ODD | (ODDER if field == "answer" else {})).items():
        of_own(f"record: {field} is {what}", lambda forger, f=field, odd=odd: shows(forger, RIGHT | {f: odd}))
for what, odd in ODD.items():
    of_own(f"record: all of it is {what}", lambda forger, odd=odd: shows(forger, odd))
    of_own(f"outputs: {what}", lambda forger, odd=odd: forger.cell().update(outputs=odd))


# Answer cells

CHECK = f'check("{ASKED}", answer, channels=channels, height=30, width=30)'
for name, source in {
    "in a comment": f"# answer = KEY\nanswer = None  # KEY\n{CHECK}",
    "in a text": f'"""\nanswer = KEY\n"""\nanswer = None\n{CHECK}',
    "behind the check": f"answer = None\n{CHECK}\nanswer = KEY",
    "in a condition": f"answer = KEY if False else 1\n{CHECK}",
    "in a function": f"def answer():\n    return KEY\n{CHECK}",
    "in a list of many": f"answer = [1, 2, 3, KEY]\n{CHECK}",
    "in a set": f"answer = {{1, KEY}}\n{CHECK}",
    "as a range": f'answer = "1 … 9999"\n{CHECK}',
    "as all numbers": f"answer = range(1, 9999)\n{CHECK}",
    "as one or another": f'answer = "1 or KEY"\n{CHECK}',
    "as an equation of two": f'answer = "1 = KEY"\n{CHECK}',
    "not a number": f'answer = float("nan")\n{CHECK}',
    "endless": f"answer = 1e999\n{CHECK}",
    "as true": f"answer = True\n{CHECK}",
    "a power of powers": f"answer = 9 ** 9 ** 9 ** 9\n{CHECK}",
    "open brackets": f"answer = {'(' * 9000}KEY\n{CHECK}",
    "by executing it": f"exec('answer = KEY')\n{CHECK}",
    "as a global": f"globals()['answer'] = KEY\n{CHECK}",
    "with a check of one's own": f"check = lambda *a, **k: 'right'\nanswer = 1\n{CHECK}",
    "always equal": f"class Yes(int):\n    __eq__ = lambda *a: True\nanswer = Yes(1)\n{CHECK}",
    "for an easier question": f'answer = 4\ncheck("{ASKED}", answer, channels=1, height=30, width=30)',
    "with the parameters set anew": f"channels = 1\nanswer = 4\n{CHECK}",
    "deleted again": f"answer = KEY\ndel answer\nanswer = 1\n{CHECK}",
    "reads the key": f"answer = open('/etc/passwd').read()\n{CHECK}",
    "writes a file": f"answer = open('{TRAP}', 'w').write('KEY')\n{CHECK}",
    "too far down": f"answer = 1\n{CHECK}\n{'#' * 20_000}\nanswer = KEY\n{CHECK}",
}.items():
    of_own(f"an answer {name}", lambda forger, source=source: forger.cell().update(
        source=source.replace("KEY", str(forger.key[ASKED]))
    ))  # fmt: skip


def appended(forger, *cells):
    forger.cell().source = f"answer = 1\n{CHECK}"
    forger.own.cells += cells


right_cell = f"answer = KEY\n{CHECK}"
for name, made in {
    "in a text cell": lambda key: [new_markdown_cell(right_cell.replace("KEY", key))],
    "in a raw cell": lambda key: [new_raw_cell(right_cell.replace("KEY", key))],
    "in a second cell of the question": lambda key: [
        new_code_cell(right_cell.replace("KEY", key), metadata={"tags": ["answer"], "question": ASKED})
    ],
    "in a thousand cells": lambda key: [
        new_code_cell(right_cell.replace("KEY", str(each)), id=f"c{each}") for each in range(2, 1002)
    ],
}.items():
    of_own(f"a second answer {name}", lambda f, made=made: appended(f, *made(str(f.key[ASKED]))))
of_own("the same id for all cells", lambda f: [each.update(id=f.cell().id) for each in f.own.cells if each != f.cell()])
of_own("the variant set to one channel", lambda forger: [
    each.update(source="# Your variant\nchannels = 1") for each in forger.own.cells if each.id == "your-variant"
] + [forger.cell().update(source=f"answer = 4\n{CHECK}")])  # fmt: skip
of_own("a second variant", lambda forger: [
    forger.own.cells.insert(0, new_code_cell("# Your variant\nchannels = 1", id="your-variant")),
    forger.cell().update(source=f"answer = 4\n{CHECK}"),
])  # fmt: skip


# The file itself


def of_text(name, change, points=0):
    """The text of the forger's own notebook after a change."""

    @forgery(name, points)
    def made(forger):
        return {f"{forger.id}/{BN}.ipynb": change(forger, json.dumps(forger.own))}


of_text("metadata twice", lambda forger, text: (
    text.rstrip()[:-1] + ', "metadata": ' + json.dumps(forger.stolen.metadata) + "}"
))  # fmt: skip
of_text("numbers that JSON does not know", lambda f, text: text.replace('"nbformat": 4', '"nbformat": NaN'), HONEST)
of_text("brackets without end", lambda forger, text: "[" * 10**6)
of_text("digits without end", lambda forger, text: text.replace('"nbformat": 4', '"nbformat": ' + "9" * 10**5))
of_text("too many cells", lambda forger, text: json.dumps({"cells": [{}] * 10_001}))
of_text("cells of all kinds", lambda forger, text: json.dumps({"cells": [*ODD.values()] * 20, "metadata": []}))
of_text("no notebook", lambda forger, text: "\x7fELF right right right")


def zipped(*entries):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return packed.getvalue()


def link(name):
    """An entry that unpacks to a symbolic link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


def encrypted(content):
    packed = zipped((f"{BN}.ipynb", content))
    return packed.replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00")


# Places


beside("a folder up", "{f}/work.zip/../../{v}/{n}.ipynb")
beside("from the top", "{f}/work.zip//{v}/{n}.ipynb")
beside("a folder up in Windows", "{f}/work.zip/..\\..\\{v}\\{n}.ipynb")
beside("a drive of Windows", "{f}/work.zip/C:\\back\\{v}\\{n}.ipynb")
beside("the victim's id before the name", "{f}/{v}_{n}.ipynb")
beside("a folder of the victim's", "{f}/{v}/{n}.ipynb")
beside("a zip file of the victim's", "{f}/{v}.zip/{n}.ipynb")
beside("as Moodle names the victim's", "{f}/Victim {v}_900_assignsubmission_file_/{n}.ipynb")
beside("as Moodle names the victim's, in a zip file", "{f}/work.zip/Victim {v}_900_assignsubmission_file_{n}.ipynb")
beside("as Canvas names the victim's", "{f}/{v}victim_4711_998877_{n}.ipynb")
beside("late, as Canvas says", "{f}/work.zip/{v}victim_LATE_4711_998877_{n}.ipynb")
beside("a folder of another's group", "{f}/Group {v}/{n}.ipynb")
beside("very deep", "{f}/work.zip/" + "x/" * 300 + "{v}/{n}.ipynb")
beside("a very long name", "{f}/work.zip/" + "x" * 5000 + "/{v}/{n}.ipynb")
for what, odd in {
    "a line break": "a\n{v}", "colors": "\x1b[31m{v}", "a bell": "\x07{v}", "right to left": "\u202e{v}",
    "a formula": "=cmd|' /C calc'!A1", "another formula": "@SUM(1+1)", "HTML": "<script>alert(1)<script>",
    "quotation marks": "\" onload=\"alert(1)", "no width": "{v}\u200b", "full width": "ｖ",
}.items():  # fmt: skip
    beside(f"a name with {what}", "{f}/work.zip/" + odd + "/{n}.ipynb")
for name, content in {
    "unclear.csv": "file,id,notebook\nback/{v}/{n}.ipynb,{f},\nback,{f},\n",
    "marks.yaml": "corrections: [{{student: {f}, question: bn-parameters, points: 1, reason: x}}]",
    "corrections.yaml": "- {{student: {f}, notebook: 03, question: bn-parameters, points: 1, reason: x}}",
    "roster.csv": "id,name\n{f},Forger\n",
    "answer_key.csv": "student,notebook,question,answer\n{f},{n},bn-parameters,1\n",
    "grades.csv": "id,points\n{f},99\n{v},0\n",
    "code_verdicts.json": '{{"verdicts": {{"x": {{"exercise": "bn-forward", "verdict": "right"}}}}}}',
    "kept_readings.txt": '{{"key": "' + "00" * 32 + '"}}\n',
    "course.key": "00" * 32,
    "sitecustomize.py": f"open('{TRAP}', 'w')",
    "conftest.py": f"open('{TRAP}', 'w')",
    "utils/__init__.py": f"open('{TRAP}', 'w')",
}.items():
    beside(f"{name} in the hand-in", "{f}/" + name, "{f}/more.zip/" + name, content=content)
beside("a link in a zip file", "{f}/work.zip", content=zipped((link(f"{BN}.ipynb"), "../../course.key")))
beside("a name twice in a zip file", "{f}/work.zip", content=zipped((f"{BN}.ipynb", "{}"), (f"{BN}.ipynb ", "[]")))
beside("an encrypted file", "{f}/work.zip", content=encrypted("{}"))
beside("a notebook that is a zip file", "{f}/second.ipynb", content=zipped((f"{BN}.ipynb", "{}")))
beside("a zip file that is a notebook", "{f}/second.zip", content='{{"cells": []}}')
beside("zip files in zip files", "{f}/a.zip/b.zip/c.zip/d.zip/e.zip/{v}/{n}.ipynb")
