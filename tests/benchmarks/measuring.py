"""What the benchmarks share: ways run in turns, their ratio, and the machine's peak in multiplying matrices."""

import time

import numpy as np
import tensorflow as tf


def interleaved(ways, runs=5):
    """Run the ``ways``, ``{name: function}``, in turns: the seconds of each run, and what each way gave last."""
    seconds, given = {name: [] for name in ways}, {}
    for _ in range(runs):
        for name, way in ways.items():
            start = time.perf_counter()
            given[name] = way()
            seconds[name].append(time.perf_counter() - start)
    return {name: np.array(each) for name, each in seconds.items()}, given


def row(name, ours, theirs, target=None, operations=None, peak=None):
    """A line of the table: how many times faster the seconds ``ours`` are than ``theirs``, run by run.

    With the floating point ``operations`` of our way, also how near it comes to the ``peak`` of the machine.
    """
    ratios = theirs / ours
    found = {"name": name, "ratio": float(np.median(ratios)), "target": target, "runs": ratios.tolist()}
    found["seconds"] = {"ours": float(np.median(ours)), "theirs": float(np.median(theirs))}
    if operations:
        found["of_peak"] = float(operations / np.median(ours) / peak)
    return found


def matrix_peak(size=2048, runs=7):
    """The most floating point operations a second that TensorFlow reaches here: a large product in float32."""
    a, b = (tf.random.normal((size, size)) for _ in range(2))
    seconds, _ = interleaved({"product": lambda: tf.linalg.matmul(a, b).numpy()}, runs)
    return 2 * size**3 / seconds["product"].min()
