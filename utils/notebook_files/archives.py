"""The files that came back, one by one: a notebook itself, or those in a zip file, no more of any than a bound."""

import contextlib
import io
import re
import time
import unicodedata
import zipfile
from dataclasses import dataclass

LARGEST_FILE = 50_000_000  # bytes
MOST_ENTRIES = 100_000  # of a zip file: 10,000 students with ten files each
MOST_NESTED = 3  # zip files in zip files: the platform's, the student's, and one in it
MOST_BYTES, MOST_TIMES = 500_000_000, 100  # that a zip file may unpack to: that many, and so many times its own size
HIDDEN = (".", "__MACOSX")  # hidden files, checkpoints, a Mac's forks
NOTEBOOK, ZIP, OTHER = "notebook", "zip", "other"
PACKED = re.compile(r"\.zip$", flags=re.IGNORECASE)
# Browsers and mail programs append to the name of what they do not know: "x.ipynb.txt", "x.ipynb (1)".
CALLED_NOTEBOOK = re.compile(r"\.ipynb($|[ _(-][^/.]*$|\.(json|txt|download)$)", flags=re.IGNORECASE)


@dataclass(frozen=True)
class Refused:
    """Why a file is not read."""

    reason: str


def kind(name):
    """What a file is by its name: ``NOTEBOOK``, ``ZIP`` or ``OTHER``."""
    return ZIP if PACKED.search(name) else NOTEBOOK if CALLED_NOTEBOOK.search(name) else OTHER


def is_hidden(name):
    return name.startswith(HIDDEN) and name.strip(".") != ""


def lies_hidden(place):
    """Whether a file or a folder around it is hidden."""
    return any(map(is_hidden, place.split("/")))


def files(path, place, begin, skip=0):
    """``(place, date, content)`` for the file at ``path``, called ``place``, or for each of those in it.

    The content is bytes, a ``Refused``, or ``None`` for what is not read: neither a notebook nor a zip file, or a
    hidden notebook; other hidden files are passed over. ``begin`` is called with a place before that is read; the first
    ``skip`` files of a zip file are passed over unread. Raises what a broken file makes ``open`` and ``zipfile`` raise,
    and that is anything.
    """
    begin(place)
    with open(path, "rb") as file:
        if kind(place) == ZIP:
            yield from _unzipped(file, place, begin, skip)
        else:
            content = file.read(LARGEST_FILE + 1)
            yield place, path.stat().st_mtime, content if len(content) <= LARGEST_FILE else TOO_LARGE


TOO_LARGE = Refused(f"it is larger than {LARGEST_FILE // 1_000_000} MB, and no more is read of a file")


def sentence(error):
    """Why a file could not be read, from what was raised; a ``MemoryError``, which is nobody's reason, goes on."""
    if isinstance(error, MemoryError):
        raise error
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"it cannot be read: {said[:200]}"


def _unzipped(file, place, begin, skip, depth=1):
    size = file.seek(0, io.SEEK_END)
    left = MOST_BYTES + MOST_TIMES * size
    with zipfile.ZipFile(file) as archive:
        entries = [each for each in archive.infolist() if not each.is_dir()]
        if len(entries) > MOST_ENTRIES:
            yield place, None, Refused(f"it holds {len(entries):,} files; up to {MOST_ENTRIES:,} are read")
            return
        named = [(each, _name(each)) for each in entries]
        visible = [(each, name) for each, name in named if not lies_hidden(name)]
        for _, name in named if skip == 0 else ():
            if lies_hidden(name) and kind(name) == NOTEBOOK:
                yield f"{place}/{name}", None, None
        if not entries:
            yield place, None, Refused("there is nothing in it")
            return
        for entry, name in visible[skip:]:
            where = f"{place}/{name}"
            begin(where)
            if kind(name) == OTHER:
                yield where, None, None
                continue
            try:
                content = _unpacked(archive, entry)
            except Exception as error:  # a damaged zip file makes zipfile raise anything
                content = Refused(sentence(error))
            left -= len(content) if isinstance(content, bytes) else LARGEST_FILE
            if left < 0:
                yield place, None, Refused(f"it unpacks to more than {MOST_TIMES} times its size: the rest is not read")
                return
            if kind(name) == ZIP and isinstance(content, bytes):
                yield from _inner(content, where, depth + 1)
            else:
                yield where, _date(entry), content


def _inner(content, place, depth):
    """The files of a zip file in a zip file, as far as they can be had."""
    if depth > MOST_NESTED:
        yield place, None, Refused(f"it is one of more than {MOST_NESTED} zip files in each other: unpack it first")
        return
    try:
        yield from _unzipped(io.BytesIO(content), place, lambda place: None, 0, depth)
    except Exception as error:  # as above
        yield place, None, Refused(sentence(error))


def _unpacked(archive, entry):
    """An entry's bytes, or why it is not unpacked. What it says of its own size is not believed."""
    if entry.flag_bits & 1:
        return Refused("it is encrypted: unpack it first")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a bound
        return Refused("it is packed in another way than zip files usually are (stored, deflated): unpack it first")
    with archive.open(entry) as file:
        content = file.read(LARGEST_FILE + 1)
    return content if len(content) <= LARGEST_FILE else TOO_LARGE


def _name(entry):
    """An entry's path: Windows writes ``\\``, Macs write UTF-8 without saying so, and both halves of an "é"."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):  # then it is in some other encoding
            name = name.encode("cp437").decode()
    return unicodedata.normalize("NFC", name.replace("\\", "/")).strip("/")


def _date(entry):
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return None
