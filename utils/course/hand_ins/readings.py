"""What was read of the files that came back, kept for the next run: a file that has not changed is not read again.

No verdict is kept here: every answer is judged anew. A line is believed only if it is signed, with the key file and for
the course's code as it is: where one of these, or a byte of a file, has changed, that is read anew.
"""

import hmac
import json
import os
import re
import secrets
import stat

from utils.course.storage.input_files import Mistake
from utils.notebook_files.returned import unpacked

READINGS = "kept_readings.txt"  # in the folder of the results
LONGEST = 2_000_000  # bytes of a line: more is not kept, and not read
FIRST = re.compile(rb'\{"key": (?:null|"([0-9a-f]{64})")\}\n')
LINE = re.compile(rb"([0-9a-f]{64}) (([0-9a-f]{64}) ([^ \n]*) ([^\n]*))\n")  # signature, digest, ids, what was read
BETWEEN = ","  # ids


class Readings:
    """The readings in a folder, by the digest of a file.

    They are signed with the ``secret``; without one, with a key that is drawn once and stands in the first line, and
    then, as a key file is, they are believed only if they are this user's and nobody else may read them. ``code`` is
    the digest of the course's code. ``Mistake`` if something else than readings has this name.
    """

    def __init__(self, store, secret, code):
        self._store, self._path, self._code = store, store.root / READINGS, code.encode()
        self._key = secret and hmac.digest(secret, b"readings", "sha256")
        self._first = b'{"key": null}\n' if secret else b""
        self._file, self._places = None, {}  # digest → (where its line begins, its length)
        if not self._opened():
            self._close()
        if not secret and not self._key:
            self._key = secrets.token_bytes(32)
            self._first = json.dumps({"key": self._key.hex()}).encode() + b"\n"

    def __iter__(self):
        return iter(self._places)

    def __getitem__(self, digest):
        """The ``Answered`` of the file with this digest; ``OSError`` if its line has changed meanwhile."""
        try:
            return unpacked(self._text(digest), digest)
        except ValueError as error:
            raise OSError(f"{self._path}: it has changed meanwhile: grade again") from error

    def add(self, digest, text):
        """Keep at once what was read of a file, though nobody knows yet whose it is."""
        line = self._line(digest, (), text.encode())
        if digest in self._places or len(line) > LONGEST:
            return
        if not self._file:
            self._store.write(READINGS, self._first, mode=0o600)
            self._opened()
        self._places[digest] = self._file.seek(0, os.SEEK_END), len(line)
        self._file.write(line)
        self._file.flush()

    def finish(self, owners):
        """Keep what is somebody's, and say whose it is; ``owners`` are pairs of a digest and an id. The rest goes."""
        ids = {}
        for digest, student in owners:
            if digest in self._places:
                ids.setdefault(digest, {})[student] = None
        if ids:
            lines = (self._line(digest, own, self._text(digest)) for digest, own in ids.items())
            self._store.write(READINGS, (each for part in ([self._first], lines) for each in part), mode=0o600)
        else:
            self._store.remove(READINGS)
        self._store.sweep()
        self._close()

    def _opened(self):
        """Whether there is a file that can be used; its lines are found then."""
        flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            handle = os.open(self._path, flags)
        except OSError:  # there is none, or a link, or a file of somebody else
            return False
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            os.close(handle)
            return False
        self._file = os.fdopen(handle, "r+b")
        return self._found(os.name != "posix" or (not about.st_mode & 0o077 and about.st_uid == os.getuid()))

    def _found(self, only_ours):
        """Find all lines that hold; whether the first line fits the key."""
        first = FIRST.fullmatch(line := self._file.readline(LONGEST))
        if line and not first:
            raise Mistake(f"{self._path}: no readings of a hand-in: remove it, or choose another folder with --out")
        if not first or not only_ours or (self._first and line != self._first) or (not self._first and not first[1]):
            return False
        self._key, self._first = self._key or bytes.fromhex(first[1].decode()), line
        at, last = len(line), line
        while line := self._file.readline(LONGEST):
            if found := self._signed(line):
                self._places[found[3].decode()] = at, len(line)
            at, last = at + len(line), line
        if not last.endswith(b"\n"):  # its writer was killed
            self._file.write(b"\n")
        return True

    def _text(self, digest):
        at, length = self._places[digest]
        self._file.seek(at)
        found = self._signed(self._file.read(length))
        if not found or found[3] != digest.encode():
            raise ValueError("not what was written there")
        return found[5]

    def _line(self, digest, ids, text):
        what = b"%s %s %s" % (digest.encode(), BETWEEN.join(ids).encode(), text)
        return b"%s %s\n" % (self._signature(what), what)

    def _signed(self, line):
        """The match of a line that holds, else ``None``."""
        found = LINE.fullmatch(line)
        return found if found and hmac.compare_digest(found[1], self._signature(found[2])) else None

    def _signature(self, what):
        return hmac.digest(self._key, self._code + b"\n" + what, "sha256").hex().encode()

    def _close(self):
        if self._file:
            self._file.close()
        self._file = None


def readings_without(path, student_id):
    """What is kept at ``path``, as bytes, without the readings of a student's files, and how many these are.

    Those that do not say whose they are, of a run that was stopped, go as well: their files are read again. ``Mistake``
    for a file that holds no readings.
    """
    first, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
    if not FIRST.fullmatch(first):
        raise Mistake(f"{path}: it cannot be read as kept readings")
    found = [(line, LINE.fullmatch(line)) for line in lines]
    whose = [
        (line, each[4].decode(errors="replace").casefold().split(BETWEEN) if each else [""]) for line, each in found
    ]
    left = [line for line, ids in whose if ids != [""] and student_id.casefold() not in ids]
    return b"".join([first, *left]), len(lines) - len(left)
