"""``course run`` tells the truth about every notebook and answers mistakes on the command line with a sentence."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_notebooks import course_here

from utils.course.batches.refreshing import joined_streams
from utils.notebook_files.status import status_of

COURSE = Path(sys.executable).with_name("course")

PARAMETERS = new_code_cell('depth: int = 4  # 1…9\nprofile: str = "quick"', metadata={"tags": ["parameters"]})
CHECK = new_code_cell(
    "from utils.parameters import Choice, Whole, check_parameters\n"
    'check_parameters(globals(), depth=Whole(1, 9), profile=Choice("quick", "full"))'
)


def course(*arguments, cwd=None):
    return subprocess.run([COURSE, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False)


def write(path, *sources, header=(PARAMETERS, CHECK)):
    nbformat.write(new_notebook(cells=[*header, *(new_code_cell(source) for source in sources)]), path)
    return path


@pytest.fixture(scope="module")
def mixed_run(tmp_path_factory):
    """One run of notebooks that end in every way a notebook can."""
    folder = tmp_path_factory.mktemp("mixed")
    notebooks = [
        write(folder / "good.ipynb", "print(depth * 2)"),
        write(folder / "failing.ipynb", "1 / 0", "print('never')"),
        write(folder / "leaving.ipynb", "import sys", "sys.exit(0)", "print('never')"),
        write(
            folder / "killed.ipynb", "print('so far')", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "1"
        ),
        write(folder / "magic.ipynb", "%nosuchmagic", "assert False"),
        folder / "broken.ipynb",
    ]
    notebooks[-1].write_text("{not JSON")
    done = course("run", *notebooks, "--out", folder / "out", "-p", "depth", "7")
    results = json.loads((folder / "out" / "results.json").read_text())
    return done, {result["notebook"]: result for result in results}, folder / "out"


@pytest.mark.parametrize(
    ("notebook", "status", "error"),
    [
        ("good", "passed", ""),
        ("failing", "failed", "In [4]: ZeroDivisionError: division by zero"),
        ("leaving", "ended early", "In [5]: sys.exit(0)"),
        ("killed", "killed", "SIGKILL, perhaps for want of memory"),
        ("magic", "unknown magic", "In [4]: UsageError: Line magic function"),
        ("broken", "unreadable", "not a Jupyter notebook"),
    ],
)
def test_each_notebook_gets_its_true_status(mixed_run, notebook, status, error):
    _, results, _ = mixed_run
    assert results[notebook]["status"] == status, results[notebook]
    assert error in results[notebook]["error"]


def test_one_failure_stops_no_other_and_makes_the_exit_code_1(mixed_run):
    done, results, _ = mixed_run
    assert done.returncode == 1
    assert len(results) == 6
    assert "1 of 6 notebooks passed" in done.stdout
    assert "failing: failed. In [4]: ZeroDivisionError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_setting_reaches_the_notebook_and_partial_output_is_kept(mixed_run):
    _, _, out = mixed_run
    assert "14" in (out / "good.ipynb").read_text()
    assert "so far" in (out / "killed.ipynb").read_text()
    assert "ZeroDivisionError" in (out / "failing.html").read_text()


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
    assert index.index("failing.html") < index.index("good.html")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-p", "depht", "3"], "depht: no notebook has a parameter of that name"),
        (["-p", "depth", "12"], "depth=12: a whole number from 1 to 9 is needed"),
        (["-p", "depth", "deep"], "depth='deep': a whole number from 1 to 9 is needed"),
        (["-p", "depth", "True"], "depth=True: a whole number from 1 to 9 is needed"),
        (["--profile", "slow"], "'slow' is not one of 'quick', 'full'"),
        (["--out", "good.ipynb/below"], "cannot write there"),
    ],
)
def test_a_mistake_on_the_command_line_gets_a_sentence_and_runs_nothing(tmp_path, arguments, sentence):
    notebook = write(tmp_path / "good.ipynb", "print(depth)")
    done = course("run", notebook, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "build").exists()


def test_a_notebook_that_is_not_there_is_named(tmp_path):
    done = course("run", "absent.ipynb", cwd=tmp_path)
    assert done.returncode == 1
    assert "absent: unreadable. absent.ipynb: No such file or directory" in done.stdout


def test_a_notebook_named_twice_is_refused(tmp_path):
    notebook = write(tmp_path / "good.ipynb", "print(depth)")
    done = course("run", notebook, notebook, cwd=tmp_path)
    assert done.returncode == 2
    assert "named more than once" in done.stderr


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
    assert running.wait(timeout=20) != 0
    assert sleepers() == []
    assert [path.name for path in (tmp_path / "out").glob("*long*")] == ["long.ipynb"]
    assert status_of(nbformat.read(tmp_path / "out" / "long.ipynb", as_version=4))[0] == "interrupted"


def test_refresh_stores_outputs_once_and_leaves_a_failing_notebook_alone(tmp_path):
    passing = write(tmp_path / "passing.ipynb", "print(depth)")
    ignored = new_code_cell("import time\ntime.time_ns()", metadata={"tags": ["nbval-ignore-output"]})
    notebook = nbformat.read(passing, as_version=4)
    nbformat.write(new_notebook(cells=[*notebook.cells, ignored, new_markdown_cell("end")]), passing)
    failing = write(tmp_path / "failing.ipynb", "1 / 0")
    before = failing.read_bytes()
    done = course("refresh", passing, failing)
    assert done.returncode == 1
    assert failing.read_bytes() == before
    once = passing.read_bytes()
    assert nbformat.read(passing, as_version=4).cells[2].outputs[0].text == "4\n"
    assert course("refresh", passing).returncode == 0
    assert passing.read_bytes() == once
    assert course("refresh", "--force", passing).returncode == 0
    assert passing.read_bytes() != once


def test_printed_text_that_came_in_pieces_is_stored_in_one():
    pieces = [new_output("stream", name="stdout", text=text) for text in ("one\n", "two\n")]
    picture, after = new_output("display_data"), new_output("stream", name="stdout", text="three\n")
    joined = joined_streams([*pieces, picture, after])
    assert [output.get("text") for output in joined] == ["one\ntwo\n", None, "three\n"]


@pytest.mark.parametrize("command", ["run", "batch"])
@pytest.mark.parametrize(
    ("there", "out"),
    [
        ({"mine.ipynb": None}, "."),  # the source itself
        ({"mine.ipynb": None, "index.html": "my page"}, "."),
        ({"own/mine.ipynb": None, "results.json": "[1, 2]"}, "."),
        ({"own/mine.ipynb": None, "results.csv": "mine", "mine.html": "my page", "index.html": "x"}, "."),
        ({"out/.partial/mine.ipynb": None}, "out"),
    ],
)
def test_no_output_replaces_or_removes_what_no_run_wrote(tmp_path, monkeypatch, command, there, out):
    monkeypatch.chdir(tmp_path)
    for name, text in there.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text) if text else write(Path(name), "print(depth)")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    source = next(name for name, text in there.items() if not text)
    if command == "batch" and list(there) == ["mine.ipynb"]:
        return  # a batch's outputs have names of their own, in a folder of their own
    done = course_here(command, source, "--out", out)
    assert done.returncode == 2, done.stdout
    assert "choose another folder with --out" in " ".join(done.stderr.split())
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_source_is_known_by_another_name_too(tmp_path, link):
    source = write(tmp_path / "mine.ipynb", "print(depth)")
    (tmp_path / "out").mkdir()
    getattr(tmp_path / "out" / "mine.ipynb", link)(source)
    before = source.read_bytes()
    assert course_here("run", source, "--out", tmp_path / "out").returncode == 2
    assert source.read_bytes() == before


def test_the_inputs_of_a_batch_are_not_replaced_either(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mine.ipynb", "print(depth)")
    Path("out").mkdir()
    Path("out/results.json").write_text("[]\n")  # a batch was there
    Path("out/results.csv").write_text("depth\n4\n")
    done = course_here("batch", "mine.ipynb", "--grid", "out/results.csv", "--out", "out")
    assert done.returncode == 2
    assert Path("out/results.csv").read_text() == "depth\n4\n"
    assert Path("out/results.json").read_text() == "[]\n"
