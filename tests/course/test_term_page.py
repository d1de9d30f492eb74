"""The instructors' page on a whole term: its commands are read out of it and typed, one after the other, in a made-up
class on Canvas. What an instructor and the students do by hand between them is done here."""

import csv
import re
import shlex
import zipfile
from pathlib import Path

import nbformat
import pytest
from a_hand_out import BN, SEPARABLE, put, table, type_in
from click.testing import CliRunner

from tests.readme import ROOT
from utils.course.commands import start
from utils.course.commands.main import main
from utils.course.sandbox.bubblewrap import why_not

PAGE = (ROOT / "docs" / "pages" / "instructors" / "term.md").read_text(encoding="utf-8")
GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Week 3 (812)
    Points Possible,,,,,10.00
"Example, Ada",4711,s001,ada,Lab 1,
"Example, Ben",4712,s002,ben,Lab 1,
"Sample, C.",4713,s003,cleo,Lab 2,
"""


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, flags=re.S | re.M)


COMMANDS = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]


def pack(path, files):
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, nbformat.writes(content) if isinstance(content, dict) else content)


def of(student):
    """The notebook 03 that a student was given."""
    with zipfile.ZipFile(f"build/hand-out/students/{student}.zip") as archive:
        return without_exercises(nbformat.reads(archive.read(f"{student}/{BN}.ipynb").decode(), as_version=4))


def without_exercises(notebook):
    """Other tests judge functions in sandboxes, which takes seconds."""
    notebook.cells = [each for each in notebook.cells if "exercise" not in each.metadata]
    return notebook


def key(student, question):
    rows = table(Path("build/hand-out/answer_key.csv"))
    return next(row["answer"] for row in rows if (row["student"], row["question"]) == (student, question))


def points():
    return {row["id"]: row[BN] for row in table(Path("build/grades/grades.csv"))}


def handed_out(folder, typed):
    (folder / "roster.csv").write_text(*blocks("text"), encoding="utf-8")
    (folder / "notebooks").symlink_to(ROOT / "notebooks")
    typed()
    assert sorted(path.name for path in folder.glob("build/hand-out/students/*")) == [f"s00{n}.zip" for n in (1, 2, 3)]


def started(folder, typed):
    (folder / "s001.zip").write_bytes((folder / "build/hand-out/students/s001.zip").read_bytes())
    typed()
    assert {path.stem for path in folder.glob("work/*.ipynb")} == {BN, SEPARABLE}


def handed_in(folder, typed):
    mine = nbformat.read(folder / "work" / f"{BN}.ipynb", as_version=4)
    for question in ("bn-normalize", "bn-parameters", "bn-trainable", "bn-inference"):
        type_in(mine, question, key("s001", question))
    put(without_exercises(mine), folder / "work" / f"{BN}.ipynb")
    typed()
    assert set(zipfile.ZipFile("hand-in.zip").namelist()) == {f"{BN}.ipynb", f"{SEPARABLE}.ipynb"}


def graded(folder, typed):
    bens, cleos = of("s002"), of("s003")
    type_in(bens, "bn-parameters", "3")
    type_in(cleos, "bn-trainable", key("s003", "bn-trainable"))
    del cleos.metadata["course"]
    pack(folder / "returned" / "submissions.zip", {
        "exampleada_4711_9001_hand-in.zip": (folder / "hand-in.zip").read_bytes(),
        f"exampleben_4712_9002_{BN}.ipynb": bens,
        f"samplec_4713_9003_{BN}.ipynb": cleos,
    })  # fmt: skip
    said = typed(exit_code=1)
    assert points() == {"s001": "4", "s002": "0", "s003": ""}
    assert f"not graded now: 1 files of {SEPARABLE}" in said


def filled_in(folder, typed):
    unclear = folder / "build" / "grades" / "unclear.csv"
    (row,) = table(unclear)
    assert row["file"].endswith(f"samplec_4713_9003_{BN}.ipynb")
    with unclear.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([row, (row | {"id": "s003"}).values()])
    typed()
    assert points() == {"s001": "4", "s002": "0", "s003": "1"}


def with_a_second_attempt(folder, typed):
    again = of("s002")
    type_in(again, "bn-parameters", key("s002", "bn-parameters"))
    pack(folder / "returned" / "late.zip", {f"exampleben_LATE_4712_9004_{BN}-1.ipynb": again})
    said = typed(exit_code=1)
    assert "the latest counts" in said
    assert points() == {"s001": "4", "s002": "1", "s003": "1"}


def with_code(folder, typed):
    typed(exit_code=1)
    rows = table(folder / "build/grades/answers.csv")
    verdicts = [row["verdict"] for row in rows if row["question"] == "bn-forward"]
    assert verdicts == ["missing"] * 3


def given_back(folder, typed):
    (folder / "marks.yaml").write_text(*blocks("yaml"), encoding="utf-8")
    (folder / "gradebook.csv").write_text(GRADEBOOK, encoding="utf-8")
    typed(exit_code=1)
    assert points() == {"s001": "5", "s002": "2.7", "s003": "1"}, "a tenth is off for a day"
    most = float(table(folder / "build/grades/grades.csv")[0]["of"])
    filled = list(csv.reader((folder / "build/grades/filled_gradebook.csv").open(encoding="utf-8")))
    assert [float(row[5]) for row in filled[2:]] == [round(10 * each / most, 2) for each in (5, 2.7, 1)]
    names = zipfile.ZipFile("build/grades/feedback-canvas.zip").namelist()
    assert sorted(names) == [
        "exampleada_4711_9001_hand-in.zip", f"exampleben_LATE_4712_9004_{BN}-1.ipynb", f"samplec_4713_9003_{BN}.ipynb"
    ]  # fmt: skip
    said_so = (folder / "build/grades/feedback/s002.html").read_text(encoding="utf-8")
    assert "You explained it in the lab." in said_so
    for name in re.findall(r"^\| `([a-z_]+\.csv)`", PAGE, flags=re.M):
        assert (folder / "build" / "grades" / name).exists(), name


def forgotten(folder, typed):
    typed()
    assert set(points()) == {"s001", "s002"}
    assert not list(folder.rglob("s003*"))


STEPS = (
    handed_out, started, handed_in, graded, filled_in, with_a_second_attempt, with_code, given_back, forgotten,
)  # fmt: skip


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_the_commands_of_the_page_lead_through_a_term(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start, "_lab", lambda *arguments: 0)
    left = iter(COMMANDS)

    def typed(exit_code=0):
        name, *words = shlex.split(next(left))
        assert name == "course"
        result = CliRunner().invoke(main, words, input="y\n")
        assert result.exit_code == exit_code, result.output
        return result.output

    for step in STEPS:
        step(tmp_path, typed)
    assert list(left) == []


def test_other_commands_and_options_on_the_page_are_known():
    text = re.sub(r"^```.*?^```$", "", PAGE, flags=re.S | re.M)
    options = {
        each for name in ("grade", "hand-out") for one in main.get_command(None, name).params for each in one.opts
    }
    assert set(re.findall(r"`(--[a-z-]+)`", text)) <= options
    assert not re.findall(r"`course [^`]+`", text), "a command stands where it is tested"
