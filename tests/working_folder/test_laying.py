"""A student's folder is brought up to date, and nothing that the student wrote is lost, whatever happens meanwhile."""

import os
import subprocess
import sys
from copy import deepcopy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.readme import ROOT
from utils.course.working_folder import laying
from utils.course.working_folder.laying import lay
from utils.course.working_folder.merging import NEW_VERSION

STUB = "def double(x):\n    '''Twice x.'''\n    ...  # your code\n    return x\n"


def course(**changed):
    """A notebook of the course; ``changed`` gives cells another text, or ``None`` to leave them out."""
    texts = {
        "title": "# Water",
        "wet": "Water is wet.\n\nIt runs downhill.\n\nAlways.",
        "ask": 'answer = None\ncheck("wet", answer)',
        "stub": STUB,
        "end": "The end.",
    } | changed
    code = {"ask", "stub", "extra"}
    return new_notebook(
        cells=[
            (new_code_cell if name in code else new_markdown_cell)(text, id=name)
            for name, text in texts.items()
            if text is not None
        ]
    )


def written(folder):
    return nbformat.read(folder / "01_water.ipynb", as_version=4)


def texts(folder):
    return [cell.source for cell in written(folder).cells]


def update(folder, **changed):
    (done,) = lay({"01_water": course(**changed)}, folder)
    return done


@pytest.fixture
def work(tmp_path):
    """A folder in which a student has worked: an answer, code, a note, an own cell, outputs."""
    folder = tmp_path / "work"
    assert update(folder).what == "new"
    notebook = written(folder)
    cells = {cell.id: cell for cell in notebook.cells}
    cells["ask"].source = cells["ask"].source.replace("None", "128")
    cells["ask"].outputs = [new_output("stream", text="✓ Right.\n")]
    cells["ask"].execution_count = 3
    cells["stub"].source = STUB.replace("    ...  # your code\n", "    x = 2 * x\n")
    notebook.cells.insert(2, new_markdown_cell("My note: water is also cold.", id="mine"))
    notebook.cells.append(new_code_cell("mine = 7", id="mine-too"))
    nbformat.write(notebook, folder / "01_water.ipynb")
    return folder


MINE = ["answer = 128", "x = 2 * x", "My note: water is also cold.", "mine = 7"]


def lost(folder):
    """What the student wrote that is not in the file any more."""
    everything = "\n".join(texts(folder))
    return [each for each in MINE if each not in everything]


def test_notebooks_are_laid_without_outputs(tmp_path):
    notebook = course()
    notebook.cells[2].outputs = [new_output("stream", text="128")]
    notebook.cells[2].execution_count = 1
    (done,) = lay({"01_water": notebook}, tmp_path / "new" / "work")
    assert (done.name, done.what) == ("01_water", "new")
    laid = written(tmp_path / "new" / "work")
    assert laid.cells[2].outputs == []
    assert laid.cells[2].execution_count is None
    assert notebook.cells[2].outputs


def test_the_same_version_again_writes_nothing(work):
    before = (work / "01_water.ipynb").stat().st_mtime_ns
    assert update(work).what == "up to date"
    assert (work / "01_water.ipynb").stat().st_mtime_ns == before


def test_what_the_student_left_alone_is_renewed_and_the_rest_stays(work):
    done = update(work, title="# Water, again", extra="2 + 2", end=None)
    assert (done.what, done.notes) == ("renewed", ())
    assert texts(work) == [
        "# Water, again",
        "Water is wet.\n\nIt runs downhill.\n\nAlways.",
        "My note: water is also cold.",
        'answer = 128\ncheck("wet", answer)',
        STUB.replace("    ...  # your code\n", "    x = 2 * x\n"),
        "mine = 7",
        "2 + 2",
    ]
    answer = written(work).cells[3]
    assert answer.outputs[0].text == "✓ Right.\n"
    assert (work / ".course" / "old" / "01_water.1.ipynb").exists()


