"""What was read is kept: a late file is read alone, and nothing that is out of date, damaged or forged counts."""

import hashlib
import json
import math
import os
import shutil

import nbformat
import pytest
from a_hand_out import BN, SEPARABLE, put, type_in, write

from utils.course.batches.plan import sources
from utils.course.hand_ins.collect import collected
from utils.course.hand_ins.owners import Owners
from utils.course.hand_ins.readings import LINE, READINGS, Readings, readings_without
from utils.course.marking.grading import graded, questions_of
from utils.course.storage.input_files import Mistake
from utils.course.storage.store import FolderStore
from utils.course.students.roster import Student
from utils.course.students.variants import secret_at
from utils.notebook_files.returned import answered, packed, unpacked
from utils.notebook_files.sources import course_notebooks
from utils.records import ANSWER, CONCEPT, PREDICTION

CLASS = [Student("ada", "Ada Example"), Student("bo", "Bo Example"), Student("dee", "Dee Example")]  # made up
SOURCES, _ = sources([path for path in course_notebooks() if path.stem in (BN, SEPARABLE)])
FILES = 5


@pytest.fixture
def back(handed_out, tmp_path):
    """What three students returned: five notebooks, and a file that nobody can read."""
    folder = tmp_path / "back"
    for student, place in (("ada", "ada/{}.ipynb"), ("bo", "bo/work.zip/{}.ipynb"), ("dee", "dee/{}.ipynb")):
        for name in (BN, SEPARABLE) if student != "bo" else (BN,):
            notebook = handed_out.notebook(student, name)
            if name == BN:
                type_in(notebook, "bn-inference", '"moving"' if student != "dee" else '"batch"')
            write(folder, place.format(name), nbformat.writes(notebook).encode())
    write(folder, f"dee/old {BN}.ipynb", b"{")
    return folder


@pytest.fixture
def grade(handed_out, back, tmp_path):
    """``(tables, how many files were read)``, what was read being kept in ``out``."""

    right = secret_at(handed_out.secret)

    def grade(out=tmp_path / "out", secret=right, code="1"):
        kept, read = Readings(FolderStore(out), secret, code), []
        add = kept.add
        kept.add = lambda digest, text: (read.append(digest), add(digest, text))
        came = collected([back], Owners(CLASS), questions_of(SOURCES), kept=kept)
        if secret != right:
            return came.returned, len(read)
        return graded(SOURCES, CLASS, came, secret=secret).tables(), len(read)

    return grade


def test_a_late_file_is_read_alone_and_the_marks_are_those_of_a_run_from_nothing(
    handed_out, grade, back, tmp_path, monkeypatch
):
    first, read = grade()
    assert read == FILES
    assert grade() == (first, 0)
    notebook = handed_out.notebook("ada", BN)
    type_in(notebook, "bn-inference", '"batch"')
    put(notebook, back / "ada" / f"{BN}.ipynb")
    tables, read = grade()
    assert read == 1
    assert tables == grade(tmp_path / "fresh")[0] != first
    back.rename(back.with_name("downloaded again"))
    back.with_name("downloaded again").rename(back)
    with (back / "dee" / f"{BN}.ipynb").open("ab") as file:
        file.write(b"\n")
    path = tmp_path / "out" / READINGS
    path.write_bytes(path.read_bytes().replace(b"moving", b"batch"))
    assert grade() == (tables, 3), "one file has one more byte; of two more, what was kept is forged"
    shutil.rmtree(back / "bo")
    assert b" bo " in (tmp_path / "out" / READINGS).read_bytes()
    assert grade()[1] == 0
    assert b" bo " not in (tmp_path / "out" / READINGS).read_bytes(), "what did not come is not kept"


def test_after_a_change_of_key_file_or_code_all_is_read_anew(grade):
    tables, _ = grade()
    assert grade(code="2") == (tables, FILES)  # the questions are code of the course
    assert grade(code="2") == (tables, 0)
    for secret in (b"another", None):
        assert grade(secret=secret)[1] == FILES
        assert grade(secret=secret)[1] == 0
    assert grade(code="2") == (tables, FILES)


def swapped(lines):
    """Each signature and digest with what was read of the other file."""
    texts = [LINE.fullmatch(each)[5] for each in lines[1:]]
    return [
        lines[0],
        *(each.replace(LINE.fullmatch(each)[5], text) for each, text in zip(lines[1:], texts[::-1], strict=True)),
    ]


DAMAGES = {
    "nothing": lambda lines: lines,
    "empty": lambda lines: [],
    "cut": lambda lines: [lines[0], *(each[:-100] + b"\n" for each in lines[1:])],
    "another answer": lambda lines: [each.replace(b"bn-inference", b"bn-interference") for each in lines],
    "another's work": swapped,
    "no signature": lambda lines: [lines[0], *(b"0" * 64 + each[64:] for each in lines[1:])],
    "somebody else's": lambda lines: [each.replace(b" ada ", b" bo ").replace(b" dee ", b" bo ") for each in lines],
    "a key of the forger's": lambda lines: [json.dumps({"key": "00" * 32}).encode() + b"\n", *lines[1:]],
    "not text": lambda lines: [lines[0], b"\xff\x00\n" * 9, b"x" * 3_000_000, b"\n", b"\n\n"],
    "lines beside it": lambda lines: [lines[0], b"\xff\x00\n" * 9, b"x" * 3_000_000, b"\n", *lines[:0:-1], b"\n\n"],
}


