"""What grading tells: each student's points, every answer with its key, how questions went, and what was left out."""

import json
import math
from collections import Counter
from fractions import Fraction
from statistics import fmean, median

from utils.course.pages.rendering import render
from utils.course.storage.spreadsheets import csv_text

FILES = (
    "grades.csv", "answers.csv", "predictions.csv", "left_out.csv", "concepts.csv", "questions.csv", "slips.csv",
    "same_work.csv", "index.html",
)  # fmt: skip
ANSWER_COLUMNS = (
    "id", "name", "group", "notebook", "question", "parameters", "given", "verdict", "slip", "points", "of",
    "percent_off_for_lateness", "key", "remark", "corrected_because",
)  # fmt: skip
PREDICTION_COLUMNS = (
    "id", "name", "group", "notebook", "claim", "kind", "low", "high", "choice", "confidence", "measured", "score",
)  # fmt: skip
CONCEPT_COLUMNS = "question", "on", "students", "right_before", "right_after", "normalized_gain"
LEFT_OUT_COLUMNS = "place", "notebook", "may_be_of", "reason"
QUESTION_COLUMNS = (
    "notebook", "question", "came", "right", "slip", "wrong", "open", "share_of_points", "discrimination",
)  # fmt: skip
SLIP_COLUMNS = "notebook", "question", "slip", "group", "students"
SAME_COLUMNS = "id", "other_id", "notebook", "question", "answer", "why"
KINDS = "right", "slip", "wrong", "open"
MOST_GONE = 100  # questions and exercises no longer asked that the page names: those of most hand-ins
MOST_GROUPS = 8  # that the page has a column for; the table has all


def reports(marks, left_out, predictions=(), gains=(), items=(), same=(), no_longer_asked=()):
    """The files on these marks: name → text.

    Beside them they tell what was predicted, the ``gains`` in concepts, how each of the ``items`` went, which answers
    are the ``same``, what was left out, and ``(notebook, question)`` of what was handed out and is not asked today.
    """
    texts = (
        _grades(marks),
        _answers(marks),
        _predictions(predictions),
        _left_out(left_out),
        _concepts(gains),
        _questions(items),
        _slips(items),
        _same(same),
        _index(marks, left_out, predictions, gains, items, same, no_longer_asked),
    )
    return dict(zip(FILES, texts, strict=True))


def by_student(marks):
    """The points of each student in each notebook: student → name → points, ``None`` where none could be read.

    What lateness takes off is off; points have two digits behind the point.
    """
    found = {}
    for mark in marks:
        points = found.setdefault(mark.student, {}).setdefault(mark.notebook, None)
        if mark.came:
            found[mark.student][mark.notebook] = (points or 0) + (mark.points or 0) * (1 - mark.late)
    return {
        student: {notebook: None if points is None else _rounded_up(points) for notebook, points in own.items()}
        for student, own in found.items()
    }


def totals(marks):
    """The points of each student in all notebooks; ``None`` where nothing came back that could be read."""
    return {
        student: None if set(points.values()) == {None} else sum(filter(None, points.values()))
        for student, points in by_student(marks).items()
    }


def reachable(marks):
    """The most points that each notebook gives (name → points)."""
    first = next(iter(marks), None)
    most = {}
    for mark in marks:
        if mark.student == first.student:
            most[mark.notebook] = most.get(mark.notebook, 0) + (mark.most or 0)
    return most


def written(points):
    """Points as a table shows them: a whole number where they are one, and nothing where there are none."""
    return "" if points is None else f"{float(_rounded_up(points)):.2f}".rstrip("0").rstrip(".")


def _grades(marks):
    most, students = reachable(marks), by_student(marks)
    columns = [each for each in ("email", "canvas", "moodle") if any(getattr(one, each) for one in students)]
    extra = list(dict.fromkeys(name for one in students for name, _ in one.extra))
    rows = [["id", "name", "group", *columns, *extra, *most, "points", "of"]]
    for student, points in students.items():
        own, others = [getattr(student, each) for each in columns], dict(student.extra)
        who = [student.id, student.name, student.group, *own, *(others.get(each, "") for each in extra)]
        points = [*points.values(), sum(filter(None, points.values())), sum(most.values())]
        rows.append([*who, *map(written, points)])
    return csv_text(rows)


def _answers(marks):
    return csv_text(_answer_rows(marks))


def _answer_rows(marks):
    yield ANSWER_COLUMNS
    for each in marks:
        who = (each.student.id, each.student.name, each.student.group)
        asked = (each.notebook, each.question, _plain(each.parameters))
        answer = (_plain(each.given), each.verdict, each.slip, written(each.points), written(each.most))
        answer += (written(100 * each.late) if each.late else "",)
        by_hand = each.correction.reason if each.correction else ""
        yield [*who, *asked, *answer, _plain(each.key), each.remark, by_hand]


