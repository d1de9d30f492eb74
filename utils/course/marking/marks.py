"""The marks: the answers that came back, judged against a key computed anew."""

from collections import Counter
from dataclasses import dataclass, field, replace

from utils.course.hand_ins.collect import LeftOut, Returned
from utils.course.marking.answers import Judge, judged
from utils.course.marking.code_verdicts import exercises_in
from utils.course.marking.copies import Copy, counted, in_their_own_place
from utils.course.marking.mark import LEFT_OUT, MISSING, NOT_RETURNED, Mark, of_exercise, of_question, together
from utils.course.marking.marking_scheme import PLAIN
from utils.course.students.signature import NO_SECRET, NOT_TOLD, OTHER_KEY, SAID, check_all, held
from utils.course.students.variants import Variants
from utils.former_names import name_today
from utils.notebook_files.reading import tagged

MOST_REASONS = 3  # that a remark names of why a notebook was left out
OF_CODE = {"unattempted": "unanswered", "error": "wrong", "endless": "wrong"}  # verdicts on functions, as on answers


@dataclass(frozen=True)
class Marked:
    """The marks, and how they came about.

    ``counted`` are the copies (``Returned``) that count for them, ``left_out`` is what could not be used or does not
    count. ``no_longer_asked`` says of how many students a notebook holds a question or an exercise that is not in it
    today, by notebook and name: it gives and costs no points.
    """

    marks: list[Mark]
    left_out: list[LeftOut]
    counted: list[Returned] = field(default_factory=list)
    no_longer_asked: Counter = field(default_factory=Counter)


def marks(sources, students, secret, collected, several="agreed", new_key=False, scheme=PLAIN, code=None):
    """The ``Marked``, with a ``Mark`` for every student, source and question.

    Without ``secret`` everybody had the notebooks as they are. Where a notebook came back more than once, ``several``
    says what counts (see ``copies.counted``). ``scheme`` is what the answers are worth. ``code`` are the verdicts on
    exercises in code, where those are judged: place → exercise → ``Verdict``. ``Mistake`` before anything is marked if
    the key file or the questions are not those of the hand-out, or if the scheme corrects what there is not.
    """
    handed_out = [_HandedOut(source, secret, scheme, code) for source in sources]
    scheme.check(students, {each.name: each.ids for each in handed_out})
    variants = {each.name: each.variants for each in handed_out}
    found = [(each, held(secret, each, variants[each.notebook])) for each in collected.returned]
    check_all(found, new_key)
    copies, left_out = _by_student([*collected.left_out], found)
    reasons = _by_reason(left_out)
    marked = Marked([], left_out)
    for student in students:
        for each in handed_out:
            if pairs := copies.get((student, each.name)):
                own, elsewhere = in_their_own_place([each.copy(*one) for one in pairs])
                left_out += elsewhere
                _add(marked, each, *counted(own, several, each.late))
            else:
                marked.marks.extend(each.nothing_from(student, reasons.get((student, each.name))))
    return Marked(marked.marks, list(_merged(left_out)), marked.counted, marked.no_longer_asked)


def _by_student(left_out, found):
    """What came back, by student and notebook; and what was left out, with what cannot be used."""
    copies = {}
    for each, its in found:
        if its.fault in (NO_SECRET, OTHER_KEY, NOT_TOLD):
            asks = each.place if its.fault == NOT_TOLD else ""
            left_out.append(LeftOut(each.place, SAID[its.fault], (each.student,), each.notebook, asks))
        else:
            copies.setdefault((each.student, each.notebook), []).append((each, its))
    return copies, left_out


def _by_reason(left_out):
    """What was left out, by each student whose it may be and the notebook."""
    reasons = {}
    for each in left_out:
        for student in each.students:
            reasons.setdefault((student, each.notebook), []).append(each)
    return reasons


def _add(marked, handed_out, own, copies, left_out):
    """Put what counts of one student's notebook to the rest."""
    marked.marks.extend(own)
    marked.left_out.extend(left_out)
    marked.counted.extend(each.returned for each in copies)
    named = {name for each in copies for name in (*each.held.gone, *each.returned.content.tasks)}
    marked.no_longer_asked.update((handed_out.name, name) for name in named - handed_out.names)


def _merged(left_out):
    """The same, with one line for what is left out for the same reason from each of a group."""
    found = {}
    for each in left_out:
        found.setdefault((each.place, each.reason, each.notebook, each.asks), []).extend(each.students)
    for (place, reason, notebook, asks), students in found.items():
        yield LeftOut(place, reason, tuple(dict.fromkeys(students)), notebook, asks)


class _HandedOut:
    """One of the notebooks that were handed out, and the marks on what each student made of it."""

    def __init__(self, source, secret, scheme, code):
        self.name, self.variants = source.name, Variants(source.notebook, {}).checked()
        cells = [*tagged(source.notebook, "answer"), *tagged(source.notebook, "exercise")]
        of_cells = [each.metadata.get(kind) for each in source.notebook.cells for kind in ("question", "exercise")]
        self.names = {name_today(each) for each in of_cells if each}
        self.ids = {each.metadata.get("question") or each.metadata.get("exercise") for each in cells}
        self._secret, self._scheme, self._code, self._judge = secret, scheme, code, Judge()
        self._exercises = () if code is None else exercises_in(source.notebook)

    def copy(self, returned, its):
        """The ``Copy`` that came back, with its marks; ``its`` is what it holds of the hand-out."""
        cells = [each for each in returned.content.cells if each.typed not in self.variants.demonstrations]
        asked = self.variants.asked(its.values)
        marks = [judged(returned, cells, *each, its, self._scheme, self._judge) for each in asked]
        verdicts = (self._code or {}).get(returned.place, {})
        marks += [_of_code(returned, name, verdicts.get(name), self._scheme) for name in self._exercises]
        return Copy(returned, its, [replace(each, remark=together(each.remark, its.exam)) for each in marks])

    def late(self, copies):
        """The share that lateness takes off; ``copies`` are lists of those that say the same."""
        dates = [[(each.returned.place, each.returned.date) for each in own] for own in copies]
        return self._scheme.taken_off(copies[0][0].returned.student, self.name, dates)

    def nothing_from(self, student, left_out):
        """The marks of a student of whom nothing can be used, and why not."""
        verdict = LEFT_OUT if left_out else NOT_RETURNED
        remark = "; ".join(f"{each.place}: {each.reason}" for each in (left_out or [])[:MOST_REASONS])
        values = self.variants.drawn(self._secret, student.id) if self._secret else {}
        for _, question in self.variants.asked(values):
            yield of_question(student, self.name, question, verdict, self._scheme, remark=remark)
        for name in self._exercises:
            yield of_exercise(student, self.name, name, verdict, self._scheme)


def _of_code(returned, name, found, scheme):
    """The ``Mark`` on a function by its ``Verdict``, ``None`` where no function came back."""
    if found is None:
        return of_exercise(returned.student, returned.notebook, name, MISSING, scheme)
    verdict = OF_CODE.get(found.verdict, found.verdict)
    told = () if verdict in ("right", "slip") else found.explanation
    remark = " ".join(filter(None, [*told, found.remark]))
    return of_exercise(returned.student, returned.notebook, name, verdict, scheme, slip=found.slip, remark=remark)
