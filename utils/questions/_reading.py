"""From what a student typed to a value that can be compared. Text is parsed as arithmetic, never executed."""

import ast
import math
import operator
import re
import sys
import warnings
from fractions import Fraction

LARGEST = 10**18
LONGEST_TEXT = 200
LONGEST_LIST = 1000
PLAIN = (bool, int, float, str, tuple, list, Fraction, type(None))
TYPED_SIGNS = str.maketrans({"×": "*", "·": "*", "−": "-", "–": "-", "÷": "/", "\u00a0": " "})
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


class Unreadable(ValueError):
    """An answer that cannot be compared; the message is a sentence for the student."""


def read(answer, key, choices=()):
    """The answer in the form of ``key``: a choice's name for text, a flat list of numbers for a tuple, else a number.

    Whole numbers come back as ``int``, others as ``Fraction``, and ``None`` for no answer. Raises ``Unreadable``.
    """
    if answer is None:
        return None
    if choices:
        return _choice(answer, choices)
    if isinstance(key, tuple):
        return _numbers(answer, len(flat(key)))
    return _number(answer)


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


def _choice(answer, choices):
    allowed = ", ".join(f'"{choice}"' for choice in choices)
    if not isinstance(answer, str):
        raise Unreadable(f"This question is answered with one of the words {allowed}, in quotation marks.")
    typed = {_plain(choice): choice for choice in choices}
    if _plain(answer) not in typed:
        raise Unreadable(f"This is not one of the choices. They are {allowed}.")
    return typed[_plain(answer)]


def _plain(text):
    return re.sub(r"[\s_-]+", "-", text.strip().strip(".\"'").casefold().replace("×", "x"))


def _numbers(answer, length):
    values = _parsed(answer) if isinstance(answer, str) else unwrapped(answer)
    if not isinstance(values, list | tuple):
        raise Unreadable(f"{length} numbers are asked for, in brackets and with commas between them.")
    try:
        values = flat([unwrapped(value) for value in values])
    except RecursionError:
        raise Unreadable("These brackets are nested too deeply.") from None
    if len(values) == length + 1 and values[0] is None:
        values = values[1:]  # a Keras shape, with its batch
    if len(values) != length:
        raise Unreadable(f"{length} numbers are asked for; there are {len(values)}. (The batch is not counted.)")
    return [_number(value) for value in values]


def _number(answer):
    answer = _parsed(answer) if isinstance(answer, str) else unwrapped(answer)
    if isinstance(answer, bool):
        raise Unreadable(f"{answer} is not a number. Which number do you mean?")
    if isinstance(answer, tuple | list):
        raise Unreadable("One number is asked for, not several.")
    if answer is None:
        raise Unreadable("One of the numbers is still None.")
    if not isinstance(answer, int | float | Fraction):
        raise Unreadable(f"A number is asked for, and this is of type {type(answer).__name__}.")
    if isinstance(answer, float) and not math.isfinite(answer):
        raise Unreadable(f"{answer} is not a number that could be counted.")
    if abs(answer) > LARGEST:
        raise Unreadable("This number is too large to be meant.")
    exact = Fraction(answer)
    return int(exact) if exact.denominator == 1 else exact


def unwrapped(answer):
    """What a NumPy array, a tensor or a Keras shape holds, as Python's own numbers and lists; others as they are."""
    numpy = sys.modules.get("numpy")  # whoever holds an array has imported it
    if numpy is None or type(answer) in PLAIN:
        return answer
    try:
        array = numpy.asarray(answer)
    except Exception:  # whatever a student's object does; it will be refused for its type
        return answer
    if array.size > LONGEST_LIST:
        raise Unreadable(f"{array.size} numbers are far more than are asked for.")
    return array.tolist()


def _parsed(text):
    """The value of plain arithmetic: whole and decimal numbers, + - * / // **, brackets; commas make a tuple."""
    if len(text) > LONGEST_TEXT:
        raise Unreadable(f"This text is too long: at most {LONGEST_TEXT} characters of arithmetic are read.")
    if re.fullmatch(r"\s*[+-]?\d{1,3}(,\d{3})+\s*", text):
        text = text.replace(",", "")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.translate(TYPED_SIGNS).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _no_arithmetic() from None
    return _value(tree.body)


def _value(node):
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _bounded(Fraction(str(number)) if math.isfinite(number) else LARGEST + 1)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [_value(element) for element in elements]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATIONS:
            return OPERATIONS[type(op)](_one(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            return _operate(op, _one(left), _one(right))
        case ast.BinOp(op=ast.BitXor()):
            raise Unreadable("A power is written **, as in 3**2.")
    raise _no_arithmetic()


def _one(node):
    value = _value(node)
    if isinstance(value, list):
        raise _no_arithmetic()
    return value


def _operate(op, left, right):
    if isinstance(op, ast.Pow) and (right.denominator != 1 or abs(right) > 60 or abs(left) > LARGEST):
        raise Unreadable("This power is too large to be meant, or its exponent is not a whole number.")
    try:
        return _bounded(Fraction(OPERATIONS[type(op)](left, right)))
    except ZeroDivisionError:
        raise Unreadable("This divides by zero.") from None


def _bounded(number):
    if abs(number) > LARGEST or number.denominator > LARGEST:
        raise Unreadable("This number is too large to be meant.")
    return number


def _no_arithmetic():
    return Unreadable("Only numbers, + - * / // ** and brackets are read here; nothing is executed.")
