"""A process that reads what came back: bounded in time and memory, and started anew when a file has cost its life.

It holds no roster, no key and no secret, and runs nothing of what it reads. What it found comes as text.
"""

import hashlib
import os
import signal
import warnings
from multiprocessing import get_context

import psutil

from utils.course.workers.safe_path import nothing_imported_from_here
from utils.notebook_files.archives import Refused, files, sentence
from utils.notebook_files.reading import UnreadableNotebook
from utils.notebook_files.returned import answered, packed, unpacked

SECONDS = 5  # of the processor, for a file
PATIENCE = 60  # seconds in which it must be done, on whatever network its folder lies
MEMORY = 400_000_000  # bytes beyond what the process takes by itself
DONE, TIRED = True, False  # what the process says when there is no more, and when a fresh one should go on
NO_MEMORY = 77  # its exit code


class Reader:
    """Reads files one after another, in a process of its own; close it, or use it in a ``with`` statement.

    ``kept``, if there is any, holds what was read before, by the digest of a file: of such a file the process makes no
    more than the digest. ``kept.add(digest, text)`` is called with what is new.
    """

    def __init__(self, seconds=SECONDS, memory=MEMORY, kept=None):
        self._bounds, self._process, self._pipe = (seconds, memory), None, None
        self._kept, self._known = kept, frozenset(kept or ())

    def read(self, path, place, own=False):
        """``(place, date, found)`` for the file at ``path``, called ``place``, or for each of those in it.

        ``found`` is an ``Answered``, a ``Refused`` or, for a file that is neither a notebook nor a zip file, ``None``.
        Each file of a zip file has its seconds; where it is somebody's ``own``, it has them as a whole. ``OSError`` if
        no process can be had: that is no file's fault.
        """
        skip = 0
        while True:
            begun, at = 0, place
            try:
                self._send((path, place, own, skip))
                while isinstance(message := self._receive(), str | tuple):
                    if isinstance(message, str):
                        begun, at = begun + 1, message
                    else:
                        yield self._with_what_is_kept(*message)
                if message is DONE:
                    return
                self.close()  # it is tired
            except (EOFError, ConnectionError, TimeoutError) as error:
                yield at, None, Refused(self._epitaph(error))
                if own or begun < 2:  # the first is the file itself
                    return
            skip += max(begun - 1, 0)

    def close(self):
        if self._process:
            self._process.kill()
            self._process.join(PATIENCE)
            self._pipe.close()
            self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _send(self, task):
        if not self._process:
            context = get_context("spawn")
            self._pipe, other_end = context.Pipe()
            process = context.Process(target=_serve, args=(other_end, *self._bounds, self._known), daemon=True)
            with nothing_imported_from_here():
                process.start()
            self._process = process
            other_end.close()
            self._wait_until_it_stands()
        self._pipe.send(task)

    def _wait_until_it_stands(self):
        try:
            self._receive()
        except (EOFError, ConnectionError, TimeoutError) as error:
            self.close()
            raise OSError("the process that reads what came back cannot be started") from error

    def _receive(self):
        if not self._pipe.poll(PATIENCE):
            raise TimeoutError
        return self._pipe.recv()

    def _with_what_is_kept(self, place, date, found, digest=""):
        if not digest:
            return place, date, found
        if found is None:
            return place, date, self._kept[digest]
        if self._kept is not None:
            self._kept.add(digest, found)
        return place, date, unpacked(found, digest)

    def _epitaph(self, error):
        """Why the process is no more; it is ended if it is not."""
        seconds, _ = self._bounds
        process, late = self._process, isinstance(error, TimeoutError)
        if not late:
            process.join(PATIENCE)
        self.close()
        if late:
            return f"reading it takes more than {PATIENCE} s"
        if process.exitcode == -getattr(signal, "SIGPROF", 0):
            return f"reading it takes more than {seconds} s"
        if process.exitcode == NO_MEMORY:
            return "reading it takes more memory than a file is given"
        return "it ended the process that read it"


class _TiredError(Exception):
    pass


def _serve(pipe, seconds, memory, known):
    """What the process does all its life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever holds the other end decides
    warnings.simplefilter("ignore")
    size = psutil.Process().memory_info
    most = size().vms + memory
    _bound(most)
    pipe.send("ready")
    while True:
        try:
            path, place, own, skip = pipe.recv()
        except EOFError:
            return

        def begin(place, own=own):
            if size().vms > most - memory * 3 // 4:  # what it keeps of the memory would be missing for this one
                raise _TiredError
            if not own:
                _allow(seconds)
            pipe.send(place)

        _allow(seconds)
        last = DONE
        try:
            for where, date, content in files(path, place, begin, skip):
                pipe.send((where, date, *_found(content, known)))
        except _TiredError:
            last = TIRED
        except MemoryError:
            os._exit(NO_MEMORY)
        except Exception as error:  # a broken file may raise anything
            pipe.send((place, None, Refused(sentence(error))))
        _allow(0)
        pipe.send(last)


def _found(content, known):
    """What is sent of a file: what it is, and of a notebook its digest, too. ``None`` where that is known."""
    if not isinstance(content, bytes):
        return (content,)
    digest = hashlib.sha256(content).hexdigest()
    if digest in known:
        return None, digest
    try:
        return packed(answered(content)), digest
    except UnreadableNotebook as error:
        return (Refused(str(error)),)
    except Exception as error:  # as above
        return (Refused(sentence(error)),)


def _allow(seconds):
    """The system ends this process when it has computed for so long; 0 is for ever. Windows knows no such thing."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _bound(most):
    """This process gets no more address space; on Windows and macOS the size of a file is the bound."""
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    except (ImportError, ValueError, OSError):
        pass
