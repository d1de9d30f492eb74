"""``course kernels``: the warm parents, shown and stopped."""

from pathlib import Path

import click
import psutil

from utils.course.commands.terminal import say
from utils.course.warm_kernels import address
from utils.course.warm_kernels import provisioner as warm_kernels


@click.command()
@click.option("--stop", is_flag=True, help="Let the parents go; kernels that run go on.")
def kernels(stop):
    """Show the processes that warm kernels come from, and the kernels that run.

    A parent that nobody uses goes by itself after five minutes. CONVNET_COURSE_WARM=0 in the environment
    makes every kernel an ordinary one.
    """
    if not address.available():
        say("Kernels are ordinary ones here: not Linux, or switched off by CONVNET_COURSE_WARM.")
    found = warm_kernels.parents()
    if not found:
        say("No warm parent runs. The next kernel starts one.")
    for parent in found:
        if "failed" in parent:
            say(f"A parent could not start: {parent['failed']}")
            if stop:
                Path(parent["file"]).unlink(missing_ok=True)
            continue
        say(f"parent {parent['pid']}  {parent['mode']}  {_memory(parent['pid'])}  {parent['python']}")
        for pid in parent["kernels"]:
            say(f"  kernel {pid}  {_memory(pid)}")
        if stop:
            try:
                warm_kernels.ask(parent["socket"], "retire")
                say("  stopped; its kernels go on" if parent["kernels"] else "  stopped")
            except (OSError, ValueError):
                say(f"  does not answer; if it is still there: kill {parent['pid']}")


def _memory(pid):
    try:
        process = psutil.Process(pid)
        return f"{process.memory_full_info().uss / 1e6:.0f} MB"
    except psutil.Error:
        return "ended"
