"""From what a student gave as an answer to a value that can be compared; bounded, and nothing is executed."""

import math
import re
import sys
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from numbers import Real

from utils.questions._text import LARGEST, Unreadable, in_digits, readings
from utils.scoring import chosen

LONGEST_LIST = 1000
DEEPEST_LIST = 20
NEARLY_WHOLE = Fraction(1, 10**6)  # 127.9999999999 is 128 computed with floating point numbers
PLAIN = (bool, int, float, str, bytes, bytearray, memoryview, tuple, list, Fraction, type(None))
TIMES = re.compile(r"(?<=[0-9]) ?[xX×✕⨯] ?(?=[0-9])")


@dataclass(frozen=True)
class Reading:
    """An answer as it was read; ``note`` is a sentence on how, where the answer was written otherwise."""

    value: object
    note: str = ""


def read(answer, key, choices=()):
    """The ``Reading`` of an answer in the form of ``key``.

    Its value is a choice's name, a flat list of numbers where the key is a tuple, else a number, and ``None`` for no
    answer. Whole numbers are ``int``, others ``Fraction``. Raises ``Unreadable``: its message is a sentence.
    """
    answer = unwrapped(answer)
    if answer is None or (isinstance(answer, str) and answer.strip() in ("", "None")):
        return Reading(None)
    if choices:
        return Reading(_choice(answer, choices))
    if isinstance(answer, str):
        try:
            return _meant([answer], key, answer.strip())
        except Unreadable:
            apart = TIMES.sub(", ", answer) if isinstance(key, tuple) else answer
            if apart == answer:
                raise
            return _meant([apart], key, answer.strip())  # 13x13x64 may be a shape
    try:
        return Reading(_fitted(answer, key))
    except Unreadable:
        if texts := _with_thousands(answer):
            return _meant(texts, key, ", ".join(map(str, answer)))
        raise


def flat(values):
    """All numbers of a nested tuple in a row."""
    if not isinstance(values, tuple | list):
        return [values]
    return [number for value in values for number in flat(value)]


def plain(answer):
    """An answer as JSON holds it."""
    if isinstance(answer, tuple | list):
        return [plain(value) for value in answer]
    return float(answer) if isinstance(answer, Fraction) else answer


def unwrapped(answer):
    """What a NumPy array, a tensor or a Keras shape holds, as Python's own numbers and lists; others as they are."""
    numpy = sys.modules.get("numpy")  # whoever holds an array has imported it
    if numpy is None or type(answer) in PLAIN:
        return answer
    try:
        masked = numpy.ma.is_masked(answer)
        array = numpy.asarray(answer)
    except Exception:  # whatever a student's object does; it will be refused for its type
        return answer
    if masked:
        raise Unreadable("A masked value holds no number.")
    if array.size > LONGEST_LIST:
        raise Unreadable(f"{array.size} numbers are far more than are asked for.")
    return array.tolist()


def _choice(answer, choices):
    allowed = ", ".join(f'"{choice}"' for choice in choices)
    if not isinstance(answer, str):
        raise Unreadable(f"This question is answered with one of the words {allowed}, in quotation marks.")
    if (choice := chosen(answer, choices)) is None:
        raise Unreadable(f"This is not one of the choices. They are {allowed}.")
    return choice


def _meant(texts, key, typed):
    """The reading of what was typed, ``texts`` being all its spellings; where there are two readings, a question."""
    found, refusal = {}, None
    for text in texts:
        try:
            for value, literal in readings(text, lambda answer: _fitted(answer, key), _is_whole(key)):
                found.setdefault(str(value), (value, literal and text.strip() == typed))
        except Unreadable as error:
            refusal = refusal or error
    if not found:
        raise refusal
    if len(found) > 1:
        one, other = [in_digits(value) for value, _ in found.values()][:2]
        raise Unreadable(f"“{typed}” can be read as {one} or as {other}. Which do you mean? Write {one} or {other}.")
    ((value, literal),) = found.values()
    return Reading(value, "" if literal else f"Your answer was read as {in_digits(value, ',')}.")


