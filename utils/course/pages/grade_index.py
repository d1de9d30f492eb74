"""What grading tells: the points of each student, every answer with its key, and how each question went."""

import csv
import html
import io
import json
from collections import Counter

from utils.course.pages.notebook_page import STYLE
from utils.course.pages.tables import cell
from utils.course.students.marks import NOT_RETURNED

ANSWER_COLUMNS = (
    "id", "name", "group", "notebook", "question", "parameters", "given", "verdict", "slip", "points", "key", "remark",
)  # fmt: skip


def reports(marks):
    """The files that describe these marks: name → text."""
    marks = list(marks)
    return {"grades.csv": _grades(marks), "answers.csv": _answers(marks), "index.html": _index(marks)}


def by_student(marks):
    """The points of each student in each notebook: student → name → points, ``None`` where it was not returned."""
    found = {}
    for mark in marks:
        points = found.setdefault(mark.student, {})
        if mark.verdict == NOT_RETURNED:
            points[mark.notebook] = None
        else:
            points[mark.notebook] = points.get(mark.notebook, 0) + (mark.points or 0)
    return found


def reachable(marks):
    """The most points that each notebook gives (name → points)."""
    first = next(iter(marks), None)
    most = {}
    for mark in marks:
        if mark.student == first.student:
            most[mark.notebook] = most.get(mark.notebook, 0) + (mark.points is not None)
    return most


def _grades(marks):
    most = reachable(marks)
    rows = [["id", "name", "group", *most, "points", "of"]]
    for student, points in by_student(marks).items():
        total = sum(filter(None, points.values()))
        rows.append([student.id, student.name, student.group, *points.values(), total, sum(most.values())])
    return _csv(rows)


def _answers(marks):
    rows = [ANSWER_COLUMNS]
    for each in marks:
        who = (each.student.id, each.student.name, each.student.group)
        asked = (each.notebook, each.question, _plain(each.parameters))
        rows.append(
            [*who, *asked, _plain(each.given), each.verdict, each.slip, each.points, _plain(each.key), each.remark]
        )
    return _csv(rows)


def _plain(value):
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def _index(marks):
    students, most = by_student(marks), reachable(marks)
    title = f"The marks of {len(students)} students"
    remarks = [(each.student.id, each.notebook, each.question, each.remark) for each in marks if each.remark]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>"
        '<p>As tables: <a href="grades.csv">the points</a>, <a href="answers.csv">every answer with its key</a>. '
        "The key was computed here; no verdict in a returned notebook was believed.</p>"
        + _table(
            "Questions", ("Notebook", "Question", "Right", "Most frequent slips", "Not answered"), _questions(marks)
        )
        + _table("Students", ("Student", "Name", "Group", *map(_number, most), "Points"), _students(students, most))
        + (_table("To look at", ("Student", "Notebook", "Question", "Remark"), remarks) if remarks else "")
        + "</main></body></html>\n"
    )


def _questions(marks):
    asked = {}
    for mark in marks:
        asked.setdefault((mark.notebook, mark.question), []).append(mark)
    for (notebook, question), own in asked.items():
        verdicts = Counter(each.verdict for each in own)
        answered = sum(verdicts[each] for each in ("right", "slip", "wrong", "noted"))
        right = "prediction" if own[0].key is None else f"{verdicts['right']} of {answered}"
        slips = Counter(each.slip for each in own if each.slip).most_common(3)
        yield notebook, question, right, "; ".join(f"{slip} ({count})" for slip, count in slips), len(own) - answered


def _students(students, most):
    for student, points in students.items():
        total = f"{sum(filter(None, points.values()))} of {sum(most.values())}"
        yield (
            student.id,
            student.name,
            student.group,
            *("–" if each is None else each for each in points.values()),
            total,
        )


def _number(notebook):
    """The notebook's number, where its name begins with one: the table has a column for each."""
    number = notebook.split("_")[0]
    return number if number.isdecimal() else notebook


def _table(caption, columns, rows):
    head = "".join(f'<th scope="col">{html.escape(each)}</th>' for each in columns)
    body = "".join(f"<tr>{''.join(map(_cell, range(len(row)), row))}</tr>\n" for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(place, value):
    text = html.escape(str(value))
    if place == 0:
        return f'<th scope="row">{text}</th>'
    return (
        f'<td class="number">{text}</td>' if isinstance(value, int) or value == "–" else f'<td dir="auto">{text}</td>'
    )
