"""A warm kernel is in every respect what an ordinary kernel is, and nothing is left of it afterwards."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jupyter_kernel_test
import psutil
import pytest
from click.testing import CliRunner
from jupyter_client.manager import KernelManager
from jupyter_core.utils import run_sync
from nbformat.v4 import new_code_cell, new_notebook

import utils
from utils.course.commands.main import main
from utils.course.engine.execute import execute
from utils.course.warm_kernels import address
from utils.course.warm_kernels import provisioner as warm_kernels
from utils.course.warm_kernels.provisioner import WarmKernel, parents, start_parent, warm_kernel
from utils.notebook_files.status import status_of

pytestmark = pytest.mark.skipif(not address.available(), reason="no warm kernels: not Linux, or switched off")

# What a notebook can see of its kernel; where it differs from start to start only its kind is told.
PROBE = """
import json, locale, logging, multiprocessing, os, resource, signal, sys, threading, warnings
import matplotlib.pyplot, ipywidgets, keras, numpy, scipy.stats, utils.figures, utils.explorers
from comm import get_comm_manager
def new_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * 64_000_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
new_pages()
facts = {
    "argv": [os.path.basename(each) if each.startswith("/") else each for each in sys.argv[:1]],
    "orig_argv": sys.orig_argv[1:3],
    "executable": sys.executable,
    "path": sys.path,
    "folder": os.getcwd(),
    "main": sorted(name for name in vars(sys.modules["__main__"]) if name.startswith("__")),
    "impossible imports": sorted(name for name, module in sys.modules.items() if module is None),
    "environment": {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"},
    "umask": os.umask(0o22), "nice": os.nice(0), "limits": resource.getrlimit(resource.RLIMIT_NOFILE),
    "leads a session": os.getsid(0) == os.getpgid(0) == os.getpid(),
    "signals": [str(signal.getsignal(getattr(signal, f"SIG{name}")))[:40] for name in ("INT", "TERM", "CHLD", "PIPE")],
    "wake-up": signal.set_wakeup_fd(-1) == -1,
    "warnings": sorted({(each[0], str(each[1]), each[2].__name__, str(each[3])) for each in warnings.filters}),
    "streams": [type(each).__module__ + type(each).__name__ for each in (sys.stdin, sys.stdout, sys.stderr)],
    "encodings": [sys.stdout.encoding.lower(), sys.__stderr__.encoding.lower(), locale.getpreferredencoding()],
    "backend": matplotlib.get_backend(), "figure size": matplotlib.rcParams["figure.figsize"],
    "targets": sorted(get_comm_manager().targets),
    "threads": sorted({thread.name.split("-")[0].split(" ")[0] for thread in threading.enumerate()}),
    "freed memory is kept": new_pages() < 1000,
    "multiprocessing": [multiprocessing.get_start_method(), multiprocessing.process.ORIGINAL_DIR],
    "standard input": os.path.realpath("/proc/self/fd/0").split(":")[0],
    "display hook": type(sys.displayhook).__name__,
    "keras": [keras.config.floatx(), keras.config.backend()],
    "loggers": [
        [type(handler).__name__, getattr(handler, "_name", None), handler.stream.name, logger.level, logger.propagate]
        for logger in map(logging.getLogger, (None, "tensorflow", "absl"))
        for handler in logger.handlers
        if hasattr(handler, "stream")
    ],
    "result": float(keras.layers.Dense(1, kernel_initializer="ones")(numpy.ones((1, 3)))[0, 0]),
}
print(json.dumps(facts, default=str))
"""
KIND = "from utils.start_here import environment; print(dict(environment())['kernel'].split(', ')[1])"


@pytest.fixture(scope="module")
def surroundings():
    """An environment whose warm parents are this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    env = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "A_SECRET": "nobody else may read this"}
    env.pop(address.SWITCH, None)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    assert start_parent(env, wait=120)
    yield env
    for parent in parents():
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(parent["pid"], signal.SIGTERM)
    if before is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = before
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def kernel(env, name="convnet-course", **options):
    manager = KernelManager(kernel_name=name)
    manager.start_kernel(env=dict(env), extra_arguments=["--IPKernelApp.log_level=40"], **options)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)


