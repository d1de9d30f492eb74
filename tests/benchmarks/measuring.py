"""What the benchmarks share: ways run in turns, their ratio, and the machine's peak in multiplying matrices."""

import time

import numpy as np
import tensorflow as tf


def interleaved(ways, runs=5):
    """Run the ``ways``, ``{name: function}``, in turns, and return their times and what each way gave last.

    The times are ``{name: (2, runs)}``: seconds on the clock, and seconds of all processors together.
    """
    times, given = {name: [] for name in ways}, {}
    for _ in range(runs):
        for name, way in ways.items():
            before = time.perf_counter(), time.process_time()
            given[name] = way()
            times[name].append((time.perf_counter() - before[0], time.process_time() - before[1]))
    return {name: np.transpose(each) for name, each in times.items()}, given


def row(name, ours, theirs, target=None, operations=None, least=None):
    """A line of the table: how many times faster ``ours`` is than ``theirs``, run by run, on the clock.

    Both are ``(2, runs)`` as ``interleaved`` gives them, or ``(runs,)`` on the clock only. ``of_processor`` is the
    ratio of the processors' seconds, which says more where they have other work at the same time. ``operations``
    are the floating point operations of our way, for ``beside_the_peak``. ``least`` are the times of that part of our
    way that nobody can do without: the ratio to it is the row's limit.
    """
    ours, theirs = np.atleast_2d(ours), np.atleast_2d(theirs)
    ratios, *of_processor = theirs / ours
    found = {"name": name, "ratio": float(np.median(ratios)), "target": target, "runs": ratios.tolist()}
    found["seconds"] = {"ours": float(np.median(ours[0])), "theirs": float(np.median(theirs[0]))}
    if of_processor:
        found["of_processor"] = float(np.median(of_processor))
    if operations:
        found["operations"] = operations
    if least is not None:
        found["limit"] = float(np.median(theirs[0] / np.atleast_2d(least)[0]))
    return found


def beside_the_peak(row, peak):
    """The row with the share of the machine's ``peak`` that our way reaches, ``of_peak``, where it is known."""
    return row | {"of_peak": row["operations"] / row["seconds"]["ours"] / peak} if "operations" in row else row


def matrix_peak(size=2048, runs=7):
    """The most floating point operations a second that TensorFlow reaches here: a large product in float32."""
    a, b = (tf.random.normal((size, size)) for _ in range(2))
    times, _ = interleaved({"product": lambda: tf.linalg.matmul(a, b).numpy()}, runs)
    return 2 * size**3 / times["product"][0].min()
