"""The page that a student gets back: each answer, what was right about it, how it is found, and the points."""

from functools import cache

from utils import questions
from utils.claims import claim
from utils.course.pages.grade_index import by_student, reachable, written
from utils.course.pages.rendering import render
from utils.exercises import exercise, source_of
from utils.start_here import chapters

NOT_THERE = {
    "not-returned": "No file of this notebook came back from you.",
    "left-out": "A file came back that could not be used. Ask your instructor.",
}
VERDICTS = {
    "right": ("right", "✓", "Right"),
    "slip": ("wrong", "✗", "Not right"),
    "wrong": ("wrong", "✗", "Not right"),
    "returned-twice": ("wrong", "✗", "Several copies came back, with different answers"),
    "unreadable": ("open", "?", "This could not be read as an answer"),
    "unanswered": ("open", "○", "Not answered"),
    "missing": ("open", "○", "Its cell is not in your notebook"),
    "noted": ("open", "○", "Noted"),
    "left-out": ("open", "○", "What came back could not be used"),
    "not-returned": ("open", "○", "Nothing came back"),
    "open": ("open", "○", "Your instructor has to judge it"),
}
OTHERWISE = "wrong", "✗", "Not right"


def pages(marks, predictions=()):
    """The page of each student as HTML: ``Student`` → text. On it stands nothing of anybody else."""
    own, foretold = {}, {}
    for each in marks:
        own.setdefault(each.student, {}).setdefault(each.notebook, []).append(each)
    for each in predictions:
        foretold.setdefault((each.student, each.notebook), []).append(each)
    points, most = by_student(marks), reachable(marks)
    for student, notebooks in own.items():
        told = [
            _notebook(name, its, points[student][name], most[name], foretold.get((student, name), ()))
            for name, its in notebooks.items()
        ]
        total = sum(filter(None, points[student].values()))
        waiting = sum(each.most for its in notebooks.values() for each in its if each.waits)
        yield student, _page(student, told, written(total), written(sum(most.values())), written(waiting))


def _page(student, notebooks, points, most, waiting):
    return render(
        "feedback.html",
        title=f"Your answers: {student.name or student.id}",
        student=student,
        notebooks=notebooks,
        points=points,
        most=most,
        waiting=waiting,
    )


def _notebook(name, marks, points, most, predictions):
    """What the page says of one notebook."""
    came = any(each.came for each in marks)
    late = max(each.late for each in marks)
    return {
        "title": _titles().get(name, name),
        "points": written(points),
        "most": written(most),
        "late": written(100 * late) if late else "",
        "absent": "" if came else NOT_THERE[marks[0].verdict],
        "answers": [_answer(each) for each in marks] if came else [],
        "predictions": [(claim(each.claim).statement, _foretold(each)) for each in predictions],
    }


def _answer(mark):
    """What the page says of one answer, by the names that the template uses."""
    kind, sign, words = VERDICTS.get(mark.verdict, OTHERWISE)
    told = _of_exercise(mark) if mark.exercise else _of_question(mark)
    return told | {
        "id": mark.question,
        "kind": kind,
        "sign": sign,
        "words": f"{words}: {mark.slip}" if mark.slip else words,
        "points": written(mark.points),
        "most": written(mark.most),
        "waits": mark.waits,
        "remark": "" if mark.verdict in ("returned-twice", "left-out") else mark.remark,
        "correction": mark.correction.reason if mark.correction else "",
    }


def _of_question(mark):
    question = questions.ask(mark.question, **mark.parameters)
    explanation = []
    if mark.given is not None and mark.verdict in ("slip", "wrong", "unreadable"):
        told = questions.judge(question, mark.given).explanation
        explanation = [each for each in told if not each.startswith("Hint: ")]
    return {
        "text": question.text,
        "choices": question.choice_lines,
        "given": "" if mark.given is None else _shown(mark.given),
        "explanation": explanation,
        "steps": question.steps,
        "code": "",
    }


def _of_exercise(mark):
    asked = exercise(mark.question)
    why = [each.why for each in (*asked.slips, *asked.faults) if each.name == mark.slip]
    code = source_of(asked.solution)
    return {"text": asked.text, "choices": [], "given": "", "explanation": why, "steps": [], "code": code}


def _foretold(predicted):
    if predicted.outcome:
        return str(predicted.outcome)
    return f"You said: {_shown(predicted.given)}. This was not measured, so nothing is scored."


def _shown(value):
    return ", ".join(map(_shown, value)) if isinstance(value, list | tuple) else str(value)


@cache
def _titles():
    return {each.name: f"{each.name[:2]} · {each.title}" for each in chapters()}
