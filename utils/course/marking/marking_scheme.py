"""How many points an answer earns: what ``marks.yaml`` says, and one for each right answer where it says nothing."""

import difflib
import math
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from utils import questions
from utils.course.storage.input_files import Mistake
from utils.course.students.platforms import platform_name
from utils.exercises import exercise, exercises
from utils.former_names import name_today

PARTS = "points", "partial", "dropped", "late", "corrections"
CORRECTED = "student", "notebook", "question", "points", "reason"
DAY = 24 * 3600  # seconds
MOST_POINTS = 1000
NOTHING, ALL = Fraction(0), Fraction(1)  # one object each: a class has many marks


@dataclass(frozen=True)
class Correction:
    """The points that somebody gave by hand in place of those computed, and why."""

    points: Fraction
    reason: str


@dataclass(frozen=True)
class Scheme:
    """What the answers are worth. ``points`` and ``corrections`` are found by notebook and name; "" is any notebook.

    ``slip`` is the share of the points for an answer that a known slip leads to; with ``several``, each right one of
    several numbers earns its share. What is ``dropped`` gives no points. ``due`` holds the seconds since 1970 by
    notebook. ``per_day`` and ``at_most`` are the shares of a notebook's points that are taken off when it is late.
    """

    points: dict = field(default_factory=dict)
    slip: Fraction = Fraction(0)
    several: bool = False
    dropped: frozenset = frozenset()
    due: dict = field(default_factory=dict)
    per_day: Fraction = Fraction(0)
    at_most: Fraction = Fraction(1)
    excused: frozenset = frozenset()
    corrections: dict = field(default_factory=dict)

    def most(self, notebook, name):
        """The points for what is right: of a question, or of an exercise in code."""
        if name in self.dropped:
            return NOTHING
        given = self.points.get((notebook, name), self.points.get(("", name)))
        if given is not None:
            return given
        return Fraction(exercise(name).points) if name in exercises() else ALL

    def share(self, verdict, question=None, answer=None):
        """The share of the points that an answer earns by its verdict and, of several numbers, by those right in it."""
        if verdict == "right":
            return ALL
        share = self.slip if verdict == "slip" else NOTHING
        if not self.several or question is None or not isinstance(answer, list):
            return share
        key = questions.flat(question.answer)
        right = [questions.same(a, b, question.tolerance) for a, b in zip(answer, key, strict=False)]
        return max(share, Fraction(sum(right), len(key))) if len(answer) == len(key) > 1 else share

    def correction(self, student, notebook, name):
        """The ``Correction`` of one mark, or ``None``."""
        own = student.id.casefold()
        return self.corrections.get((own, notebook, name)) or self.corrections.get((own, "", name))

    def taken_off(self, student, notebook, copies):
        """The share of a notebook's points that is taken off for lateness.

        ``copies`` are lists of ``(place, date)`` of copies that say the same. Of each the earliest counts, and of them
        the latest. What Canvas marked as late counts as one day: the dates in its zip files say something else.
        """
        if not self.per_day or student.id.casefold() in self.excused:
            return NOTHING
        due = self.due.get(notebook, self.due.get(""))
        days = max(min(_days_late(place, date, due) for place, date in same) for same in copies)
        return min(days * self.per_day, self.at_most)

    def check(self, students, asked):
        """``Mistake`` where a correction fits no student, or more than one notebook.

        ``asked`` are the names asked in each notebook that is graded now: name → names.
        """
        ids = {each.id.casefold() for each in students}
        for each in self.excused - ids:
            raise Mistake(f"late: excused: {_not_there(each)}")
        for student, notebook, name in self.corrections:
            if student not in ids:
                raise Mistake(f"corrections: {_not_there(student)}")
            if notebook and notebook in asked and name not in asked[notebook]:
                raise Mistake(f"corrections: {name} is not asked in {notebook}")
            places = [each for each in asked if name in asked[each]]
            if not notebook and len(places) > 1:
                which = " and ".join(places)
                raise Mistake(f"corrections: {name} is asked in {which}: which of them is meant? Add 'notebook: …'")
            for place in [notebook] if notebook else places:
                most, given = self.most(place, name), self.corrections[student, notebook, name].points
                if name not in self.dropped and given > most:
                    raise Mistake(f"corrections: {shown(given)} points for {name}, which gives {shown(most)} at most")


PLAIN = Scheme()  # a point for each right answer


