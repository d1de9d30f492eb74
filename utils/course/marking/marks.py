"""The marks: the answers that came back, judged against a key computed anew."""

import json
from dataclasses import dataclass, replace
from fractions import Fraction

from utils import questions
from utils.course.hand_ins.collect import LeftOut
from utils.course.marking.code_verdicts import exercises_in
from utils.course.marking.marking_scheme import PLAIN, Correction
from utils.course.students.roster import Student
from utils.course.students.signature import NO_SECRET, NOT_TOLD, OTHER_KEY, SAID, check_all, held
from utils.course.students.variants import Variants
from utils.notebook_files.answer_cells import Typed
from utils.notebook_files.reading import tagged

NOT_RETURNED, LEFT_OUT, RETURNED_TWICE, MISSING = "not-returned", "left-out", "returned-twice", "missing"
OPEN = MISSING, "unanswered"
LAST_TO_COUNT = {"unreadable": 1, "unanswered": 2}  # of several answers the first that can be read counts
LONGEST_SHOWN = 200


@dataclass(frozen=True)
class Mark:
    """The verdict on one student's answer to one question.

    ``verdict`` is a word of ``utils.questions`` ("right", "slip", …); "not-returned" where the notebook did not come
    back, "left-out" where something did that could not be used, "missing" where the question's cell is not in it, and
    "returned-twice" where several came back and differ. ``key`` is the right answer; a prediction has none. ``most``
    are the points for what is right (``None`` for a prediction), ``share`` is what the answer earns of them (``None``:
    what is right earns all, else nothing), and ``late`` the share that lateness takes off the points of the whole
    notebook. ``correction`` is one made by hand.
    """

    student: Student
    notebook: str
    question: str
    parameters: dict
    key: object
    verdict: str
    given: object = None
    slip: str = ""
    remark: str = ""
    most: Fraction | None = Fraction(1)
    share: Fraction | None = None
    late: Fraction = Fraction(0)
    correction: Correction | None = None
    exercise: bool = False

    @property
    def came(self):
        """Whether a notebook came back that could be used, or somebody gave points by hand."""
        return self.verdict not in (NOT_RETURNED, LEFT_OUT) or self.correction is not None

    @property
    def points(self):
        """The points, before lateness takes anything off; ``None`` for a prediction."""
        if self.most is None:
            return None
        if self.correction:
            return min(self.correction.points, self.most)
        return self.most * (self.verdict == "right" if self.share is None else self.share)


def marks(sources, students, secret, collected, several="agreed", new_key=False, scheme=PLAIN, code=None):
    """A ``Mark`` for every student, source and question, and the list of all that was left out.

    Without ``secret`` everybody had the notebooks as they are. Where a notebook came back more than once, ``several``
    says what counts: the answers on which the copies agree, or the latest, the first or the best copy. ``scheme`` is
    what the answers are worth. ``code`` are the verdicts on exercises in code, where those are judged: place →
    exercise → ``Verdict``. ``Mistake`` before anything is marked if the key file or the questions are not those of
    the hand-out, or if the scheme corrects what there is not.
    """
    variants = {source.name: Variants(source.notebook, {}).checked() for source in sources}
    scheme.check(students, {source.name: _names_in(source.notebook) for source in sources})
    found = [(each, held(secret, each, variants[each.notebook])) for each in collected.returned]
    check_all(found, new_key)
    left_out, copies = list(collected.left_out), {}
    for each, own in found:
        if own.fault in (NO_SECRET, OTHER_KEY, NOT_TOLD):
            asks = each.place if own.fault == NOT_TOLD else ""
            left_out.append(LeftOut(each.place, SAID[own.fault], (each.student,), each.notebook, asks))
        else:
            copies.setdefault((each.student, each.notebook), []).append((each, own))
    for key, own in copies.items():
        copies[key], elsewhere = _own(own)
        left_out += elsewhere
    reasons = {}
    for each in left_out:
        for student in each.students:
            reasons.setdefault((student, each.notebook), []).append(each)
    made = []
    for student in students:
        for source in sources:
            came = copies.get((student, source.name), [])
            of_it = variants[source.name]
            if came:
                of_code = {} if code is None else dict.fromkeys(exercises_in(source.notebook))
                all_copies = [
                    _Copy(each, own, of_it, scheme, of_code | (code or {}).get(each.place, {})) for each, own in came
                ]
                own, counting, aside = _counted(all_copies, several)
                left_out += aside
                same = [[(c.place, c.date) for c in all_copies if c.answers == each.answers] for each in counting]
                late = scheme.taken_off(student, source.name, same)
            else:
                values, late = of_it.drawn(secret, student.id) if secret else {}, Fraction(0)
                asked = of_it.asked(values)
                why = reasons.get((student, source.name))
                own = [*_not_there(student, source.name, asked, why, scheme)]
                for name in () if code is None else exercises_in(source.notebook):
                    own.append(of_exercise(student, source.name, name, LEFT_OUT if why else NOT_RETURNED, scheme))
            for each in own:
                made.append(replace(each, late=late, correction=scheme.correction(student, source.name, each.question)))
    return made, list(_merged(left_out))


