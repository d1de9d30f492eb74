"""Many calls of one function: given to the workers as they want them, and taken back as they end."""

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait

LOOK_SECONDS = 0.2


def ended(workers, function, calls):
    """``(name, future)`` of each of the ``calls``, name → arguments, as it ends.

    ``workers`` are a ``ProcessPool`` or ``DaskWorkers``; no more is given to them than they want at a time. What a
    scheduler that went away had is given again.
    """
    waiting, running = deque(calls.items()), {}
    while waiting or running:
        while waiting and len(running) < workers.window():
            name, arguments = waiting.popleft()
            running[workers.submit(function, *arguments)] = name
        if not running:
            time.sleep(LOOK_SECONDS)  # for a window to open
            continue
        for future in wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
            name = running.pop(future)
            if future.cancelled():
                waiting.append((name, calls[name]))
            else:
                yield name, future
