"""Warm kernels: forked, in a fraction of a second, from a parent process that has imported TensorFlow already.

Jupyter calls ``WarmProvisioner`` (entry point ``jupyter_client.kernel_provisioners``) for the kernel
``convnet-course``. It asks the parent (``utils.course.warm_kernels.server``) for a fork over a socket in a
private folder. Where no parent is ready yet it starts one and launches an ordinary kernel meanwhile; where none can
be had, all kernels are ordinary. ``CONVNET_COURSE_WARM=0`` makes all kernels ordinary ones.
"""

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

from utils.course.warm_kernels import keeper
from utils.course.warm_kernels.address import UTILS, address_of, available, failure_at, folder, variables_of

try:
    import fcntl
except ImportError:  # Windows, where kernels are ordinary ones
    fcntl = None

KERNEL = "convnet-course"
ANSWER_SECONDS = 5
GONE_SECONDS = 1  # a kernel that was killed has usually ended after 0.03 s
# The parent is nobody's child, so that nobody has to reap it.
DETACHED = "import os, sys; os.fork() or os.execv(sys.argv[1], sys.argv[1:])"


class WarmProvisioner(LocalProvisioner):
    """Jupyter's provisioner of local kernels, except that the process comes from the warm parent where there is one."""

    async def launch_kernel(self, cmd, **kwargs):
        process = warm_kernel(cmd, **kwargs)
        if process is None:
            kwargs["env"] = course_first(kwargs.get("env") or os.environ, kwargs.get("cwd"))
            return await super().launch_kernel(cmd, **kwargs)
        # A warm kernel leads a session, and so a process group, of its own: as an ordinary one does.
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info

    async def kill(self, restart=False):
        """Kill the kernel, and see it end: Jupyter itself looks every 0.1 s only, a quarter of a warm restart."""
        await super().kill(restart)
        end = time.monotonic() + GONE_SECONDS
        while await self.poll() is None and time.monotonic() < end:
            await asyncio.sleep(0.002)


def warm_kernel(cmd, env=None, cwd=None, independent=False, stdin=None, stdout=None, stderr=None, **more):
    """A kernel from the warm parent, as a ``WarmKernel``; ``None`` where that cannot be had now.

    ``cmd`` is the kernel's whole command line, ``env`` its whole environment; both as ``subprocess.Popen`` takes
    them. An ``independent`` kernel outlives the process that asked for it. Where ``cmd`` starts a keeper, the warm
    kernel has one, too, and the ``WarmKernel`` is that keeper. Where no parent runs, one is started.
    """
    env = dict(os.environ if env is None else env)
    is_kept = cmd[: len(keeper.COMMAND)] == keeper.COMMAND
    cmd = cmd[len(keeper.COMMAND) :] if is_kept else cmd
    if not available(env) or not _is_our_kernel(cmd) or stdin is not None or any(more.values()):
        return None
    with contextlib.suppress(OSError, ValueError):
        streams = _descriptor(stdout, 1), _descriptor(stderr, 2)
        connection = _connect(address_of(env))
        if connection is None:
            start_parent(env)
            return None
        request = {
            "do": "start",
            "argv": list(cmd[cmd.index("ipykernel_launcher") + 1 :]),
            "command": list(cmd),
            "environment": env,
            "folder": str(cwd or os.getcwd()),
            "independent": independent,
            "kept": is_kept,
        }
        return WarmKernel(connection, request, streams)
    return None


def start_parent(env=os.environ, wait=0.0):
    """Start the warm parent for kernels with this environment, unless it runs, and wait for it.

    Returns whether it is ready after at most ``wait`` seconds.
    """
    if not available(env):
        return False
    try:
        address = address_of(env)
    except OSError:
        return False
    end = time.monotonic() + wait
    while True:
        connection = _connect(address)
        if connection:
            connection.close()
            return True
        if failure_at(address):
            return False
        _spawn_once(address, env)
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)


