"""The engine says truthfully how a notebook ended, keeps what it printed, and leaves no process behind."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import papermill
import psutil
import pytest
from click.testing import CliRunner
from jupyter_client.manager import AsyncKernelManager
from nbformat.v4 import new_code_cell, new_notebook
from papermill.cli import papermill as papermill_command

from utils.course.engine import client, process_tree
from utils.course.engine.execute import execute
from utils.course.engine.process_tree import ProcessTree
from utils.course.engine.watch import Watch
from utils.course.pages.notebook_page import notebook_page
from utils.course.warm_kernels import keeper
from utils.notebook_files.reading import read
from utils.notebook_files.status import cell_status, cell_statuses, status_of

SLEEPER = f"31415926.{os.getpid()}"  # seconds: nobody else on the machine sleeps so long
HEAR = "import sys, time; sys.stdout.flush(); time.sleep(0.3)"  # now, not five times a second
MEGABYTE = 1_000_000


def write(path, *sources, tags=(), kernel="python3"):
    """A notebook of these cells; the first of them carries the tags."""
    cells = [new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = list(tags)
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    nbformat.write(notebook, path)
    return path


def sleepers():
    return [each for each in psutil.process_iter(["cmdline"]) if SLEEPER in (each.info["cmdline"] or ())]


# Name: cells, bounds, status, what the error says, the states of the cells.
ENDS = {
    "good": (["1", "2"], {}, "passed", "", ["passed", "passed"]),
    "failing": (["1 / 0", "2"], {}, "failed", "In [1]: ZeroDivisionError: division by zero", ["failed", "never ran"]),
    "shown": (
        ["try:\n    1 / 0\nexcept Exception:\n    get_ipython().showtraceback()", "2"],
        {},
        "failed",
        "In [1]: ZeroDivisionError",
        ["failed", "passed"],
    ),
    "slow_cell": (
        [f"print('so far')\n{HEAR}\ntime.sleep(60)", "2"],
        {"cell_timeout": 2},
        "timed out",
        "In [1]: ran for more than 2 s",
        ["timed out", "never ran"],
    ),
    "slow_notebook": (
        ["1", f"print('so far')\n{HEAR}\nwhile True: time.sleep(0.01)", "3"],
        {"deadline": 12},
        "timed out",
        "In [2]: the notebook ran for more than 12 s",
        ["passed", "timed out", "never ran"],
    ),
    "killed": (
        [f"print('so far')\n{HEAR}\nimport os; os.kill(os.getpid(), 9)", "2"],
        {},
        "killed",
        "In [1]: the kernel was killed by SIGKILL, perhaps for want of memory",
        ["killed", "never ran"],
    ),
    "aborted": (["1", "import os; os.abort()"], {}, "killed", "the kernel was killed by SIGABRT", ["passed", "killed"]),
    "greedy": (
        ["import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'b = bytearray(500_000_000); input()'],"
         " stdin=subprocess.PIPE)\np.wait()"],
        {"memory": 400 * MEGABYTE},
        "out of memory",
        " MB; 400 MB are allowed",
        ["out of memory"],
    ),
    "sys_exit": (["import sys", "sys.exit(0)", "3"], {}, "ended early",
                 "In [2]: sys.exit(0)",
                 ["passed", "ended early", "never ran"]),
    "exit": (["exit()", "2"], {}, "ended early", "In [1]: it told the kernel to exit", ["ended early", "never ran"]),
    "exit_last": (["1", "quit()"], {}, "passed", "", ["passed", "passed"]),
    "os_exit": ([f"{HEAR}\nimport os; os._exit(3)", "2"], {}, "ended early",
                "In [1]: the kernel's process left with exit code 3", ["ended early", "never ran"]),
    "magic": (["%nosuchmagic", "2"], {}, "unknown magic", "Line magic function `%nosuchmagic` not found",
              ["unknown magic", "never ran"]),
    "wrong_magic": (["%run nosuchfile.py", "2"], {}, "failed", "In [1]: ", ["failed", "never ran"]),
    "captured": (["%%capture\n%nosuchmagic", "get_ipython().run_cell('%nosuchmagic')\nNone", "3"], {}, "unknown magic",
                 "In [1]: UsageError: Line magic function `%nosuchmagic` not found",
                 ["unknown magic", "unknown magic", "passed"]),
    "repr": (["%pdb on\nclass Broken:\n    def __repr__(self): return 1 / 0", "Broken()", "3"], {}, "failed",
             "In [2]: ZeroDivisionError: division by zero", ["passed", "failed", "never ran"]),
    "parameter": (["depth = 1", "2"], {"parameters": {"depht": 3}}, "unknown parameter",
                  "depht: the notebook has no parameter of that name; it has depth", ["never ran"] * 3),
    "no_kernel": (["1"], {}, "failed", "NoSuchKernel", ["never ran"]),
    "orphans": (
        [
            f"import subprocess\nsubprocess.run('setsid sleep {SLEEPER} & exec sleep 0.01', shell=True)\n"
            f"p = subprocess.Popen(['sleep', '{SLEEPER}'], start_new_session=True)\n"
            f"subprocess.run('(sleep {SLEEPER} &) ; env -i setsid sleep {SLEEPER} &', shell=True)\n"
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
            f"    if os.fork() == 0: os.closerange(0, 999); os.execlp('sleep', 'sleep', '{SLEEPER}')\n    os._exit(0)"
        ],
        {},
        "passed",
        "",
        ["passed"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Each notebook of ENDS, executed."""
    folder = tmp_path_factory.mktemp("ends")

    def run(name):
        sources, bounds, *_ = ENDS[name]
        kernel = "nosuchkernel" if name == "no_kernel" else "python3"
        tags = ["parameters"] if name == "parameter" else []
        return execute(read(write(folder / f"{name}.ipynb", *sources, tags=tags, kernel=kernel)), **bounds)

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(ENDS, pool.map(run, ENDS), strict=True))


