"""What the notebooks and the instructors of the course import.

Importing this package changes nothing by itself: grading, questions and the command ``course`` leave their process as
it is. Only when TensorFlow, Keras or matplotlib is imported after it, in a kernel, is the process prepared for that:
TensorFlow's start-up log stays out of the notebooks' outputs, the arithmetic is fixed (oneDNN reorders floating point
sums, so it is off for every way of running), Keras computes as the course is written, whatever the user's own
``keras.json`` says, matplotlib gets a folder that it can write to, and the process keeps the memory that it frees,
which TensorFlow asks for again at once.
"""

import contextlib
import ctypes
import json
import os
import stat
import sys
import tempfile
from pathlib import Path

# Where the environment says otherwise, that holds, except for the backend: the course uses TensorFlow itself, too.
SETTINGS = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
KERAS_JSON = {"floatx": "float32", "image_data_format": "channels_last", "epsilon": 1e-7}  # Keras's own defaults

KEPT_BYTES = 512 * 2**20
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # of glibc's malloc.h


class _Preparation:
    """Stands first among Python's finders until one of the packages that are prepared for is looked for."""

    packages = ("keras", "tensorflow", "matplotlib")

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in cls.packages:
            sys.meta_path.remove(cls)
            _prepare()


def _prepare():
    os.environ.update({**SETTINGS, **os.environ, "KERAS_BACKEND": SETTINGS["KERAS_BACKEND"]})
    cache = _cache()
    if _keras_json_differs():
        os.environ["KERAS_HOME"] = str(cache / "keras")
    os.environ.setdefault("MPLCONFIGDIR", str(cache / "matplotlib"))
    _keep_freed_memory()


def _cache():
    """A folder for what packages keep: the course's own in the user's cache folder, or else one for temporary files."""
    from platformdirs import user_cache_path

    folder = user_cache_path("convnet-course", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
    except OSError:  # there is no home, or it is read-only or full
        user = getattr(os, "getuid", int)()
        folder = Path(tempfile.gettempdir(), f"convnet-course-cache-{user}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o077:
            folder = Path(tempfile.mkdtemp(prefix="convnet-course-cache-"))  # somebody else was there before
    return folder


def _keras_json_differs():
    """Whether the user's settings of Keras are others than the course needs, or cannot be read."""
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    try:
        user = json.loads(Path(home, "keras.json").read_text(encoding="utf-8"))
        return any(user.get(name, value) != value for name, value in KERAS_JSON.items())
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return True


def _keep_freed_memory():
    """Have glibc hand freed memory out again rather than return it to the system and fetch zeroed pages anew.

    Every layer's output is such memory: at 180 px a fifth of the processor's time went into the pages of it.
    """
    if sys.platform == "linux" and not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", lambda option, value: None)
        mallopt(M_ARENA_MAX, 1)  # the threads' own arenas cannot hold a large tensor
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


if any(package in sys.modules for package in _Preparation.packages):
    _prepare()
else:
    sys.meta_path.insert(0, _Preparation)