def run(client, code, **options):
    """What the code printed; an error in it is an error here."""
    printed = []

    def hear(message):
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(code, output_hook=hear, timeout=60, **options)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def ends(process, seconds=15):
    end = time.monotonic() + seconds
    while psutil.pid_exists(process) and psutil.Process(process).status() != "zombie":
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.usefixtures("surroundings")
class TestConformance(jupyter_kernel_test.KernelTests):
    """What Jupyter asks of any kernel."""

    kernel_name = "convnet-course"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    complete_code_samples = ("1", "print('hello, world')")
    incomplete_code_samples = ("print('''hello", "for i in range(3):")
    invalid_code_samples = ("import = 7q",)
    code_page_something = "zip?"
    code_generate_error = "raise"
    code_execute_result = ({"code": "1+2+3", "result": "6"}, {"code": "6*7", "result": "42"})
    code_display_data = (
        {"code": "from IPython.display import HTML, display; display(HTML('a'))", "mime": "text/html"},
    )
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    def test_it_is_a_warm_one(self):
        assert isinstance(self.km.provisioner.process, WarmKernel)


def test_a_notebook_sees_what_it_sees_in_an_ordinary_kernel(surroundings, tmp_path):
    seen, kinds = {}, {}
    for switch in ("fork", "0"):
        # As JupyterLab starts a kernel, which has not imported utils and so has none of its settings.
        env = {name: value for name, value in surroundings.items() if name not in utils.SETTINGS} | {"MINE": switch}
        env |= {"CONVNET_COURSE_WARM": "0"} if switch == "0" else {}
        assert switch == "0" or start_parent(env, wait=120)
        with kernel(env, cwd=tmp_path) as (manager, client):
            assert isinstance(manager.provisioner.process, WarmKernel) == (switch == "fork")
            seen[switch] = json.loads(run(client, PROBE).splitlines()[-1])
            kinds[switch] = run(client, KIND)
    warm, ordinary = seen["fork"], seen["0"]
    assert ordinary["environment"].pop("CONVNET_COURSE_WARM") == "0"
    assert warm["environment"].pop("MINE") == "fork"
    assert ordinary["environment"]["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert ordinary["environment"].pop("MINE") == "0"
    # An ordinary kernel's standard input is a closed pipe.
    assert (warm.pop("standard input"), ordinary.pop("standard input")[-4:]) == ("/dev/null", "pipe")
    assert warm == ordinary
    # The first notebook tells one from the other.
    assert kinds == {"fork": "warm\n", "0": "started afresh\n"}


NOTEBOOK = {
    "a figure is drawn inline": (
        "import matplotlib.pyplot as plt; plt.plot([1, 2])\n"
        "from IPython.core.displaypub import CapturingDisplayPublisher\n"
        "shell = get_ipython(); before = shell.display_pub; shell.display_pub = CapturingDisplayPublisher()\n"
        "plt.show(); print(sorted(shell.display_pub.outputs[0]['data'])); shell.display_pub = before",
        "['image/png', 'text/plain']",
    ),
    "threads": (
        "import threading; t = threading.Thread(target=print, args=('from a thread',)); t.start(); t.join()",
        "from a thread",
    ),
    "subprocesses": (
        "import subprocess, sys\n"
        "print(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True).stdout)",
        "42",
    ),
    "processes forked": (
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))",
        "[1, 2]",
    ),
    "processes spawned": (
        "import multiprocessing\nwith multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(abs, [-3]))",
        "[3]",
    ),
    "large outputs": ("print('x' * 3_000_000 + 'end')", "xxxend"),
    "asynchronous work": ("import asyncio\nawait asyncio.sleep(0.01); print('awaited')", "awaited"),
    "widgets": ("import ipywidgets; w = ipywidgets.IntSlider(3); print(len(w.comm.comm_id), w.value)", "32 3"),
}


@pytest.fixture(scope="module")
def warm(surroundings):
    with kernel(surroundings) as (manager, client):
        assert isinstance(manager.provisioner.process, WarmKernel)
        yield manager, client


