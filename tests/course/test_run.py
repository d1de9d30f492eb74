"""``course run`` tells the truth about every notebook and answers mistakes on the command line with a sentence."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_notebooks import COURSE, course_here
from tiny_notebooks import write as write_notebook

from utils.course.batches.refreshing import joined_streams
from utils.notebook_files.status import Status, status_of

PARAMETERS = 'depth: int = 4  # 1…9\nprofile: str = "quick"'
CHECK = 'check_parameters(globals(), depth=Whole(1, 9), profile=Choice("quick", "full"))'


def write(path, *sources):
    check = f"from utils.parameters import Choice\n{CHECK}"
    return write_notebook(path, *sources, parameters=PARAMETERS, check=check)


@pytest.fixture(scope="module")
def mixed_run(tmp_path_factory):
    """One run of notebooks that end in every way a notebook can."""
    folder = tmp_path_factory.mktemp("mixed {y}")
    notebooks = [
        write(
            folder / "good.ipynb", "import os\nprint(depth * 2, os.getcwd())\nprint(os.environ['COURSE_RUN_FOLDER'])"
        ),
        write(folder / "failing {x}.ipynb", "1 / 0", "print('never')"),
        write(folder / "leaving.ipynb", "import sys", "sys.exit(0)", "print('never')"),
        write(
            folder / "killed.ipynb", "print('so far')", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "1"
        ),
        write(folder / "magic.ipynb", "%nosuchmagic", "assert False"),
        folder / "broken.ipynb",
        folder / "absent.ipynb",
    ]
    notebooks[-2].write_text("{not JSON")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = course_here("run", *notebooks, "--out", "out", "-p", "depth", "7")
    results = json.loads((folder / "out" / "results.json").read_text())
    return done, {result["notebook"]: result for result in results}, folder / "out"


@pytest.mark.parametrize(
    ("notebook", "status", "error"),
    [
        ("good", "passed", ""),
        ("failing {x}", "failed", "In [4]: ZeroDivisionError: division by zero"),
        ("leaving", "ended early", "In [5]: sys.exit(0)"),
        ("killed", "killed", "SIGKILL, perhaps for want of memory"),
        ("magic", "unknown magic", "In [4]: UsageError: Line magic function"),
        ("broken", "unreadable", "not a Jupyter notebook"),
        ("absent", "unreadable", "No such file or directory"),
    ],
)
def test_each_notebook_gets_its_true_status(mixed_run, notebook, status, error):
    _, results, _ = mixed_run
    assert results[notebook]["status"] == status, results[notebook]
    assert error in results[notebook]["error"]


def test_one_failure_stops_no_other_and_makes_the_exit_code_1(mixed_run):
    done, results, _ = mixed_run
    assert done.returncode == 1
    assert len(results) == 7
    assert "1 of 7 notebooks passed" in done.stdout
    assert "failing {x}: failed. In [4]: ZeroDivisionError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_setting_reaches_the_notebook_and_partial_output_is_kept(mixed_run):
    _, _, out = mixed_run
    printed = nbformat.read(out / "good.ipynb", as_version=4).cells[-1].outputs[0].text
    assert printed == f"14 {out.parent}\n{out}\n", "it works where one stands, and knows the folder of the run"
    assert "COURSE_RUN_FOLDER" not in os.environ
    assert "so far" in (out / "killed.ipynb").read_text()
    assert "ZeroDivisionError" in (out / "failing {x}.html").read_text()


def test_the_pages_load_nothing_from_elsewhere_and_nothing_half_written_stays(mixed_run):
    _, _, out = mixed_run
    for page in out.glob("*.html"):
        text = page.read_text()
        assert 'src="http' not in text
        assert "<link" not in text or 'href="http' not in text
    assert not list(out.glob(".*"))


def test_the_index_shows_failures_first(mixed_run):
    _, _, out = mixed_run
    index = (out / "index.html").read_text()
    assert index.index("failing%20%7Bx%7D.html") < index.index("good.html")


MISTAKES = {
    "a parameter that no notebook has": (["-p", "depht", "3"], "depht: no notebook has a parameter of that name"),
    "out of range": (["-p", "depth", "12"], "depth=12: a whole number from 1 to 9 is needed"),
    "a word": (["-p", "depth", "deep"], "depth='deep': a whole number from 1 to 9 is needed"),
    "a truth value": (["-p", "depth", "True"], "depth=True: a whole number from 1 to 9 is needed"),
    "no number": (["-p", "depth", "nan"], "nan: a finite number is needed"),
    "twice": (["-p", "depth", "3", "-p", "depth", "4"], "depth: set twice"),
    "twice over": (["-p", "profile", "full", "--profile", "quick"], "profile: set twice"),
    "no such profile": (["--profile", "slow"], "'slow' is not one of 'quick', 'full'"),
    "a file as a folder": (["--out", "good.ipynb/below"], "cannot write there: Not a directory"),
    "an address": (["--out", "s3://bucket/run"], "course run writes to a folder"),
    "an empty name": ([""], ".: a folder, no notebook"),
    "a name twice": (["good.ipynb"], "another notebook has the same name"),
    "the index's name": (["index.ipynb"], "give the notebook another"),
    "no parameters to be read": (["call.ipynb"], "its parameters cell cannot be read: line 1"),
    "a circle": (["circle.ipynb"], "leads in a circle: circle → circle"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_on_the_command_line_gets_a_sentence_and_runs_nothing(tmp_path, monkeypatch, name):
    arguments, sentence = MISTAKES[name]
    monkeypatch.chdir(tmp_path)
    notebook = write(tmp_path / "good.ipynb", "print(depth)")
    write(tmp_path / "index.ipynb", "1")
    write_notebook(tmp_path / "call.ipynb", "1", parameters="depth = int(4)")
    circle = nbformat.read(notebook, as_version=4)
    circle.metadata["course"] = {"after": ["circle"]}
    nbformat.write(circle, tmp_path / "circle.ipynb")
    done = course_here("run", notebook, *arguments)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert not (tmp_path / "build").exists()
    assert not (tmp_path / "s3:").exists()


REMOVES = """import os, pathlib, shutil, time
end = time.monotonic() + 60
while not pathlib.Path("out/first.ipynb").exists() and time.monotonic() < end:
    time.sleep(0.1)
