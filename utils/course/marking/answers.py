"""One answer of a returned notebook, judged: found in its cells and their outputs, and read as data.

Nothing that came back is run, no verdict in it is believed, and nothing in it raises an error.
"""

import json

from utils import questions
from utils.course.marking.copies import text_of
from utils.course.marking.mark import MISSING, of_question, together
from utils.course.students.signature import SAID
from utils.notebook_files.answer_cells import Typed

LAST_TO_COUNT = {"unreadable": 1, "unanswered": 2}  # of several answers the first that can be read counts
MOST_KNOWN = 2_000  # judgments that a judge remembers
CHANGED = "it is asked or answered in another way than when it was handed out"


class Judge:
    """Judges answers as ``questions.judge`` does; what is given to the same question again, it still knows."""

    def __init__(self):
        self._known = {}

    def __call__(self, question, answer):
        try:
            known = question.id, json.dumps(question.parameters), repr(answer)
        except (ValueError, RecursionError):  # a number of more digits than Python prints, say
            return questions.judge(question, answer)
        if known not in self._known:
            if len(self._known) == MOST_KNOWN:
                self._known.clear()
            self._known[known] = questions.judge(question, answer)
        return self._known[known]


def judged(returned, cells, cell_id, question, held, scheme, judge):
    """The ``Mark`` on the answer to a question, which is asked in the cell of that id.

    ``cells`` are those of the notebook ``returned`` that count, ``held`` what that holds of the hand-out. ``judge`` is
    a ``Judge``.
    """
    student, notebook = returned.student, returned.notebook
    of_its_variant = SAID.get(held.fault, ""), CHANGED * (question.id in held.changed)
    try:
        found = _verdict(cells, cell_id, question, judge)
        found["remark"] = together(found["remark"], *of_its_variant)
        return of_question(student, notebook, question, scheme=scheme, **found)
    except Exception as error:  # what came back is anybody's; no other mark is lost with this one
        remark = together(f"it could not be judged: {type(error).__name__}", *of_its_variant)
        return of_question(student, notebook, question, "unreadable", scheme, remark=remark)


def _verdict(cells, cell_id, question, judge):
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
    judged = [(answer, judge(question, _plain(answer))) for answer in answers]
    answer, counts = min(judged, key=lambda each: LAST_TO_COUNT.get(each[1].verdict, 0))
    given = text_of(_plain(answer)) if counts.verdict == "unreadable" else counts.answer
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
