"""A kernel and all processes below it: measured together, and killed together."""

import contextlib
import os
import select
import time

import psutil

from utils.course.warm_kernels.keeper import below

MARK = "CONVNET_COURSE_JOB"  # a kernel's environment holds it, and so does that of every program started below it
KILL_SECONDS = 5.0
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, OSError)


class ProcessTree:
    """All processes that run because of the process ``root`` (a pid).

    Where the root is a kernel's keeper (``utils.course.warm_kernels.keeper``), they are all below it. Elsewhere they
    are the root, what descends from it, and every program whose environment holds the ``mark``; a process that was
    once seen in the tree stays in it, also after its parent has ended.
    """

    def __init__(self, root, mark, kept=False):
        self.mark, self.kept, self._root, self._seen = mark, kept, root, set()
        with contextlib.suppress(*GONE):
            self._seen.add(psutil.Process(root))
        self._ended = os.pidfd_open(root) if kept and self._seen else None

    def processes(self):
        """The processes that run now, as ``psutil.Process``; they are remembered."""
        if self.kept:
            return _processes(below(self._root))
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
        Files in a memory file system count where a process has them mapped. A process that does not let itself be
        read closely (another user's) counts with all its pages (RSS). Without PSS (macOS, Windows) only what a
        process shares with nobody counts.
        """
        processes = self.processes()
        estimate = sum(_measure(process, _all_pages) for process in processes)
        return estimate if estimate <= above else sum(_measure(process, _proportional) for process in processes)

    def threads(self):
        """How many threads all the processes together have."""
        return sum(_measure(process, lambda each: each.num_threads()) for process in self.processes())

    def kill(self):
        """Kill all of them; returns whether none is left."""
        if self.kept and self._keeper_kills():
            return True
        end = time.monotonic() + KILL_SECONDS
        while time.monotonic() < end:
            # Stopped first, the root before the others, so that none starts another one meanwhile.
            stopped = set()
            while new := (self.processes() | self._seen_or_marked()) - stopped:
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

    def close(self):
        """Let go of what this holds of the system."""
        if self._ended is not None:
            os.close(self._ended)
            self._ended = None

    def _keeper_kills(self):
        """Whether the keeper has ended, and with it all below: nothing is half done if this process is killed now."""
        if self._ended is None:
            return not self._seen
        with contextlib.suppress(*GONE):
            for keeper in self._seen:
                keeper.terminate()
        return bool(select.select([self._ended], [], [], KILL_SECONDS)[0])

    def _seen_or_marked(self):
        """What a keeper that does not answer left, and programs that left the tree before they were seen: daemons."""
        found = {process for process in self._seen if _runs(process)}
        for process in psutil.process_iter():
            with contextlib.suppress(*GONE):
                if process.environ().get(MARK) == self.mark and _runs(process):
                    found.add(process)
        return found


def _processes(pids):
    found = set()
    for pid in pids:
        with contextlib.suppress(*GONE):
            found.add(psutil.Process(pid))
    return found


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


def _all_pages(process):
    return process.memory_info().rss


def _proportional(process):
    try:
        size = process.memory_full_info()
    except psutil.AccessDenied:
        return _all_pages(process)
    return getattr(size, "pss", None) or size.uss
