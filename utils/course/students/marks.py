"""The marks: the answers that came back, judged against a key computed anew."""

import ast
import json
import re
from dataclasses import dataclass

from utils import questions
from utils.course.students.roster import Student
from utils.course.students.variants import Variants
from utils.notebook_files.reading import tagged

NOT_RETURNED, MISSING = "not-returned", "missing"


LAST_TO_COUNT = {"unreadable": 1, "unanswered": 2}  # of several answers the first that can be read counts


@dataclass(frozen=True)
class Mark:
    """The verdict on one student's answer to one question.

    ``verdict`` is a word of ``utils.questions`` ("right", "slip", …), "not-returned" where the notebook did not come
    back, or "missing" where the question's cell is not in it. ``key`` is the right answer; a prediction has none.
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

    @property
    def points(self):
        """1 or 0, and ``None`` for a prediction."""
        return None if self.key is None else int(self.verdict == "right")


def marks(sources, students, secret, returned):
    """A ``Mark`` for every student, source and question; without ``secret`` everybody had the notebooks as they are."""
    came = {(each.student, each.notebook): each.cells for each in returned}
    variants = {source.name: Variants(source.notebook, {}) for source in sources}
    for student in students:
        for source in sources:
            values = variants[source.name].drawn(secret, student.id) if secret else {}
            asked = variants[source.name].asked(values)
            for cell, question in zip(tagged(source.notebook, "answer"), asked, strict=True):
                judged = _judged(came.get((student, source.name)), cell, question)
                key = questions.plain(question.answer)
                yield Mark(student, source.name, question.id, question.parameters, key, **judged)


def _judged(cells, asked, question):
    """The verdict on the answer to ``question``, which was handed out in the cell ``asked``, as ``Mark`` holds it."""
    if cells is None:
        return {"verdict": NOT_RETURNED}
    own = [cell for cell in cells if cell.question == question.id or (cell.id and cell.id == asked.get("id"))]
    shown, elsewhere = (
        [each for cell in some for each in cell.shown if isinstance(each, dict) and each.get("id") == question.id]
        for some in (own, [cell for cell in cells if cell not in own])
    )
    as_json = json.loads(json.dumps(question.parameters))
    elsewhere = [each for each in elsewhere if each.get("parameters") == as_json]  # a question's form, say
    if not own and not elsewhere:
        return {"verdict": MISSING}
    answers = [_typed(cell.source) for cell in own] + [each.get("answer") for each in shown + elsewhere]
    judged = [(answer, questions.judge(question, answer)) for answer in answers]
    answer, counts = min(judged, key=lambda each: LAST_TO_COUNT.get(each[1].verdict, 0))
    given = _as_text(answer) if counts.verdict == "unreadable" else counts.answer
    remarks = []
    if any(each.answer not in (None, counts.answer) for _, each in judged):
        remarks.append("another answer is shown, too, in its output or in another cell")
    if any(each.get("parameters") != as_json for each in shown):
        remarks.append("it was run with other parameters than this student's")
    return {"verdict": counts.verdict, "given": given, "slip": counts.slip or "", "remark": "; ".join(remarks)}


def _as_text(answer):
    try:
        return str(answer)[:200]
    except (ValueError, RecursionError):  # a number of more digits than Python prints; lists in lists in lists
        return "(too long or too deep to be shown)"


def _typed(source):
    """What an answer cell's ``answer = …`` holds: a text or number as it is, anything else as text; never executed."""
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        typed = re.findall(r"^answer\s*=([^#\n]*)", source, flags=re.MULTILINE)
        return typed[-1].strip() if typed and typed[-1].strip() != "None" else None
    for line in reversed(lines):
        if isinstance(line, ast.Assign) and any(getattr(name, "id", "") == "answer" for name in line.targets):
            value = line.value
            return value.value if isinstance(value, ast.Constant) else ast.get_source_segment(source, value)
    return None
