"""What a command finds around it: names, an environment, folders, limits. It is mended, or refused in a sentence."""

import os
import sys
import tempfile
from pathlib import Path

import click

from utils.course.commands.terminal import harmless

try:
    import resource
except ImportError:  # Windows, which has no such limits
    resource = None

# What a notebook with TensorFlow takes, measured with some room: 64 files and 3 GB of addresses just do.
OPEN_FILES = 128
ADDRESS_SPACE = 4_000_000_000  # bytes
PROCESSES = 60  # threads count as processes: a kernel has 20, and whoever runs it 10; for each notebook at a time
MANY_PROCESSES = 10_000  # with as many allowed, nobody need count those there are


def restart_in_utf8():
    """Start this program again in Python's UTF-8 mode where it takes names for ASCII (``LC_ALL=C``)."""
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def refuse_what_is_not_utf8(arguments):
    """A usage error for a name that no page and no table could hold."""
    for argument in arguments:
        if any("\ud800" <= letter <= "\udfff" for letter in argument):
            raise click.UsageError(f"{harmless(argument)}: this name is not UTF-8; rename it")


def refuse_a_copy(script, prefix=sys.prefix):
    """``click.ClickException`` if ``script`` is in an environment that was copied: the original's code would run."""
    environment = Path(script).resolve().parent.parent
    if (environment / "pyvenv.cfg").exists() and environment != Path(prefix).resolve():
        raise click.ClickException(
            f"{environment} is a copy of {prefix}, whose code would run; type make (or python install.py) in"
            f" {environment.parent}: it sets up an environment of its own"
        )


def ready_for_kernels(at_a_time):
    """See that as many kernels can run, and give them a folder where they can write none in the user's home."""
    _limits(at_a_time)
    context = click.get_current_context()
    try:
        with tempfile.TemporaryFile() as probe:
            probe.write(bytes(4096))
    except OSError as error:
        raise click.ClickException(f"no temporary file can be written: {error}; TMPDIR names a folder") from error
    if not can_be_written(Path(os.environ.get("IPYTHONDIR") or "~/.ipython").expanduser()):
        os.environ["IPYTHONDIR"] = context.with_resource(tempfile.TemporaryDirectory(prefix="convnet-course-ipython-"))
        context.call_on_close(lambda: os.environ.pop("IPYTHONDIR"))


def can_be_written(folder):
    """Whether files can be written in this folder, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
        return True
    except OSError:
        return False


def _limits(at_a_time):
    """``click.ClickException`` for a limit that is too low, with what is needed."""
    if resource is None:
        return
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= files < OPEN_FILES:
        raise click.ClickException(
            f"{files} open files are allowed here; notebooks need {OPEN_FILES}: ulimit -n {OPEN_FILES}"
        )
    addresses, _ = resource.getrlimit(resource.RLIMIT_AS)
    if 0 <= addresses < ADDRESS_SPACE:
        raise click.ClickException(
            f"{addresses / 1e9:.1f} GB of address space are allowed here; TensorFlow needs"
            f" {ADDRESS_SPACE / 1e9:.0f} GB: ulimit -v unlimited"
        )
    processes, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if 0 <= processes < MANY_PROCESSES and os.geteuid() != 0:  # root is not bound by it
        used, needed = _threads_of_this_user(), PROCESSES * at_a_time
        if processes < used + needed:
            raise click.ClickException(
                f"{processes} processes are allowed here, and {used} run; {at_a_time} notebook(s) at a time need"
                f" {needed} more: ulimit -u {used + needed}, or fewer --workers"
            )


def _threads_of_this_user():
    import psutil

    mine = os.getuid()
    found = psutil.process_iter(["uids", "num_threads"])
    return sum(each.info["num_threads"] or 0 for each in found if each.info["uids"] and each.info["uids"].real == mine)