@pytest.mark.parametrize("what", NOTEBOOK)
def test_a_notebook_can_do_in_it(warm, what):
    code, printed = NOTEBOOK[what]
    assert run(warm[1], code).rstrip().endswith(printed)


def test_input_is_asked_for_and_received(warm):
    _, client = warm
    client.allow_stdin = True
    assert "ni hao" in run(
        client, "print('ni', input('Who? '))", allow_stdin=True, stdin_hook=lambda _: client.input("hao")
    )


def test_an_interrupt_ends_the_cell_and_not_the_kernel(warm):
    manager, client = warm
    # Or the kernel refuses, for a moment, whatever else was asked of it.
    message = client.execute("import time\nprint('started')\ntime.sleep(60)", stop_on_error=False)
    while client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
        pass
    manager.interrupt_kernel()
    while (reply := client.get_shell_msg(timeout=20))["parent_header"].get("msg_id") != message:
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert run(client, "print(6 * 7)") == "42\n"


def test_a_widget_that_the_browser_opens_is_answered(warm):
    _, client = warm
    message = client.session.msg(
        "comm_open",
        {"comm_id": "made-up", "target_name": "jupyter.widget.control", "data": {}, "target_module": None},
        metadata={"version": "1.0.0"},
    )
    client.shell_channel.send(message)
    assert run(client, "from comm import get_comm_manager; print('made-up' in get_comm_manager().comms)") == "True\n"


def test_what_the_kernel_writes_goes_where_its_starter_wants(surroundings, tmp_path):
    with (tmp_path / "raw.txt").open("w") as raw:
        with kernel(surroundings, stderr=raw) as (manager, client):
            assert isinstance(manager.provisioner.process, WarmKernel)
            run(client, "import os; os.write(2, b'written')")
        assert "written" in (tmp_path / "raw.txt").read_text()


def test_each_kernel_draws_its_own_random_numbers_and_keeps_its_own_secrets(surroundings):
    code = "import os, random, secrets, numpy; print(random.random(), numpy.random.rand(), os.environ.get('MINE'))"
    code += "\nimport multiprocessing as m; print(bytes(m.current_process().authkey).hex())"
    printed = []
    for mine in ("first", "second"):
        with kernel({**surroundings, "MINE": mine}) as (manager, client):
            assert isinstance(manager.provisioner.process, WarmKernel)
            printed.append(run(client, code).split())
    first, second = printed
    assert (first[2], second[2]) == ("first", "second")
    assert not set(first) & set(second)
    for parent in parents():
        assert b"A_SECRET" not in Path(f"/proc/{parent['pid']}/environ").read_bytes()


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("import os; os.abort()", -signal.SIGABRT),
        ("exit()", 0),
    ],
)
def test_the_exit_code_is_told(surroundings, code, exit_code):
    with kernel(surroundings) as (manager, client):
        process = manager.provisioner.process
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        client.execute(code)
        assert process.wait(20) == process.poll() == exit_code
        assert ends(process.pid)


def test_a_kernel_ends_with_the_process_that_asked_for_it(surroundings):
    script = (
        "import time; from jupyter_client.manager import KernelManager\n"
        "manager = KernelManager(kernel_name='convnet-course'); manager.start_kernel()\n"
        "print(type(manager.provisioner.process).__name__, manager.provisioner.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=surroundings
    ) as asking:
        kind, pid = asking.stdout.readline().split()
        assert kind == "WarmKernel"
        assert psutil.pid_exists(int(pid))
        asking.kill()
        assert ends(int(pid))


def test_a_restart_is_a_new_process_at_the_same_ports(surroundings):
    with kernel(surroundings) as (manager, client):
        run(client, "x = 1")
        before, ports = manager.provisioner.pid, manager.get_connection_info()["shell_port"]
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert isinstance(manager.provisioner.process, WarmKernel)
        assert manager.provisioner.pid != before
        assert manager.get_connection_info()["shell_port"] == ports
        assert run(client, "print('x' in globals())") == "False\n"