@pytest.mark.parametrize("name", ENDS)
def test_each_end_has_its_name_for_the_notebook_and_for_every_cell(ended, name):
    _, _, status, error, states = ENDS[name]
    found, sentence = status_of(ended[name])
    assert (found, [cell["status"] for cell in cell_statuses(ended[name])]) == (status, states), sentence
    assert error in sentence
    assert bool(error) == bool(sentence)


@pytest.mark.parametrize("name", ["slow_cell", "slow_notebook", "killed"])
def test_what_was_printed_before_the_end_is_kept(ended, name):
    printed = [output.get("text") for cell in ended[name].cells for output in cell.outputs]
    assert printed[-1] == "so far\n"


def test_nothing_is_left_running(ended):
    assert sleepers() == []


def test_an_error_that_its_cell_expects_is_no_failure_and_leaves_no_mark(tmp_path):
    source = write(tmp_path / "expected.ipynb", "1 / 0", "print('and on')", tags=["raises-exception"])
    notebook = execute(read(source))
    assert status_of(notebook) == ("passed", "")
    assert [cell.cell_type for cell in notebook.cells] == ["code", "code"]
    assert notebook.cells[1].outputs[0].text == "and on\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("failing", "ZeroDivisionError: division by zero"),
        ("slow_notebook", "the notebook ran for more than 12 s"),
        ("killed", "SIGKILL"),
        ("exit", "told the kernel to exit"),
        ("parameter", "it has depth"),
    ],
)
def test_the_page_of_a_notebook_that_did_not_pass_begins_with_the_failure(ended, name, says):
    body = notebook_page(ended[name]).partition("<main>")[2]
    box, _, cells = body.partition("</section>")
    assert status_of(ended[name])[0] in box
    assert says in box
    if name != "parameter":  # no cell is at fault there
        cell = re.search('href="#([^"]+)"', box)[1]
        assert f'id="{cell}"' in cells
    assert ("<details>" in box) == (name == "failing")
    assert "papermill-error-cell" not in body


