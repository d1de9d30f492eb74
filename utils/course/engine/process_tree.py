"""A kernel and all processes below it: watched for time and memory, and killed together."""

import contextlib
import time

import psutil

MARK = "CONVNET_COURSE_JOB"  # a kernel's environment holds it, and so does that of every program started below it
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
