"""The client that starts, watches and ends a kernel, and executes the cells of one notebook in it."""

import asyncio
import contextlib
import re
import signal
import threading
import time
from queue import Empty

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.exceptions import PapermillException

from utils.course.storage.private_folders import private_folder
from utils.notebook_files.status import Status, failed_cell, is_code, plain, status_of

ALIVE_SECONDS = 0.05  # between two looks whether the kernel lives


LAST_WORDS_SECONDS = 0.1  # what a kernel said before its end is still on its way


SHUTDOWN_SECONDS = 3.0


NUDGE_SECONDS = 10


OUTPUT_BYTES = 100_000_000  # a cell that prints for ever would fill this process's memory, not the kernel's


class NotPassed(PapermillException):
    """The notebook did not pass; the message says why."""


class KernelLost(NotPassed, DeadKernelError):
    """The same, because the kernel was killed; the command papermill has an exit code for it (138)."""


class Client(PapermillNotebookClient):
    """papermill's client: it reads the outputs as that does, but starts, watches and ends the kernel itself."""

    def __init__(self, nb_man, watch, on_cell, **options):
        super().__init__(nb_man, **options)
        self.watch, self.on_cell = watch, on_cell
        self.iopub_timeout = 60  # large outputs need longer than the usual 4 s to be read
        self.on_cell_executed = self._remember_reply
        self._reply, self._reader, self._printed = {}, None, 0

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
        with private_folder() as folder:  # swept even if this process is killed
            self.km.connection_file = str(folder / "kernel.json")
            try:
                await self._start_kernel()
                nudges = asyncio.create_task(self._nudge())
                try:
                    await self._execute_cells()
                finally:
                    nudges.cancel()
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
        await ensure_async(self.km.start_kernel(extra_arguments=self.extra_arguments, env=self.watch.environment()))
        self.watch.begin(self.km.provisioner.pid)
        self.kc = self.km.client()
        self.kc.context.reconnect_ivl = 10  # milliseconds: the kernel listens some time after it was started
        self.kc.start_channels(stdin=False, hb=False, control=False)
        self.kc.allow_stdin = False
        self.nb.metadata["language_info"] = (await self._first_reply())["content"]["language_info"]

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
                reply = await self.kc.shell_channel.get_msg(timeout=ALIVE_SECONDS)
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

    async def _nudge(self):
        """Ask the kernel for something small now and then: the next message brings along one that was overlooked.

        A message that arrives while a socket of the kernel sends is seldom, but sometimes, not noticed (ipykernel's
        issue 1554): then a kernel waits for the client, and the client for the kernel.
        """
        while True:
            await asyncio.sleep(NUDGE_SECONDS)
            await ensure_async(self.kc.kernel_info())

    async def _execute_cells(self):
        for index, cell in enumerate(self.nb.cells):
            if self.on_cell:
                self.on_cell(index + 1, len(self.nb.cells))
            self.nb_man.cell_start(cell, index)
            self._reply = {}
            try:
                await self.async_execute_cell(cell, index)
            except CellExecutionError:
                self._conclude(*_failure(self._reply), index)
            except CellTimeoutError as late:
                what = "its outputs did not end" if "IOPub" in str(late) else f"ran for more than {self.timeout} s"
                self._conclude(Status.TIMED_OUT, what, index)
            except DeadKernelError:
                await self._kernel_lost(index)
            self._judge(cell, index)

    def _judge(self, cell, index):
        """The cell ran to its end. Did it pass, and is there still a kernel for the next one?"""
        left = any(each["source"] == "ask_exit" and not each["keepkernel"] for each in self._reply.get("payload", []))
        if left and any(is_code(below) for below in self.nb.cells[index + 1 :]):
            self._conclude(Status.ENDED_EARLY, "it told the kernel to exit", index)
        shown = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        if shown and "raises-exception" not in cell.metadata.get("tags", []):
            # An error that was shown and not raised stops no notebook, but no such notebook passed.
            error = f"{_name(cell, index)}: {shown[0].ename}: {plain(shown[0].evalue)}"
            self.nb_man.cell_failed(cell, index, Status.FAILED, error)
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
        if self._reader:
            self._reader.cancel()
        await ensure_async(self.km.cleanup_resources())
        if self.kc:
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

    def process_message(self, msg, cell, cell_index):
        texts = [msg["content"].get("text"), *(msg["content"].get("data") or {}).values()]
        self._printed += sum(len(text) for text in texts if isinstance(text, str))
        if self._printed > OUTPUT_BYTES:
            self.watch.end(Status.FAILED, f"the notebook's outputs are larger than {OUTPUT_BYTES / 1e6:g} MB")
            return None
        return super().process_message(msg, cell, cell_index)

    async def _async_poll_kernel_alive(self):
        while await ensure_async(self.km.is_alive()):
            await asyncio.sleep(ALIVE_SECONDS)
        await asyncio.sleep(LAST_WORDS_SECONDS)
        self.task_poll_for_reply.cancel()

    async def _async_poll_output_msg(self, *arguments):
        self._reader = asyncio.current_task()
        await super()._async_poll_output_msg(*arguments)

    def _remember_reply(self, execute_reply, **kwargs):
        self._reply = execute_reply["content"]


def _failure(reply):
    """``(status, error)`` of a cell that raised."""
    name, value = reply["ename"], plain(reply["evalue"])
    if name == "SystemExit":
        return Status.ENDED_EARLY, f"sys.exit({value})"
    if name == "UsageError" and re.match(r"(Line|Cell) magic function .* not found", value):
        return Status.UNKNOWN_MAGIC, f"{name}: {value}"
    return Status.FAILED, f"{name}: {value}"


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