def test_the_page_of_a_notebook_that_passed_has_no_box(ended):
    assert "course-failure" not in notebook_page(ended["good"])


MANY_KINDS = [
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out again')",
    "from IPython.display import HTML, Image, JSON, Markdown, clear_output, display, update_display\n"
    "HTML('<b>bold</b>')",
    "handle = display('first', display_id='one')\ndisplay({'text/plain': 'raw', 'text/html': '<i>raw</i>'}, raw=True)",
    "update_display('second', display_id='one')",
    "print('gone')\nclear_output()\nprint('stays')",
    "for i in range(3):\n    print(i, end='\\r')\nprint('done')",
    "import ipywidgets\nslider = ipywidgets.IntSlider(3)\nslider",
    "out = ipywidgets.Output()\nwith out:\n    print('inside')\ndisplay(out)",
    "print('x' * 3_000_000)",
    "for i in range(2_000):\n    print(i)",
    "display(Image(data=bytes.fromhex('89504e470d0a1a0a'), format='png', width=3), Markdown('*m*'), JSON({'a': [1]}))",
    "42",
    "",
    "print(sorted(name for name in globals() if not name.startswith('_')), len(In))",
    "%%bash\necho from a shell",
    "def f(n):\n    return 1 / n\nf(0)",
    "print('never')",
]


@pytest.fixture(scope="module")
def both_engines(tmp_path_factory):
    """The same notebook by papermill's own engine and by ours, with a parameter set."""
    folder = tmp_path_factory.mktemp("kinds")
    source = write(folder / "kinds.ipynb", "depth = 1", *MANY_KINDS, tags=["parameters"])

    class OverFiles(AsyncKernelManager):
        """A port that was free may be another process's when the kernel comes to it, and then papermill waits."""

        transport, ip = "ipc", str(folder / "socket")

    def run(engine, **more):
        options = {"engine_name": engine, "progress_bar": False, **more}
        with pytest.raises(papermill.PapermillExecutionError):
            papermill.execute_notebook(source, folder / f"{engine}.ipynb", {"depth": 2}, **options)
        return nbformat.read(folder / f"{engine}.ipynb", as_version=4)

    return run("nbclient", kernel_manager_class=OverFiles, execution_timeout=100), run("course")


def test_the_outputs_are_those_of_papermill(both_engines):
    theirs, ours = both_engines
    for before, after in zip(theirs.cells, ours.cells, strict=True):
        assert without_what_chance_decides(after) == without_what_chance_decides(before)


def test_the_metadata_are_those_of_papermill_and_the_outcome(both_engines):
    theirs, ours = (dict(notebook.metadata) for notebook in both_engines)
    about, more = theirs.pop("papermill"), ours.pop("papermill")
    assert more.pop("status") == "failed"
    assert "ZeroDivisionError" in more.pop("error")
    for changing in ("start_time", "end_time", "duration", "output_path"):
        assert more.pop(changing)
        about.pop(changing)
    assert more == about
    widgets = [
        len(each.pop("widgets")["application/vnd.jupyter.widget-state+json"]["state"]) for each in (theirs, ours)
    ]
    assert widgets[0] == widgets[1] > 3
    assert ours == theirs


