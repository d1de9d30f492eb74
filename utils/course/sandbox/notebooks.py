"""The kernel of a notebook that came back, in a sandbox of its own: no network, a read-only system, its own empty home.

Its sockets are opened outside and handed in: it shares no folder with anything. It sees the course's rooms that a
notebook imports and reads, as students have them, and nothing else of what lies beside them.
"""

import sys
from dataclasses import dataclass, replace

from utils.course.sandbox import bubblewrap
from utils.notebook_files.sources import course_notebooks

ROOMS = "utils", "data_scripts", "evidence"  # of the course
HOME_BYTES = 300_000_000  # of files that a notebook may write into its home, and as many into /tmp
MOST_SECONDS = 1800  # where no deadline is set
MOST_MEMORY = 4_000_000_000  # bytes, where no bound is set
MOST_THREADS = 500


def why_not():
    """The sentence that says why no kernel can be isolated here, and how that is had; "" where it can."""
    return bubblewrap.why_no_kernel(_kernel())


@dataclass(frozen=True)
class KernelBox:
    """How the engine starts a kernel in a sandbox; ``private`` are paths that must not be visible there."""

    private: tuple = ()
    threads: int = MOST_THREADS

    def command(self, connection_file, descriptors, arguments):
        """The command line of a kernel with these sockets: number in the connection file → descriptor."""
        sockets = ",".join(f"{number}={descriptor}" for number, descriptor in descriptors.items())
        around = bubblewrap.around_kernel(replace(_kernel(), connection_file=connection_file), self.private)
        return [*around, sys.executable, "-I", "/inside/kernel.py", sockets, *arguments]


def _kernel():
    rooms = [bubblewrap.COURSE / each for each in ROOMS]
    seen = (*rooms, *course_notebooks())  # beside the notebooks somebody may keep what nobody is to see
    return bubblewrap.Kernel(tuple(str(each) for each in seen if each.exists()), HOME_BYTES)
