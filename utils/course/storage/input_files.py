"""Text files that an instructor hands in, and what is wrong with them."""

from pathlib import Path


class Mistake(ValueError):
    """A grid or a roster that cannot be used; the message says why."""


def text_of(path):
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
