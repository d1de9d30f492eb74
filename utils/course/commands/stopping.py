"""Ctrl-C and requests to terminate, while something runs that is to end in good order."""

import signal


class Stop:
    """A context in which the signals only count; whoever works looks at ``asked`` and ``at_once`` now and then.

    A handler that did more could be called in the middle of what it needs itself. The first Ctrl-C asks to begin
    nothing new, if the work is ``patient``; the second one, or a request to terminate, to end what runs, too.
    """

    def __init__(self, patient):
        self._patient, self._heard = patient, []

    @property
    def asked(self):
        return bool(self._heard)

    @property
    def at_once(self):
        return signal.SIGTERM in self._heard or len(self._heard) > self._patient

    def __enter__(self):
        self._before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number, frame):
        self._heard.append(number)