def scheme_of(found, notebooks):
    """The ``Scheme`` in what ``marks.yaml`` holds; ``notebooks`` are the names of the course's. ``Mistake`` if none."""
    found = _mapping(found, "marks.yaml", PARTS)
    partial = _mapping(found.get("partial"), "partial", ("slip", "several"))
    late = _mapping(found.get("late"), "late", ("due", "percent_per_day", "at_most", "excused"))
    if late and "percent_per_day" not in late:
        raise Mistake("late: 'percent_per_day: 10' is needed, say")
    if not isinstance(several := partial.get("several", False), bool):
        raise Mistake(f"partial: several: {several!r}: true or false is needed")
    return Scheme(
        points=_points(found.get("points"), notebooks),
        slip=_number(partial.get("slip", 0), "partial: slip", 1),
        several=several,
        dropped=frozenset(_known(each, "dropped") for each in _list(found.get("dropped"), "dropped")),
        due=_due(late.get("due"), notebooks),
        per_day=_number(late.get("percent_per_day", 0), "late: percent_per_day", 100) / 100,
        at_most=_number(late.get("at_most", 100), "late: at_most", 100) / 100,
        excused=frozenset(str(each).casefold() for each in _list(late.get("excused"), "late: excused")),
        corrections=_corrections(found.get("corrections"), notebooks),
    )


def shown(points):
    """Points as they are written: a whole number where they are one, else two digits behind the point at most."""
    if points is None or points == int(points):
        return points if points is None else int(points)
    return float(round(points, 2))


def _points(found, notebooks):
    points = {}
    for key, given in _mapping(found, "points").items():
        notebook, _, name = key.rpartition("/")
        notebook = _notebook(notebook, f"points: {key}", notebooks) if notebook else ""
        points[notebook, _known(name, "points")] = _number(given, f"points: {key}", MOST_POINTS)
    return points


def _corrections(found, notebooks):
    corrections = {}
    for number, each in enumerate(_list(found, "corrections"), start=1):
        where = f"corrections, number {number}"
        each = _mapping(each, where, CORRECTED)
        for name in ("student", "question", "points", "reason"):
            if each.get(name) in (None, ""):
                raise Mistake(f"{where}: '{name}: …' is missing")
        notebook = _notebook(each["notebook"], where, notebooks) if each.get("notebook") else ""
        key = str(each["student"]).casefold(), notebook, _known(each["question"], where)
        if key in corrections:
            raise Mistake(f"{where}: {each['question']} of {each['student']} is corrected already: which one holds?")
        corrections[key] = Correction(_number(each["points"], f"{where}: points", MOST_POINTS), str(each["reason"]))
    return corrections


def _due(found, notebooks):
    if found is None:
        return {}
    if not isinstance(found, dict):
        return {"": _time(found)}
    return {_notebook(name, "late: due", notebooks): _time(when) for name, when in found.items()}


def _time(text):
    try:
        return datetime.fromisoformat(str(text)).timestamp()  # without an offset it is the time of this machine
    except (ValueError, OverflowError) as error:
        raise Mistake(f"late: due: {text!r}: a date and a time are needed, such as 2026-12-01 23:59") from error


def _not_there(student):
    advice = ". An id that begins with 0 needs quotation marks" if student.isdecimal() else ""
    return f"{student!r} is not in the roster{advice}"


def _days_late(place, date, due):
    written = next(filter(None, map(platform_name, place.split("/"))), None)
    if written and written.late is not None:
        return 1 if written.late else 0
    return max(0, math.ceil((date - due) / DAY)) if date is not None and due is not None else 0


def _mapping(found, where, names=None):
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Mistake(f"{where}: lines of the form 'name: value' are needed")
    for name in found if names else ():
        if name not in names:
            raise Mistake(f"{where}: {name!r} is unknown; there are: {', '.join(names)}")
    return found


def _list(found, where):
    if found is None:
        return []
    if not isinstance(found, list):
        raise Mistake(f"{where}: a list is needed: lines that begin with '- '")
    return found


def _number(value, where, most):
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise Mistake(f"{where}: {value!r}: a number from 0 to {most} is needed")
    return Fraction(str(value))


def _known(name, where):
    known, name = [*questions.questions(), *exercises()], name_today(name)
    if name not in known:
        close = difflib.get_close_matches(str(name)[:60], known, 1)
        raise Mistake(f"{where}: there is no {name!r}{f'. Do you mean {close[0]!r}?' if close else ''}")
    return name


def _notebook(name, where, notebooks):
    """The notebook that begins so: "03" is 03_batch_normalization."""
    name = str(name).zfill(2)  # 03 is the number 3 in YAML
    found = [each for each in notebooks if each == name or each.startswith(f"{name}_")]
    if len(found) != 1:
        raise Mistake(f"{where}: there is no notebook {name!r}; there are: {', '.join(notebooks)}")
    return found[0]
