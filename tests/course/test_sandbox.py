"""A function in the sandbox: it computes, and reaches nothing else. Each attack succeeds where the guards are off."""

import contextlib
import os
import shutil
import socket
import sys
import textwrap
import threading

import numpy as np
import pytest

from utils.course.sandbox import box as boxes
from utils.course.sandbox import bubblewrap
from utils.course.sandbox.box import Box, Stopped
from utils.course.sandbox.inside import wire
from utils.exercises import bn_forward

pytestmark = pytest.mark.skipif(bool(bubblewrap.why_not()), reason=bubblewrap.why_not())

HEAD = """
import ctypes, errno, importlib.util, mmap, multiprocessing, os, resource, signal, socket, subprocess, sys, time
import threading, urllib.request
import numpy as np
libc = ctypes.CDLL(None, use_errno=True)

def called(number, *arguments):
    return libc.syscall(number, *arguments) >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)
"""
# Each is the body of a function. What it returns is True if the attack succeeds; an error means that it does not.
ATTACKS = {
    # what is not its own
    "reads the key file": "return len(open({key!r}).read()) > 0",
    "reads another student's folder": "return 'other.ipynb' in os.listdir({folder!r})",
    "reads the solutions": "return 'SOLUTION' in open({solution!r}).read()",
    "imports the solutions": "sys.path.append({course!r}); import utils.exercises.bn_forward; return True",
    "loads the solutions from their file": (
        "spec = importlib.util.spec_from_file_location('s', {solution!r})\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec)); return True"
    ),
    "looks for keys": "return any('secret.key' in files for _, _, files in os.walk(os.path.dirname({folder!r})))",
    "reads who uses the machine": "return 'root' in open('/etc/passwd').read()",
    "reads the environment": "return 'SANDBOX_TEST' in os.environ",
    "reads the parent's environment": "return b'PATH' in open('/proc/{parent}/environ', 'rb').read()",
    "lists the processes": "return '{parent}' in os.listdir('/proc')",
    "looks at the mounts": "return len(open('/proc/self/mountinfo').read()) > 0",
    "looks at the machine": "return len(os.listdir('/sys')) > 0",
    "follows a link to the key": "os.symlink({key!r}, 'link'); return bool(open('link').read())",
    "follows a hard link to the key": "os.link({key!r}, 'hard'); return bool(open('hard').read())",
    "changes its root": "os.chroot('/'); return True",
    # what would stay
    "writes where it stands": "open('left', 'w').write('x'); return True",
    "writes beside the key": "open({folder!r} + '/left', 'w').write('x'); return True",
    "writes to /tmp": "open('/tmp/left-{parent}', 'w').write('x'); os.remove('/tmp/left-{parent}'); return True",
    "writes to shared memory": "open('/dev/shm/left-{parent}', 'w'); os.remove('/dev/shm/left-{parent}'); return True",
    "changes what runs inside": "open(sys.path[0] + '/wire.py', 'a').write('#'); return True",
    "makes a folder": "os.mkdir('folder'); return True",
    "makes a device": "os.mkfifo('fifo'); return True",
    "changes rights": "os.chmod(sys.path[0], 0o777); return True",
    # other processes
    "forks": "pid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0); return True",
    "forks by number": (
        "pid = libc.syscall({fork}, 17, 0, 0, 0, 0)\nif pid == 0: os._exit(0)\n"
        "return pid > 0 and os.waitpid(pid, 0)[0] == pid"
    ),
    "starts a program": "return subprocess.run([sys.executable, '-c', '']).returncode == 0",
    "starts a shell": "return os.system('true') == 0",
    "spawns a program": "return os.waitpid(os.posix_spawn('/bin/true', ['true'], {{}}), 0)[1] == 0",
    "starts a process pool": (
        "process = multiprocessing.get_context('fork').Process(target=id, args=(1,)); process.start()\n"
        "process.join(); return process.exitcode == 0"
    ),
    "sees its parent": "os.kill({parent}, 0); return True",
    "reads its parent's memory": "return called({vm_readv}, {parent}, None, 0, None, 0, 0)",
    "traces a process": "return called({ptrace}, 0x4206, 2**22 + 5, None, None)",
    # the network
    "connects to a server": "socket.create_connection(('127.0.0.1', {port}), 5).close(); return True",
    "loads a page": "urllib.request.urlopen('http://127.0.0.1:{port}/', timeout=5).read(); return True",
    "sends a datagram": (
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port})); return True"
    ),
    "connects to a socket file": "socket.socket(socket.AF_UNIX).connect({unix!r}); return True",
    "connects to a socket without a file": "socket.socket(socket.AF_UNIX).connect({abstract!r}); return True",
    "listens": "server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(); return True",
    # memory and numbers of things
    "takes much memory": "return np.empty(8_000_000_000, 'u1').size > 0",
    "maps much memory": "return len(mmap.mmap(-1, 8_000_000_000)) > 0",
    "hides memory in a file": "return os.memfd_create('x') > 0",
    "hides memory in a segment": "return called({shmget}, 0x5, 4096, 0o1600)",
    "hides memory in pipes": "return [os.pipe() for _ in range(3)] != []",
    "opens many files": "return len([os.open('/dev/null', 0) for _ in range(200)]) == 200",
    "raises its limits": (
        "at = resource.RLIMIT_AS; resource.setrlimit(at, (1 << 45, resource.RLIM_INFINITY))\n"
        "return resource.getrlimit(at)[0] == 1 << 45"
    ),
    # what the system can do for it
    "makes itself root elsewhere": "return called({unshare}, 0x10000000)",
    "looks at events": "return called({perf}, None, 0, -1, -1, 0)",
    "loads a filter into the system": "return called({bpf}, 0, None, 0)",
    "keeps a secret in the system": "return called({add_key}, b'user', b'x', b'x', 1, -2)",
    "uses a ring of calls": "return called({uring}, 1, None)",
}  # fmt: skip
NUMBERS = {
    "x86_64": {"fork": 56, "vm_readv": 310, "ptrace": 101, "shmget": 29, "unshare": 272, "perf": 298, "bpf": 321,
               "add_key": 248, "uring": 425},
    "aarch64": {"fork": 220, "vm_readv": 270, "ptrace": 117, "shmget": 194, "unshare": 97, "perf": 241, "bpf": 280,
                "add_key": 217, "uring": 425},
}  # fmt: skip


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """What an attack would find: a key, another student's folder, servers; and the values that it is written with."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "secret.key").write_text("0" * 64)
    (folder / "other.ipynb").write_text("{}")
    abstract = f"\0sandbox-test-{os.getpid()}"
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(socket.socket(family)) for family in (socket.AF_INET, *[socket.AF_UNIX] * 2)]
        for server, address in zip(servers, (("127.0.0.1", 0), str(folder / "socket"), abstract), strict=True):
            server.bind(address)
            server.listen(50)
        threading.Thread(target=_serve, args=(servers[0],), daemon=True).start()
        yield {
            "key": str(folder / "secret.key"),
            "folder": str(folder),
            "solution": bn_forward.__file__,
            "course": str(bubblewrap.COURSE),
            "parent": os.getpid(),
            "port": servers[0].getsockname()[1],
            "unix": str(folder / "socket"),
            "abstract": abstract,
            **NUMBERS[os.uname().machine],
        }


def _serve(server):
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.close()


@pytest.fixture(scope="module")
def guarded():
    os.environ["SANDBOX_TEST"] = "seen"
    with Box() as box:
        yield box
    del os.environ["SANDBOX_TEST"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The same without any guard: an ordinary process, in a folder of its own."""
    inside = tmp_path_factory.mktemp("bare") / "inside"
    shutil.copytree(bubblewrap.INSIDE, inside)
    (inside / "limits.py").write_text("def confine(memory, seconds): pass")
    with Box() as box:
        with pytest.MonkeyPatch.context() as patch:  # until it has started, and for this box alone
            patch.setattr(bubblewrap, "command", lambda arguments, _: [sys.executable, "-I", str(inside), *arguments])
            patch.setattr(
                boxes, "ENVIRONMENT", {"SANDBOX_TEST": "seen", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
            )
            patch.chdir(inside.parent)
            box.ask(loading("f", "def f(): pass"))
        yield box


def loading(name, source):
    return {"do": "load", "name": name, "source": source}


def calling(name, *placed):
    return {"do": "call", "name": name, "placed": list(placed), "named": {}}


def tried(box, body, **around):
    """What became of a function of this body."""
    source = f"{HEAD}\ndef attack():\n{textwrap.indent(body.format(**around), '    ')}\n"
    box.allow(10)
    assert "failed" not in box.ask(loading("attack", source))
    return box.ask(calling("attack"))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails(name, guarded, around):
    assert tried(guarded, ATTACKS[name], **around).get("came") is not True


@pytest.mark.parametrize("name", ATTACKS)
def test_and_succeeds_where_nothing_guards(name, bare, around):
    found = tried(bare, ATTACKS[name], **around)
    if os.geteuid() != 0 and name in ("changes its root", "makes itself root elsewhere", "looks at events"):
        pytest.skip("the system itself refuses it to this user")
    assert found.get("came") is True, found


def test_honest_numbers_come_back(guarded):
    guarded.ask(
        loading("f", "import numpy as np\ndef f(x, k):\n    print('so')\n    return x.mean(0) * k, {'n': x.size}")
    )
    x = np.arange(6.0).reshape(3, 2)
    answer = guarded.ask(calling("f", x, 2))
    np.testing.assert_array_equal(answer["came"][0], [4, 6])
    assert answer["came"][1] == {"n": 6}
    assert answer["printed"] == "so\n"
    assert answer["changed"] == []


def test_a_changed_argument_is_noticed(guarded):
    guarded.ask(loading("f", "def f(x):\n    x[0] = 7\n    return x"))
    assert guarded.ask(calling("f", np.zeros(2)))["changed"] == [0]


@pytest.mark.parametrize(
    "value",
    [
        "np.array([object()])",
        "np.array(['text'])",
        "np.zeros(2, [('a', int)])",
        "type('T', (), {'__reduce__': lambda self: (exec, ('1',))})()",
        "open",
        "10 ** 400",
        "np.zeros(3, complex)",
    ],
)
def test_what_is_no_number_comes_back_as_the_name_of_its_type(value, guarded):
    guarded.ask(loading("f", f"import numpy as np\ndef f():\n    return {value}"))
    assert isinstance(guarded.ask(calling("f"))["came"], wire.Other)


@pytest.mark.parametrize(
    "value",
    ["np.zeros(20_000_000)", "[1] * 700_000", "'x' * 3_000_000", "functools.reduce(lambda x, _: [x], range(99))"],
)
def test_what_is_too_large_or_too_deep_is_an_error_of_the_function(value, guarded):
    guarded.ask(loading("f", f"import functools\nimport numpy as np\ndef f():\n    return {value}"))
    assert guarded.ask(calling("f"))["failed"][0] == "OverflowError"


ENDING = {
    "an endless loop": ("while True: pass", "stopped after"),
    "sleep": ("time.sleep(600)", "in which it did nothing"),
    "a thread that goes on": (
        "threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start(); time.sleep(600)",
        "stop",
    ),
    "many threads": (
        "threading.stack_size(65536)\nfor _ in range(150): threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "time.sleep(600)",
        "threads",
    ),
    "a good exit code": ("os._exit(0)", "ended"),
    "a signal to itself": ("os.kill(os.getpid(), signal.SIGKILL)", "ended"),
    "no answer": ("[os.close(n) for n in range(3, 64) if n in open_ones()]; time.sleep(600)", "(ended|stopped)"),
    "no message": ("[os.write(n, b'\\0' * 64) for n in open_ones()]", "no message"),
    "an endless message": ("[os.write(n, b'\\xff' * 64) for n in open_ones()]", "too large"),
    "another interface of the system": ("libc.syscall(0x40000000 + 39); time.sleep(600)", "(ended|stopped)"),
}
OPEN = """
def open_ones():
    import fcntl
    for number in range(3, 64):
        try:
            if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
                yield number
        except OSError:
            pass
"""


@pytest.mark.parametrize("name", ENDING)
def test_what_does_not_answer_is_ended_with_a_reason(name, monkeypatch):
    body, reason = ENDING[name]
    monkeypatch.setattr(boxes, "PATIENCE", 2)
    with Box() as box:
        box.ask(loading("attack", f"{HEAD}{OPEN}\ndef attack():\n{textwrap.indent(body, '    ')}\n"))
        box.allow(0.5)
        process = box._process
        assert "--unshare-all" in process.args
        with pytest.raises(Stopped, match=reason):
            box.ask(calling("attack"))
        assert process.poll() is not None
        box.allow(10)
        assert box.ask(loading("f", "def f(): return 1")) == {"came": None, "printed": ""}  # the next one is as new


def test_a_forged_answer_is_taken_for_one_of_the_function(guarded):
    """Whatever is written into the pipe is an answer to be judged: it can hold numbers, and no verdict."""
    body = (
        "message = sys.modules['wire'].packed({'came': 41, 'verdict': 'right', 'printed': ''})\n"
        "for n in open_ones(): os.write(n, message)\nos._exit(0)"
    )
    with Box() as box:
        box.ask(loading("attack", f"{HEAD}{OPEN}\ndef attack():\n{textwrap.indent(body, '    ')}\n"))
        assert box.ask(calling("attack"))["came"] == 41
        with pytest.raises(Stopped):
            box.ask(calling("attack"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('["a", "<f8", [3], 0]', bytes(16)),
        ('["a", "<f8", [-1], 0]', bytes(16)),
        ('["a", "<f8", [1], 16]', bytes(16)),
        ('["a", "<f8", [1.5], 0]', bytes(16)),
        ('["a", "|O", [1], 0]', bytes(16)),
        ('["a", "<c16", [1], 0]', bytes(16)),
        ('["a", "V8", [1], 0]', bytes(16)),
        (f'["a", "<f8", {[60_000_000] * 16}, 0]', bytes(16)),
        (f'["a", "<f8", {[1] * 60}, 0]', bytes(16)),
        ('["z", 1]', b""),
        ('["d", [1]]', b""),
        ('["d", [[1, 2]]]', b""),
        ('{"a": 1}', b""),
        ("[" * 100_000, b""),
        ("9" * 10_000, b""),
        ("\xff", b""),
        ("", b""),
    ],
)
def test_a_message_that_is_none_is_refused(text, numbers):
    with pytest.raises(wire.Broken):
        wire.unpacked(text.encode("latin-1"), numbers)


def test_every_number_that_is_sent_arrives():
    given = {
        "a": np.arange(6, dtype=">i2").reshape(2, 3)[:, ::-1],
        "b": np.array(2.5, "float16"),
        "c": np.zeros((0, 4)),
        "d": (np.float32(0.5), np.int64(3), np.bool_(True), None, float("inf"), "ü"),
        "e": np.array(0.1, "longdouble"),
    }
    message = wire.packed(given)
    text, numbers = wire.lengths(message[: wire.HEAD.size])
    assert wire.HEAD.size + text + numbers == len(message)
    found = wire.unpacked(message[wire.HEAD.size :][:text], message[wire.HEAD.size + text :])
    assert found["d"] == (0.5, 3, True, None, float("inf"), "ü")
    for name in "abce":
        np.testing.assert_array_equal(found[name], given[name].astype("float64"))


def test_a_private_path_among_the_visible_ones_is_hidden(tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "work.ipynb").write_text("{}")
    (tmp_path / "secret.key").write_text("0" * 64)
    monkeypatch.setattr(bubblewrap, "LIBRARIES", (*bubblewrap.LIBRARIES, str(tmp_path)))
    source = textwrap.dedent(f"""
        import os
        def f():
            try:
                return os.listdir("{tmp_path}/own"), len(open("{tmp_path}/secret.key").read())
            except OSError:
                return os.listdir("{tmp_path}/own"), None
        """)
    for private, seen in (((), (["work.ipynb"], 64)), ((tmp_path / "own", tmp_path / "secret.key"), ([], None))):
        with Box(private=private) as box:
            box.ask(loading("f", source))
            assert box.ask(calling("f"))["came"] == seen


def test_without_isolation_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(bubblewrap, "_binaries", lambda: ["/bin/false"])
    bubblewrap.why_not.cache_clear()
    bubblewrap._working.cache_clear()
    try:
        assert "apt install bubblewrap" in bubblewrap.why_not()
    finally:
        monkeypatch.undo()
        bubblewrap.why_not.cache_clear()
        bubblewrap._working.cache_clear()
        assert bubblewrap.why_not() == ""
