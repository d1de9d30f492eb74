"""Many calls of one function: given to the workers as they want them, and taken back as they end."""

import time
from concurrent.futures import FIRST_COMPLETED, wait

LOOK_SECONDS = 0.2


def ended(workers, function, waiting, may_begin=lambda what: True, on_look=lambda: None):
    """``(what, future)`` as ``function(what)`` ends, for all that is in ``waiting``, a deque that may grow meanwhile.

    ``workers`` are a ``ProcessPool`` or ``DaskWorkers``; no more is given to them than they want at a time, and only
    what ``may_begin(what)``. What a scheduler that went away had is given again. ``on_look`` is called several times a
    second. It ends when nothing runs and nothing may begin.
    """
    running = {}
    while running or any(map(may_begin, waiting)):
        while waiting and len(running) < workers.window():
            place = next((place for place, what in enumerate(waiting) if may_begin(what)), None)
            if place is None:
                break
            what = waiting[place]
            del waiting[place]
            running[workers.submit(function, what)] = what
        if running:
            done = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done
        else:
            done = ()
            time.sleep(LOOK_SECONDS)  # for a window to open
        on_look()
        for future in done:
            what = running.pop(future)
            if future.cancelled():
                waiting.append(what)
            else:
                yield what, future
