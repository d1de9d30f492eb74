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
from tiny_notebooks import COURSE, course, course_here, write

from utils.course.batches.plan import Outcome
from utils.course.commands.batch import Progress
from utils.course.pages.batch_index import reports
from utils.course.storage.locks import locked
from utils.course.students.roster import NOBODY, Student


@pytest.fixture(scope="module")
def grid_run(tmp_path_factory):
    """Two notebooks × three depths, two at a time; the second notebook fails at depth 4."""
    folder = tmp_path_factory.mktemp("grid")
    sources = [write(folder / "good.ipynb", "print(depth * 2)"), write(folder / "bad.ipynb", "1 / (depth - 4)")]
    (folder / "grid.yaml").write_text("depth: 3..5\n")
    command = ["batch", *sources, "--grid", folder / "grid.yaml", "--out", folder / "out", "--workers", 2]
    done = course(*command, cwd=folder)
    return folder / "out", command, done, json.loads((folder / "out" / "results.json").read_text())


def test_every_combination_runs_once_and_says_truly_how_it_went(grid_run):
    _, _, done, rows = grid_run
    told = {(row["notebook"], row["parameters"]["depth"]): (row["status"], row["error"]) for row in rows}
    assert told == {
        ("good", 3): ("passed", ""),
        ("good", 4): ("passed", ""),
        ("good", 5): ("passed", ""),
        ("bad", 3): ("passed", ""),
        ("bad", 4): ("failed", "In [4]: ZeroDivisionError: division by zero"),
        ("bad", 5): ("passed", ""),
    }
    assert len(rows) == 6
    assert done.returncode == 1
    assert "5 passed, 1 failed" in done.stdout
    assert "to go" not in done.stderr, "progress is for terminals"


def test_each_output_has_its_own_parameters(grid_run):
    out, _, _, rows = grid_run
    for row in rows:
        if row["notebook"] == "good":
            cells = nbformat.read(out / f"{row['file']}.ipynb", as_version=4).cells
            assert cells[-1].outputs[0].text == f"{row['parameters']['depth'] * 2}\n"


