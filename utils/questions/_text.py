"""Numbers and arithmetic as people write them: parsed, never executed. What can be read in two ways is read in both."""

import ast
import operator
import re
import warnings
from fractions import Fraction
from itertools import product
from math import isfinite, prod
from unicodedata import decimal

LARGEST = 10**18
LONGEST_TEXT = 200
MOST_FACTORS = 1000  # of a number below 1: training steps, for example
MOST_SPELLINGS = 256
SIGNS = str.maketrans(
    dict.fromkeys("×·⋅∙•∗✕⨯", "*")
    | dict.fromkeys("÷⁄∕", "/")
    | dict.fromkeys("−–—‐‑", "-")
    | dict.fromkeys("’‘ʼ´`_", "'")
    | dict.fromkeys(";，", ", ")
    | {"^": "**"}
)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
UNITS = re.compile(
    r"(?<=[\w)\]]) ?\b(train(ed|able) )?(parameters?|params?|weights?|bias(es)?|values?|numbers?|pixels?|px|channels?|"
    r"positions?|rows?|multiply-adds?|macs?)\.?$",
    re.IGNORECASE,
)
LABEL = re.compile(r"[^\W\d_]*( [^\W\d_]+)*")  # words only, as before the sign in "answer = 128"
READ_HERE = re.compile(r"\bNone\b|(?<=[0-9.])[eE](?=[+-]?[0-9])|[0-9.,' +\-*/()\[\]]")
PERCENT = re.compile(r"(?<=[0-9)]) ?(percent|per cent)\b", re.IGNORECASE)
JOINT = re.compile(r"(?<=[0-9])[.,' ](?=[0-9])")
NUMERAL = re.compile(r"(?:[1-9][0-9]{0,2}(?:T[0-9]{3})+|[0-9]+)(?:[D.][0-9]*)?|\.[0-9]+")
# What may stand between two digits: S a sign between two numbers, D before decimals, T between thousands.
ENGLISH = {".": "D", ",": "ST", " ": "ST", "'": "T"}
CONTINENTAL = {".": "T", ",": "SD", " ": "ST", "'": "T"}
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


def readings(text, fitted, whole):
    """What ``text`` may mean: pairs of a value, as ``fitted`` makes it, and whether it stands there literally.

    ``fitted`` gets a ``Fraction`` or a nested list of them and raises ``Unreadable`` for what is not of the form that
    is asked for. ``whole``: whole numbers are asked for. Raises ``Unreadable`` where there is no reading.
    """
    if len(text) > LONGEST_TEXT:
        raise Unreadable(f"This text is too long: at most {LONGEST_TEXT} characters of arithmetic are read.")
    sides = [side.strip() for side in re.split("==?", text)]
    sides = [side for side in sides if len(sides) == 1 or not LABEL.fullmatch(side)]
    if not sides:
        raise _no_arithmetic()
    *others, last = [list(_meant(_tidied(side), fitted, whole).values()) for side in sides]
    fitting = [each for each in last if all(any(_agree(each[0], one, whole) for one, _ in other) for other in others)]
    if not fitting:
        values = " and ".join(in_digits(one[0][0]) for one in (*others, last))
        raise Unreadable(f"The sides of = differ: they are {values}. Which do you mean? Write only that.")
    verbatim = not re.search(r"[=%]|[^\W\d_]{2}", text)
    return [(value, verbatim and literal) for value, literal in fitting]


def in_digits(value, thousands=""):
    """A number, or a list of them, as Python writes it."""
    if isinstance(value, list):
        return f"({', '.join(map(in_digits, value))})"
    return format(value, thousands) if isinstance(value, int) else f"{float(value):.10g}"


def _agree(one, other, whole):
    """Whether two sides of an equation are the same; rounded decimals are, up to a hundredth."""
    if whole or isinstance(one, list) or isinstance(other, list):
        return one == other
    return abs(one - other) <= abs(one) / 100


