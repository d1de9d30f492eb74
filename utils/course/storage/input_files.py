"""Text files that an instructor hands in, and what is wrong with them."""

import codecs
from pathlib import Path

UTF_16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
LARGEST = 20_000_000  # bytes


class Mistake(ValueError):
    """A grid, a roster or something like them that cannot be used; the message says why."""


def bytes_of(path):
    """The bytes of a file; ``Mistake`` if it cannot be read or is too large."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Mistake(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST:
        raise Mistake(f"{path}: it is larger than {LARGEST // 1_000_000} MB")
    return content


def text_of(path):
    """The text of a file in UTF-8, or in the UTF-16 that spreadsheets write; ``Mistake`` if it has none."""
    content = bytes_of(path)
    try:
        return content.decode(_encoding(content))
    except UnicodeDecodeError as error:
        more = "" if Path(path).suffix.lower() in (".yaml", ".yml") else "; save it as 'CSV UTF-8'"
        raise Mistake(f"{path}: cannot be read: it is not in UTF-8{more}") from error


def _encoding(content):
    if content.startswith(UTF_16):
        return "utf-16"
    return {b"\0": "utf-16-be"}.get(content[:1]) or {b"\0": "utf-16-le"}.get(content[1:2], "utf-8-sig")