def without_what_chance_decides(cell):
    """The cell without times, widgets' random names, memory addresses, and where streams come apart."""
    cell = json.loads(
        re.sub(r'"[0-9a-f]{32}"', '"name"', re.sub(r"0x[0-9a-f]+|ipykernel_\d+/\d+", "address", json.dumps(cell)))
    )
    cell.pop("id")
    cell["metadata"].pop("execution", None)
    about = cell["metadata"].pop("papermill", {})
    cell["state"] = [about.get("exception"), {"never ran": "pending"}.get(about.get("status"), about.get("status"))]
    joined = []
    for output in cell.get("outputs", []):
        if (
            joined
            and output["output_type"] == joined[-1]["output_type"] == "stream"
            and output["name"] == joined[-1]["name"]
        ):
            joined[-1]["text"] = [*joined[-1]["text"], *output["text"]]
        else:
            joined.append(output)
    streams = sorted(("".join(each["text"]), each["name"]) for each in joined if each["output_type"] == "stream")
    cell["outputs"] = [each for each in joined if each["output_type"] != "stream"] + streams
    return cell


LARGE = "the notebook's outputs are larger than 2 MB"
BROKEN = "its connection broke off: an output is larger than 2 MB, or it closed files that are not its own"


@pytest.mark.parametrize(("size", "error"), [(10_000, LARGE), (3 * MEGABYTE, BROKEN)])
def test_outputs_of_any_kind_are_stopped_before_they_fill_the_memory(tmp_path, monkeypatch, size, error):
    monkeypatch.setattr(client, "OUTPUT_BYTES", 2 * MEGABYTE)
    cell = f"while True: display({{'application/json': {{'a': ['x' * {size}]}}}}, raw=True)"
    executed = execute(read(write(tmp_path / "flood.ipynb", cell)), deadline=120)
    assert status_of(executed) == ("failed", f"In [1]: {error}")
    assert len(nbformat.writes(executed)) < 2.1 * MEGABYTE


def test_half_a_character_takes_no_output_along(tmp_path):
    cells = "print('before \\ud83d after')", "raise ValueError('\\ud83d')"
    executed = execute(read(write(tmp_path / "half.ipynb", *cells)))
    first = next(cell for cell in executed.cells if cell.cell_type == "code")
    assert [output.text for output in first.outputs] == ["before ? after\n"]
    assert status_of(executed) == ("failed", "In [2]: ValueError: ?")


def test_a_notebook_may_remove_the_folder_that_it_works_in(tmp_path, monkeypatch):
    source = write(tmp_path / "removes.ipynb", "import os, shutil\nshutil.rmtree(os.getcwd())\nprint('removed')")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    executed = execute(read(source))
    assert (status_of(executed), executed.cells[0].outputs[0].text) == (("passed", ""), "removed\n")
    assert not (tmp_path / "work").exists()


KEPT = [
    sys.executable,
    "-c",
    f"import subprocess, sys\nsubprocess.run('env -i setsid sleep {SLEEPER} &', shell=True)\n",
]
needs_keeper = pytest.mark.skipif(not keeper.available(), reason="only Linux can have a keeper")


def kept(code, **options):
    return subprocess.Popen([*keeper.COMMAND, *KEPT[:2], KEPT[2] + code], start_new_session=True, **options)


@needs_keeper
@pytest.mark.parametrize(("code", "exit_code"), [("sys.exit(7)", 7), ("", 0), ("import os; os.abort()", -6)])
def test_a_keeper_ends_as_its_kernel_and_leaves_nothing(code, exit_code):
    assert kept(code).wait(timeout=30) == exit_code
    assert sleepers() == []


@needs_keeper
def test_a_keeper_that_is_asked_to_end_leaves_nothing():
    running = kept(f"subprocess.run(['sleep', '{SLEEPER}'])")
    until(lambda: len(sleepers()) == 2)
    running.terminate()
    assert running.wait(timeout=30) == -signal.SIGKILL
    assert sleepers() == []


@needs_keeper
def test_a_keeper_ends_all_when_whoever_asked_for_the_kernel_is_killed():
    waits = [*keeper.COMMAND, *KEPT[:2], f"{KEPT[2]}subprocess.run(['sleep', '{SLEEPER}'])"]
    asking = subprocess.Popen([sys.executable, "-c", f"import subprocess; subprocess.run({waits!r})"])
    until(lambda: len(sleepers()) == 2)
    asking.kill()
    asking.wait()
    until(lambda: sleepers() == [])


