"""The client that starts, watches and ends a kernel, and executes the cells of one notebook in it."""

import asyncio
import contextlib
import os
import re
import signal
import threading
import time
from queue import Empty

import zmq
from jupyter_core.utils import ensure_async, run_sync
from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.exceptions import PapermillException

from utils.course.engine.kernel import PRELUDE, SHOWN_ERROR, KeptKernelManager
from utils.course.storage.private_folders import private_folder
from utils.course.warm_kernels.provisioner import course_first
from utils.notebook_files.status import Status, failed_cell, is_code, plain, status_of

SILENCE_SECONDS = 0.05  # without a message; then it is time to look whether the kernel lives
OUTPUTS_END_SECONDS = 60  # after the reply
SHUTDOWN_SECONDS = 3.0
NUDGE_SECONDS = 10
CLOSING_SECONDS = 2  # between a kernel's last word and its end
LONGEST_SOCKET = 90  # characters of a socket's file before '-5': macOS allows 103 in all
OUTPUT_BYTES = 100_000_000  # a cell that prints for ever would fill this process's memory, not the kernel's


class NotPassed(PapermillException):
    """The notebook did not pass; the message says why."""


class KernelLost(NotPassed, DeadKernelError):
    """The same, because the kernel was killed; the command papermill has an exit code for it (138)."""