class WarmKernel:
    """A kernel that came from the warm parent, with the methods of ``subprocess.Popen`` that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, connection, request, streams):
        self.args, self.returncode, self._connection, self._received = request["command"], None, connection, b""
        try:
            connection.settimeout(ANSWER_SECONDS)
            socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], streams)
            answer = self._message()
            if "pid" not in answer:
                raise OSError(answer.get("refused", "no kernel"))
            self.pid = answer["pid"]
            self._pidfd = os.pidfd_open(self.pid)
        except BaseException:
            connection.close()
            raise

    def poll(self):
        """The exit code if the kernel has ended, else ``None``; negative for the signal that killed it."""
        if self.returncode is None and select.select([self._pidfd], [], [], 0)[0]:
            try:
                self.returncode = self._message()["returncode"]
            except (OSError, ValueError, KeyError):
                # The parent was killed before, and nobody else can know. A crash is tried again, an exit is not.
                self.returncode = -signal.SIGKILL
            os.close(self._pidfd)
            self._connection.close()
        return self.returncode

    def wait(self, timeout=None):
        """The exit code, waited for; ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""
        if self.returncode is None and not select.select([self._pidfd], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.poll()

    def send_signal(self, number):
        if self.poll() is None:
            signal.pidfd_send_signal(self._pidfd, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def _message(self):
        while b"\n" not in self._received:
            more = self._connection.recv(4096)
            if not more:
                raise ConnectionError("the warm parent is gone")
            self._received += more
        line, self._received = self._received.split(b"\n", 1)
        return json.loads(line)


def parents():
    """What each running parent of this user says of itself, and the reasons of those that could not start.

    ``OSError`` where there can be none.
    """
    found = []
    for address in sorted(folder().glob("*.socket")):
        with contextlib.suppress(OSError, ValueError):
            found.append(ask(address, "status"))
    for file in sorted(folder().glob("*.failed")):
        if reason := failure_at(file):
            found.append({"failed": reason, "file": str(file)})
    return found


def ask(address, what):
    """The answer of the parent at ``address`` to ``"status"`` or ``"retire"``; ``OSError`` if nobody is there."""
    connection = _connect(Path(address))
    if connection is None:
        raise ConnectionError(f"{address}: nobody answers")
    with connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.sendall(json.dumps({"do": what}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            return json.loads(lines.readline())


def sweep():
    """Remove what killed parents left behind."""
    for lock in folder().glob("*.lock"):
        with _held(lock) as held:
            if held:
                for suffix in (".socket", ".log", ".lock"):
                    lock.with_suffix(suffix).unlink(missing_ok=True)


def _descriptor(stream, inherited):
    """What the kernel writes to; ``ValueError`` for a pipe, which only an ordinary kernel can be given."""
    if stream is None:
        return inherited
    descriptor = stream if isinstance(stream, int) else stream.fileno()
    if descriptor < 0:
        raise ValueError(f"{stream}: not an open file")
    return descriptor


def course_first(env, cwd=None):
    """The environment for an ordinary kernel: the course's packages go before a ``utils.py`` that lies there."""
    here = Path(cwd or os.getcwd())
    for package in (UTILS, UTILS.parent / "data_scripts"):
        for found in (here / f"{package.name}.py", here / package.name / "__init__.py"):
            if found.exists() and found.parent != package:
                path = [str(UTILS.parent), *filter(None, [env.get("PYTHONPATH")])]
                return {**env, "PYTHONPATH": os.pathsep.join(path)}
    return env


def _is_our_kernel(cmd):
    return "ipykernel_launcher" in cmd and os.path.exists(cmd[0]) and os.path.samefile(cmd[0], sys.executable)


def _connect(address):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(str(address))
        _wake(peer(connection)[0])
    except OSError:
        connection.close()
        return None
    return connection


def peer(connection):
    """The process id and the user id at the other end."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], sys.byteorder), int.from_bytes(credentials[4:8], sys.byteorder)


def _wake(parent):
    """Let a parent that somebody has stopped go on: it would keep everybody waiting, and never leave."""
    if Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[0] == "T":
        os.kill(parent, signal.SIGCONT)


def _spawn_once(address, env):
    """Start a parent unless there is one: whoever holds the lock is the parent, or becomes it."""
    with _held(address.with_suffix(".lock")) as held:
        if held is None:
            return
        address.unlink(missing_ok=True)  # left by a parent that was killed
        parent = ["-m", "utils.course.warm_kernels.server", address, str(held)]
        with open(address.with_suffix(".log"), "w") as log:
            subprocess.run(
                [sys.executable, "-SEc", DETACHED, sys.executable, *parent],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[held],  # the lock goes along: it is held for as long as the parent serves
                # Nothing else of the environment: the kernels could read it.
                env={name: env[name] for name in ("PATH", "XDG_RUNTIME_DIR") if name in env} | variables_of(env),
                cwd="/",
                start_new_session=True,
            )


@contextlib.contextmanager
def _held(lock):
    """The descriptor of the lock file while it is held; ``None`` if somebody else holds it."""
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            swept = os.fstat(descriptor).st_nlink == 0
        except BlockingIOError:
            swept = True
        yield None if swept else descriptor
    finally:
        os.close(descriptor)
