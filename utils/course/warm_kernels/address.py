"""Which warm parent a kernel may come from, and where that parent listens."""

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from pathlib import Path

from utils import SETTINGS

try:
    import resource
except ImportError:  # Windows, where kernels are ordinary ones
    resource = None

SWITCH = "CONVNET_COURSE_WARM"
UTILS = Path(__file__).resolve().parents[2]
RETRY_SECONDS = 300
# Variables that the imports of the parent read. A kernel with other values needs another parent.
READ_AT_IMPORT = (
    "PYTHON", "TF_", "KERAS_", "XLA_", "OMP_", "MKL_", "OPENBLAS_", "KMP_", "CUDA_", "LD_", "MALLOC_", "GLIBC_",
    "MPL", "IPYKERNEL_", "PYDEVD_", "JUPYTER_PLATFORM_DIRS", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR",
    "LANG", "LC_", "TZ", SWITCH,
)  # fmt: skip
# These TensorFlow reads when it first computes: in the kernel.
READ_LATER = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def available(env=os.environ):
    """Whether warm kernels can be had here: on Linux, unless ``CONVNET_COURSE_WARM=0``."""
    return sys.platform == "linux" and env.get(SWITCH) != "0"


def folder():
    """The private folder of this user's sockets; ``PermissionError`` if somebody else could reach into it."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if not base or not os.access(base, os.W_OK):
        base = tempfile.gettempdir()
    path = Path(base) / f"convnet-course-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{path}: needs to be a folder of yours that nobody else can enter: chmod 700 {path}")
    return path


def address_of(env):
    """The socket of the parent for such kernels: which installation, which version of it, which surroundings."""
    packages = sorted(each.name for place in sys.path for each in Path(place or ".").glob("*.dist-info"))
    sources = sorted(
        (str(path), path.stat().st_mtime_ns, path.stat().st_size)
        for room in (UTILS, UTILS.parent / "data_scripts")
        for path in room.rglob("*")
        if path.suffix in (".py", ".js", ".css")  # an explorer's script is read when its module is imported
    )
    place = _digest(sys.prefix, str(UTILS))
    version = _digest(sys.version, os.uname().release, packages, sources)
    return folder() / f"{place}.{version}.{_digest(_inherited(), variables_of(env))}.socket"


def note_failure(address, reason):
    """Put down why the parent at ``address`` could not start: it is not tried again for five minutes."""
    address.with_suffix(".failed").write_text(f"{time.monotonic()}\n{reason}", encoding="utf-8")


def failure_at(address):
    """Why no parent could start at ``address`` in the last five minutes; "" if nothing is known against it."""
    try:
        noted, _, reason = address.with_suffix(".failed").read_text(encoding="utf-8").partition("\n")
        # Linux counts these seconds from the system's start, the same for all processes.
        return reason if 0 <= time.monotonic() - float(noted) < RETRY_SECONDS else ""
    except (OSError, ValueError):
        return ""


def variables_of(env):
    """Those that the parent's imports read, with what it sets itself where ``env`` says nothing."""
    known = {**SETTINGS, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **env}  # debugpy would remark on every import of it
    return {
        name: value
        for name, value in sorted(known.items())
        if name.startswith(READ_AT_IMPORT) and name not in READ_LATER
    }


def _inherited():
    """What a kernel takes over from the process that starts it, and a fork would take over from the parent instead."""
    status = Path("/proc/self/status").read_text()
    limits = [
        resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")
    ]
    return [
        limits,
        sorted(os.sched_getaffinity(0)),
        os.getpriority(os.PRIO_PROCESS, 0),
        [
            line
            for line in status.splitlines()
            if line.startswith(("Umask:", "CapEff:", "NoNewPrivs:", "Seccomp:", "Groups:"))
        ],
        Path("/proc/self/cgroup").read_text(),
        [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "net", "pid", "user")],
    ]


def _digest(*facts):
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
