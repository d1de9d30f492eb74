"""A student's own variant of a notebook: parameters drawn with the course's secret."""

import ast
import hmac
import itertools
import json
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat

from utils import questions
from utils.course.storage.atomic import sync
from utils.course.storage.input_files import Mistake
from utils.former_names import first_name
from utils.notebook_files.answer_cells import typed
from utils.notebook_files.reading import tagged
from utils.notebook_files.sources import parameters

SECRET = re.compile(r"([0-9a-f]{64})( exam)?\n?")
DIGITS = 64  # hexadecimal ones, of a secret; behind that of an exam stands a word, which is a part of it
LONGEST_KEY = 100  # characters: more than a key has
MOST_PUT = 500  # questions of a notebook, each with its parameters, that are remembered


def secret_at(path, exam=None):
    """The course's secret. Where there is no key file, one is made, which only its owner may read.

    A key file is never overwritten: another key draws other variants. ``exam`` says whether it must be an exam's: such
    a hand-out has a key file, and so numbers, of its own. ``Mistake`` for one that others may read, or that holds
    something else.
    """
    path = Path(path)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise Mistake(f"{path}: no key file can be made there: {error.strerror}") from error
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(DIGITS // 2) + " exam" * bool(exam) + "\n")
            file.flush()
            os.fsync(file.fileno())
        sync(path.parent)
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise Mistake(f"{path}: others may read this key file; after 'chmod 600 {path}' only you may")
        with path.open(encoding="ascii") as file:
            text = file.read(LONGEST_KEY)
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not (found := SECRET.fullmatch(text)):
        raise Mistake(f"{path}: this is no key file of the course: {DIGITS} hexadecimal digits are needed")
    if exam and not found[2]:
        raise Mistake(f"{path}: students may know what is drawn with this key file: an exam needs one of its own")
    if exam is False and found[2]:
        raise Mistake(f"{path}: this is the key file of an exam: add --exam, or name another one")
    return bytes.fromhex(found[1]) + (found[2] or "").encode()


def is_exam(secret):
    """Whether a secret is that of an exam's key file."""
    return len(secret) > DIGITS // 2


@dataclass(frozen=True, eq=False)
class Variants:
    """The variants of one notebook, the parameters in ``fixed`` being the same for everybody.

    A variant sets the notebook's own parameters wherever an answer cell's ``check`` names them, so that its text, its
    experiments and its questions agree. What ``check`` gives as a plain value stands in the text, and stays.
    ``Mistake`` where an answer cell cannot be read, or asks something that cannot be asked.
    """

    notebook: nbformat.NotebookNode
    fixed: dict

    def drawn(self, secret, student_id):
        """The parameters of this student's variant, beside those fixed.

        Each question takes, among the sets that suit it and all other questions, the one that ranks first by
        HMAC(secret, student, question, set): a set that is added later changes nobody's variant but those that get it.
        """
        student_id = unicodedata.normalize("NFC", student_id).casefold()

        def settled(asked, values):
            if not asked:
                return values
            first, *others = asked
            sets = [each for each in first.sets if all(values.get(name, each[name]) == each[name] for name in each)]
            sets.sort(key=lambda each: _rank(secret, student_id, first.id, each))
            return next(filter(None, (settled(others, values | each) for each in sets)), None)

        found = settled([asked for asked in self._asked if asked.sets], {})
        if found is None:
            raise Mistake("no set of parameters suits all of its questions at once")
        return found

    def asked(self, values):
        """``(the answer cell's id, its Question)`` for each answer cell, in order, the variant being ``values``."""
        values = {name: each.default for name, each in self._declared.items()} | self.fixed | values
        for asked in self._asked:
            named = {name: values[parameter] for name, parameter in asked.names.items()}
            known = asked.id, repr(named)  # most of a class have one of few sets
            if known not in self._put:
                try:
                    question = questions.ask(asked.id, **asked.literals, **named)
                except ValueError as error:
                    raise Mistake(f"the cell that asks {asked.id}: {error}") from error
                if len(self._put) == MOST_PUT:
                    self._put.clear()
                self._put[known] = question
            yield asked.cell, self._put[known]

    @cached_property
    def _put(self):
        """The questions that were asked so far, by id and parameters."""
        return {}

    @cached_property
    def demonstrations(self):
        """What stands in the cells that show how a question is answered, as ``answer_cells.typed`` returns it."""
        answer_cells = tagged(self.notebook, "answer")
        others = (each for each in self.notebook.cells if each.cell_type == "code" and each not in answer_cells)
        return [found for each in others if set(found := typed(each.source)) - {""}]

    def checked(self):
        """These variants; ``Mistake`` now rather than at the first student where there is anything to be mended."""
        for values in ({}, self.drawn(b"", "")):
            list(self.asked(values))
        return self

    @cached_property
    def _declared(self):
        return parameters(self.notebook)

    @cached_property
    def _asked(self):
        """The questions, each with the sets of notebook parameters that it can be asked with."""
        asked = [_asked_in(cell, self._declared) for cell in tagged(self.notebook, "answer")]
        for each in asked:
            if sum(other.id == each.id for other in asked) > 1:
                raise Mistake(f"{each.id} is asked twice: a notebook asks a question once")
            try:
                each.sets = self._sets(each, asked)
            except (ValueError, TypeError) as error:
                raise Mistake(f"the cell that asks {each.id}: {error}") from error
        return asked

    def _sets(self, asked, everyone):
        among = {name: self._values(parameter, everyone) for name, parameter in asked.names.items()}
        if all(parameter in self.fixed for parameter in asked.names.values()) or not all(among.values()):
            return []
        found = questions.variants(asked.id, **{name: (value,) for name, value in asked.literals.items()}, **among)
        found = [each for each in found if each != questions.ask(asked.id).parameters]  # the default, where none fits
        sets = [{parameter: each[name] for name, parameter in asked.names.items()} for each in found]
        sets = [each for each in sets if all(each[parameter] in among[name] for name, parameter in asked.names.items())]
        free = [parameter for parameter in dict.fromkeys(asked.names.values()) if parameter not in self.fixed]
        return [{parameter: each[parameter] for parameter in free} for each in sets or _askable(asked, among)]

    def _values(self, parameter, everyone):
        """What a notebook's parameter may become: what the questions that name it vary, in everybody's range."""
        if parameter in self.fixed:
            return (self.fixed[parameter],)
        users = [
            questions.parameters_of(asked.id)[name]
            for asked in everyone
            for name, used in asked.names.items()
            if used == parameter
        ]
        values = {value for each in users for value in each.variants or (each.default,)}
        ranges = [each.allowed for each in users] + [self._declared[parameter].range]
        return tuple(sorted(value for value in values if all(each.allows(value) for each in ranges if each)))


class VariantsOfAll:
    """The variants of several notebooks, drawn with one secret."""

    def __init__(self, secret):
        self._secret, self._known = secret, {}

    def drawn(self, student, source, fixed):
        """What ``Variants.drawn`` returns for this student and this source."""
        known = source.name, json.dumps(fixed, sort_keys=True)
        if known not in self._known:
            self._known[known] = Variants(source.notebook, fixed)
        return self._known[known].drawn(self._secret, student.id)


@dataclass
class _Asked:
    """A question as a notebook's cell asks it: which of its parameters are the notebook's, and which plain values."""

    cell: str
    id: str
    names: dict
    literals: dict
    sets: list = ()


def _rank(secret, student_id, question_id, values):
    plain = json.dumps([student_id, first_name(question_id), values], sort_keys=True)
    return hmac.digest(secret, f"draw\n{plain}".encode(), "sha256")


def _asked_in(cell, declared):
    """What the answer cell asks; ``Mistake`` if it is not written as answer cells are."""
    where = f"the answer cell {cell.metadata.get('question') or cell.get('id', '')}"
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise Mistake(f"{where}: line {error.lineno} is no plain Python: {error.msg}") from error
    calls = [each for each in ast.walk(tree) if getattr(getattr(each, "func", 0), "id", "") == "check"]
    if len(calls) != 1 or len(calls[0].args) != 2:
        raise Mistake(f'{where}: one call check("…", answer, …) is needed in it')
    names, literals = {}, {}
    try:
        question_id = ast.literal_eval(calls[0].args[0])
        for keyword in calls[0].keywords:
            if isinstance(keyword.value, ast.Name) and keyword.value.id in declared:
                names[keyword.arg] = keyword.value.id
            else:
                literals[keyword.arg] = ast.literal_eval(keyword.value)
    except (ValueError, TypeError) as error:
        given = ast.unparse(calls[0])
        raise Mistake(f"{where}: {given}: check is given plain values and the notebook's parameters alone") from error
    if question_id not in questions.questions():
        raise Mistake(f"{where}: there is no question {question_id!r}")
    known = questions.parameters_of(question_id)
    if unknown := [str(each) for each in [*names, *literals] if each not in known]:
        raise Mistake(f"{where}: {question_id} has no parameter {unknown[0]}; it has: {', '.join(known) or 'none'}")
    return _Asked(cell.get("id", ""), question_id, names, literals)


def _askable(asked, among):
    """All sets that the question can be asked with, whatever its answer: it does not depend on them."""
    for values in itertools.product(*among.values()):
        if not questions.preview(asked.id, **asked.literals, **dict(zip(among, values, strict=True)))[1]:
            yield dict(zip(asked.names.values(), values, strict=True))
