"""The parent of one kernel, which adopts all that the kernel starts, and ends them whatever becomes of the kernel.

A process that detaches itself (a daemon, a double fork, an empty environment) becomes a child of the nearest ancestor
that adopts orphans. That is the keeper, so nothing below it can hide. It ends everything below it when the kernel has
ended, when whoever asked for the kernel has ended (even if killed), and on SIGTERM; and then ends as the kernel did.

The engine starts an ordinary kernel through this file as a script, so it imports only what starts quickly. The parent
of warm kernels forks a keeper of its own.
"""

import ctypes
import os
import select
import signal
import sys
import time

# How the command line of a kernel with a keeper begins.
COMMAND = [sys.executable, "-SI", os.path.abspath(__file__)]
GIVE_UP_SECONDS = 3.0  # after which what cannot be killed is left: another user's process, one that hangs in the system
SET_PARENT_DEATH_SIGNAL, SET_ADOPTER = 1, 36  # of Linux's sys/prctl.h (PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER)


def available():
    """Whether this system has what a keeper needs: Linux from 5.3 on."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return sys.platform == "linux"


def keep(start, client):
    """Run ``start()`` in a child process, and keep it as the module says; returns its wait status.

    ``start`` returns an exit code, or replaces the process. ``client`` is the pid of whoever asked for the kernel.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(SET_ADOPTER, 1)
    # Until there is a handler nothing is lost; the kernel lets it through again.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    keeper, kernel = os.getpid(), os.fork()
    if kernel == 0:
        prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != keeper:
            os._exit(1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os._exit(start())
    return _Keeper(kernel, client).run()


def below(ancestor):
    """The pids of all processes that descend from this one and have not ended."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    state, parent = file.read().rsplit(b")", 1)[1].split()[:2]
            except OSError:
                continue
            if state not in b"ZX":
                parents[int(name)] = int(parent)
    found, more = set(), {ancestor}
    while more:
        more = {pid for pid, parent in parents.items() if parent in more}
        found |= more
    return found


def leave(status):
    """End this process as one ended that has this wait status: with its exit code, or by its signal."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        import resource  # there is none on Windows, which imports this file, too

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


class _Keeper:
    def __init__(self, kernel, client):
        self.kernel, self.status, self.asked = kernel, None, False
        self._wake, wake_up = os.pipe()
        os.set_blocking(wake_up, False)
        signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        try:
            self._client = os.pidfd_open(client)
        except ProcessLookupError:  # gone already
            self._client, self.asked = None, True

    def run(self):
        while not self.asked and self._reap():
            ready, _, _ = select.select([self._wake, self._client], [], [])
            if self._client in ready:
                break
            os.read(self._wake, 512)
        self._end_all()
        return signal.SIGKILL if self.status is None else self.status

    def _end(self, *_):
        self.asked = True

    def _reap(self):
        """Take note of the children that have ended; returns whether the kernel still runs."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.kernel:
                    self.status = ended[1]
        except ChildProcessError:
            pass
        return self.status is None

    def _end_all(self):
        """Kill all that is below. They are stopped first, so that none starts another one meanwhile."""
        end = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < end:
            self._reap()
            stopped = set()
            while new := self._below() - stopped:
                _signal(new, signal.SIGSTOP)
                stopped |= new
            if not stopped:
                return
            _signal(stopped, signal.SIGKILL)
            time.sleep(0.002)

    def _below(self):
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return set()  # nothing is left, as is usual: there is no need to look through all processes
        return below(os.getpid())


def _signal(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:  # ended meanwhile, or another user's
            continue


def main():
    """``python -SI keeper.py COMMAND…``: the kernel of this command line, kept for the process that started this."""
    command, client = sys.argv[1:], os.getppid()

    def start():
        os.setsid()
        if "JPY_PARENT_PID" in os.environ:  # ipykernel leaves when this is not its parent any more
            os.environ["JPY_PARENT_PID"] = str(os.getppid())
        try:
            os.execvp(command[0], command)
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
            return 127

    leave(keep(start, client))


if __name__ == "__main__":
    main()
