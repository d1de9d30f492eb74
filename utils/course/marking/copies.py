"""Which of a student's copies of a notebook counts. For marks, predictions and concepts it is the same one."""

from dataclasses import dataclass, replace
from functools import cached_property

from utils.course.hand_ins.collect import LeftOut, Returned
from utils.course.marking.mark import OPEN, RETURNED_TWICE
from utils.course.students.signature import SAID, Held

LONGEST_SHOWN = 200


@dataclass(frozen=True)
class Copy:
    """One of the notebooks that a student returned under the same name, with a mark for each of its questions."""

    returned: Returned
    held: Held
    marks: list

    @cached_property
    def answers(self):
        return [(mark.verdict, mark.given) for mark in self.marks]

    @property
    def is_open(self):
        """Whether nothing in it is answered."""
        return all(mark.verdict in OPEN for mark in self.marks)

    @property
    def is_untouched(self):
        """Whether it holds nothing of the student's: no answer, no prediction, no choice."""
        content = self.returned.content
        return self.is_open and not content.predictions and not content.chosen

    @property
    def points(self):
        """The points of all marks, corrections by hand included, before lateness takes anything off."""
        return sum(mark.points or 0 for mark in self.marks)

    def aside(self, reason):
        """The ``LeftOut`` of a copy that does not count."""
        return LeftOut(self.returned.place, reason, (self.returned.student,), self.returned.notebook)


def in_their_own_place(copies):
    """``(copies, left out)``: those of a student's copies of a notebook that count as the student's.

    Where one lies in the student's own place, another that lies elsewhere and only says to be theirs does not count,
    unless the one is untouched, as it was handed out.
    """
    sure = [each for each in copies if each.returned.sure]
    if all(each.is_untouched for each in sure):
        return sorted(copies, key=lambda each: not each.returned.sure), []
    own = [each.returned.content.cells for each in sure]
    elsewhere = [each for each in copies if not each.returned.sure and each.returned.content.cells not in own]
    reason = f"it says to be theirs, and another lies in their own place: {sure[0].returned.place}"
    return sure, [each.aside(reason) for each in elsewhere]


def counted(copies, several, late):
    """``(marks, copies that count, left out)`` of one or several copies.

    A copy that holds another's variant does not count beside one that holds the student's own. Where they differ,
    ``several`` says what counts: the answers on which they agree, or the latest, the first or the best copy. The best
    earns the most in the end: with corrections by hand, which all copies have alike, and with what lateness takes off.
    ``late(copies)`` is that share, for copies that count together.
    """
    answered = [each for each in copies if not each.is_open] or copies[:1]
    answered, others = _in_their_own_variant(answered)
    different = [each for at, each in enumerate(answered) if each.answers not in (e.answers for e in answered[:at])]
    if len(different) == 1:
        chosen, marks, left_out = different, different[0].marks, []
    elif one := _chosen(different, several, lambda each: late(_alike(copies, [each]))):
        chosen, marks, reason = [one], one.marks, f"the {several} counts, {one.returned.place}"
        left_out = [each.aside(f"it came back more than once: {reason}") for each in different if each is not one]
    else:
        chosen, marks, reason = (
            different,
            list(_agreed(different)),
            "it came back more than once, with different answers",
        )
        differ = any(mark.verdict == RETURNED_TWICE for mark in marks)
        left_out = [each.aside(reason) for each in different if differ]
    alike = _alike(copies, chosen)
    marks = [replace(each, late=late(alike)) for each in marks]
    return marks, [each for own in alike for each in own], others + left_out


def _in_their_own_variant(copies):
    """``(copies, left out)``: where one holds the student's variant, a copy that holds another's does not count."""
    own = [each for each in copies if not each.held.fault] or copies
    return own, [each.aside(SAID[each.held.fault]) for each in copies if each not in own]


def _alike(copies, chosen):
    """For each chosen copy all copies that say the same."""
    return [[each for each in copies if each.answers == one.answers] for one in chosen]


def _chosen(copies, several, late):
    """The one of several different copies that counts; ``None`` where what they agree on does."""
    if several == "best":
        return max(copies, key=lambda each: each.points * (1 - late(each)))
    if several in ("latest", "first") and (ordered := _in_order_of_time(copies)):
        return ordered[-1 if several == "latest" else 0]
    return None


def _in_order_of_time(copies):
    """The copies as they came, by Canvas's numbers or else by their dates; ``None`` where these do not tell."""
    for when in (lambda each: each.returned.attachment or None, lambda each: each.returned.date):
        if len({*map(when, copies)} - {None}) == len(copies):
            return sorted(copies, key=when)
    return None


def _agreed(copies):
    """A mark for each question: that of the copies that answer it where they agree, else "returned-twice"."""
    for at, first in enumerate(copies[0].marks):
        own = [(each.returned.place, each.marks[at]) for each in copies]
        given = [(place, mark) for place, mark in own if mark.verdict not in OPEN]
        if len({repr((mark.verdict, mark.given)) for _, mark in given}) <= 1:
            yield (given or own)[0][1]
        else:
            came = [(place, mark.verdict if mark.exercise else text_of(mark.given)) for place, mark in given[:5]]
            remark = f"it came back as {'; '.join(f'{what} in {place}' for place, what in came)}"
            yield replace(first, verdict=RETURNED_TWICE, given=None, slip="", share=None, remark=remark)


def text_of(answer):
    """An answer as a short text, whatever it is."""
    try:
        return str(answer)[:LONGEST_SHOWN]
    except (ValueError, RecursionError):  # a number of more digits than Python prints; lists in lists in lists
        return "(too long or too deep to be shown)"