@pytest.mark.parametrize(("given", "found"), [(None, "1"), ("3", "3")])
def test_a_notebook_of_a_batch_computes_with_one_thread_unless_told_otherwise(tmp_path, monkeypatch, given, found):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    if given:
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", given)
    write(tmp_path / "asks.ipynb", "import os; print(os.environ['TF_NUM_INTRAOP_THREADS'])")
    done = course("batch", tmp_path / "asks.ipynb", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout
    (executed,) = (tmp_path / "out" / "asks").glob("*.ipynb")
    assert nbformat.read(executed, as_version=4).cells[-1].outputs[0].text == f"{found}\n"


def test_the_three_tables_say_the_same(grid_run):
    out, _, _, rows = grid_run
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["key"] for line in lines] == [row["key"] for row in rows]
    assert [json.loads(line["parameters"]) for line in lines] == [row["parameters"] for row in rows]
    suites = ElementTree.parse(out / "results.xml").getroot()
    assert {(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites} == {
        ("good", "3", "0"),
        ("bad", "3", "1"),
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
    assert course_here(*command).returncode == 1
    assert [path.read_bytes() for path in notebooks] == before, "nothing was done again"
    notebooks[0].write_bytes(before[0][:-200])
    notebooks[1].write_bytes(before[1].replace(b"depth", b"width"))
    notebooks[2].unlink()
    notebooks[3].with_suffix(".html").unlink()
    plan = json.loads(course_here(*command, "--dry-run", "--json").stdout)
    assert {job["file"] for job in plan if job["plan"] == "to do"} == {row["file"] for row in rows[:4]}
    assert course(*command).returncode == 1
    anew = [path.read_bytes() != old for path, old in zip(notebooks, before, strict=True)]
    assert anew == [True, True, True, False, False, False], "of the fourth only the page was missing"
    again = json.loads((out / "results.json").read_text())
    assert [(row["key"], row["status"]) for row in again] == [(row["key"], row["status"]) for row in rows]
    assert all(path.with_suffix(".html").exists() for path in notebooks)


FORMAT_3 = {
    "metadata": {"name": ""},
    "nbformat": 3,
    "nbformat_minor": 0,
    "worksheets": [
        {
            "metadata": {},
            "cells": [
                {"cell_type": "code", "language": "python", "input": ["print(6 * 7)"], "outputs": [], "metadata": {}}
                | {"collapsed": False, "prompt_number": 1}
            ],
        }
    ],
}
FAULTS = {
    "good": ("passed", "", 1),
    "large": ("passed", "", 1),
    "plain": ("passed", "", 1),
    "old": ("passed", "", 1),
    "twins": ("passed", "", 1),
    "kernel": ("killed", "SIGKILL", 2),
    "worker": ("lost", "SIGKILL", 2),
    "broken": ("unreadable", "not a Jupyter notebook", 1),
    "absent": ("unreadable", "No such file or directory", 1),
    "syntax": ("refused", "its parameters cell cannot be read", 1),
    "range": ("refused", "depth=5: a whole number from 1 to 3 is needed", 1),
}


@pytest.fixture(scope="module")
def faulty_run(tmp_path_factory):
    """A batch in which most things go wrong that can, two at a time."""
    folder = tmp_path_factory.mktemp("faults")
    write(folder / "good.ipynb", "print(depth)")
    write(folder / "large.ipynb", "print('x' * 10_000_000)")
    write(folder / "plain.ipynb", "print(1)", parameters="")
    write(folder / "kernel.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    write(folder / "worker.ipynb", "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(5)")
    write(folder / "syntax.ipynb", "1", parameters="depth = = 4")
    write(folder / "range.ipynb", "1", check="check_parameters(globals(), depth=Whole(1, 3), seed=Whole(0, 99))")
    (folder / "broken.ipynb").write_text('{"cells": [')
    (folder / "old.ipynb").write_text(json.dumps(FORMAT_3))
    twins = json.loads((folder / "good.ipynb").read_text())
    for cell in twins["cells"]:
        cell["id"] = "same"
    (folder / "twins.ipynb").write_text(json.dumps(twins))
    command = ["batch", *(folder / f"{name}.ipynb" for name in FAULTS), "-p", "depth", 5, "--out", folder / "out"]
    done = course(*command, "--workers", 2)
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


def test_what_crashed_is_tried_again_by_the_next_batch_and_nothing_else(faulty_run):
    command, _, _ = faulty_run
    plan = json.loads(course_here(*command, "--dry-run", "--json").stdout)
    assert {row["notebook"] for row in plan if row.get("plan") == "to do"} == {"kernel", "worker"}


def test_ctrl_c_once_finishes_what_runs_twice_ends_it_and_both_resume(tmp_path):
    began = tmp_path / "began"
    began.mkdir()
    slow = f"import os, pathlib, time\npathlib.Path({str(began)!r}, str(os.getpid())).touch()\ntime.sleep(2)"
    (tmp_path / "grid.yaml").write_text("seed: 0..2")
    command = [COURSE, "batch", write(tmp_path / "slow.ipynb", slow), "--grid", "grid.yaml", "--out", "out"]
    command += ["--workers", "1", "--json"]

    def batch(*signals, jobs):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **pipes) as process:
            end = time.monotonic() + 60
            while len(list(began.iterdir())) < jobs and time.monotonic() < end:
                time.sleep(0.05)
            for number in signals:
                os.killpg(process.pid, number)  # as a terminal does
                time.sleep(0.3)
            out, err = process.communicate(timeout=60)
            return process.returncode, [row["status"] for row in json.loads(out)], err

    code, statuses, err = batch(signal.SIGINT, jobs=1)
    assert (code, statuses) == (130, ["passed"])
    assert "the running notebooks finish" in err
    code, statuses, _ = batch(signal.SIGINT, signal.SIGINT, jobs=2)
    assert (code, statuses) == (130, ["passed"])
    assert not any(psutil.pid_exists(int(path.name)) for path in began.iterdir()), "no kernel outlives its batch"
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
    time.sleep(0.3)  # until they can hear it
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    _, err = running.communicate(timeout=60)
    assert running.returncode in (1, 130)
    assert "Traceback" not in err, err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-p", "depht", "3"], "depht: no notebook has a parameter of that name"),
        (["--roster", "roster.csv"], "--roster and --secret belong together"),
        (["--scheduler", "tcp://127.0.0.1:1", "--slurm"], "one of them is enough"),
        (["--out", "s4://bucket/run"], "an address of this kind is not known"),
        (["--out", "one.ipynb/below"], "Not a directory"),
    ],
)
def test_a_mistake_on_the_command_line_gets_a_sentence_and_runs_nothing(tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    notebook = write(tmp_path / "one.ipynb", "1")
    (tmp_path / "roster.csv").write_text("id\nada\n")
    done = course_here("batch", notebook, *arguments)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "build").exists()


def test_the_tables_hold_any_text_and_no_formula():
    nasty = '=cmd()|"\x00\x1b[31m]]>&<b>\ud83d\u202e\r\n'
    outcome = Outcome("n", Student("ada", nasty, "+1"), {"depth": 4}, "failed", nasty, key="k", file="n/ada-k")
    texts = {name: text.encode(errors="replace").decode() for name, text in reports([outcome]).items()}
    (line,) = csv.DictReader(io.StringIO(texts["results.csv"], newline=""))
    assert line["name"].startswith("'=cmd()|")
    assert line["group"] == "'+1"
    assert line["error"].startswith("'=cmd()")
    case = ElementTree.fromstring(texts["results.xml"]).find("testsuite/testcase/failure")
    assert "[31m]]>&<b>" in case.get("message")
    assert json.loads(texts["results.json"])[0]["student"] == "ada"
    assert "<b>" not in texts["index.html"]


def test_the_line_that_shows_progress_counts_and_foretells():
    progress = Progress([], total=40)
    progress.began -= 60  # a minute ago
    for number in range(10):
        progress(Outcome("n", NOBODY, {}, "failed" if number < 3 else "passed"))
    assert progress.line() == "10 done · 3 failed · 30 left · 10 a minute · 3 min to go"