def _merged(left_out):
    """The same, with one line for what is left out for the same reason from each of a group."""
    found = {}
    for each in left_out:
        found.setdefault((each.place, each.reason, each.notebook, each.asks), []).extend(each.students)
    for (place, reason, notebook, asks), students in found.items():
        yield LeftOut(place, reason, tuple(dict.fromkeys(students)), notebook, asks)


def of_exercise(student, notebook, name, verdict, scheme, **more):
    """The ``Mark`` on a student's function for the exercise of that name; ``more`` are a slip and a remark, say."""
    worth = {"most": scheme.most(notebook, name), "share": scheme.share(verdict)}
    correction = scheme.correction(student, notebook, name)
    return Mark(student, notebook, name, {}, None, verdict, **worth, correction=correction, exercise=True, **more)


def _of_code(returned, name, found, scheme):
    """The ``Mark`` on a function by its ``Verdict``, ``None`` where no function came back."""
    if found is None:
        return of_exercise(returned.student, returned.notebook, name, MISSING, scheme)
    verdict = {"unattempted": "unanswered", "error": "wrong", "endless": "wrong"}.get(found.verdict, found.verdict)
    told = () if verdict in ("right", "slip") else found.explanation
    remark = " ".join(filter(None, [*told, found.remark]))
    return of_exercise(returned.student, returned.notebook, name, verdict, scheme, slip=found.slip, remark=remark)


def _names_in(notebook):
    """The ids of all questions and exercises in a notebook's cells."""
    cells = [*tagged(notebook, "answer"), *tagged(notebook, "exercise")]
    return {each.metadata.get("question") or each.metadata.get("exercise") for each in cells}


def _own(copies):
    """Those of a student's copies that count as theirs, and a ``LeftOut`` for each other.

    Where one lies in the student's own place, another that lies elsewhere and only says to be theirs does not count.
    """
    sure = [each for each in copies if each[0].sure]
    own = [each.content.cells for each, _ in sure]
    elsewhere = [each for each, _ in copies if sure and not each.sure and each.content.cells not in own]
    reason = f"it says to be theirs, and another lies in their own place: {sure[0][0].place}" if sure else ""
    return sure or copies, [LeftOut(each.place, reason, (each.student,), each.notebook) for each in elsewhere]


def _not_there(student, notebook, asked, left_out, scheme):
    verdict = LEFT_OUT if left_out else NOT_RETURNED
    remark = "; ".join(f"{each.place}: {each.reason}" for each in (left_out or [])[:3])
    for _, question in asked:
        yield _mark(student, notebook, question, scheme, verdict=verdict, remark=remark)


class _Copy:
    """One of the notebooks that a student returned under the same name, with a mark for each of its questions."""

    def __init__(self, returned, held, variants, scheme, code):
        self.place, self.date, self.attachment = returned.place, returned.date, returned.attachment
        cells = [each for each in returned.content.cells if each.typed not in variants.demonstrations]
        self.marks = [_judged(returned, cells, each, held, scheme) for each in variants.asked(held.values)]
        self.marks += [_of_code(returned, name, verdict, scheme) for name, verdict in code.items()]
        self.marks = [replace(each, remark=_and(each.remark, held.exam)) for each in self.marks]
        self.answers = [(mark.verdict, mark.given) for mark in self.marks]
        self.open = all(mark.verdict in OPEN for mark in self.marks)
        self.points = sum(mark.points or 0 for mark in self.marks)
        self._returned = returned

    def aside(self, reason):
        return LeftOut(self.place, reason, (self._returned.student,), self._returned.notebook)


def _counted(copies, several):
    """The marks of one or several copies, the copies that they come from, and a ``LeftOut`` for each other."""
    answered = [each for each in copies if not each.open] or copies[:1]
    different = [each for at, each in enumerate(answered) if each.answers not in (e.answers for e in answered[:at])]
    if len(different) == 1:
        return different[0].marks, different, []
    if several == "best":
        best = max(different, key=lambda each: each.points)
    elif several in ("latest", "first") and (ordered := _in_order_of_time(different)):
        best = ordered[-1 if several == "latest" else 0]
    else:
        own = list(_agreed(different))
        differ = any(mark.verdict == RETURNED_TWICE for mark in own)
        reason = "it came back more than once, with different answers"
        return own, different, [each.aside(reason) for each in different if differ]
    reason = f"it came back more than once: the {several} counts, {best.place}"
    return best.marks, [best], [each.aside(reason) for each in different if each is not best]


def _in_order_of_time(copies):
    """The copies as they came, by Canvas's numbers or else by their dates; ``None`` where these do not tell."""
    for when in (lambda each: each.attachment or None, lambda each: each.date):
        if len({*map(when, copies)} - {None}) == len(copies):
            return sorted(copies, key=when)
    return None


