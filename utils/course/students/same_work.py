"""Answers that two students gave to the letter, and hardly anybody else: a question to ask, never a verdict."""

import itertools
import json
from dataclasses import dataclass

RARE = 0.02  # of the class, or two students: what more of them gave is no sign of anything
LEAST = 3  # answers that two students share; with fewer, nothing is said
SHORTEST = 10  # characters of what is typed, where it is compared as a text
MOST_PAIRS = 200


@dataclass(frozen=True)
class Shared:
    """An answer that ``students`` (two) share: where, what, and why it is looked at."""

    students: tuple
    notebook: str
    question: str
    answer: str
    why: str


WRONG = "the same answer, which is neither right nor a known slip"
OTHER_S = "right for the numbers of the second, not for those of the first"
TYPED = "the same text, typed to the letter"


def same_work(marks, returned):
    """The ``Shared`` answers of each two students who share at least ``LEAST`` of them, most first.

    Files that stand for several students are no sign: nobody is compared with whom they handed in together.
    """
    students = {each.student for each in marks if each.came}
    most = max(2, int(RARE * len(students)))
    places = {}
    for each in returned:
        places.setdefault(each.student, set()).add(each.place)
    found = {}
    for shared in itertools.chain(_wrong(marks, most), _other_s(marks, most), _typed(returned, most)):
        one, other = shared.students
        if places.get(one, set()).isdisjoint(places.get(other, set())):
            pair = found.setdefault(frozenset(shared.students), {})
            pair.setdefault((shared.notebook, shared.question), shared)
    pairs = sorted((list(each.values()) for each in found.values() if len(each) >= LEAST), key=len, reverse=True)
    return list(itertools.chain(*pairs[:MOST_PAIRS]))


def _wrong(marks, most):
    given = {}
    for each in marks:
        if each.verdict in ("wrong", "unreadable") and each.given is not None:
            given.setdefault((each.notebook, each.question, json.dumps(each.given)), []).append(each.student)
    yield from _shared(given, most, WRONG)


def _other_s(marks, most):
    """Who gave what is right for the numbers of somebody else, and not for one's own."""
    right = {}
    for each in marks:
        if each.verdict == "right" and each.parameters:
            right.setdefault((each.notebook, each.question, json.dumps(each.key)), []).append(each)
    for each in marks:
        if each.verdict in ("wrong", "slip"):
            others = right.get((each.notebook, each.question, json.dumps(each.given)), [])
            for other in others if len(others) < most else ():
                shared = each.notebook, each.question, json.dumps(each.given)
                yield Shared((each.student, other.student), *shared, OTHER_S)


def _typed(returned, most):
    typed = {}
    for each in returned:
        for cell in each.content.cells:
            for question, answer in cell.typed.items():
                if question and isinstance(answer.value, str) and len(answer.value) >= SHORTEST:
                    typed.setdefault((each.notebook, question, answer.value), []).append(each.student)
    yield from _shared(typed, most, TYPED)


def _shared(given, most, why):
    for (notebook, question, answer), students in given.items():
        students = list(dict.fromkeys(students))
        if 2 <= len(students) <= most:
            for pair in itertools.combinations(students, 2):
                yield Shared(pair, notebook, question, answer, why)
