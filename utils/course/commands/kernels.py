"""``course kernels``: the warm parents, shown and stopped."""

import contextlib
from pathlib import Path

import click
import psutil

from utils.course.commands.terminal import say
from utils.course.warm_kernels import address
from utils.course.warm_kernels import provisioner as warm_kernels
from utils.course.warm_kernels.keeper import below


@click.command()
@click.option("--stop", is_flag=True, help="Let the parents go; kernels that run go on.")
def kernels(stop):
    """Show the processes that warm kernels come from, and the kernels that run.

    A parent that nobody uses goes by itself after five minutes. CONVNET_COURSE_WARM=0 in the environment
    makes every kernel an ordinary one.
    """
    if not address.available():
        say("Kernels are ordinary ones here: not Linux, or switched off by CONVNET_COURSE_WARM.")
    try:
        found = warm_kernels.parents()
    except OSError as error:
        say(f"There can be no warm parent, and kernels are ordinary ones: {error}")
        return
    if not found:
        say("No warm parent runs. The next kernel starts one.")
    for parent in found:
        if "failed" in parent:
            say(f"A parent could not start: {parent['failed']}")
            if stop:
                Path(parent["file"]).unlink(missing_ok=True)
            continue
        say(f"parent {parent['pid']}  {_memory([parent['pid']])}  {parent['python']}")
        for pid in parent["kernels"]:
            say(f"  kernel {pid}  {_memory([pid, *below(pid)])}")
        if stop:
            try:
                warm_kernels.ask(parent["socket"], "retire")
                say("  stopped; its kernels go on" if parent["kernels"] else "  stopped")
            except (OSError, ValueError):
                say(f"  does not answer; if it is still there: kill {parent['pid']}")


def _memory(pids):
    """What these processes hold that no other process shares."""
    sizes = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            sizes.append(psutil.Process(pid).memory_full_info().uss)
    return f"{sum(sizes) / 1e6:.0f} MB" if sizes else "ended"