@needs_keeper
def test_a_keeper_that_was_stopped_is_ended_with_all_below_it(monkeypatch):
    monkeypatch.setattr(process_tree, "KILL_SECONDS", 0.5)
    running = kept(f"subprocess.run(['sleep', '{SLEEPER}'])")
    until(lambda: len(sleepers()) == 2)
    running.send_signal(signal.SIGSTOP)
    tree = ProcessTree(running.pid, "no mark", kept=True)
    assert tree.kill()
    assert running.wait(timeout=30) == -signal.SIGKILL
    assert sleepers() == []
    tree.close()


def test_what_ends_a_notebook_is_heard_while_its_processes_are_looked_at(monkeypatch):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    watch, look = Watch(time.monotonic()), ProcessTree.processes

    def asked_meanwhile(tree):
        watch.end("failed", "asked")
        watch.end("failed", "asked again")
        return look(tree)

    try:
        with monkeypatch.context() as patched:
            patched.setattr(ProcessTree, "processes", asked_meanwhile)
            watch.begin(process.pid)
            assert process.wait(timeout=10) == -signal.SIGKILL
        assert watch.reason == ("failed", "asked")
    finally:
        watch.stop()
        process.kill()
        process.communicate()


# From here on this kernel notices a message only when the next one arrives.
OVERLOOKS = """kernel, held = get_ipython().kernel, []
def late(message, notice=kernel.shell_channel_thread_main):
    held.append(message)
    if len(held) > 1:
        first = held.pop(0)
        kernel.shell_channel_thread.io_loop.add_callback(notice, first)
kernel.shell_channel_thread.io_loop.add_callback(lambda: kernel.shell_stream.on_recv(late, copy=False))"""


def test_a_message_that_the_kernel_overlooked_is_brought_to_its_notice(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "NUDGE_SECONDS", 1)
    source = write(tmp_path / "overlooks.ipynb", OVERLOOKS, "print('heard')", "print(len(held))")
    executed = execute(read(source), deadline=30)
    assert status_of(executed) == ("passed", "")
    assert [cell.outputs[0].text for cell in executed.cells[1:]] == ["heard\n", "1\n"]


def test_an_answer_that_the_cell_before_had_asked_for_ends_no_cell(tmp_path, monkeypatch):
    """A long cell is nudged; a busy client hears of it only when the next, short cell has replied already."""
    hear = client.Client._next_message

    async def late(self):
        await asyncio.sleep(0.1)
        return await hear(self)

    monkeypatch.setattr(client, "NUDGE_SECONDS", 0)
    monkeypatch.setattr(client.Client, "_next_message", late)
    source = write(tmp_path / "nudged.ipynb", "import time\ntime.sleep(3)", "print('short')")
    executed = execute(read(source), deadline=60)
    assert status_of(executed) == ("passed", "")
    assert executed.cells[1].outputs[0].text == "short\n"


PAPERMILL = ["--engine", "course", "--no-progress-bar"]