LAUNCHER = [sys.executable, "-m", "ipykernel_launcher"]


def test_it_can_be_switched_off(surroundings):
    env = {**surroundings, "CONVNET_COURSE_WARM": "0"}
    assert not start_parent(env, wait=1)
    assert warm_kernel(LAUNCHER, env) is None


def test_a_file_beside_the_notebook_that_its_imports_would_read_makes_the_kernel_an_ordinary_one(
    surroundings, tmp_path
):
    for name, text in {"numpy.py": "mine = 1", "matplotlibrc": "figure.dpi: 50"}.items():
        (tmp_path / name).write_text(text)
        assert warm_kernel(LAUNCHER, surroundings, cwd=tmp_path) is None
        (tmp_path / name).unlink()
    process = warm_kernel(LAUNCHER, surroundings, cwd=tmp_path)
    process.kill()
    assert process.wait(20) == -signal.SIGKILL


def test_other_surroundings_get_a_parent_of_their_own(surroundings, tmp_path, monkeypatch):
    here = address.address_of(surroundings)
    assert address.address_of(surroundings) == here
    assert address.address_of({**surroundings, "SOMETHING": "else"}) == here
    # JupyterLab, "course run" and papermill: what utils or the parent sets anyway may stand there before or not.
    plain = {name: value for name, value in surroundings.items() if name not in utils.SETTINGS}
    assert address.address_of(plain) == here
    assert address.address_of({**plain, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}) == here
    assert address.address_of({**surroundings, "TF_ENABLE_ONEDNN_OPTS": "1"}) != here
    monkeypatch.setattr(sys, "prefix", "/another/environment")
    assert address.address_of(surroundings) != here
    monkeypatch.undo()
    shutil.copytree(address.UTILS, tmp_path / "utils")
    monkeypatch.setattr(address, "UTILS", tmp_path / "utils")
    another = address.address_of(surroundings)
    assert another.name.split(".")[0] != here.name.split(".")[0]
    (tmp_path / "utils" / "data.py").write_text("changed = True")
    assert address.address_of(surroundings) != another
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    before = address.address_of(surroundings)
    (tmp_path / "keras-99.dist-info").mkdir()
    assert address.address_of(surroundings) != before


def test_kernels_of_one_parent_have_as_many_threads_as_each_is_given(surroundings):
    code = "import os, keras; keras.ops.ones(1) + 1; print(len(os.listdir('/proc/self/task')))"
    (before,) = parents()
    threads = []
    for number in "15":
        with kernel({**surroundings, "TF_NUM_INTRAOP_THREADS": number}) as (_, client):
            threads.append(int(run(client, code)))
    assert threads[1] - threads[0] == 4
    (after,) = parents()
    assert (after["pid"], after["started"]) == (before["pid"], before["started"] + 2)


def test_a_killed_kernel_has_ended_when_jupyter_first_looks(surroundings):
    with kernel(surroundings) as (manager, client):
        run(client, "import numpy; large = numpy.ones(30_000_000)")
        pid = manager.provisioner.pid
        run_sync(manager.provisioner.kill)()
        assert not psutil.pid_exists(pid)
        assert run_sync(manager.provisioner.poll)() == -signal.SIGKILL


