"""Grading as a computation: from what came back to all that is known of it. Nothing is read, written or run here."""

from collections import Counter
from dataclasses import dataclass, field

from utils.course.hand_ins.collect import LeftOut
from utils.course.marking.gains import Gain, gains
from utils.course.marking.item_statistics import Item, item_statistics
from utils.course.marking.mark import Mark
from utils.course.marking.marking_scheme import PLAIN
from utils.course.marking.marks import marks
from utils.course.marking.predicted import Predicted, predictions
from utils.course.marking.same_work import Shared, same_work
from utils.course.pages.grade_index import reports
from utils.notebook_files.reading import tagged


@dataclass(frozen=True)
class Graded:
    """All that is known of what came back.

    ``left_out`` is what could not be used or does not count, ``gains`` what the class learned, ``items`` how each
    question went, ``same`` which answers two students share. ``no_longer_asked`` counts the students whose notebook
    holds a question or an exercise that is not in it today, by notebook and name.
    """

    marks: list[Mark]
    left_out: list[LeftOut]
    predictions: list[Predicted]
    gains: list[Gain]
    items: list[Item]
    same: list[Shared]
    no_longer_asked: Counter = field(default_factory=Counter)

    def tables(self):
        """The files that ``course grade`` writes: name → text."""
        told = self.marks, self.left_out, self.predictions, self.gains, self.items, self.same, self.no_longer_asked
        return reports(*told)


def graded(sources, students, collected, *, secret=None, attempts="agreed", scheme=PLAIN, new_key=False, code=None):
    """What the students' hand-ins come to, a ``Graded``.

    ``sources`` are the notebooks that were handed out, ``collected`` is what came back of them; the other arguments
    are those of ``marks.marks``. Of several copies of a notebook the one that counts for the marks counts for
    predictions and concepts, too. ``Mistake`` as there.
    """
    marked = marks(sources, students, secret, collected, attempts, new_key, scheme, code)
    return Graded(
        marked.marks,
        marked.left_out,
        predictions(sources, marked.counted),
        gains(marked.counted),
        item_statistics(marked.marks),
        same_work(marked.marks, collected.returned, sources),
        marked.no_longer_asked,
    )


def questions_of(sources):
    """The ids of the questions in each notebook, by its name: how ``collected`` knows which notebook a file is."""
    return {one.name: {each.metadata.get("question") for each in tagged(one.notebook, "answer")} for one in sources}
