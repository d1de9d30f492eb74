"""The watch over a kernel: its time, its memory, and requests to end it."""

import os
import threading
import time

from utils.course.engine.process_tree import MARK, ProcessTree
from utils.notebook_files.status import Status

SAMPLE_SECONDS = 0.05  # between two looks at the memory: filling half a gigabyte takes longer
REMEMBER_SECONDS = 0.25  # between two looks at what runs, where no keeper knows it


class Watch(threading.Thread):
    """Kills a kernel's processes ``seconds`` after ``started``, above ``memory`` bytes or ``threads``, or on request.

    The memory is looked at twenty times a second: what is taken and given back in between goes unseen. ``started`` is
    in the time of ``time.monotonic``.
    """

    def __init__(self, started, seconds=None, memory=None, threads=None):
        super().__init__(daemon=True)
        self.tree, self._since, self._seconds, self._memory = None, started, seconds, memory
        self._threads = threads
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

    def begin(self, pid, kept=False):
        """Start to watch the kernel, or the keeper of a kernel, ``pid``."""
        self.tree = ProcessTree(pid, self._mark, kept)
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
            pause = max(self._pause(), 20 * (time.monotonic() - before))
            self._wake.wait(min(threading.TIMEOUT_MAX, max(0.0, min(pause, self.left))))

    def _pause(self):
        if self._memory is not None:
            return SAMPLE_SECONDS
        return float("inf") if self.tree.kept else REMEMBER_SECONDS

    def _excess(self):
        if self.left <= 0:
            return Status.TIMED_OUT, f"the notebook ran for more than {self._seconds:g} s"
        if self._threads is not None and self.tree.threads() > self._threads:
            return Status.FAILED, f"the kernel had more than {self._threads} threads"
        if self._memory is None:
            if not self.tree.kept:
                self.tree.processes()  # remembers them
            return None
        used = self.tree.memory(above=self._memory)
        if used > self._memory:
            return (
                Status.OUT_OF_MEMORY,
                f"the kernel's processes held {_megabytes(used)}; {_megabytes(self._memory)} are allowed",
            )
        return None


def _megabytes(size):
    return f"{size / 1e6:,.0f} MB"