class Client(PapermillNotebookClient):
    """papermill's client: it puts outputs into the notebook as that does, but it talks to the kernel itself."""

    def __init__(self, nb_man, watch, on_cell, box=None, **options):
        super().__init__(nb_man, kernel_manager_class=KeptKernelManager, **options)
        self.watch, self.on_cell, self.box = watch, on_cell, box
        self._received, self._closed, self._nudge, self._nudged = 0, None, None, 0.0

    def execute(self, **kwargs):
        """Execute all cells, until one ends the notebook; raises ``NotPassed`` as the engine does."""
        self.reset_execution_trackers()
        with _signals_stop(self.watch) as received:
            run_sync(self._execute)()
        if received:
            raise KeyboardInterrupt if received[0] == signal.SIGINT else SystemExit(128 + received[0])
        status, error = status_of(self.nb)
        if status in (Status.KILLED, Status.OUT_OF_MEMORY):
            raise KernelLost(f"{status}: {error}")
        # papermill itself raises for a cell that failed, and marks the place in the notebook.
        papermill_raises = status in (Status.FAILED, Status.UNKNOWN_MAGIC) and failed_cell(self.nb)
        if status != Status.PASSED and not papermill_raises:
            raise NotPassed(f"{status}: {error}")

    async def _execute(self):
        self.create_kernel_manager()
        self.km.box = self.box
        with private_folder() as folder:  # swept even if this process is killed
            self.km.connection_file = str(folder / "kernel.json")
            sockets = str(folder / "kernel")
            if os.name == "posix" and len(sockets) < LONGEST_SOCKET:
                # A port that is free now may be somebody else's before the kernel listens at it; a file is not.
                self.km.transport, self.km.ip = "ipc", sockets
            elif self.box:
                self._conclude(Status.NOT_EXECUTED, f"{sockets} is too long for a socket: set TMPDIR to a shorter path")
            try:
                await self._start_kernel()
                await self._execute_cells()
                self.nb_man.conclude(Status.PASSED)
            except NotPassed:
                pass  # the record says why
            finally:
                self.set_widgets_metadata()
                await self._end_kernel()

    async def _start_kernel(self):
        """Start the kernel and wait until it answers on both channels."""
        if self._is_ipykernel():
            # It warns of its unencrypted connection on loopback at every start; and nobody will look up the history.
            self.extra_arguments += ["--IPKernelApp.log_level=40", "--HistoryManager.hist_file=:memory:"]
        with self.km.sockets() as more:
            more["env"] = self.watch.environment() if self.box else course_first(self.watch.environment())
            await ensure_async(self.km.start_kernel(extra_arguments=self.extra_arguments, **more))
        self.watch.begin(self.km.provisioner.pid, self.km.is_kept)
        self.kc = self.km.client()
        self.kc.context.reconnect_ivl = 10  # milliseconds: the kernel listens some time after it was started
        self.kc.context.maxmsgsize = OUTPUT_BYTES  # for a larger one the connection is closed
        if self.box:  # its sockets were there before it: it may take its time to speak
            self.kc.context.handshake_ivl = 0
        self.kc.start_channels(stdin=False, hb=False, control=False)
        self._closed = self.kc.iopub_channel.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self.kc.allow_stdin = False
        self.nb.metadata["language_info"] = (await self._first_reply())["content"]["language_info"]
        if self._is_ipykernel():
            self.kc.execute(f"exec({PRELUDE!r}, {{}})", silent=True)

    async def _first_reply(self):
        """The kernel's first reply, once the messages about it have been heard too."""
        end, asked = time.monotonic() + self.startup_timeout, float("-inf")
        while True:
            if not await ensure_async(self.km.is_alive()):
                await self._kernel_lost()
            if time.monotonic() > end:
                self._conclude(Status.TIMED_OUT, f"the kernel did not start within {self.startup_timeout} s")
            if time.monotonic() - asked > 1:
                await ensure_async(self.kc.kernel_info())
                asked = time.monotonic()
            with contextlib.suppress(Empty):
                reply = await self.kc.shell_channel.get_msg(timeout=SILENCE_SECONDS)
                if reply["msg_type"] == "kernel_info_reply":
                    asked = float("-inf")
                    await self._heard_idle(reply["parent_header"]["msg_id"])
                    return reply

    async def _heard_idle(self, request):
        """Return once the kernel has said that it is done with the request; ``Empty`` if it says nothing for 0.2 s."""
        while True:
            message = await self.kc.iopub_channel.get_msg(timeout=0.2)
            if (
                message["parent_header"].get("msg_id") == request
                and message["content"].get("execution_state") == "idle"
            ):
                return

    async def _execute_cells(self):
        for index, cell in enumerate(self.nb.cells):
            if self.on_cell:
                self.on_cell(index + 1, len(self.nb.cells))
            self.nb_man.cell_start(cell, index)
            if is_code(cell) and self.skip_cells_with_tag not in _tags(cell):
                self._judge(cell, index, await self._executed(cell, index))
            else:
                self.nb_man.cell_complete(cell, cell_index=index)

    async def _executed(self, cell, index):
        """The content of the kernel's reply to the cell, whose outputs are in it then; ``NotPassed`` without one."""
        cell.outputs, self.clear_before_next_output, cell.metadata["execution"] = [], False, {}
        request = self.kc.execute(cell.source, stop_on_error="raises-exception" not in _tags(cell))
        reply, is_idle, is_dead = None, False, False
        # The kernel may answer to a nudge of the cell before only now: that says nothing about this one.
        self._nudge, self._nudged = None, time.monotonic()
        began = heard = self._nudged
        while reply is None or not is_idle:
            now = time.monotonic()
            if reply is None and (self.timeout or 0) > 0 and now - began > self.timeout:
                self._conclude(Status.TIMED_OUT, f"ran for more than {self.timeout} s", index)
            if reply is not None and now - heard > OUTPUTS_END_SECONDS:
                self._conclude(Status.TIMED_OUT, "its outputs did not end", index)
            message = None if is_idle else await self._next_message()
            if message and message["parent_header"].get("msg_id") == request:
                heard, is_idle = now, self._takes_last(message, cell, index)
            is_later = message is not None and self._ends_nudge(message)
            if reply is None and (message is None or is_idle or is_later):
                reply = await self._reply_to(request, SILENCE_SECONDS if is_idle else 0)
            if reply is not None and is_later:  # the kernel has gone on to what was asked after the cell
                self._conclude(Status.FAILED, "an output was lost, perhaps because it is too large", index)
            if message is None and (reply is None or not is_idle):
                is_dead = await self._is_dead(is_dead, index)
        cell.metadata["execution"]["shell.execute_reply"] = timestamp(reply)
        return reply["content"]

    async def _next_message(self):
        """The next message about what the kernel does; ``None`` after a silence, and for what cannot be read."""
        socket = self.kc.iopub_channel.socket
        frames, is_cut = [], False
        if await socket.poll(1000 * SILENCE_SECONDS):
            _, frames = self.kc.session.feed_identities(await socket.recv_multipart())
            self._received += sum(len(frame) for frame in frames[4:])  # behind signature and headers
        else:
            is_cut = await self._closed.poll(0) and await self._lives_on()
        larger = f"larger than {OUTPUT_BYTES / 1e6:g} MB"
        if self._received > OUTPUT_BYTES:
            self.watch.end(Status.FAILED, f"the notebook's outputs are {larger}")
        elif is_cut:
            why = f"its connection broke off: an output is {larger}, or it closed files that are not its own"
            self.watch.end(Status.FAILED, why)
        if not frames or self._received > OUTPUT_BYTES:
            return None
        try:
            return self.kc.session.deserialize(frames)
        except (ValueError, TypeError, KeyError):
            return None

    async def _lives_on(self):
        """Whether the kernel is there and stays: its connection closes, too, as it ends, and that is heard later."""
        end = time.monotonic() + CLOSING_SECONDS
        while alive := await ensure_async(self.km.is_alive()):
            if time.monotonic() > end:
                break
            await asyncio.sleep(SILENCE_SECONDS)
        return alive

    def _takes_last(self, message, cell, index):
        """Put what the message brings into the cell; returns whether it says that the cell has ended."""
        try:
            self.process_message(message, cell, index)
        except CellExecutionComplete:
            return True
        return False

    async def _reply_to(self, request, seconds):
        """The reply to this request if it comes within so many seconds, else ``None``; others may come without end."""
        end = time.monotonic() + seconds + SILENCE_SECONDS
        with contextlib.suppress(Empty):
            while time.monotonic() < end:
                reply = await self.kc.shell_channel.get_msg(timeout=seconds)
                if reply["parent_header"].get("msg_id") == request:
                    return reply
        return None

    async def _is_dead(self, was_dead, index):
        """Whether the kernel's process has ended. The second time, with a silence between, the notebook ends."""
        if not await ensure_async(self.km.is_alive()):
            if was_dead:
                await self._kernel_lost(index)
            return True
        if time.monotonic() - self._nudged > NUDGE_SECONDS:
            # The next message brings along one that was overlooked: a message that arrives while a socket of the
            # kernel sends is seldom, but sometimes, not noticed (ipykernel's issue 1554). Then a kernel waits for the
            # client, and the client for the kernel.
            self._nudge, self._nudged = self.kc.kernel_info(), time.monotonic()
        return False

    def _ends_nudge(self, message):
        return message["parent_header"].get("msg_id") == self._nudge and _is_idle(message)

    def _judge(self, cell, index, reply):
        """The cell ran to its end, and this was the reply. Did it pass, and is there a kernel for the next one?"""
        may_raise = "raises-exception" in _tags(cell)
        shown = [output for output in cell.outputs if output.output_type == "error"]
        if reply["status"] == "error" and not may_raise:
            self._conclude(*_failure(reply, shown), index)
        if reply["status"] == "aborted":
            self._conclude(Status.FAILED, "the kernel did not execute it", index)
        payload = reply.get("payload", [])
        if any(each["source"] == "ask_exit" and not each["keepkernel"] for each in payload) and any(
            is_code(below) for below in self.nb.cells[index + 1 :]
        ):
            self._conclude(Status.ENDED_EARLY, "it told the kernel to exit", index)
        shown += [each for each in payload if each["source"] == SHOWN_ERROR]
        if shown and not may_raise:
            # An error that was shown and not raised stops no notebook, but no such notebook passed.
            status, error = _failure(shown[0])
            self.nb_man.cell_failed(cell, index, status, f"{_name(cell, index)}: {error}")
        else:
            self.nb_man.cell_complete(cell, cell_index=index)

    async def _kernel_lost(self, index=None):
        """The kernel's process is gone: the watch killed it, or a signal, or it left by itself."""
        code = await self.km.provisioner.poll()
        if self.watch.reason:
            self._conclude(*self.watch.reason, index)
        if code is not None and code < 0:
            perhaps = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
            self._conclude(Status.KILLED, f"the kernel was killed by {_signal_name(-code)}{perhaps}", index)
        status = Status.FAILED if index is None else Status.ENDED_EARLY
        self._conclude(status, f"the kernel's process left with exit code {code}", index)

    def _conclude(self, status, error, index=None):
        """Put down how the notebook ended, in the cell ``index`` if any was reached, and stop."""
        if index is None:
            self.nb_man.conclude(status, f"before the first cell: {error}")
        else:
            cell = self.nb.cells[index]
            self.nb_man.cell_failed(cell, index, status, f"{_name(cell, index)}: {error}")
        raise NotPassed(error)

    async def _end_kernel(self):
        """Let the kernel go: it may tidy up if all went well. Nothing below it stays."""
        passed = status_of(self.nb)[0] == Status.PASSED
        self.watch.stop()
        if self.watch.tree:
            if passed and await ensure_async(self.km.is_alive()):
                await self._ask_to_leave()
                end = time.monotonic() + SHUTDOWN_SECONDS
                while time.monotonic() < end and await ensure_async(self.km.is_alive()):
                    await asyncio.sleep(0.01)
            self.watch.tree.kill()
            await self.km.provisioner.wait()
        await ensure_async(self.km.cleanup_resources())
        if self.kc:
            self.kc.iopub_channel.socket.disable_monitor()
            self.kc.stop_channels()

    async def _ask_to_leave(self):
        """Have the kernel end by itself, with all that it does at its exit."""
        if self._is_ipykernel():
            # On a shutdown request ipykernel sets off its main thread and its control thread at once, and the two
            # block each other for ever where the control thread comes more than 0.1 s late: on a busy machine.
            await ensure_async(self.kc.execute("get_ipython().kernel.io_loop.stop()", silent=True))
        else:
            await ensure_async(self.km.request_shutdown())

    def _is_ipykernel(self):
        return "ipykernel_launcher" in self.km.kernel_spec.argv


