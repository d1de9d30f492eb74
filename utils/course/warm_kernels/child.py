"""What a forked process does to become a kernel like any other."""

import atexit
import contextlib
import logging
import multiprocessing.process
import os
import random
import select
import signal
import sys
import threading
import time
import warnings


def become_kernel(preloaded, request, streams, client):
    """Take on all that a kernel started afresh has of its own, run until it is shut down, and return the exit code."""
    os.setsid()
    _standard_streams(streams)
    os.environ.clear()
    os.environ.update(preloaded.variables | request["environment"])
    os.environ.pop("JPY_PARENT_PID", None)  # _end_with looks after that
    time.tzset()
    os.chdir(request["folder"])
    multiprocessing.process.ORIGINAL_DIR = os.getcwd()
    multiprocessing.process.current_process().authkey = os.urandom(32)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import numpy

    random.seed()
    numpy.random.seed()
    if not request["independent"] and not request["kept"]:
        _end_with(client)

    import ipykernel_launcher
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [ipykernel_launcher.__file__, *request["argv"]]
    sys.orig_argv = request["command"]
    try:
        application = IPKernelApp.instance(parent_handle=1)  # it has a parent, and needs no poller for it
        application.initialize(request["argv"])
        _under_a_shell(preloaded)
        application.start()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    else:
        code = 0
    run_exit_handlers()
    return code


def run_exit_handlers():
    """What the interpreter does at its end, but for taking itself apart: with TensorFlow loaded that takes long."""
    threading._shutdown()
    atexit._run_exitfuncs()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _under_a_shell(preloaded):
    """What some of the imports would have done if they had been made in the kernel."""
    import ipywidgets
    import matplotlib

    matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
    ipywidgets.register_comm_target()
    warnings.filters[:0] = preloaded.filters
    with warnings.catch_warnings():  # which forgets what the filters were before
        pass


def _standard_streams(streams):
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    for target, descriptor in zip((1, 2), streams, strict=True):
        os.dup2(descriptor, target)
        os.close(descriptor)
    sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)


def _end_with(client):
    """Leave when the process that asked for this kernel is gone, as an ordinary kernel does."""
    descriptor = os.pidfd_open(client)

    def wait():
        select.select([descriptor], [], [])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
