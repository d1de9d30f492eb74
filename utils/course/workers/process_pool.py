"""Running calls in processes of their own, several at a time: a process that dies costs only the call that it had."""

import os
import signal
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import wait as wait_for
from queue import SimpleQueue


class Lost(RuntimeError):
    """The process that had the call ended without an answer; the message says how."""


class LocalPool(Executor):
    """``workers`` processes, each started anew when it dies; a dead one's call raises ``Lost``, all others go on.

    What a call says with ``tell`` is given to ``on_told`` as ``(arguments of the call, what it said)``. Ctrl-C does
    not reach the processes: whoever holds the pool decides. They end with the process that holds it, however it ends.
    """

    def __init__(self, workers, on_told=lambda arguments, said: None):
        self._threads = ThreadPoolExecutor(workers)
        self._workers = [_Worker(on_told) for _ in range(workers)]
        self._idle = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

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
        for worker in self._workers:
            worker.stop()

    def _call(self, function, arguments):
        worker = self._idle.get()
        try:
            return worker.call(function, arguments)
        finally:
            self._idle.put(worker)


def tell(*said):
    """Inside a call that a ``LocalPool`` runs: say something to whoever holds the pool, before the call ends."""
    if _pipe:
        _pipe.send(("told", said))


class _Worker:
    """The holder's end of one process, which is started when it is first needed."""

    # A signal handler may stop the worker that its thread is stopping.
    _starting = threading.RLock()

    def __init__(self, on_told):
        self._on_told, self._process, self._pipe, self._stopped = on_told, None, None, False
        self._reaping = threading.RLock()

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

    def stop(self):
        """End the process; one in the middle of a call takes its own children along."""
        with self._starting:
            self._stopped, process = True, self._process
        if process:
            process.terminate()
            if self._exit_code(process, 5) is None:
                process.kill()
                self._exit_code(process)

    def _start(self):
        with self._starting:
            if self._stopped:
                raise Lost("it was ended before it began")
            context = get_context("spawn")
            self._pipe, other_end = context.Pipe()
            process = context.Process(target=_serve, args=(other_end,), daemon=True)
            with _interrupts_wait():
                process.start()
            other_end.close()
            self._process = process

    def _epitaph(self):
        code = self._exit_code(self._process)
        self._process = None
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _exit_code(self, process, seconds=None):
        with self._reaping:
            process.join(seconds)
            return process.exitcode


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


def _serve(pipe):
    """What a process of the pool does all its life."""
    global _pipe
    _pipe = pipe
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