def _is_whole(key):
    """Whether whole numbers are asked for."""
    return all(isinstance(number, int) for number in flat(key))


def _with_thousands(answer):
    """What may have been typed where Python made a tuple of it: 297,697 comes as (297, 697), and 2,000 as (2, 0)."""
    if not isinstance(answer, tuple) or not 1 < len(answer) <= 6 or any(type(each) is not int for each in answer):
        return []
    first, *others = answer
    if abs(first) > 999 or any(not 0 <= each <= 999 for each in others):
        return []
    spelled = [[str(first)], *([str(each)] if each else ["000", "0"] for each in others)]
    return [",".join(spelling) for spelling in product(*spelled)]


def _fitted(answer, key):
    """The number, or the flat list of numbers, that ``answer`` holds if it is of the form of ``key``."""
    if not isinstance(key, tuple):
        numbers = _flattened(answer)
        if len(numbers) != 1:
            how = "not several" if numbers else "and these brackets are empty"
            raise Unreadable(f"One number is asked for, {how}.")
        return _number(numbers[0], _is_whole(key))
    length = len(flat(key))
    if not isinstance(answer := unwrapped(answer), list | tuple):
        raise Unreadable(f"{length} numbers are asked for, in brackets and with commas between them.")
    numbers = _flattened(_in_the_form_of(key, answer))
    if len(numbers) == length + 1 and numbers[0] is None:
        numbers = numbers[1:]  # a Keras shape, with its batch
    if len(numbers) != length:
        raise Unreadable(f"{length} numbers are asked for; there are {len(numbers)}. (The batch is not counted.)")
    return [_number(number, _is_whole(key)) for number in numbers]


def _in_the_form_of(key, answer):
    """``answer`` with 2 where the key has one number and it has (2, 2)."""
    answer = unwrapped(answer)
    if not isinstance(answer, list | tuple) or not answer:
        return answer
    if isinstance(key, tuple):
        parts = next((parts for parts in (key, flat(key)) if len(parts) == len(answer)), None)
        if parts is None:
            return answer
        return [_in_the_form_of(part, given) for part, given in zip(parts, answer, strict=True)]
    numbers = [_number(each) for each in _flattened(answer)]
    return numbers[0] if len(set(numbers)) == 1 else answer


def _flattened(answer, depth=0):
    """All that stands in nested lists, in a row."""
    answer = unwrapped(answer)
    if not isinstance(answer, list | tuple):
        return [answer]
    if depth > DEEPEST_LIST:
        raise Unreadable("These brackets are nested too deeply.")
    found = []
    for each in answer:
        found += _flattened(each, depth + 1)
        if len(found) > LONGEST_LIST:
            raise Unreadable(f"More than {LONGEST_LIST} numbers are far more than are asked for.")
    return found


def _number(answer, whole=False):
    if isinstance(answer, str):
        return _meant([answer], 1 if whole else 0.5, answer.strip()).value
    if isinstance(answer, bool):
        raise Unreadable(f"{answer} is not a number. Which number do you mean?")
    if answer is None:
        raise Unreadable("One of the numbers is still None.")
    if not isinstance(answer, Real | Decimal):
        raise Unreadable(f"A number is asked for, and this is of type {type(answer).__name__}.")
    if isinstance(answer, Decimal):
        answer = _bounded(answer)
    if not isinstance(answer, int | Fraction) and not math.isfinite(answer):
        raise Unreadable(f"{answer} is not a number that could be counted.")
    if abs(answer) > LARGEST:
        raise Unreadable("This number is too large to be meant.")
    exact = Fraction(*getattr(answer, "as_integer_ratio", float(answer).as_integer_ratio)())
    near = round(exact)
    return near if exact == near or (whole and abs(exact - near) <= NEARLY_WHOLE) else exact


def _bounded(number):
    """A ``Decimal`` as a ``Fraction``, or as a ``float`` where it is too large or too small for that, or no number."""
    if not number.is_finite():
        return math.nan
    return Fraction(number) if abs(number.adjusted()) < 60 else float(number)
