"""How the engine's kernels differ from others: a keeper ends all that they start, and no error hides in them."""

from jupyter_client import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from utils.course.warm_kernels import keeper

SHOWN_ERROR = "convnet-course.error"
# Executed before the first cell where the kernel is IPython's, in a name space of its own.
PRELUDE = f"""
from IPython import get_ipython

def tell_error(result):
    # What run_cell shows and does not raise, such as an error below %%capture, travels with the cell's reply.
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        told = {{"source": {SHOWN_ERROR!r}, "ename": type(error).__name__, "evalue": str(error)}}
        shell.payload_manager.write_payload(told, single=False)

shell = get_ipython()
shell.events.register("post_run_cell", tell_error)
shell.debugger = lambda force=False: None  # %pdb would ask, nobody would answer, and that would be the error
"""


class KeptKernelManager(AsyncKernelManager):
    """Jupyter's manager of a kernel, except that a local kernel has a keeper where there can be one."""

    @property
    def is_kept(self):
        return keeper.available() and isinstance(self.provisioner, LocalProvisioner)

    def format_kernel_cmd(self, extra_arguments=None):
        command = super().format_kernel_cmd(extra_arguments)
        return [*keeper.COMMAND, *command] if self.is_kept else command
