"""One sandbox: a process of its own, in which one student's functions are loaded and called, watched from outside."""

import contextlib
import os
import select
import subprocess
import threading
import time

import psutil

from utils.course.sandbox import bubblewrap
from utils.course.sandbox.inside import wire

MEGABYTES, MEGABYTES_WITH_KERAS = 1000, 2000  # of address space, beyond what the packages take
ALL_SECONDS = 600  # of a processor, for all that is called in one sandbox
DEFAULT_SECONDS = 10  # of a processor, until others are allowed
START_SECONDS = 300  # for the packages to be imported, on a busy machine
PATIENCE = 10  # times the seconds of a processor, at most this many seconds pass
MOST_THREADS = 100
LOOK_SECONDS = 0.05
ENVIRONMENT = {}  # of what is outside; inside, ``bubblewrap`` sets another one


class Stopped(BaseException):
    """The sandbox was ended in a call. No ``Exception``: what judges a function takes those for the function's own."""


class Box:
    """A sandbox, started when it is first needed; close it, or use it in a ``with`` statement.

    ``keras``: Keras is there as well. ``private`` are paths that must not be visible inside.
    """

    def __init__(self, keras=False, private=()):
        self._arguments = [str(MEGABYTES_WITH_KERAS if keras else MEGABYTES), str(ALL_SECONDS), *["keras"] * keras]
        self._private, self._process, self._watch, self._seconds = private, None, None, DEFAULT_SECONDS

    def allow(self, seconds):
        """So many seconds of a processor for all that is asked until this is called again."""
        self._seconds = seconds
        if self._process:
            self._watch.allow(seconds)

    def ask(self, question, given=lambda value: None, made=wire.unpacked):
        """The answer to a question. ``given`` and ``made`` are what ``wire`` calls ``more``, and its ``unpacked``.

        ``Stopped``, with the reason, if there is none in time, the sandbox has ended, or what came is no answer;
        ``OSError`` if no sandbox can be started, which is no function's fault.
        """
        try:
            if not self._process:
                self._start()
        except Stopped as error:
            self.close()
            raise OSError(f"the sandbox cannot be started: {error}") from None
        try:
            with self._watch.waiting():
                self._send(wire.packed(question, given))
                answer = self._receive()
        except BaseException as error:  # a message may be cut in the middle, also by Ctrl-C
            reason = self._watch and self._watch.reason
            self.close()
            if isinstance(error, OSError | wire.Broken | Stopped):
                raise Stopped(reason or str(error) or "it ended") from None
            raise
        try:
            return made(*answer)
        except wire.Broken as error:
            self.close()
            raise Stopped(str(error)) from None

    def close(self):
        """End the sandbox, with all that runs in it."""
        if self._process:
            self._watch.stop()
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
            self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _start(self):
        self._process = subprocess.Popen(
            bubblewrap.command(self._arguments, self._private),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=ENVIRONMENT,
        )
        for pipe in (self._process.stdin, self._process.stdout):
            os.set_blocking(pipe.fileno(), False)
        self._watch = _Watch(self._process)
        self._watch.allow(START_SECONDS)
        self._watch.start()
        with self._watch.waiting():
            if wire.unpacked(*self._receive()) != "ready":
                raise Stopped("it is not ready")
        self._watch.allow(self._seconds)

    def _send(self, message):
        left = memoryview(message)
        while left:
            self._wait([], [self._process.stdin])
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(self._process.stdin.fileno(), left[:65536]) :]

    def _receive(self):
        text, numbers = wire.lengths(self._read(wire.HEAD.size))
        return self._read(text), self._read(numbers)

    def _read(self, length):
        parts = bytearray()
        while len(parts) < length:
            self._wait([self._process.stdout], [])
            with contextlib.suppress(BlockingIOError):
                part = os.read(self._process.stdout.fileno(), min(length - len(parts), 1 << 20))
                if not part:
                    self._process.wait()
                    raise Stopped(self._watch.reason or "it ended")
                parts += part
        return bytes(parts)

    def _wait(self, readable, writable):
        """Until a pipe is ready; the watch ends the sandbox, and so its pipes, where that takes too long."""
        select.select(readable, writable, [])


class _Watch(threading.Thread):
    """Looks at the whole tree of a sandbox, and kills it when it takes too long or becomes too many."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.reason, self._process, self._over = "", process, threading.Event()
        self._tree, self._used, self._waited, self._since = psutil.Process(process.pid), 0.0, 0.0, None
        self._seconds = START_SECONDS

    def allow(self, seconds):
        """From now on, so many seconds of a processor, and some times as many in which an answer is waited for."""
        self._seconds, self._used, self._waited = seconds, _used(self._all()), 0.0

    @contextlib.contextmanager
    def waiting(self):
        """Inside, an answer is waited for."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._waited, self._since = self._waiting_time(), None

    def stop(self):
        """Watch no longer."""
        self._over.set()

    def run(self):
        pause = LOOK_SECONDS
        while not self._over.wait(pause):
            before = time.monotonic()
            if reason := self._excess():
                self.reason = reason
                self._process.kill()  # with the first process of a tree of its own, the system ends them all
                return
            pause = max(LOOK_SECONDS, 10 * (time.monotonic() - before))

    def _excess(self):
        processes = self._all()
        if _used(processes) - self._used > self._seconds:
            return f"it was stopped after {self._seconds:g} seconds"
        if self._waiting_time() > PATIENCE * self._seconds:
            return f"it was stopped after {PATIENCE * self._seconds:g} seconds in which it did nothing"
        if sum(map(_threads, processes)) > MOST_THREADS:
            return f"it was stopped with more than {MOST_THREADS} threads"
        return ""

    def _waiting_time(self):
        since = self._since
        return self._waited + (time.monotonic() - since if since else 0.0)

    def _all(self):
        with contextlib.suppress(psutil.Error):
            return [self._tree, *self._tree.children(recursive=True)]
        return []


def _used(processes):
    """Seconds of a processor that they took."""
    total = 0.0
    for each in processes:
        with contextlib.suppress(psutil.Error):
            times = each.cpu_times()
            total += times.user + times.system
    return total


def _threads(process):
    with contextlib.suppress(psutil.Error):
        return process.num_threads()
    return 0
