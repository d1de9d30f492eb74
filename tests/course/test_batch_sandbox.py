"""``course batch --sandbox``: notebooks that came back run, and reach nothing. The students are made up."""

import contextlib
import json
import os
import socket
import subprocess
import sys

import nbformat
import pytest
from tiny_notebooks import course_here, write

from utils.course.batches import batch_run
from utils.course.pages import notebook_page as pages
from utils.course.sandbox import notebooks

isolated = pytest.mark.skipif(bool(notebooks.why_not()), reason=notebooks.why_not())
# Each is an expression that is true, or raises no error, where the attack succeeds.
ATTACKS = """
import json, os, shutil, socket, subprocess, sys, tempfile
AROUND = {around!r}
tried = {{
    "reads the key": lambda: open(AROUND["key"]).read(),
    "looks into another's folder": lambda: os.listdir(AROUND["folder"]),
    "finds the key": lambda: [1 for _, _, files in os.walk("/") if "course.key" in files][0],
    "writes outside": lambda: open(AROUND["folder"] + "/left", "w").write("x"),
    "writes into the course": lambda: tempfile.TemporaryFile(dir=AROUND["course"]).close(),
    "changes a package": lambda: tempfile.TemporaryFile(dir=os.path.dirname(json.__file__)).close(),
    "connects to a server": lambda: socket.create_connection(("127.0.0.1", AROUND["port"]), 5),
    "connects to a socket file": lambda: socket.socket(socket.AF_UNIX).connect(AROUND["unix"]),
    "connects to a socket without a file": lambda: socket.socket(socket.AF_UNIX).connect(AROUND["abstract"]),
    "forks": lambda: os.fork() or os._exit(0),
    "starts a program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "reads the environment": lambda: os.environ["SANDBOX_TEST"],
    "sees another process": lambda: os.kill(AROUND["pid"], 0),
    "reads another's environment": lambda: open(f"/proc/{{AROUND['pid']}}/environ").read(),
    "reads who uses the machine": lambda: open("/etc/passwd").read(),
    "fills the disk": lambda: shutil.disk_usage(os.getcwd()).total < 400_000_000 or 1 + "",
}}
succeeded = []
for name, attack in tried.items():
    try:
        attack()
        succeeded.append(name)
    except Exception:
        pass
print(json.dumps(succeeded))
"""
SMALL = "fills the disk"  # the one that succeeds inside: the disk there is small
HONEST = """
from pathlib import Path
from utils.questions import check
from utils.start_here import chapters
Path("mine.txt").write_text("mine")
print(len(chapters()), Path.cwd(), Path("mine.txt").read_text())
check("bn-parameters", 4 * 32, channels=32)"""
THREADS = """
import threading, time
for _ in range(1500):
    threading.Thread(target=time.sleep, args=(600,)).start()
time.sleep(600)"""
SHOWN = (
    "from IPython.display import HTML\nHTML('<script>document.title = 1</script><META http-equiv=refresh content=0>')"
)


