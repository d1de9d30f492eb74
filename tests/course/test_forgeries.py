"""One run of ``course grade`` reads all forgeries: each forger gets what is honest in the hand-in, and no more; each
victim keeps every point; nothing is run, written elsewhere or printed raw. Everybody is made up."""

import csv
import json
import re
import zipfile
from types import SimpleNamespace

import nbformat
import pytest
from a_hand_out import BN, key_file, table, type_in, write
from forgeries import FORGERIES, POINTS, TRAP, Forger
from tiny_notebooks import course_here

from utils.course.batches.plan import sources
from utils.course.commands.terminal import HARMFUL
from utils.course.students.variants import Variants, secret_at
from utils.notebook_files.reading import tagged
from utils.notebook_files.sources import course_notebooks

NAMES = (
    "=HYPERLINK(\"http://example.org\",\"click\")", "+1+1", "-2+cmd()", "@SUM(1+1)", "<script>alert(1)</script>",
    "\x1b[31mred", "\u202eReversed", "two\nlines", "\"quoted\"", "'=1+1", "{{ 7 * 7 }}", "%n%s",
)  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """What came of it: points, verdicts and what was left out by id, the people by the forgery, and the process."""
    folder = tmp_path_factory.mktemp("forgeries")
    path, roster, secret = course_notebooks()[3], folder / "roster.csv", key_file(folder / "course.key", "ab")
    (source,), _ = sources([path])
    people = dict(_people(Variants(source.notebook, {}), secret_at(secret)))
    with roster.open("w", encoding="utf-8", newline="") as file:
        rows = [(id, f"{NAMES[at % len(NAMES)]} {id}") for at, pair in enumerate(people.values()) for id in pair]
        csv.writer(file).writerows([("id", "name"), *rows])
    out = folder / "hand-out"
    done = course_here("hand-out", path, "--roster", roster, "--secret", secret, "--out", out)
    assert done.returncode == 0, done.stdout
    key = {}
    for row in table(out / "answer_key.csv"):
        key.setdefault(row["student"], {})[row["question"]] = json.loads(row["answer"])
    for name, (forger, victim) in people.items():
        own, theirs, stolen = (handed_out(out, each) for each in (forger, victim, victim))
        type_in(own, "bn-inference", "'moving'")
        for question, answer in key[victim].items():
            type_in(theirs, question, repr(answer))
            if answer != key[forger][question]:
                type_in(stolen, question, repr(answer))
        put_back(folder / "back", f"{victim}/{BN}.ipynb", theirs)
        for place, content in FORGERIES[name](Forger(forger, victim, own, stolen, key[forger])).items():
            put_back(folder / "back", place, content)
    before = {each: each.read_bytes() for each in (roster, secret, out / "answer_key.csv")}
    given = ["--roster", roster, "--secret", secret, "--notebook", path, "--out", folder / "grades"]
    done = course_here("grade", folder / "back", *given)
    assert before == {each: each.read_bytes() for each in before}
    assert done.returncode == 1, done.stderr
    verdicts = {}
    for row in table(folder / "grades" / "answers.csv"):
        verdicts.setdefault(row["id"], []).append(row["verdict"])
    points = {row["id"]: float(row["points"]) for row in table(folder / "grades" / "grades.csv")}
    left_out = [row["place"] for row in table(folder / "grades" / "left_out.csv")]
    return SimpleNamespace(folder=folder, done=done, people=people, verdicts=verdicts, points=points, left_out=left_out)


def _people(variants, secret):
    """The forgery and the ids of who makes it, and of a victim who was asked about other channels."""
    for at, name in enumerate(FORGERIES):
        forger = f"f{at:03}"
        drawn = variants.drawn(secret, forger)
        others = (f"v{at:03}{letter}" for letter in "abcdefgh")
        yield name, (forger, next(each for each in others if variants.drawn(secret, each) != drawn))


def handed_out(out, student):
    """The cells of a student's notebook that count."""
    with zipfile.ZipFile(out / "students" / f"{student}.zip") as archive:
        notebook = nbformat.reads(archive.read(f"{student}/{BN}.ipynb").decode(), as_version=4)
    notebook.cells = [
        each for each in notebook.cells if each in tagged(notebook, "answer") or each.id == "your-variant"
    ]
    return notebook


def put_back(folder, place, content):
    content = json.dumps(content) if isinstance(content, dict) else content
    write(folder, place, content if isinstance(content, bytes) else content.encode())


def test_there_are_more_than_a_hundred():
    assert len(FORGERIES) > 100


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forger_gets_what_is_honest_and_the_victim_keeps_every_point(graded, name):
    forger, victim = graded.people[name]
    assert graded.points[victim] == len(graded.verdicts[victim]) == 4
    assert graded.points[forger] == POINTS[name]
    if {"left-out", "not-returned"} & set(graded.verdicts[forger]):
        assert [each for each in graded.left_out if each.startswith(f"back/{forger}/")], "it is said"


def test_nothing_is_run_printed_raw_or_written_elsewhere(graded):
    assert not list(graded.folder.rglob(TRAP))
    assert not HARMFUL.search(graded.done.stdout.replace("\n", ""))
    assert "Traceback" not in graded.done.stdout + graded.done.stderr
    for path in (graded.folder / "grades").iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert "<script>alert" not in text or path.suffix == ".csv"
        if path.suffix == ".csv":
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
            with path.open(encoding="utf-8-sig", newline="") as file:
                cells = [each for row in csv.reader(file) for each in row]
            assert [each for each in cells if re.match(r"\s*([=+@]|-(?![\d.]+$))", each)] == []