def test_other_lines_of_one_cell_are_both_kept(work):
    done = update(work, stub=STUB.replace("Twice x.", "Two times x."))
    assert done.notes == ()
    assert "def double(x):\n    '''Two times x.'''\n    x = 2 * x\n    return x" in texts(work)[4]


def test_the_same_lines_are_kept_beside_each_other_and_named(work):
    changed = 'answer = 0\ncheck("wet", answer)'
    done = update(work, ask=changed)
    assert texts(work)[3:5] == ['answer = 128\ncheck("wet", answer)', changed]
    assert written(work).cells[4].metadata.tags == [NEW_VERSION]
    assert done.notes == (
        'you and the course both changed “answer = 128 check("wet", answer)”: yours was kept, the new version stands '
        "behind it",
    )
    update(work, ask=changed, title="# W")
    assert sum(text == changed for text in texts(work)) == 1
    assert lost(work) == []


def test_a_cell_that_the_course_drops_stays_if_the_student_wrote_into_it(work):
    update(work, ask=None, wet=None)
    assert lost(work) == []
    assert not any("Water is wet" in text for text in texts(work))


def test_a_cell_that_the_student_removed_stays_away(work):
    notebook = written(work)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "wet"]
    nbformat.write(notebook, work / "01_water.ipynb")
    update(work, title="# W", wet="Water is very wet.")
    assert not any("wet." in text for text in texts(work))


def test_a_notebook_that_was_removed_comes_again(work):
    (work / "01_water.ipynb").unlink()
    assert update(work).what == "new"
    assert written(work).cells[0].source == "# Water"


@pytest.mark.parametrize("content", [b"", b"{", b'{"cells": 3}', "no notebook".encode("utf-16")])
def test_a_file_that_cannot_be_read_is_left_alone(work, content):
    (work / "01_water.ipynb").write_bytes(content)
    done = update(work, title="# W")
    assert done.what == "beside"
    assert "the new version is 01_water.new.ipynb" in done.notes[0]
    assert (work / "01_water.ipynb").read_bytes() == content
    assert nbformat.read(work / "01_water.new.ipynb", as_version=4).cells[0].source == "# W"


def test_a_version_that_cannot_be_read_ends_nothing(work):
    (work / ".course" / "laid" / f"01_water.{written(work).metadata.laid}.ipynb").write_text("{")
    before = (work / "01_water.ipynb").read_bytes()
    found = [each.what for each in lay({"01_water": course(end="The new end."), "02_ice": course()}, work)]
    assert found == ["beside", "new"]
    assert (work / "01_water.ipynb").read_bytes() == before


def test_what_is_written_into_the_new_version_beside_is_kept_as_well(work):
    (work / "01_water.ipynb").write_bytes(b"{")
    update(work, title="# W")
    beside = work / "01_water.new.ipynb"
    notebook = nbformat.read(beside, as_version=4)
    notebook.cells.append(new_code_cell("mine = 8", id="mine-beside"))
    nbformat.write(notebook, beside)
    done = update(work, title="# W again")
    assert done.what == "beside"
    sources = [cell.source for cell in nbformat.read(beside, as_version=4).cells]
    assert (sources[0], sources[-1]) == ("# W again", "mine = 8")


def test_cells_that_lost_their_ids_are_not_guessed_at(work):
    notebook = written(work)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"other-{number}"
    nbformat.write(notebook, work / "01_water.ipynb")
    done = update(work, title="# W")
    assert done.what == "beside"
    assert lost(work) == []


def test_a_file_that_does_not_say_its_version_is_renewed_all_the_same(work):
    update(work, title="# 2", wet="Water is wet")
    notebook = written(work)
    del notebook.metadata["laid"]
    nbformat.write(notebook, work / "01_water.ipynb")
    assert update(work, title="# 3", wet="Water is wet").what == "renewed"
    assert texts(work)[0] == "# 3"
    assert lost(work) == []


