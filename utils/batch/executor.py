"""Running calls in processes of their own, several at a time: a process that dies costs only the call that it had."""

import os
import signal
import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for
from queue import SimpleQueue

from utils.batch.runner import Result, execute

CRASHES_ALLOWED = 1


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


def execute_all(jobs, after, workers, on_event=lambda job, event: None):
    """Execute the jobs, ``workers`` at a time, and return their results in the order of ``jobs``.

    ``after`` maps a job to the jobs that must have ended before it starts. ``on_event(job, event)`` hears
    ``("cell", number, cells)`` as cells start, and the ``Result`` when a job ends. A job whose process died is
    executed once more.
    """
    told = SimpleQueue()
    results, running, waiting, crashes = {}, {}, list(jobs), Counter()
    with LocalPool(workers, lambda arguments, said: told.put((arguments[1], said))) as pool:
        while waiting or running:
            for job in [job for job in waiting if all(other in results for other in after.get(job, ()))]:
                if len(running) < workers:
                    waiting.remove(job)
                    running[pool.submit(_execute_and_tell, job, jobs.index(job))] = job
            ended, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            while not told.empty():
                index, event = told.get()
                on_event(jobs[index], list(event))
            for future in ended:
                job = running.pop(future)
                if isinstance(future.exception(), Lost) and crashes[job] < CRASHES_ALLOWED:
                    crashes[job] += 1
                    waiting.insert(0, job)
                    continue
                results[job] = _outcome(future, job)
                on_event(job, results[job])
    return [results[job] for job in jobs]


def _execute_and_tell(job, index):
    return execute(job, lambda number, cells: tell("cell", number, cells))


def _outcome(future, job):
    try:
        return future.result()
    except Exception as failure:
        return Result(job.source.stem, "died", 0.0, f"the process that ran it was lost: {failure}")


class _Worker:
    """The holder's end of one process, which is started when it is first needed."""

    _starting = threading.Lock()

    def __init__(self, on_told):
        self._on_told, self._process, self._pipe, self._reaping = on_told, None, None, threading.Lock()

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
        process = self._process
        if process:
            process.terminate()
            if self._exit_code(process, 5) is None:
                process.kill()
                self._exit_code(process)

    def _start(self):
        with self._starting:
            context = get_context("spawn")
            self._pipe, other_end = context.Pipe()
            self._process = context.Process(target=_serve, args=(other_end,), daemon=True)
            self._process.start()
            other_end.close()

    def _epitaph(self):
        code = self._exit_code(self._process)
        self._process = None
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _exit_code(self, process, seconds=None):
        with self._reaping:
            process.join(seconds)
            return process.exitcode


_pipe = None


def _serve(pipe):
    """What a process of the pool does all its life."""
    global _pipe
    _pipe = pipe
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # out of reach of the terminal's Ctrl-C
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
