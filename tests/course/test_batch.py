"""``course batch``: every combination once, a true table, and nothing done twice."""

import csv
import io
import json
import os
import signal
import subprocess
import time
from xml.etree import ElementTree

import nbformat
import psutil
import pytest
from tiny_notebooks import COURSE, course_here, write

from utils.course.batches import batch_run
from utils.course.batches.job import Outcome
from utils.course.batches.reporting import still_there
from utils.course.pages.batch_index import reports
from utils.course.storage.locks import locked
from utils.course.storage.store import FolderStore
from utils.course.students.roster import NOBODY, Student


@pytest.fixture(scope="module")
def grid_run(tmp_path_factory):
    """Two notebooks × two depths, two at a time; the second notebook fails at depth 4."""
    folder = tmp_path_factory.mktemp("grid")
    good = "import os\nprint(depth * 2, seed, os.environ['TF_NUM_INTRAOP_THREADS'])"
    sources = [write(folder / "good.ipynb", good), write(folder / "bad.ipynb", "1 / (depth - 4)")]
    (folder / "grid.yaml").write_text("depth: 3..4\n")
    command = ["batch", *sources, "--grid", folder / "grid.yaml", "-p", "seed", "010"]
    command += ["--out", folder / "o{x}", "--workers", 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
        done = course_here(*command)
    return folder / "o{x}", command, done, json.loads((folder / "o{x}" / "results.json").read_text())


def test_every_combination_runs_once_and_says_truly_how_it_went(grid_run):
    _, _, done, rows = grid_run
    told = {(row["notebook"], row["parameters"]["depth"]): (row["status"], row["error"]) for row in rows}
    assert told == {
        ("good", 3): ("passed", ""),
        ("good", 4): ("passed", ""),
        ("bad", 3): ("passed", ""),
        ("bad", 4): ("failed", "In [4]: ZeroDivisionError: division by zero"),
    }
    assert len(rows) == 4
    assert done.returncode == 1
    assert "3 passed, 1 failed" in done.stdout
    assert done.stderr == "", "progress is for terminals"


def test_each_output_has_its_own_parameters_and_computes_with_one_thread(grid_run):
    out, _, _, rows = grid_run
    for row in rows:
        if row["notebook"] == "good":
            cells = nbformat.read(out / f"{row['file']}.ipynb", as_version=4).cells
            assert cells[-1].outputs[0].text == f"{row['parameters']['depth'] * 2} 10 1\n"


def test_the_three_tables_say_the_same(grid_run):
    out, _, _, rows = grid_run
    with (out / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["key"] for line in lines] == [row["key"] for row in rows]
    assert [json.loads(line["parameters"]) for line in lines] == [row["parameters"] for row in rows]
    suites = ElementTree.parse(out / "results.xml").getroot()
    assert {(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites} == {
        ("good", "2", "0"),
        ("bad", "2", "1"),
    }


def test_the_index_links_every_page_that_there_is_and_nothing_else_stays(grid_run):
    out, _, _, rows = grid_run
    index = (out / "index.html").read_text()
    stored = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    outputs = {f"{row['file']}.{kind}" for row in rows for kind in ("ipynb", "html")}
    assert stored == outputs | {"index.html", "results.csv", "results.json", "results.xml"}
    assert all(f'href="{row["file"].replace("=", "%3D")}.html"' in index for row in rows)
    assert not (out / ".partial").exists()


def test_a_second_run_does_only_what_is_missing_cut_short_or_changed_by_hand(grid_run):
    out, command, _, rows = grid_run
    notebooks = [out / f"{row['file']}.ipynb" for row in rows]
    before = [path.read_bytes() for path in notebooks]

    def to_do():
        plan = json.loads(course_here(*command, "--dry-run", "--json").stdout)
        return {job["file"] for job in plan if job["plan"] == "to do"}

    assert course_here(*command).returncode == 1
    assert [path.read_bytes() for path in notebooks] == before, "nothing was done again"
    notebooks[0].write_bytes(before[0][:-200])
    notebooks[1].write_bytes(before[1].replace(b"depth", b"width"))
    notebooks[2].unlink()
    notebooks[3].with_suffix(".html").unlink()
    assert to_do() == {row["file"] for row in rows}
    for path, content in zip(notebooks[1:3], before[1:3], strict=True):
        path.write_bytes(content)
    assert to_do() == {rows[0]["file"], rows[3]["file"]}
    assert course_here(*command).returncode == 1
    anew = [path.read_bytes() != old for path, old in zip(notebooks, before, strict=True)]
    assert anew == [True, False, False, False], "of the last only the page was missing"
    again = json.loads((out / "results.json").read_text())
    assert [(row["key"], row["status"]) for row in again] == [(row["key"], row["status"]) for row in rows]
    assert all(path.with_suffix(".html").exists() for path in notebooks)


def test_a_dry_run_shows_the_values_as_they_are_read(grid_run):
    _, command, _, _ = grid_run
    line, _ = [each for each in course_here(*command, "--dry-run").stdout.splitlines() if "  good/" in each]
    assert line.endswith("seed=10, depth=3")


ODD = """from IPython.display import display
for record in ({}, "x", {"id": "q", "verdict": {}}, {"id": "q", "verdict": "right", "answer": 7}):
    display({"application/vnd.convnet-course.answer+json": record}, raw=True)
display({"application/vnd.convnet-course.verdict+json": {"id": "c"}}, raw=True)"""
FAULTS = {
    "large": ("passed", "", 1),
    "plain": ("passed", "", 1),
    "odd": ("passed", "", 1),
    "homeless": ("passed", "", 1),
    "kernel": ("killed", "SIGKILL", 2),
    "worker": ("lost", "SIGKILL", 2),
    "broken": ("unreadable", "not a Jupyter notebook", 1),
    "absent": ("unreadable", "No such file or directory", 1),
    "syntax": ("refused", "its parameters cell cannot be read", 1),
    "range": ("refused", "depth=5: a whole number from 1 to 3 is needed", 1),
    "index.html": ("refused", "give the notebook another", 1),
}


@pytest.fixture(scope="module")
def faulty_run(tmp_path_factory):
    """A batch in which most things go wrong that can, two at a time."""
    folder = tmp_path_factory.mktemp("faults")
    write(folder / "large.ipynb", "print('x' * 10_000_000)")
    write(folder / "plain.ipynb", "import os; print(os.environ['TF_NUM_INTRAOP_THREADS'])", parameters="")
    write(folder / "odd.ipynb", ODD)
    write(folder / "homeless.ipynb", "import os, shutil\nshutil.rmtree(os.getcwd())")
    write(folder / "kernel.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    above = "[each for each in psutil.Process().parents() if 'spawn_main' in str(each.cmdline())]"
    write(folder / "worker.ipynb", f"import psutil, time\n{above}[0].kill()\ntime.sleep(5)")
    write(folder / "syntax.ipynb", "1", parameters="depth = = 4")
    write(folder / "range.ipynb", "1", check="check_parameters(globals(), depth=Whole(1, 3), seed=Whole(0, 99))")
    write(folder / "index.html.ipynb", "1")
    (folder / "broken.ipynb").write_text('{"cells": [')
    notebooks = [folder / f"{name}.ipynb" for name in FAULTS]
    command = ["batch", *notebooks, "-p", "depth", 5, "--out", folder / "out", "--workers", 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_NUM_INTRAOP_THREADS", "3")
        done = course_here(*command)
    rows = json.loads((folder / "out" / "results.json").read_text())
    return command, done, {row["notebook"]: row for row in rows}


@pytest.mark.parametrize("name", FAULTS)
def test_each_item_gets_its_own_status_and_the_rest_goes_on(faulty_run, name):
    _, done, rows = faulty_run
    status, sentence, attempts = FAULTS[name]
    assert (rows[name]["status"], rows[name]["attempts"]) == (status, attempts), rows[name]
    assert sentence in rows[name]["error"]
    assert done.returncode == 1
    assert "Traceback" not in done.stdout


def test_a_record_that_breaks_its_form_is_a_remark_and_costs_no_other(faulty_run):
    _, done, rows = faulty_run
    remark = "records that break their form are left out: 3 of an answer, 1 of a verdict"
    assert rows["odd"]["remark"] == remark
    assert rows["odd"]["answers"] == [{"id": "q", "verdict": "right", "answer": 7}]
    assert f"odd depth=5: passed. {remark}" in done.stdout


def test_a_notebook_computes_with_as_many_threads_as_one_says(faulty_run):
    command, _, rows = faulty_run
    out = command[command.index("--out") + 1]
    assert nbformat.read(out / f"{rows['plain']['file']}.ipynb", as_version=4).cells[0].outputs[0].text == "3\n"


def test_what_crashed_is_tried_again_by_the_next_batch_and_nothing_else(faulty_run):
    command, _, _ = faulty_run
    plan = json.loads(course_here(*command, "--dry-run", "--json").stdout)
    assert {row["notebook"] for row in plan if row.get("plan") == "to do"} == {"kernel", "worker"}


def test_what_is_reported_passed_is_there(tmp_path):
    store = FolderStore(tmp_path)
    outcomes = [Outcome(name, NOBODY, {}, "passed", file=f"{name}/{name}-1") for name in ("kept", "gone", "pageless")]
    outcomes.append(Outcome("refused", NOBODY, {}, "refused"))
    for outcome in outcomes[::2]:
        store.write(f"{outcome.file}.ipynb", "{}")
    store.write("kept/kept-1.html", "")
    still_there(store, outcomes)
    assert [each.status for each in outcomes] == ["passed", "not stored", "not stored", "refused"]
    assert outcomes[1].error == f"passed, but {tmp_path / 'gone/gone-1.ipynb'} was removed meanwhile"
    assert outcomes[2].error == f"passed, but {tmp_path / 'pageless/pageless-1.html'} was removed meanwhile"
    assert not outcomes[1].file


def runs(pid):
    """Whether there is such a process; one that has ended and was not asked about yet is none."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# A notebook that says that it has begun, and goes on when it may.
PATIENT = """import os, pathlib, time
folder, end = pathlib.Path({folder!r}), time.monotonic() + 60
(folder / "began" / str(os.getpid())).touch()
while not (folder / "go").exists() and time.monotonic() < end: time.sleep(0.02)"""


def test_ctrl_c_once_finishes_what_runs_twice_ends_it_and_both_resume(tmp_path):
    began, go = tmp_path / "began", tmp_path / "go"
    began.mkdir()
    (tmp_path / "grid.yaml").write_text("seed: 0..2")
    notebook = write(tmp_path / "patient.ipynb", PATIENT.format(folder=str(tmp_path)))
    command = [COURSE, "batch", notebook, "--grid", "grid.yaml", "--out", "out", "--workers", "1", "--json"]

    def batch(*signals, jobs):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **pipes) as process:
            end = time.monotonic() + 60
            while len(list(began.iterdir())) < jobs and time.monotonic() < end:
                time.sleep(0.05)
            for number in signals:
                os.killpg(process.pid, number)  # as a terminal does
                time.sleep(0.3)
            if len(signals) < 2:
                go.touch()
            out, err = process.communicate(timeout=60)
            go.unlink(missing_ok=True)
            return process.returncode, [row["status"] for row in json.loads(out)], err

    code, statuses, err = batch(signal.SIGINT, jobs=1)
    assert (code, statuses) == (130, ["passed"])
    assert "the running notebooks finish" in err
    code, statuses, _ = batch(signal.SIGINT, signal.SIGINT, jobs=2)
    assert (code, statuses) == (130, ["passed"])
    assert not any(runs(int(path.name)) for path in began.iterdir()), "no kernel outlives its batch"
    code, statuses, _ = batch(jobs=0)
    assert (code, statuses) == (0, ["passed"] * 3)
    assert len(list(began.iterdir())) == 1 + 1 + 2
    assert not list((tmp_path / "out").glob(".partial"))


def test_two_batches_do_not_write_to_one_folder_at_the_same_time(tmp_path):
    notebook = write(tmp_path / "one.ipynb", "1")
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out") as mine:
        assert mine
        done = course_here("batch", notebook, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "another batch is writing there" in done.stderr


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="groups of processes")
def test_ctrl_c_while_the_batch_starts_is_answered_by_the_command_alone(tmp_path):
    source = write(tmp_path / "one.ipynb", "import time; time.sleep(1)")
    running = subprocess.Popen(
        [COURSE, "batch", source, "--out", tmp_path / "out"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    command = psutil.Process(running.pid)
    while running.poll() is None and not any("spawn_main" in " ".join(each.cmdline()) for each in command.children()):
        time.sleep(0.001)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    _, err = running.communicate(timeout=60)
    assert running.returncode in (0, 130), "0: the only job was begun already, and finished"
    assert "Traceback" not in err, err


MISTAKES = {
    "a parameter that no notebook has": (["-p", "depht", "3"], "depht: no notebook has a parameter of that name"),
    "a roster without a key": (["--roster", "roster.csv"], "--roster and --secret belong together"),
    "a roster of nobody": (["--roster", "nobody.csv", "--secret", "k"], "nobody.csv: no student stands in it"),
    "two clusters": (["--scheduler", "tcp://127.0.0.1:1", "--slurm"], "one of them is enough"),
    "two queues": (["--slurm", "--pbs"], "one of them is enough"),
    "no queue here": (["--slurm"], "there is no command sbatch here"),
    "no scheduler there": (["--scheduler", "tcp://127.0.0.1:1x"], "no dask scheduler answers there"),
    "no such store": (["--out", "s4://bucket/run"], "an address of this kind is not known"),
    "a file as a folder": (["--out", "one.ipynb/below"], "Not a directory"),
    "set twice": (["-p", "depth", "3", "-p", "depth", "4"], "depth: set twice on the command line"),
    "set twice over": (["-p", "seed", "3", "--grid", "grid.yaml"], "seed: set both with -p and in grid.yaml"),
    "no end": (["--deadline", "inf"], "not in the range"),
    "no number": (["--deadline", "nan"], "not in the range"),
    "an empty name": ([""], ".: a folder, no notebook"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_on_the_command_line_gets_a_sentence_and_runs_nothing(tmp_path, monkeypatch, name):
    arguments, sentence = MISTAKES[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    notebook = write(tmp_path / "one.ipynb", "1")
    (tmp_path / "roster.csv").write_text("id\nada\n")
    (tmp_path / "nobody.csv").write_text("id,name\n")
    (tmp_path / "grid.yaml").write_text("seed: 0..2\n")
    done = course_here("batch", notebook, *arguments, *(["--dry-run"] if name == "an empty name" else []))
    assert sentence in " ".join((done.stdout + done.stderr).split())
    assert done.returncode == (0 if name == "an empty name" else 2)
    assert not list((tmp_path / "build").rglob("*.ipynb"))


def test_a_megabyte_is_a_million_bytes(tmp_path):
    given = dict.fromkeys(batch_run.Options.__dataclass_fields__)
    given |= {"notebooks": [write(tmp_path / "one.ipynb", "1")], "settings": (), "out": str(tmp_path), "memory": 64}
    assert batch_run._orders(batch_run.planned(batch_run.Options(**given))).bounds["memory"] == 64_000_000


def test_the_tables_hold_any_text_and_no_formula():
    nasty = '=cmd()|"\x00\x1b[31m]]>&<b>\ud83d\u202e\r\n'
    outcome = Outcome("n", Student("ada", nasty, "+1"), {"depth": 4}, "failed", nasty, key="k", file="n/ada-k")
    texts = {name: text.encode(errors="replace").decode() for name, text in reports([outcome]).items()}
    (line,) = csv.DictReader(io.StringIO(texts["results.csv"].lstrip("\ufeff"), newline=""))
    assert line["name"].startswith("'=cmd()|")
    assert line["group"] == "'+1"
    assert line["error"].startswith("'=cmd()")
    case = ElementTree.fromstring(texts["results.xml"]).find("testsuite/testcase/failure")
    assert "[31m]]>&<b>" in case.get("message")
    assert json.loads(texts["results.json"])[0]["student"] == "ada"
    assert "<b>" not in texts["index.html"]
