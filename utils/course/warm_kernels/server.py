"""The warm parent: it imports what the notebooks import, computes nothing, and hands out kernels.

``python -m utils.course.warm_kernels.server SOCKET LOCK`` is started by the provisioner.
A fork is sound only while TensorFlow has run no operation and neither an event loop nor a ZeroMQ context exists,
so this process does nothing but wait for requests. Before it serves the first, a canary shows that a fork of
it computes; where that fails, there is no parent, and kernels are ordinary ones.
"""

import contextlib
import gc
import importlib.util
import itertools
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import threading
import time
import traceback
import warnings
from functools import partial
from pathlib import Path

from utils import SETTINGS
from utils.course.warm_kernels.address import note_failure
from utils.course.warm_kernels.child import become_kernel
from utils.course.warm_kernels.keeper import keep, leave
from utils.course.warm_kernels.provisioner import ANSWER_SECONDS, ask, peer, sweep

PRELOADED = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger", "ipywidgets",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.oinspect", "IPython.extensions.storemagic",
    "tornado.platform.asyncio", "tornado.queues", "sqlite3", "matplotlib.figure", "matplotlib.backends.backend_agg",
    "numpy", "scipy.stats", "PIL.Image", "skimage", "tensorflow", "keras",
)  # fmt: skip
IDLE_SECONDS = 300
CANARY_SECONDS = 60
# Imports that look around them: under a shell they do something else than here.
NEVER_PRELOADED = ("matplotlib_inline.backend_inline", "tqdm.auto", "tqdm.autonotebook")


class CurrentStream:
    """Stands for ``sys.stdout`` or ``sys.stderr`` as it is at each call: logging handlers made here keep it."""

    def __init__(self, name):
        self._name = name

    def close(self):
        """Nothing: a handler that goes does not take the stream along."""

    def __getattr__(self, attribute):
        current = getattr(sys, self._name)
        return getattr(getattr(sys, f"__{self._name}__") if current is self else current, attribute)


class Preloaded:
    """The imports, and what they changed in this process that a kernel has to find as if it had made them itself."""

    def __init__(self):
        variables, filters = dict(os.environ), list(warnings.filters)
        for name in ("rfc3987_syntax", "isoduration"):  # the command does without these; a notebook may want them
            sys.modules.pop(name, None)
        sys.stdout, sys.stderr = CurrentStream("stdout"), CurrentStream("stderr")
        sys.ps1 = "In : "  # TensorFlow logs otherwise where somebody types
        for name in itertools.chain(PRELOADED, _rooms_of_the_course()):  # walking the rooms imports some
            importlib.import_module(name)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        changed = {name: value for name, value in os.environ.items() if variables.get(name) != value}
        self.variables = SETTINGS | changed  # utils was imported before
        self.filters = [each for each in warnings.filters if each not in filters]
        warnings.filters[:] = filters
        _assert_forkable()
        gc.collect()
        gc.freeze()  # the collector would write to every page, and the kernels could share none


def main(address, lock):
    """Serve kernels at the Unix socket ``address`` until nobody has used it for five minutes.

    ``lock`` is the descriptor of the locked file that makes this the only parent there.
    """
    # "python -m" put the working directory on the path; a kernel has it there only after its imports.
    sys.path[:] = [place for place in sys.path if place not in ("", os.getcwd())]
    try:
        preloaded = Preloaded()
        if not _canary_sings():
            raise RuntimeError("a fork of a process that has imported TensorFlow does not compute here")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(address))
        listener.listen(128)
    except BaseException as error:
        note_failure(address, f"{type(error).__name__}: {error}")
        raise
    sweep()
    _retire_older(address)
    Server(address, listener, preloaded, lock).serve()


