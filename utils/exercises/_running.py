"""A function is run on a case: in bounded time, with what it prints and changes noticed, and its errors kept."""

import _thread
import contextlib
import io
import signal
import threading
import time
import traceback
from dataclasses import dataclass

import numpy as np

PRINTED = 2000  # characters that are kept of what a function prints


@dataclass(frozen=True)
class Failure:
    """A case that ended in an error: its type, its message, and the line of the function that it came from."""

    kind: str
    message: str
    line: str


class Endless(Exception):
    """A function that was stopped, since it did not end in time."""


@contextlib.contextmanager
def bounded(seconds):
    """Stop what runs inside after so many seconds with ``Endless``; only the main thread can be stopped.

    A KeyboardInterrupt is what stops it, as if somebody had pressed the button, whatever else was to happen then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    lock, state = threading.Lock(), {"over": False, "fired": False}

    def fire():
        with lock:
            if not state["over"]:
                state["fired"] = True
                _thread.interrupt_main()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if not state["fired"]:
            raise
        raise Endless from None
    finally:
        with lock:
            state["over"] = True
        timer.cancel()
        timer.join()
        if state["fired"]:
            with contextlib.suppress(KeyboardInterrupt):  # one that has not yet arrived
                time.sleep(0.01)
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)


def outcome(run, function, arguments):
    """What comes of a case, a value or a ``Failure``; and the text that it printed."""
    printed = _Printed()
    with contextlib.redirect_stdout(printed):
        try:
            value = run(function, **arguments)
        except (Exception, SystemExit) as error:
            value = Failure(type(error).__name__, str(error).strip()[:500], _line(error, function))
    return value, printed.getvalue()


def as_arrays(value):
    """A value as NumPy arrays, in lists for tuples and lists, and dictionaries for those; ``TypeError`` for others."""
    if isinstance(value, Failure):
        return value
    if isinstance(value, dict):
        return {name: as_arrays(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [as_arrays(each) for each in value]
    try:
        return _array(value)
    except ValueError:  # arrays of several shapes
        if isinstance(value, list):
            return [_array(each) for each in value]
        raise


def _array(value):
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(type(value).__name__)
    return array.astype("float64")


def same(one, other, tolerance):
    """Whether two values, as ``as_arrays`` gives them, are equal up to a share of the largest number of ``other``."""
    if isinstance(one, Failure) or isinstance(other, Failure):
        return isinstance(one, Failure) and isinstance(other, Failure) and one.kind == other.kind
    if isinstance(other, dict):
        return (
            isinstance(one, dict)
            and one.keys() == other.keys()
            and all(same(one[each], other[each], tolerance) for each in other)
        )
    if isinstance(other, list):
        one = as_results(one)
        return (
            isinstance(one, list)
            and len(one) == len(other)
            and all(same(*pair, tolerance) for pair in zip(one, other, strict=True))
        )
    if not isinstance(one, np.ndarray) or one.shape != other.shape:
        return False
    room = tolerance * max(1e-12, float(np.abs(other[np.isfinite(other)]).max(initial=0)))
    return bool(np.allclose(one, other, rtol=0, atol=room, equal_nan=True))


def as_results(given):
    """Several results that came in one array, since their shapes are the same, as a list; all else as it is."""
    return [np.asarray(each) for each in given] if isinstance(given, np.ndarray) and given.ndim else given


class _Printed(io.StringIO):
    """Keeps the beginning of what is printed."""

    def write(self, text):
        if (room := PRINTED - self.tell()) > 0:
            super().write(text[:room])
        return len(text)


def _line(error, function):
    """The last line of the function's own file that the error went through."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == file]
    return (frames[-1].line or "").strip() if frames else ""
