"""Answers that two students gave to the letter, and hardly anybody else: a question to ask, never a verdict."""

import itertools
import json
from dataclasses import dataclass, replace

from utils.exercises import exercise, source_of
from utils.notebook_files.code_cells import NO_PYTHON, does, programs
from utils.notebook_files.reading import tagged

RARE, FEWEST, MOST = 0.02, 2, 5  # share of the class, at least and at most: what more students gave is no sign
LEAST = 3  # answers that two students share; with fewer, nothing is said
SHORTEST, SHORTEST_CODE = 10, 150  # characters of what is compared as a text, and as a function
FUNCTION = 2  # as many answers a function counts for
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
CODE = "the same function to the letter, names and comments included"


def same_work(marks, returned, sources=()):
    """The ``Shared`` answers of each two students who share at least ``LEAST`` of them, most first.

    What stands in the ``sources``, the notebooks that were handed out, is nobody's work.
    Files that stand for several students are no sign: nobody is compared with whom they handed in together.
    """
    students = {each.student for each in marks if each.came}
    most = min(max(FEWEST, int(RARE * len(students))), MOST)
    places = {}
    for each in returned:
        places.setdefault(each.student, set()).add(each.place)
    found = {}
    for shared in itertools.chain(
        _wrong(marks, most), _other_s(marks, most), _typed(returned, most), _coded(returned, most, _stubs(sources))
    ):
        one, other = shared.students
        if places.get(one, set()).isdisjoint(places.get(other, set())):
            pair = found.setdefault(frozenset(shared.students), {})
            pair.setdefault((shared.notebook, shared.question), shared)
    pairs = sorted((list(each.values()) for each in found.values() if _weight(each.values()) >= LEAST), key=_weight)
    pairs.reverse()
    return list(itertools.chain(*pairs[:MOST_PAIRS]))


def _weight(shared):
    return sum(FUNCTION if each.why == CODE else 1 for each in shared)


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


def _stubs(sources):
    """The digests of what the functions in the notebooks do that were handed out."""
    for each in sources:
        cells = tagged(each.notebook, "exercise")
        yield from (
            one.does for one in programs((cell.source, cell.metadata.get("exercise")) for cell in cells).values()
        )


def _coded(returned, most, stubs):
    written, solutions, stubs = {}, {}, set(stubs)
    for each in returned:
        for name, program in each.content.code.items():
            if len(program.source) >= SHORTEST_CODE and program.does not in stubs:
                written.setdefault((each.notebook, name, program), []).append(each.student)
    for shared in _shared(written, most, CODE):
        if shared.question not in solutions:
            solutions[shared.question] = _solution(shared.question)
        if shared.answer.does != solutions[shared.question]:  # which the course shows to everybody who asks
            yield replace(shared, answer=f"a function of {len(shared.answer.source)} characters")


def _solution(name):
    """The digest of what the course's own solution does."""
    try:
        solution = exercise(name).solution
        return does(source_of(solution), solution.__name__)
    except (ValueError, *NO_PYTHON):  # there is no exercise of that name
        return ""


def _shared(given, most, why):
    for (notebook, question, answer), students in given.items():
        students = list(dict.fromkeys(students))
        if 2 <= len(students) <= most:
            for pair in itertools.combinations(students, 2):
                yield Shared(pair, notebook, question, answer, why)