def test_a_folder_that_others_could_enter_is_not_used(surroundings, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = tmp_path / f"convnet-course-{os.getuid()}"
    path.mkdir()
    path.chmod(0o770)
    with pytest.raises(PermissionError, match="chmod 700"):
        address.folder()
    assert not start_parent(surroundings)
    assert warm_kernel(LAUNCHER, surroundings) is None
    shown = CliRunner().invoke(main, ["kernels"])
    assert (shown.exit_code, "There can be no warm parent" in shown.output, "chmod 700" in shown.output) == (
        0,
        True,
        True,
    )
    path.chmod(0o700)
    assert address.folder() == path
    assert path.stat().st_mode & 0o777 == 0o700


def test_what_killed_parents_left_is_swept_and_nothing_else(surroundings):
    folder = address.folder()
    stale = [folder / f"0.0.0{suffix}" for suffix in (".socket", ".log", ".lock")]
    for path in stale:
        path.touch()
    living = sorted(set(folder.iterdir()) - set(stale))
    warm_kernels.sweep()
    assert sorted(folder.iterdir()) == living
    assert any(path.suffix == ".socket" for path in living)


def test_the_canary_notices_that_forks_of_a_process_that_has_computed_hang(surroundings):
    with kernel(surroundings) as (manager, client):  # which TensorFlow has not computed in either
        assert isinstance(manager.provisioner.process, WarmKernel)
        run(client, "from utils.course.warm_kernels import server")
        assert run(client, "print(server._canary_sings())").endswith("True\n")
        run(client, "import tensorflow as tf; (tf.constant(1) + 1).numpy(); server.CANARY_SECONDS = 4")
        assert run(client, "print(server._canary_sings())").endswith("False\n")


def test_an_import_that_fails_leaves_ordinary_kernels_and_the_reason_and_is_tried_again_later(
    surroundings, tmp_path, monkeypatch
):
    (tmp_path / "sqlite3.py").write_text("raise ImportError('this one is broken')")
    env = {**surroundings, "PYTHONPATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not start_parent(env, wait=120)
    (failed,) = parents()
    assert failed["failed"] == "ImportError: this one is broken"
    file = Path(failed["file"])
    noted = file.read_text()
    assert not start_parent(env, wait=120)
    assert file.read_text() == noted
    monkeypatch.setattr(address, "RETRY_SECONDS", 0)
    assert parents() == []
    until(lambda: start_parent(env) or file.read_text() != noted)


def test_a_parent_that_somebody_stopped_goes_on_when_it_is_needed(surroundings):
    (parent,) = parents()
    os.kill(parent["pid"], signal.SIGSTOP)
    until(lambda: Path(f"/proc/{parent['pid']}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    with kernel(surroundings) as (manager, _):
        assert isinstance(manager.provisioner.process, WarmKernel)


FORKED_COPIES = """import os, pathlib, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            pathlib.Path(f"pid-{os.getpid()}").touch()
            time.sleep(600)
        os._exit(0)
while len(list(pathlib.Path().iterdir())) < 3:
    time.sleep(0.01)"""


def test_forked_copies_of_a_warm_kernel_end_with_its_notebook(surroundings, tmp_path, monkeypatch):
    notebook = new_notebook(cells=[new_code_cell(FORKED_COPIES)])
    notebook.metadata["kernelspec"] = {"name": "convnet-course", "display_name": "", "language": "python"}
    (before,) = parents()
    monkeypatch.chdir(tmp_path)
    assert status_of(execute(notebook)) == ("passed", "")
    assert parents()[0]["started"] == before["started"] + 1
    copies = [int(path.name.removeprefix("pid-")) for path in tmp_path.iterdir()]
    assert (len(copies), [pid for pid in copies if not ends(pid, seconds=0)]) == (3, [])


def test_a_killed_parent_takes_no_kernel_along_and_the_next_start_recovers(surroundings):
    with kernel(surroundings) as (manager, client):
        process = manager.provisioner.process
        (parent,) = parents()
        os.kill(parent["pid"], signal.SIGKILL)
        assert ends(parent["pid"])
        assert run(client, "print(6 * 7)") == "42\n"
        with kernel(surroundings) as (second, other):
            assert isinstance(second.provisioner.process, subprocess.Popen)
            assert run(other, "print(6 * 7)") == "42\n"
        manager.shutdown_kernel()
        assert process.poll() is not None
    assert start_parent(surroundings, wait=120)
    with kernel(surroundings) as (manager, _):
        assert isinstance(manager.provisioner.process, WarmKernel)


def test_the_command_shows_and_stops_the_parents(surroundings):
    with kernel(surroundings) as (manager, client):
        before = [parent["pid"] for parent in parents()]
        assert str(manager.provisioner.pid) in CliRunner().invoke(main, ["kernels"]).output
        assert CliRunner().invoke(main, ["kernels", "--stop"]).exit_code == 0
        assert run(client, "print('goes on')") == "goes on\n"
    assert all(ends(pid) for pid in before)