def test_papermill_itself_does_not_exit_with_0_after_sys_exit(tmp_path):
    source = write(tmp_path / "leaving.ipynb", "import sys\nsys.exit(0)", "print('never')")
    done = CliRunner().invoke(papermill_command, [*PAPERMILL, str(source), str(tmp_path / "out.ipynb")])
    assert done.exit_code == 1, done.output
    assert str(done.exception) == "ended early: In [1]: sys.exit(0)"
    assert [cell_status(cell) for cell in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells] == [
        "ended early",
        "never ran",
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, None), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_notebook_and_all_its_processes(tmp_path, number, code):
    source = write(
        tmp_path / "long.ipynb",
        f"print('so far')\n{HEAR}\nimport subprocess\nsubprocess.run(['sleep', '{SLEEPER}'])",
        "2",
    )
    command = [sys.executable, "-m", "papermill", *PAPERMILL, source, tmp_path / "out.ipynb"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    until(lambda: sleepers() or running.poll() is not None)
    running.send_signal(number)
    left = running.wait(timeout=60)
    assert left == code if code else left != 0
    assert sleepers() == []
    notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert status_of(notebook) == ("interrupted", f"In [1]: interrupted by {number.name}")
    assert notebook.cells[0].outputs[0].text == "so far\n"
    assert [cell_status(cell) for cell in notebook.cells] == ["interrupted", "never ran"]


def test_memory_that_a_process_shares_with_those_it_forked_counts_once():
    program = (
        "import os, time; b = bytearray(300_000_000); [os.fork() or time.sleep(60) for _ in range(2)]; time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    tree = ProcessTree(process.pid, "no mark")
    try:
        until(lambda: len(tree.processes()) == 3 and tree.memory() > 290 * MEGABYTE)
        assert 300 * MEGABYTE < tree.memory() < 400 * MEGABYTE
        # Above a bound that the sum of all pages stays under, nobody needs to know it better.
        assert tree.memory(above=10_000 * MEGABYTE) > 850 * MEGABYTE
    finally:
        assert tree.kill()
        process.wait()
    assert tree.processes() == set()


def test_a_process_that_cannot_be_read_closely_counts_with_all_its_pages(monkeypatch):
    def denied(process):
        raise psutil.AccessDenied(process.pid)

    process = subprocess.Popen([sys.executable, "-c", "b = bytearray(100_000_000); input()"], stdin=subprocess.PIPE)
    tree = ProcessTree(process.pid, "no mark")
    try:
        until(lambda: tree.memory() > 95 * MEGABYTE)
        monkeypatch.setattr(psutil.Process, "memory_full_info", denied)
        assert 95 * MEGABYTE < tree.memory() < 150 * MEGABYTE
    finally:
        process.communicate()


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_a_kernel_whose_notebook_passed_ends_by_itself(tmp_path):
    source = write(
        tmp_path / "tidy.ipynb",
        f"import atexit, pathlib\nfolder = pathlib.Path({str(tmp_path)!r})\n"
        "file = open(folder / 'file.txt', 'w')\nfile.write('never closed')\n"
        "atexit.register(lambda: (folder / 'exit.txt').write_text('at exit'))",
    )
    assert status_of(execute(read(source))) == ("passed", "")
    assert (tmp_path / "file.txt").read_text() == "never closed"
    assert (tmp_path / "exit.txt").read_text() == "at exit"


@pytest.mark.parametrize(
    ("command", "status", "error"),
    [
        ("raise SystemExit(5)", "failed", "before the first cell: the kernel's process left with exit code 5"),
        ("import time; time.sleep(60)", "timed out", "before the first cell: the kernel did not start within 1 s"),
    ],
)
def test_a_kernel_that_does_not_start_is_no_failure_of_a_cell(tmp_path, monkeypatch, command, status, error):
    spec = tmp_path / "kernels" / "broken" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps({"argv": [sys.executable, "-c", command], "display_name": "broken", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    source = write(tmp_path / "first.ipynb", "1", kernel="broken")
    out = tmp_path / "out.ipynb"
    with pytest.raises(client.NotPassed):
        papermill.execute_notebook(source, out, engine_name="course", start_timeout=1, progress_bar=False)
    notebook = nbformat.read(out, as_version=4)
    assert status_of(notebook) == (status, error)
    assert [cell_status(cell) for cell in notebook.cells] == ["never ran"]


def test_the_caller_hears_of_each_cell_as_it_starts(tmp_path):
    heard = []
    source = write(tmp_path / "three.ipynb", "1", "2", "3")
    execute(read(source), on_cell=lambda number, cells: heard.append((number, cells)))
    assert heard == [(1, 3), (2, 3), (3, 3)]