@contextlib.contextmanager
def a_world(folder):
    """What an attack would find outside."""
    (folder / "secret").mkdir()
    (folder / "secret" / "course.key").write_text("0" * 64)
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(socket.socket(family)) for family in (socket.AF_INET, *[socket.AF_UNIX] * 2)]
        abstract, file = f"\0batch-sandbox-{os.getpid()}", str(folder / "socket")
        for server, address in zip(servers, (("127.0.0.1", 0), file, abstract), strict=True):
            server.bind(address)
            server.listen(50)
        yield {
            "key": str(folder / "secret" / "course.key"),
            "folder": str(folder / "secret"),
            "course": str(notebooks.bubblewrap.COURSE / "utils"),
            "port": servers[0].getsockname()[1],
            "unix": file,
            "abstract": abstract,
            "pid": os.getpid(),
        }


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The notebooks that came back, run; name → (status, error, the executed notebook, its page)."""
    folder = tmp_path_factory.mktemp("s")
    with a_world(folder) as around, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANDBOX_TEST", "seen")
        attacks = ATTACKS.format(around=around)
        came = {
            "ada/03": HONEST,
            "bo/03": attacks,
            "cy/03": "import os\nwhile True:\n    os.fork()",
            "dee/03": "import time\nwhile True:\n    time.sleep(1)",
            "eve/03": THREADS,
            "fay/03": "import os\nos._exit(0)",
            "gus/03": SHOWN,
        }
        odd = {"hal/03": "[" * 100_000, "ida/03": '{"cells": [7], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'}
        for name, text in odd.items():
            (folder / name).parent.mkdir()
            (folder / f"{name}.ipynb").write_text(text)
        for name, source in came.items():
            (folder / name).parent.mkdir(exist_ok=True)
            write(folder / f"{name}.ipynb", source, parameters="")
        paths = [folder / f"{name}.ipynb" for name in (*came, *odd)]
        done = course_here("batch", *paths, "--sandbox", "--cell-timeout", 20, "--workers", 2, "--out", folder / "out")
        left = os.listdir(folder / "secret")
        bare = subprocess.run([sys.executable, "-c", attacks], capture_output=True, text=True, check=False)
    rows = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))
    found = {row["notebook"]: row for row in rows}
    return folder, found, done, (left, bare)


def executed(ran, name):
    folder, found, _, _ = ran
    return nbformat.read(folder / "out" / f"{found[name]['file']}.ipynb", as_version=4)


def printed(ran, name):
    outputs = [each for cell in executed(ran, name).cells for each in cell.get("outputs", ())]
    return "".join(each["text"] for each in outputs if each.get("name") == "stdout")


@isolated
def test_an_honest_notebook_runs_as_it_does_outside(ran):
    _, found, done, _ = ran
    assert found["ada_03"]["status"] == "passed", found["ada_03"]["error"]
    assert printed(ran, "ada_03").endswith("/notebook mine\n")
    assert [each["verdict"] for each in found["ada_03"]["answers"]] == ["right"]
    assert "Traceback" not in done.stdout + done.stderr


@isolated
def test_what_reaches_out_fails_and_would_succeed_outside(ran):
    _, found, _, (left, bare) = ran
    assert found["bo_03"]["status"] == "passed", found["bo_03"]["error"]
    assert json.loads(printed(ran, "bo_03")) == [SMALL]
    assert len(json.loads(bare.stdout)) >= 12, bare
    assert left == ["course.key"]


@isolated
def test_what_never_ends_is_ended_and_the_others_go_on(ran):
    _, found, done, _ = ran
    status = {name: row["status"] for name, row in found.items()}
    wanted = {"cy_03": "failed", "dee_03": "timed out", "eve_03": "failed", "fay_03": "ended early", "gus_03": "passed"}
    wanted |= {"hal_03": "unreadable", "ida_03": "unreadable"}
    assert {name: status[name] for name in wanted} == wanted
    assert "PermissionError" in found["cy_03"]["error"]
    assert "threads" in found["eve_03"]["error"]
    assert done.returncode == 1


@isolated
def test_no_script_runs_in_a_page_of_what_came_back(ran):
    folder, found, _, _ = ran
    page = (folder / "out" / f"{found['gus_03']['file']}.html").read_text(encoding="utf-8")
    assert "<script>document.title" in page
    assert "<META" not in page
    assert page.index("default-src 'none'") < page.index("<script")


def test_a_page_that_takes_too_long_costs_the_page_alone(monkeypatch):
    monkeypatch.setattr(pages, "PAGE_SECONDS", 0.2)
    cell = nbformat.v4.new_markdown_cell("[" * 200_000)
    page = pages.notebook_page(nbformat.v4.new_notebook(cells=[cell]), scripts=False)
    assert "takes more than 0.2 s" in page


def test_where_nothing_can_be_isolated_nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_run, "why_not", lambda: "There is no bubblewrap: install it.")
    write(tmp_path / "a.ipynb", "1", parameters="")
    done = course_here("batch", tmp_path / "a.ipynb", "--sandbox", "--out", tmp_path / "out")
    assert (done.returncode, "install it" in done.stderr) == (2, True)
    assert not (tmp_path / "out").exists()
