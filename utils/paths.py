"""The path of a file as people type or paste it."""

import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

QUOTES = ("''", '""', "‘’", "“”", "„“", "«»", "<>")


def file_of(path):
    """The ``Path`` of a file that is there, for ``path`` as typed or as pasted.

    Also read are: quotation marks and blanks around it, ``file:`` URLs, blanks with a backslash before them, ``~``,
    signs that cannot be seen, and letters with accents composed otherwise than in the file's name. Raises
    ``FileNotFoundError`` where nothing is, and names signs that one does not see; ``ValueError`` for what is no file.
    """
    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or not str(path).strip():
        raise ValueError(f"path={path!r}: the path of an image file is needed")
    for reading in _readings(os.fsdecode(path)):
        if found := _on_disk(Path(os.path.expanduser(reading))):  # Path's own expanduser raises for unknown users
            return _regular(found)
    raise FileNotFoundError(
        f"{_legible(path)}: there is no such file; the path is taken from {Path.cwd()} unless it is a full one"
        f"{_unseen(os.fsdecode(path))}"
    )


def _readings(text):
    """What may be meant, the text itself first."""
    yield text
    bare = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
    yield bare
    if len(bare) > 1 and bare[0] + bare[-1] in QUOTES:
        bare = bare[1:-1].strip()
        yield bare
    if bare.lower().startswith("file:"):
        try:
            yield url2pathname(urlsplit(bare).path)
        except ValueError:  # no URL after all
            return
    yield re.sub(r"\\(.)", r"\1", bare)


def _on_disk(path):
    """The path as the disk has it: é may be one sign there, or an e and an accent; None where nothing is."""
    if _exists(path):
        return path
    found = Path(path.anchor)
    for name in path.parts[bool(path.anchor) :]:
        if not _exists(found / name):
            alike = [each for each in _names_in(found) if _composed(each) == _composed(name)]
            if not alike:
                return None
            name = alike[0]
        found /= name
    return found


def _regular(path):
    if os.path.isdir(path):
        raise ValueError(f"{path}: this is a folder; the path of one image file in it is needed")
    if not os.path.isfile(path):
        raise ValueError(f"{path}: this is a pipe or a device; the path of an image file is needed")
    return path


def _exists(path):
    try:
        return os.path.exists(path)
    except ValueError:  # a zero byte
        return False


def _names_in(folder):
    try:
        return os.listdir(folder)
    except (OSError, ValueError):
        return []


def _composed(name):
    return unicodedata.normalize("NFC", name)


def _legible(path):
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in os.fsdecode(path))


def _unseen(text):
    """A clause that names the signs of ``text`` that one does not see or takes for blanks."""
    odd = dict.fromkeys(sign for sign in text if sign != " " and (sign.isspace() or not sign.isprintable()))
    named = [f"U+{ord(sign):04X} {unicodedata.name(sign, 'a control character').lower()}" for sign in odd]
    around = ["a blank at its beginning or end"] if text != text.strip(" ") else []
    return f"; it holds {', '.join(named + around)}" if named or around else ""