class Server:
    """Waits for requests, starts kernels, and tells whoever asked for one how it ended."""

    def __init__(self, address, listener, preloaded, lock):
        self.address, self.listener, self.preloaded, self.lock = address, listener, preloaded, lock
        self.kernels = {}  # pidfd → (pid, connection to whoever asked)
        self.started, self.last_used, self.retired = 0, time.monotonic(), False

    def serve(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            while self.kernels or not (self.retired or time.monotonic() - self.last_used > IDLE_SECONDS):
                self._round()
        finally:
            self._leave()

    def _round(self):
        listening = [] if self.retired else [self.listener]
        for each in select.select([*listening, *self.kernels], [], [], 10)[0]:
            if each is not self.listener:
                self._ended(each)
            else:
                connection, _ = self.listener.accept()
                try:
                    self._answer(connection)
                except (OSError, ValueError, KeyError, TypeError):
                    traceback.print_exc()
                    connection.close()

    def _answer(self, connection):
        client, user = peer(connection)
        if user != os.getuid():
            connection.close()
            return
        connection.settimeout(ANSWER_SECONDS)
        request, streams = _received(connection)
        if request is None:  # only asked whether anybody is here
            connection.close()
        elif request["do"] == "start":
            self.last_used = time.monotonic()
            self._start(request, streams, connection, client)
        else:
            if request["do"] == "retire":
                self.retired = True
                self._leave()
            connection.sendall(_line(**self._status()))
            connection.close()

    def _start(self, request, streams, connection, client):
        try:
            if reason := _shadowed(Path(request["folder"])):
                connection.sendall(_line(refused=reason))
                connection.close()
                return
            pid = self._fork(request, streams, connection, client)
        finally:
            for descriptor in streams:
                os.close(descriptor)
        self.started += 1
        connection.settimeout(None)
        self.kernels[os.pidfd_open(pid)] = pid, connection
        with contextlib.suppress(OSError):
            connection.sendall(_line(pid=pid))

    def _fork(self, request, streams, connection, client):
        pid = os.fork()
        if pid == 0:
            try:
                self.listener.close()
                os.close(self.lock)
                connection.close()
                for pidfd, (_, other) in self.kernels.items():
                    os.close(pidfd)
                    other.close()
                become = partial(become_kernel, self.preloaded, request, streams, client)
                if request["kept"]:
                    os.setsid()
                    leave(keep(become, client))
                code = become()
            except BaseException:
                traceback.print_exc()
                code = 1
            os._exit(code)
        return pid

    def _ended(self, pidfd):
        pid, connection = self.kernels.pop(pidfd)
        self.last_used = time.monotonic()
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        with connection, contextlib.suppress(OSError):
            connection.sendall(_line(returncode=os.waitstatus_to_exitcode(status)))

    def _status(self):
        return {
            "pid": os.getpid(), "socket": str(self.address), "python": sys.executable,
            "kernels": [pid for pid, _ in self.kernels.values()], "started": self.started, "retired": self.retired,
        }  # fmt: skip

    def _leave(self):
        """Make room for another parent at this address."""
        if self.listener.fileno() >= 0:
            self.listener.close()
            self.address.unlink(missing_ok=True)
            os.close(self.lock)


def _rooms_of_the_course():
    import utils

    for module in pkgutil.walk_packages(utils.__path__, "utils."):
        if not module.name.startswith("utils.course"):
            yield module.name


def _shadowed(folder):
    """Why a kernel that starts in ``folder`` has to make its imports itself; empty if it need not.

    A module in the working directory goes before an installed one of the same name, and matplotlib reads its
    settings there.
    """
    try:
        for entry in sorted(folder.iterdir()):
            name = entry.name.removesuffix(".py")
            source = entry / "__init__.py" if entry.is_dir() else entry
            if name.isidentifier() and source.suffix == ".py" and source.is_file():
                installed = importlib.util.find_spec(name)
                if (
                    installed
                    and installed.origin
                    and not (installed.has_location and source.samefile(installed.origin))
                ):
                    return f"{source} is imported in place of {name}"
        if (folder / "matplotlibrc").exists():
            return f"{folder / 'matplotlibrc'} holds matplotlib's settings"
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _retire_older(address):
    """Other versions of the same installation serve nobody new: its packages or ``utils`` have changed."""
    place, version, _ = address.name.split(".", 2)
    for other in address.parent.glob(f"{place}.*.socket"):
        if other.name.split(".")[1] != version:
            with contextlib.suppress(OSError, ValueError):
                ask(other, "retire")
    for failed in address.parent.glob(f"{place}.*.failed"):
        failed.unlink(missing_ok=True)


def _canary_sings():
    """Whether a fork of this process computes with Keras what it should, within a minute."""
    pid = os.fork()
    if pid == 0:
        try:
            import keras
            import numpy

            network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 3, kernel_initializer="ones")])
            result = network.predict(numpy.ones((1, 4, 4, 1), "float32"), verbose=0)
            os._exit(0 if (result == 9).all() else 1)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    descriptor = os.pidfd_open(pid)
    try:
        if not select.select([descriptor], [], [], CANARY_SECONDS)[0]:
            os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1] == 0
    finally:
        os.close(descriptor)


def _assert_forkable():
    """Whether TensorFlow has computed is seen by the canary."""
    import zmq

    assert not any(isinstance(each, zmq.Context) for each in gc.get_objects()), "a ZeroMQ context exists already"
    assert threading.active_count() == 1, f"threads run already: {threading.enumerate()}"
    early = [name for name in NEVER_PRELOADED if name in sys.modules]
    assert not early, f"imported before there is a shell: {early}"


def _received(connection):
    """A request and the streams that came with it; ``(None, [])`` if the other side closed."""
    data, streams, _, _ = socket.recv_fds(connection, 65536, 2)
    while data and not data.endswith(b"\n"):
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return (json.loads(data) if data else None), streams


def _line(**message):
    return json.dumps(message).encode() + b"\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