@pytest.mark.parametrize("secret", [b"the key file's", None])
def test_what_is_damaged_or_forged_is_not_believed(handed_out, tmp_path, secret):
    store, path = FolderStore(tmp_path), tmp_path / READINGS
    read = {str(at) * 64: answered(nbformat.writes(handed_out.notebook(at, BN)).encode()) for at in ("ada", "dee")}
    read = {hashlib.sha256(name.encode()).hexdigest(): found for name, found in read.items()}
    for what, damage in DAMAGES.items():
        path.unlink(missing_ok=True)
        kept = Readings(store, secret, "1")
        for digest, found in read.items():
            kept.add(digest, packed(found))
        kept.finish(zip(read, ("ada", "dee"), strict=True))
        path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
        again = Readings(store, secret, "1")
        believed = {digest: again[digest] for digest in again}
        assert believed == (read if what in ("nothing", "lines beside it") else {}), what
        again.finish([])
    path.write_text("my own\n")
    with pytest.raises(Mistake, match="choose another folder"):
        Readings(store, secret, "1")


@pytest.mark.skipif(os.name != "posix", reason="needs file modes")
def test_what_others_may_have_written_and_a_link_are_not_believed(grade, tmp_path):
    right, _ = grade(secret=None)
    path, elsewhere = tmp_path / "out" / READINGS, tmp_path / "elsewhere"
    path.chmod(0o644)
    assert grade(secret=None) == (right, FILES)
    assert path.stat().st_mode & 0o777 == 0o600
    path.rename(elsewhere)
    before = elsewhere.read_bytes()
    path.symlink_to(elsewhere)
    assert grade(secret=None) == (right, FILES)
    assert not path.is_symlink()
    assert elsewhere.read_bytes() == before


def test_a_run_that_is_stopped_goes_on_and_what_it_kept_goes_with_any_student(grade, tmp_path, monkeypatch):
    add = Readings.add
    for left in (2, 1):
        seen = iter(range(left))

        def stopped(kept, digest, text, seen=seen):
            if next(seen, None) is None:
                raise KeyboardInterrupt
            add(kept, digest, text)

        monkeypatch.setattr(Readings, "add", stopped)
        with pytest.raises(KeyboardInterrupt):
            grade()
    with (tmp_path / "out" / READINGS).open("ab") as file:
        file.write(b"0" * 70)  # a line that was begun
    monkeypatch.setattr(Readings, "add", add)
    assert readings_without(tmp_path / "out" / READINGS, "nobody")[1] == 4, "nobody knows yet whose they are"
    tables, read = grade()
    assert read == FILES - 3
    assert tables == grade(tmp_path / "fresh")[0]
    content, count = readings_without(tmp_path / "out" / READINGS, "ADA")
    assert count == 2
    assert len(content.splitlines()) == 1 + FILES - 2


def test_what_is_packed_comes_out_the_same_and_nothing_else_comes_out():
    odd = {"id": "bn-bias", "answer": [1, True, None, -0.0, 1e300, "\ud800", "ö"], "parameters": {}}
    data = {ANSWER: odd, PREDICTION: {"id": "x", "low": 0.5}, CONCEPT: {"id": "y"}}
    outputs = [{"data": data}]
    sources_of = (
        'answer = 3.0\ncheck("a-b", answer)',
        "answer = True",
        "f = 1\ndef g(x):\n    return f",
        "answer = (1, x",
    )
    metadata = {"question": "bn-bias", "exercise": "blank-maps"}
    cells = [{"cell_type": "code", "source": each, "metadata": metadata, "outputs": outputs} for each in sources_of]
    about = {"course": {"student": "ada", "values": {"channels": 8}}}
    found = answered(json.dumps({"cells": cells, "metadata": about}).encode())
    again = unpacked(packed(found))
    assert (again, repr(again)) == (found, repr(found))
    assert found.code
    assert found.predictions
    assert found.tasks
    assert math.copysign(1, again.cells[0].shown[0]["answer"][3]) == -1
    own, tasks, predictions, cells, code = json.loads(packed(found))
    wrong = [[], {}, None, "[]", [own, tasks, cells], [own, tasks, "x", cells, code], [own, tasks, [], [1], code]]
    wrong += [[["x", None, []], tasks, [], cells, code], [[{}, 3, []], tasks, [], [], []], [own, "[1]", [], [], []]]
    wrong += [
        [own, tasks, ["[]"], cells, code],
        [own, tasks, predictions, cells, [{}]],
        [own, "[" * 99_999, [], [], []],
    ]
    wrong += [[own, tasks, [], [cells[0].replace("false", "0")], code], [own, tasks, [], ['["", "", {"": [3]}]'], code]]
    wrong += [[own, tasks, [], cells, [code[0].replace("[", "[[", 1)]], [[{}, None, ["x"]], tasks, [], cells, code]]
    for each in wrong:
        with pytest.raises(ValueError):
            unpacked(json.dumps(each))