def _meant(text, fitted, whole):
    """The readings of arithmetic in both ways to write numbers, by what they show: 1,234.5 and 1.234,5."""
    english, continental, refusal = {}, {}, None
    for found, roles in ((english, ENGLISH), (continental, CONTINENTAL)):
        for spelling, literal in _spellings(text, roles):
            try:
                value = fitted(_parsed(spelling))
                found.setdefault(str(value), (value, literal))
            except Unreadable as error:
                refusal = refusal or error
    if whole:  # 2.400 can but be 2400, 128,0 can but be 128; yet 2.5 is 2.5
        continental, exact = _whole_ones(continental), _whole_ones(english)
        english = exact if exact or continental else english
    marks = {mark for mark in JOINT.findall(text) if mark in ".,"}
    if english and marks <= {"," if whole else "."}:  # as the course prints numbers
        continental = {}
    if not english and not continental:
        raise refusal or _no_arithmetic()
    return english | continental


def _whole_ones(found):
    return {
        shown: (value, literal)
        for shown, (value, literal) in found.items()
        if all(isinstance(each, int) for each in (value if isinstance(value, list) else [value]))
    }


def _tidied(text):
    """The text with Python's signs for arithmetic; refuses what is none."""
    text = "".join(str(decimal(sign)) if sign.isdecimal() else sign for sign in text)
    text = re.sub("[⁰¹²³⁴-⁹]+", lambda power: f"**{power[0].translate(SUPERSCRIPTS)}", text)
    text = re.sub(r"\s+", " ", text.translate(SIGNS)).strip(" '\"“”").lstrip("≈~ ")
    text = UNITS.sub("", PERCENT.sub("%", text))
    if hexadecimal := re.search(r"(?<![0-9.])0[xX][0-9]+", text):
        read = f"0 × {hexadecimal[0][2:]} or as a hexadecimal number"
        raise Unreadable(f"“{hexadecimal[0]}” can be read as {read}. Which do you mean? Write the number itself.")
    text = re.sub(r"(?<=[0-9)]) ?[xX] ?(?=[0-9(])", "*", text)
    text = re.sub(r"(?<=[0-9)]) ?%(?! ?[0-9(.])", "/100", text)
    if foreign := re.search(r"[^\W\d_]+|\S", READ_HERE.sub(" ", text)):
        raise _no_arithmetic(f"“{foreign[0][:20]}” cannot be read here. ")
    return text


def _spellings(text, roles):
    """``text`` as Python writes it, for each way to take what stands between digits, and whether that is as typed."""
    joints = list(JOINT.finditer(text))
    choices = [roles[joint[0]] for joint in joints]
    if prod(map(len, choices)) > MOST_SPELLINGS:
        choices = [choice[:1] for choice in choices]
    for chosen in product(*choices):
        signs = iter(chosen)
        marked = JOINT.sub(lambda _, signs=signs: next(signs), text)
        if all(NUMERAL.fullmatch(numeral) for numeral in re.findall(r"[0-9.TD]+", marked)):
            literal = all(
                joint[0] == {"S": ",", "D": "."}.get(sign) for joint, sign in zip(joints, chosen, strict=True)
            )
            plain = marked.replace("T", "").replace("D", ".").replace("S", ", ")
            yield re.sub(r"(?<![0-9.])0+(?=[0-9])", "", plain), literal


def _parsed(text):
    """The value of plain arithmetic: whole and decimal numbers, + - * / // **, brackets; commas make a list."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _no_arithmetic() from None
    return _value(tree.body)


def _value(node):
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _bounded(Fraction(str(number)) if isfinite(number) else Fraction(LARGEST + 1))
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [_value(element) for element in elements]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATIONS:
            return OPERATIONS[type(op)](_one(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            return _operate(op, _one(left), _one(right))
    raise _no_arithmetic()


def _one(node):
    value = _value(node)
    if not isinstance(value, Fraction):
        raise _no_arithmetic()
    return value


def _operate(op, left, right):
    if isinstance(op, ast.Pow) and 0 < right <= MOST_FACTORS and right.denominator == 1 and abs(left) < 1:
        return (left ** int(right)).limit_denominator(LARGEST)  # such as 0.99**100
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


def _no_arithmetic(why=""):
    return Unreadable(f"{why}Only numbers, + - * / // ** and brackets are read here; nothing is executed.")
