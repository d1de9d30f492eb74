"""One mark: the verdict on an answer or a function, and what that is worth."""

from dataclasses import dataclass, replace
from fractions import Fraction

from utils import questions
from utils.course.marking.marking_scheme import ALL, NOTHING, Correction
from utils.course.students.roster import Student

NOT_RETURNED, LEFT_OUT, RETURNED_TWICE, MISSING = "not-returned", "left-out", "returned-twice", "missing"
OPEN = MISSING, "unanswered"
UNJUDGED = "open"


@dataclass(frozen=True, slots=True)
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
    most: Fraction | None = ALL
    share: Fraction | None = None
    late: Fraction = NOTHING
    correction: Correction | None = None
    exercise: bool = False

    @property
    def came(self):
        """Whether a notebook came back that could be used, or somebody gave points by hand."""
        return self.verdict not in (NOT_RETURNED, LEFT_OUT) or self.correction is not None

    @property
    def waits(self):
        """Whether somebody has to judge it: what an exercise asks for cannot always be seen from outside."""
        return self.verdict == UNJUDGED and self.correction is None

    @property
    def points(self):
        """The points, before lateness takes anything off; ``None`` for a prediction."""
        if self.most is None:
            return None
        if self.correction:
            return min(self.correction.points, self.most)
        return self.most * (self.verdict == "right" if self.share is None else self.share)


def of_question(student, notebook, question, verdict, scheme, **more):
    """The ``Mark`` on a student's answer to a ``Question``; ``more`` are the answer given, a slip and a remark, say."""
    key = questions.plain(question.answer)
    return weighed(Mark(student, notebook, question.id, question.parameters, key, verdict, **more), scheme, question)


def of_exercise(student, notebook, name, verdict, scheme, **more):
    """The ``Mark`` on a student's function for the exercise of that name; ``more`` are a slip and a remark, say."""
    return weighed(Mark(student, notebook, name, {}, None, verdict, exercise=True, **more), scheme)


def weighed(mark, scheme, question=None):
    """The mark with what the ``Scheme`` says that it is worth: its points, its share of them, a correction by hand.

    A correction belongs to the student and the question: the marks of all copies of a notebook get it.
    """
    is_prediction = mark.key is None and not mark.exercise
    return replace(
        mark,
        most=None if is_prediction else scheme.most(mark.notebook, mark.question),
        share=scheme.share(mark.verdict, question, mark.given),
        correction=scheme.correction(mark.student, mark.notebook, mark.question),
    )


def together(*remarks):
    """Remarks as one; "" if none says anything."""
    return "; ".join(filter(None, remarks))