def _agreed(copies):
    """A mark for each question: that of the copies that answer it where they agree, else "returned-twice"."""
    for at, first in enumerate(copies[0].marks):
        own = [(each.place, each.marks[at]) for each in copies]
        given = [(place, mark) for place, mark in own if mark.verdict not in OPEN]
        if len({repr((mark.verdict, mark.given)) for _, mark in given}) <= 1:
            yield (given or own)[0][1]
        else:
            came = [(place, mark.verdict if mark.exercise else _text(mark.given)) for place, mark in given[:5]]
            remark = f"it came back as {'; '.join(f'{what} in {place}' for place, what in came)}"
            yield replace(first, verdict=RETURNED_TWICE, given=None, slip="", share=None, remark=remark)


def _judged(returned, cells, asked, held, scheme):
    """The ``Mark`` on the answer to a question, ``asked`` in the cell of an id. It never raises."""
    cell_id, question = asked
    try:
        found = _verdict(cells, cell_id, question)
        found["share"] = scheme.share(found["verdict"], question, found.get("given"))
    except Exception as error:  # what came back is anybody's; no other mark is lost with this one
        found = {"verdict": "unreadable", "remark": f"it could not be judged: {type(error).__name__}"}
    changed = "it is asked or answered in another way than when it was handed out" * (question.id in held.changed)
    remark = _and(found.pop("remark"), SAID.get(held.fault, ""), changed)
    return _mark(returned.student, returned.notebook, question, scheme, remark=remark, **found)


def _and(*remarks):
    return "; ".join(filter(None, remarks))


def _mark(student, notebook, question, scheme, **found):
    key = questions.plain(question.answer)
    most = None if key is None else scheme.most(notebook, question.id)
    return Mark(student, notebook, question.id, question.parameters, key, most=most, **found)


def _verdict(cells, cell_id, question):
    asking = [each for each in cells if _asks(each, cell_id, question.id)]
    own = [each for each in asking if not _is_practice(each, cell_id, question.id)] or asking
    as_json = json.loads(json.dumps(question.parameters))
    shown = [each for cell in own for each in cell.shown if each.get("id") == question.id]
    elsewhere = [
        each
        for cell in cells
        if cell not in own
        for each in cell.shown
        if each.get("id") == question.id and each.get("parameters") == as_json  # a question's form, say
    ]
    if not own and not elsewhere:
        return {"verdict": MISSING, "remark": ""}
    answers = [*_in_order(own, question.id, as_json), *(each.get("answer") for each in shown + elsewhere)]
    judged = [(answer, questions.judge(question, _plain(answer))) for answer in answers]
    answer, counts = min(judged, key=lambda each: LAST_TO_COUNT.get(each[1].verdict, 0))
    given = _text(_plain(answer)) if counts.verdict == "unreadable" else counts.answer
    remarks = []
    if any(each.answer not in (None, counts.answer) for _, each in judged):
        remarks.append("another answer is shown, too, in its output or in another cell")
    if any(each.get("parameters") != as_json for each in shown):
        remarks.append("it was run with other parameters than were handed out")
    confirmed = counts.answer is not None and any(each.get("answer") == counts.answer for each in shown)
    if isinstance(answer, Typed) and not confirmed:
        remarks += _of_typing(answer)
    return {"verdict": counts.verdict, "given": given, "slip": counts.slip or "", "remark": "; ".join(remarks)}


def _asks(cell, cell_id, question_id):
    """Whether a returned cell is one that asks this question: by what it calls, else by its metadata or its id."""
    if question_id in cell.typed:
        return True
    if set(cell.typed) & set(questions.questions()):
        return False  # it asks another one now
    return _stands_for(cell, cell_id, question_id)


def _stands_for(cell, cell_id, question_id):
    """Whether a cell is the question's own, by its metadata or its id."""
    return cell.question == question_id or bool(cell_id and cell.id == cell_id)


def _is_practice(cell, cell_id, question_id):
    """Whether it is a student's own cell for ``another``: its check names none of the question's parameters."""
    alone = question_id in cell.typed and cell.typed[question_id].alone
    return alone and not _stands_for(cell, cell_id, question_id) and bool(questions.parameters_of(question_id))


def _in_order(cells, question_id, parameters):
    """What is typed in the question's cells; what a cell shows comes first where its answer is set in several ways."""
    for cell in cells:
        typed = cell.typed.get(question_id) or cell.typed.get("", Typed())
        if typed.again:
            own = [each for each in cell.shown if each.get("id") == question_id]
            yield from (each.get("answer") for each in own[-1:] if each.get("parameters") == parameters)
        yield typed


def _of_typing(typed):
    if typed.again:
        yield "its answer is set more than once, or not by 'answer = …', and no output shows what it was"
    if typed.bare:
        yield "typed without quotation marks, which Python refuses"
    if typed.above:
        yield "typed in a cell above"


def _plain(answer):
    return answer.value if isinstance(answer, Typed) else answer


def _text(answer):
    try:
        return str(answer)[:LONGEST_SHOWN]
    except (ValueError, RecursionError):  # a number of more digits than Python prints; lists in lists in lists
        return "(too long or too deep to be shown)"
