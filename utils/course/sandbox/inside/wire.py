"""How values cross the border: their structure as JSON, their numbers as plain bytes. Nothing of it can be code.

Whoever reads believes nothing: lengths, shapes and types are checked before anything is made of them.
"""

import json
import math
import struct

import numpy as np

HEAD = struct.Struct("<II")  # how long the text is, and the bytes behind it
LONGEST_TEXT, MOST_BYTES = 2_000_000, 64_000_000
MOST_AXES, DEEPEST = 16, 30
LARGEST_WHOLE = 2**63
NUMBERS = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"}


class Broken(ValueError):
    """What came is no message."""


class Other:
    """In the place of what is neither numbers nor known to ``more``; only the name of its type came."""

    def __init__(self, name):
        self.name = name


def packed(value, more=lambda value: None):
    """The message with ``value``, as bytes.

    ``more`` gives ``(word, values…)`` for what is neither a number, a text, an array nor a collection of these.
    ``OverflowError`` if the message is too long.
    """
    arrays, length = [], 0

    def plain(value, depth=0):
        nonlocal length
        if depth > DEEPEST:
            raise OverflowError("it is nested too deeply")
        if isinstance(value, np.generic) and value.dtype.kind in "biuf":
            value = float(value) if value.dtype.kind == "f" else value.item()
        if value is None or isinstance(value, bool | float | str):
            return value if value is None or isinstance(value, bool) else _exact(value)
        if isinstance(value, int) and abs(value) < LARGEST_WHOLE:
            return int(value)
        for kind, mark in ((tuple, "t"), (list, "l")):
            if isinstance(value, kind):
                return [mark, [plain(each, depth + 1) for each in value]]
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return ["d", [[str(key), plain(each, depth + 1)] for key, each in value.items()]]
        found = None if isinstance(value, np.ndarray) else more(value)
        if found:
            return ["x", found[0], [plain(each, depth + 1) for each in found[1:]]]
        if not hasattr(value, "__array__"):
            return ["o", type(value).__name__[:100]]
        array = np.asarray(value)
        if array.dtype == np.longdouble or array.dtype.byteorder == ">":
            array = array.astype("float64" if array.dtype.kind == "f" else array.dtype.newbyteorder("<"))
        if array.dtype.str not in NUMBERS or array.ndim > MOST_AXES:
            return ["o", type(value).__name__[:100]]
        if length + array.nbytes > MOST_BYTES:
            raise OverflowError("it has too many numbers")
        arrays.append(np.ascontiguousarray(array).tobytes())
        start, length = length, length + array.nbytes
        return ["a", array.dtype.str, list(array.shape), start]

    text = json.dumps(plain(value)).encode()
    if len(text) > LONGEST_TEXT:
        raise OverflowError("it is too long")
    return HEAD.pack(len(text), length) + text + b"".join(arrays)


def lengths(head):
    """How long the text and the bytes are that follow a head; ``Broken`` if that is too much."""
    text, numbers = HEAD.unpack(head)
    if text > LONGEST_TEXT or numbers > MOST_BYTES:
        raise Broken("what came back is too large")
    return text, numbers


def unpacked(text, numbers, more=lambda word, *values: Other(word)):
    """The value in a message's text and bytes; ``more(word, values…)`` makes those that ``packed`` left to its own.

    ``Broken`` if it is none.
    """

    def made(plain):
        if isinstance(plain, str):
            return plain.encode(errors="replace").decode()  # without halves of characters
        if plain is None or isinstance(plain, bool | int | float):
            return plain
        match plain:
            case ["t", list() as items]:
                return tuple(map(made, items))
            case ["l", list() as items]:
                return list(map(made, items))
            case ["d", list() as pairs]:
                return {_text(made(key)): made(each) for key, each in pairs}
            case ["x", str() as word, list() as items]:
                return more(word, *map(made, items))
            case ["o", str() as name]:
                return Other(made(name)[:100])
            case ["a", str() as kind, list() as shape, int() as start]:
                return _array(kind, shape, start, numbers)
        raise Broken("what came back is no message")

    try:
        return made(json.loads(text))
    except Broken:
        raise
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise Broken("what came back is no message") from error


def _array(kind, shape, start, numbers):
    if kind not in NUMBERS or len(shape) > MOST_AXES:
        raise Broken("what came back holds no numbers")
    if not all(type(each) is int and 0 <= each <= MOST_BYTES for each in (*shape, start)):
        raise Broken("what came back has an impossible shape")
    size = math.prod(shape)
    if start + size * np.dtype(kind).itemsize > len(numbers):
        raise Broken("what came back is shorter than it says")
    return np.frombuffer(numbers, kind, size, start).reshape(shape).copy()


def _exact(value):
    return str(value) if isinstance(value, str) else float(value)


def _text(key):
    if not isinstance(key, str):
        raise Broken("what came back is no message")
    return key
