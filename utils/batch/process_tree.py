"""A kernel and all processes below it: watched for time and memory, and killed together."""

import contextlib
import os
import threading
import time

import psutil

from utils.batch.outcome import OUT_OF_MEMORY, TIMED_OUT

MARK = "CONVNET_COURSE_JOB"  # a kernel's environment holds it, and so does that of every program started below it
SAMPLE_SECONDS = 0.25
KILL_SECONDS = 3.0
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, OSError)


class ProcessTree:
    """The process ``root`` (a pid), what descends from it, and every program whose environment holds the ``mark``.

    A process that was once seen in the tree stays in it, also after its parent has ended.
    """

    def __init__(self, root, mark):
        self.mark, self._seen = mark, set()
        with contextlib.suppress(*GONE):
            self._seen.add(psutil.Process(root))

    def processes(self):
        """The processes that run now, as ``psutil.Process``; they are remembered."""
        descendants = set()
        for process in self._seen:
            if process not in descendants:
                with contextlib.suppress(*GONE):
                    descendants.update(process.children(recursive=True))
        self._seen = {process for process in self._seen | descendants if _runs(process)}
        return set(self._seen)

    def memory(self, above=0):
        """Bytes in use by all the processes together; a quick upper estimate where that is not above ``above``.

        A page that n processes share counts 1/n in each of them (PSS), so pages that a kernel and its forked
        children share count once, and those of a warm kernel's parent in part. What is swapped out counts too.
        Files in a memory file system count where a process has them mapped. Without PSS (macOS, Windows) only
        what a process shares with nobody counts.
        """
        processes = self.processes()
        estimate = sum(_measure(process, lambda each: each.memory_info().rss) for process in processes)
        return estimate if estimate <= above else sum(_measure(process, _proportional) for process in processes)

    def kill(self):
        """Kill all of them; returns whether none is left.

        They are stopped first, the root before the others, so that none starts another one meanwhile.
        """
        end = time.monotonic() + KILL_SECONDS
        while time.monotonic() < end:
            stopped = set()
            while new := (self.processes() | self._marked()) - stopped:
                for process in new:
                    with contextlib.suppress(*GONE):
                        process.suspend()
                stopped |= new
                self._seen |= new
            for process in stopped:
                with contextlib.suppress(*GONE):
                    process.kill()
            if not stopped:
                return True
            time.sleep(0.01)
        return False

    def _marked(self):
        """Programs that left the tree before they were seen in it: daemons."""
        found = set()
        for process in psutil.process_iter():
            with contextlib.suppress(*GONE):
                if process.environ().get(MARK) == self.mark and _runs(process):
                    found.add(process)
        return found


class Watch(threading.Thread):
    """Kills a kernel's process tree ``seconds`` after ``started``, above ``memory`` bytes, or on request.

    The memory is sampled four times a second: what is taken and given back in between goes unseen. ``started`` is
    in the time of ``time.monotonic``.
    """

    def __init__(self, started, seconds=None, memory=None):
        super().__init__(daemon=True)
        self.tree, self._since, self._seconds, self._memory = None, started, seconds, memory
        self._reasons = []  # threads and signal handlers add to it; the first one stands
        self._mark = f"{os.getpid()}-{time.monotonic_ns()}"
        self._wake, self._over = threading.Event(), False

    @property
    def reason(self):
        """``(status, sentence)`` of the first reason to kill the tree, ``None`` as long as there is none."""
        return self._reasons[0] if self._reasons else None

    @property
    def left(self):
        """Seconds until the deadline."""
        return float("inf") if self._seconds is None else self._since + self._seconds - time.monotonic()

    def environment(self):
        """The environment for the kernel: this process's, and the mark."""
        return os.environ | {MARK: self._mark}

    def begin(self, pid):
        """Start to watch the kernel ``pid``."""
        self.tree = ProcessTree(pid, self._mark)
        self.start()

    def end(self, status, sentence):
        """Have the tree killed now, for this reason."""
        self._reasons.append((status, sentence))
        self._wake.set()

    def stop(self):
        """Watch no longer."""
        self._over = True
        self._wake.set()
        if self.is_alive():
            self.join()

    def run(self):
        while not self._over:
            before = time.monotonic()
            if excess := self._excess():
                self.end(*excess)
            if self.reason:
                self.tree.kill()
                return
            # On a machine of thousands of processes a look takes long: it is taken more rarely then.
            pause = max(SAMPLE_SECONDS, 20 * (time.monotonic() - before))
            self._wake.wait(max(0.0, min(pause, self.left)))

    def _excess(self):
        if self.left <= 0:
            return TIMED_OUT, f"the notebook ran for more than {self._seconds:g} s"
        if self._memory is None:
            self.tree.processes()  # remembers them
            return None
        used = self.tree.memory(above=self._memory)
        if used > self._memory:
            return (
                OUT_OF_MEMORY,
                f"the kernel's processes held {_megabytes(used)}; {_megabytes(self._memory)} are allowed",
            )
        return None


def _runs(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except GONE:
        return False


def _measure(process, size):
    try:
        return size(process)
    except GONE:
        return 0


def _proportional(process):
    size = process.memory_full_info()
    return getattr(size, "pss", None) or size.uss


def _megabytes(size):
    return f"{size / 1e6:,.0f} MB"
