"""How the engine's kernels differ from others: a keeper ends all that they start, and no error hides in them."""

import contextlib
import socket
import subprocess

from jupyter_client import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from utils.course.warm_kernels import keeper

SOCKETS = "shell_port", "iopub_port", "stdin_port", "hb_port", "control_port"
SHOWN_ERROR = "convnet-course.error"
# Executed before the first cell where the kernel is IPython's, in a name space of its own.
PRELUDE = f"""
import json
from IPython import get_ipython
from jupyter_client.jsonutil import json_default

def tell_error(result):
    # What run_cell shows and does not raise, such as an error below %%capture, travels with the cell's reply.
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        told = {{"source": {SHOWN_ERROR!r}, "ename": type(error).__name__, "evalue": str(error)}}
        shell.payload_manager.write_payload(told, single=False)

def packed(content):
    # Of half a character no message can be made: an output with it would be lost without a word.
    try:
        return pack(content)
    except UnicodeEncodeError:
        return json.dumps(content, ensure_ascii=False, default=json_default).encode(errors="replace")

shell = get_ipython()
pack, shell.kernel.session.pack = shell.kernel.session.pack, packed
shell.events.register("post_run_cell", tell_error)
shell.debugger = lambda force=False: None  # %pdb would ask, nobody would answer, and that would be the error
"""


class KeptKernelManager(AsyncKernelManager):
    """Jupyter's manager of a kernel, except that a local kernel has a keeper where there can be one.

    ``box`` is the sandbox that the kernel is started in (its ``command`` gives the command line); ``None``: in none.
    """

    box, descriptors = None, {}

    @property
    def is_kept(self):
        return keeper.available() and isinstance(self.provisioner, LocalProvisioner)

    def format_kernel_cmd(self, extra_arguments=None):
        if self.box:
            command = self.box.command(self.connection_file, self.descriptors, extra_arguments or [])
        else:
            command = super().format_kernel_cmd(extra_arguments)
        return [*keeper.COMMAND, *command] if self.is_kept else command

    @contextlib.contextmanager
    def sockets(self):
        """Options of ``start_kernel``: those that hand the kernel its sockets, if it is started in a box.

        It could make none that are seen outside: they are opened here. The terminal is not handed in.
        """
        if not self.box:
            yield {}
            return
        with contextlib.ExitStack() as stack:
            listening = {}
            for number, name in enumerate(SOCKETS, start=1):
                setattr(self, name, number)
                listening[number] = stack.enter_context(socket.socket(socket.AF_UNIX))
                listening[number].bind(f"{self.ip}-{number}")
                listening[number].listen()
                listening[number].setblocking(False)
            self.descriptors = {number: each.fileno() for number, each in listening.items()}
            nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            yield {"pass_fds": tuple(self.descriptors.values()), **nowhere}