def _failure(error, shown=()):
    """``(status, sentence)`` of a cell that raised this error, and showed these."""
    if error["ename"] == "NoneType" and shown:
        error = shown[-1]  # raised by an object's __repr__: IPython's reply does not say which
    name, value = error["ename"], plain(error["evalue"])
    if name == "SystemExit":
        return Status.ENDED_EARLY, f"sys.exit({value})"
    if name == "UsageError" and re.match(r"(Line|Cell) magic function .* not found", value):
        return Status.UNKNOWN_MAGIC, f"{name}: {value}"
    return Status.FAILED, f"{name}: {value}"


def _tags(cell):
    return cell.metadata.get("tags", [])


def _is_idle(message):
    return message["content"].get("execution_state") == "idle"


def _name(cell, index):
    number = cell.get("execution_count")
    return f"In [{number}]" if number else f"cell {index + 1}"


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextlib.contextmanager
def _signals_stop(watch):
    """Ctrl-C and requests to terminate end the notebook, not this process; yields the list of those that came.

    Where the process has handlers of its own, or ignores the signals, it knows why. Only a main thread hears them.
    """
    received = []

    def stop(number, frame):
        received.append(number)
        watch.end(Status.INTERRUPTED, f"interrupted by {_signal_name(number)}")

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
                before[number] = signal.signal(number, stop)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
