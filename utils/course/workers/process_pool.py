"""Running calls in processes of their own, several at a time: a process that dies costs only the call that it had."""

import math
import os
import signal
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import wait as wait_for
from queue import SimpleQueue

from utils.course.storage.private_folders import sweep
from utils.course.workers.safe_path import as_it_was, nothing_imported_from_here

LEAVE_SECONDS = 5  # for processes that are asked to: they end what they have started


class Lost(RuntimeError):
    """The process that had the call ended without an answer; the message says how."""


class ProcessPool(Executor):
    """``workers`` processes, each started anew when it dies; a dead one's call raises ``Lost``, all others go on.

    What a call says with ``tell`` is given to ``on_told`` as ``(arguments of the call, what it said)``. Ctrl-C does
    not reach the processes: whoever holds the pool decides. They end with the process that holds it, however it ends.
    """

    def __init__(self, workers, on_told=lambda arguments, said: None):
        self.size = workers
        self._threads = ThreadPoolExecutor(workers)
        self._workers = [_Worker(on_told) for _ in range(workers)]
        self._idle = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def window(self):
        """How many calls to give it at a time."""
        return self.size

    def submit(self, function, /, *arguments):
        return self._threads.submit(self._call, function, arguments)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            self._stop()

    def kill(self):
        """End all processes now, and everything below them; calls that they had raise ``Lost``."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._stop()

    def __exit__(self, kind, *exception):
        if kind:
            self.kill()
        return super().__exit__(kind, *exception)

    def _stop(self):
        """End all processes at once, not one after another."""
        for worker in self._workers:
            worker.ask_to_leave()
        end = time.monotonic() + LEAVE_SECONDS
        for worker in self._workers:
            worker.see_leave(max(0.0, end - time.monotonic()))
        sweep()  # a process that was killed has left its private folder

    def _call(self, function, arguments):
        worker = self._idle.get()
        try:
            return worker.call(function, arguments)
        finally:
            self._idle.put(worker)


def tell(*said):
    """Inside a call that a ``ProcessPool`` runs: say something to whoever holds the pool, before the call ends."""
    if _pipe:
        _pipe.send(("told", said))


class _Worker:
    """The holder's end of one process, which is started when it is first needed."""

    _starting = threading.Lock()

    def __init__(self, on_told):
        self._on_told, self._process, self._pipe, self._stopped = on_told, None, None, False
        self._reaping = threading.Lock()

    def call(self, function, arguments):
        if not self._process:
            self._start()
        try:
            self._pipe.send((function, arguments))
            kind, value = self._pipe.recv()
            while kind == "told":
                self._on_told(arguments, value)
                kind, value = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise Lost(self._epitaph()) from error
        if kind == "raised":
            raise value
        return value

    def ask_to_leave(self):
        """Have the process end; one in the middle of a call takes its own children along."""
        with self._starting:
            self._stopped = True
        if process := self._process:
            process.terminate()

    def see_leave(self, seconds):
        """Return once the process has ended; it is killed if it is still there after so many seconds."""
        if (process := self._process) and self._exit_code(process, seconds) is None:
            process.kill()
            self._exit_code(process)

    def _start(self):
        with self._starting:
            if self._stopped:
                raise Lost("it was ended before it began")
            context = get_context("spawn")
            self._pipe, other_end = context.Pipe()
            with nothing_imported_from_here() as before, _interrupts_wait():
                process = context.Process(target=_serve, args=(other_end, before), daemon=True)
                process.start()
            other_end.close()
            self._process = process

    def _epitaph(self):
        code = self._exit_code(self._process)
        self._process = None
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _exit_code(self, process, seconds=math.inf):
        """The process's exit code once it has ended, ``None`` after so many seconds. Several threads may ask."""
        end = time.monotonic() + seconds
        while True:
            with self._reaping:
                process.join(0)
                if process.exitcode is not None or time.monotonic() >= end:
                    return process.exitcode
            time.sleep(0.005)


@contextmanager
def _interrupts_wait():
    """Ctrl-C is kept from this thread, and from the processes that it starts until those ``_withdraw``."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # as it starts it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _withdraw():
    """Put this process out of reach of the terminal's Ctrl-C, and forget one that came before."""
    if hasattr(signal, "pthread_sigmask"):
        os.setpgrp()
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, handler)


_pipe = None


def _serve(pipe, before):
    """What a process of the pool does all its life; ``before`` is what ``as_it_was`` needs."""
    global _pipe
    _pipe = pipe
    as_it_was(before)
    _withdraw()
    # SIGTERM keeps its default: the engine hears it first while it has a kernel, and ends that.
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        try:
            answer = "returned", function(*arguments)
        except Exception as error:
            answer = "raised", error
        pipe.send(answer)


def _leave_with_parent():
    wait_for([parent_process().sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