def _predictions(predictions):
    rows = [PREDICTION_COLUMNS]
    for each in predictions:
        given = {"range": [*each.given, "", ""], "choice": ["", "", *each.given]}.get(
            each.kind, ["", "", each.given, ""]
        )
        who, score = (each.student.id, each.student.name, each.student.group), each.score
        rows.append([*who, each.notebook, each.claim, each.kind, *given, each.measured, score and round(score, 4)])
    return csv_text(rows)


def _left_out(left_out):
    rows = [LEFT_OUT_COLUMNS]
    for each in left_out:
        rows.append([each.place, each.notebook, " ".join(student.id for student in each.students), each.reason])
    return csv_text(rows)


def _concepts(gains):
    rows = [CONCEPT_COLUMNS]
    for each in gains:
        rows.append([each.id, each.topic, each.n, each.before, each.after, _rounded(each.normalized)])
    return csv_text(rows)


def _rounded_up(points):
    """Points with two digits behind the point; half of the last one is rounded up."""
    return Fraction(math.floor(100 * points + Fraction(1, 2)), 100)


def _rounded(number):
    return "" if number is None else f"{number:.2f}"


def _plain(value):
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _questions(items):
    rows = [QUESTION_COLUMNS]
    for each in items:
        counts = [each.kinds[kind] for kind in KINDS]
        rows.append(
            [each.notebook, each.question, each.came, *counts, *map(_rounded, (each.earned, each.discrimination))]
        )
    return csv_text(rows)


def _slips(items):
    rows = [SLIP_COLUMNS]
    for each in items:
        for slip, groups in each.slips.items():
            rows += [[each.notebook, each.question, slip, group, count] for group, count in sorted(groups.items())]
    return csv_text(rows)


def _same(same):
    rows = [SAME_COLUMNS]
    for each in same:
        rows.append([*(student.id for student in each.students), each.notebook, each.question, each.answer, each.why])
    return csv_text(rows)


def _index(marks, left_out, predictions, gains, items, same, no_longer_asked):
    gone = Counter(no_longer_asked).most_common(MOST_GONE)
    students, most = by_student(marks), reachable(marks)
    groups = sorted({each.group for each in students})
    groups = groups if 1 < len(groups) <= MOST_GROUPS else []
    return render(
        "grade_index.html",
        title=f"The marks of {len(students)} students",
        items=items,
        kinds=KINDS,
        slips=sorted(_all_slips(items), key=lambda each: -each[3].total()),
        groups=groups,
        group_names=[f"Group {each}" if each else "No group" for each in groups],
        rounded=_rounded,
        same=same,
        predictions=list(_by_claim(predictions)),
        number=_number,
        notebooks=[_number(each) for each in most],
        late={(each.student, each.notebook) for each in marks if each.late and each.came},
        waiting=_waiting(marks),
        students=students,
        reachable=sum(most.values()),
        written=written,
        remarks=[each for each in marks if each.remark and each.came],
        left_out=left_out,
        no_longer_asked=[f"{name} of {notebook}" for (notebook, name), _ in gone],
        concepts=[(each, _rounded(each.normalized)) for each in gains if each.n],
        learned=_learned(gains[-1] if gains else None),
    )


def _learned(total):
    """A sentence on all questions on concepts together; "" if nobody answered one both times."""
    if not total or not total.n:
        return ""
    times = (
        f"Of {total.n} answers given both times, {total.before} were right at the start and {total.after} at the end"
    )
    return f"{times}: normalized gain {_rounded(total.normalized) or '–'}."


def _all_slips(items):
    """``(notebook, question, slip, how many by group)`` of each slip that was made."""
    return [(each.notebook, each.question, slip, groups) for each in items for slip, groups in each.slips.items()]


def _by_claim(predictions):
    """How a class predicted: notebook, claim, how many, what most said, what was measured, hits, the mean score."""
    asked = {}
    for each in predictions:
        if each.kind in ("range", "choice"):
            asked.setdefault((each.notebook, each.claim, each.kind), []).append(each)
    for (notebook, claim, kind), own in asked.items():
        if kind == "range":
            low, high = (f"{median(each.given[end] for each in own):.3g}" for end in (0, 1))
            said = f"{low} to {high} (medians)"
        else:
            said = "; ".join(f"{word} ({n})" for word, n in Counter(each.given[0] for each in own).most_common(3))
        scored = [each for each in own if each.outcome]
        measured = scored[0].outcome.shown + scored[0].outcome.where if scored else "–"
        hits = f"{sum(each.hit for each in scored)} of {len(scored)}"
        yield (
            notebook,
            claim,
            len(own),
            said,
            measured,
            hits,
            f"{fmean(each.score for each in scored):.2f}" if scored else "–",
        )


def _waiting(marks):
    """The points of each student that somebody has to judge (student → points, of those who have any)."""
    waiting = Counter()
    for each in marks:
        if each.waits:
            waiting[each.student] += each.most
    return waiting


def _number(notebook):
    """The notebook's number, as marks.yaml names it, where its name begins with one; else its name."""
    number = notebook.split("_")[0]
    return number if number.isdecimal() else notebook