shutil.rmtree(os.getcwd())"""


def test_a_notebook_that_removes_all_folders_costs_those_files_and_nothing_else(tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    for name, source in {"first": "1", "removes": REMOVES, "then": "print('went on')"}.items():
        write(tmp_path / f"{name}.ipynb", source)
    monkeypatch.chdir(own)
    done = course_here("run", *(tmp_path / f"{name}.ipynb" for name in ("first", "removes", "then")), "--out", "out")
    monkeypatch.chdir(tmp_path)
    rows = {row["notebook"]: row for row in json.loads((own / "out" / "results.json").read_text())}
    assert done.returncode == 1
    assert {name: row["status"] for name, row in rows.items()} == {
        "first": "not stored",
        "removes": "passed",
        "then": "passed",
    }
    assert "first.ipynb was removed meanwhile" in rows["first"]["error"]
    assert {"removes.html", "then.html", "index.html"} <= {path.name for path in (own / "out").iterdir()}
    assert 'href="first.html"' not in (own / "out" / "index.html").read_text()


def test_ctrl_c_ends_every_process_and_keeps_what_was_executed(tmp_path):
    sleep = f"27182818.{os.getpid()}"  # seconds: nobody else on the machine sleeps so long

    def sleepers():
        return [each for each in psutil.process_iter(["cmdline"]) if sleep in (each.info["cmdline"] or ())]

    source = write(
        tmp_path / "long.ipynb",
        "import subprocess",
        f"subprocess.run('setsid sleep {sleep} & exec sleep {sleep}', shell=True)",
    )
    running = subprocess.Popen(
        [COURSE, "run", source, "--out", tmp_path / "out"], stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + 40
    while len(sleepers()) < 2 and running.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    assert running.wait(timeout=20) == 130
    assert sleepers() == []
    assert sorted(path.name for path in (tmp_path / "out").glob("*long*")) == ["long.html", "long.ipynb"]
    assert json.loads((tmp_path / "out" / "results.json").read_text())[0]["status"] == "interrupted"
    assert status_of(nbformat.read(tmp_path / "out" / "long.ipynb", as_version=4))[0] == "interrupted"


def test_refresh_stores_outputs_once_and_leaves_a_failing_notebook_alone(tmp_path):
    passing = write(tmp_path / "passing.ipynb", "print(depth)")
    ignored = new_code_cell("import time\ntime.time_ns()", metadata={"tags": ["nbval-ignore-output"]})
    notebook = nbformat.read(passing, as_version=4)
    nbformat.write(new_notebook(cells=[*notebook.cells, ignored, new_markdown_cell("end")]), passing)
    failing = write(tmp_path / "failing.ipynb", "1 / 0")
    before = failing.read_bytes()
    done = course_here("refresh", passing, failing)
    assert done.returncode == 1
    assert failing.read_bytes() == before
    once = passing.read_bytes()
    assert nbformat.read(passing, as_version=4).cells[2].outputs[0].text == "4\n"
    assert course_here("refresh", passing).returncode == 0
    assert passing.read_bytes() == once
    assert course_here("refresh", "--force", passing).returncode == 0
    assert passing.read_bytes() != once


def test_printed_text_that_came_in_pieces_is_stored_in_one():
    pieces = [new_output("stream", name="stdout", text=text) for text in ("one\n", "two\n")]
    picture, after = new_output("display_data"), new_output("stream", name="stdout", text="three\n")
    joined = joined_streams([*pieces, picture, after])
    assert [output.get("text") for output in joined] == ["one\ntwo\n", None, "three\n"]


def test_an_executed_notebook_is_replaced_unless_somebody_worked_in_it(mixed_run):
    _, _, out = mixed_run
    executed, source = out / "leaving.ipynb", out.parent / "leaving.ipynb"
    before = executed.read_bytes()
    assert course_here("run", source, "--out", out).returncode == 1
    assert executed.read_bytes() != before, "made anew"
    own = executed.read_text().replace("sys.exit(0)", "print('my own work')")
    executed.write_text(own)
    done = course_here("run", source, "--out", out)
    assert done.returncode == 2
    assert "leaving.ipynb: it was changed since a run wrote it" in " ".join(done.stderr.split())
    assert executed.read_text() == own


def test_the_readme_names_every_status_that_a_notebook_can_have():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert [word for word in Status if word != Status.NEVER_RAN and f"`{word}`" not in readme] == []
