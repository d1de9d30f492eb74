"""What a class learned: the questions on concepts, answered at the start and at the end. None of it counts."""

from dataclasses import dataclass

from utils import concepts
from utils.course.hand_ins.collect import when

ALL = "all"


@dataclass(frozen=True)
class Gain:
    """How a question went for the ``n`` students who answered it both times: how many were right each time."""

    id: str
    topic: str
    n: int
    before: int
    after: int

    @property
    def normalized(self):
        """The share that was learned of what could be: (after − before) ÷ (n − before); ``None`` if there is none.

        R. Hake, Interactive-engagement versus traditional methods, American Journal of Physics 66, 1998.
        """
        return None if self.n == self.before else (self.after - self.before) / (self.n - self.before)


def gains(returned):
    """A ``Gain`` for each question on concepts, of the copies (``Returned``) that count, and one of all answers.

    Of several copies a later choice goes before an earlier one. What is written in a notebook counts as far as it keeps
    its form.
    """
    chosen = {}
    for each in sorted(returned, key=when):
        chosen.setdefault(each.student, {}).update(concepts.choices_in(each.content.chosen))
    found = [_gain(name, chosen.values()) for name in concepts.concepts()]
    return [*found, Gain(ALL, "", *(sum(getattr(each, name) for each in found) for name in ("n", "before", "after")))]


def _gain(name, of_students):
    asked = concepts.concept(name)
    both = [(own.get((name, concepts.BEFORE)), own.get((name, concepts.AFTER))) for own in of_students]
    both = [each for each in both if None not in each]
    before, after = (
        sum(each[at] == asking.right for each in both) for at, asking in enumerate((asked.first, asked.last))
    )
    return Gain(name, asked.topic, len(both), before, after)
