"""What the notebooks and the instructors of the course import.

Importing this package before Keras keeps TensorFlow's start-up log out of the notebooks' outputs, fixes the
arithmetic (oneDNN reorders floating point sums, so it is off for every way of running), and has the process keep the
memory that it frees, which TensorFlow asks for again at once.
"""

import ctypes
import os
import sys

# Where the environment says otherwise, that holds.
SETTINGS = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

os.environ.update({**SETTINGS, **os.environ})

KEPT_BYTES = 512 * 2**20
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # of glibc's malloc.h


def _keep_freed_memory():
    """Have glibc hand freed memory out again rather than return it to the system and fetch zeroed pages anew.

    Every layer's output is such memory: at 180 px a fifth of the processor's time went into the pages of it.
    """
    if sys.platform == "linux" and not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", lambda option, value: None)
        mallopt(M_ARENA_MAX, 1)  # the threads' own arenas cannot hold a large tensor
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


_keep_freed_memory()
