"""What is written down beside the numbers of a piece: the data's checksum, versions, machine, seconds."""

import hashlib
import os
import platform
from pathlib import Path

from data_scripts.data_sets import available
from utils.photographs import photograph, photographs
from utils.records import EVIDENCE
from utils.start_here import package_version

PACKAGES = ("keras", "numpy", "tensorflow")


def record(experiment, data, piece, numbers, seconds):
    """A piece's record as a notebook's output, ``{MIME type: data}``; ``data`` is the name of its data set."""
    return {
        EVIDENCE: {
            "experiment": experiment,
            "piece": piece,
            "numbers": numbers,
            "seconds": seconds,
            "data": {data: checksum(data)},
            "versions": {"python": platform.python_version(), **{each: package_version(each) for each in PACKAGES}},
            "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
        }
    }


def checksum(data):
    """The SHA-256 of a data set's arrays, whatever file they came in; "photos" are the bundled photographs."""
    arrays = {name: photograph(name) for name in photographs()} if data == "photos" else available(data)
    if arrays is None:
        raise FileNotFoundError(f"{data} is not on this machine: course data fetch {data}")
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode() + arrays[name].tobytes())
    return digest.hexdigest()


def _processor():
    """The processor's name where Linux says it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