def test_a_folder_whose_notes_are_gone_loses_nothing(work):
    for each in (work / ".course" / "laid").iterdir():
        each.unlink()
    update(work, title="# W")
    assert lost(work) == []


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("killed", [False, True])
def test_a_notebook_with_a_new_number_takes_the_student_s_file_with_it(work, monkeypatch, killed):
    def end(*_):
        raise Killed

    notebooks = {"01_air": course(title="# Air"), "02_water": course(title="# Water, again")}
    if killed:
        monkeypatch.setattr(laying.os, "replace", end)
        with pytest.raises(Killed):
            list(lay(notebooks, work))
        assert lost(work) == []
        monkeypatch.undo()
    assert [each.what for each in lay(notebooks, work)] == ["new", "renewed"]
    assert sorted(path.name for path in work.glob("*.ipynb")) == ["01_air.ipynb", "02_water.ipynb"]
    (work / "02_water.ipynb").rename(work / "01_water.ipynb")
    assert texts(work)[0] == "# Water, again"
    assert lost(work) == []


def test_what_was_written_into_a_cell_that_stands_in_another_notebook_now_comes_along(tmp_path):
    def notebook(**changed):
        made = course(**changed)
        for cell in made.cells:
            if cell.id in ("ask", "stub"):
                cell.metadata["question" if cell.id == "ask" else "exercise"] = cell.id
        return made

    list(lay({"01_water": notebook()}, tmp_path))
    mine = written(tmp_path)
    mine.cells[2].source = mine.cells[2].source.replace("None", "128")
    nbformat.write(mine, tmp_path / "01_water.ipynb")
    first, second = notebook(ask=None, stub=None), notebook(wet=None)
    for _ in range(2):
        *_, done = lay({"01_water": first, "02_ice": second}, tmp_path)
    sources = {cell.id: cell.source for cell in nbformat.read(tmp_path / "02_ice.ipynb", as_version=4).cells}
    assert (sources["ask"], sources["stub"]) == ('answer = 128\ncheck("wet", answer)', STUB)
    assert 'answer = 128\ncheck("wet", answer)' in texts(tmp_path)
    assert done.what == "up to date"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("writing", range(3))
def test_a_process_that_ends_at_a_writing_loses_nothing(work, monkeypatch, writing, after):
    """Before the writing or just after it: the version that is laid, the old file, the new one."""
    count, write = [], laying.write_whole

    def killed(path, content):
        if len(count) == writing and not after:
            raise Killed
        write(path, content)
        count.append(path)
        if len(count) == writing + 1 and after:
            raise Killed

    changed = {"title": "# W", "ask": 'answer = 0\ncheck("wet", answer)', "extra": "2 + 2", "end": None}
    expected = deepcopy(course(**changed))
    monkeypatch.setattr(laying, "write_whole", killed)
    with pytest.raises(Killed):
        update(work, **changed)
    assert lost(work) == []
    monkeypatch.undo()
    update(work, **(changed | {"title": "# Water"}))
    assert lost(work) == []
    update(work, **changed)
    assert lost(work) == []
    assert {cell.source for cell in expected.cells if cell.id != "stub"} <= set(texts(work))
    assert len(texts(work)) == len(set(texts(work)))


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, "tests/working_folder")
import test_laying as t

work, chance = Path(sys.argv[1]), random.Random(5)
t.update(work, title="# before")  # imports all
whole = 0
for n in range(50):
    child = os.fork()
    if child == 0:
        t.update(work, title=f"# {n}", extra=f"{n} + {n}", wet=f"Water {n}")
        os._exit(0)
    time.sleep(chance.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    whole += os.waitpid(child, 0)[1] == 0
    assert t.lost(work) == [], (n, t.lost(work))
t.update(work, title="# after", extra="a", wet="Water.")
assert t.texts(work)[0] == "# after" and t.lost(work) == []
print(whole)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a child is forked and killed")
def test_fifty_kills_lose_nothing(work):
    run = subprocess.run([sys.executable, "-c", KILLS, work], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert 0 <= int(run.stdout) < 50
