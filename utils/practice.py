"""Practice: the questions again with other numbers, first those that were missed, mixed with one of each notebook.

Nothing of it is recorded, and nothing counts. What was missed is read out of the student's notebooks as data; it does
not execute them.
"""

import itertools
import random
from collections import deque
from dataclasses import dataclass, field

from utils import questions
from utils.parameters import shown
from utils.questions import Practice, Question
from utils.standing import WRONG, standing

MOST_ASKED = 20  # of a round: what is missed again and again does not keep it going for ever
MOST_MISSED = 10  # of those that the notebooks show
JUDGED = "right", "slip", "wrong"


def practice(answer=None, folder="."):
    """Show the question that is next in this round or, with an ``answer``, judge that first; returns a ``Turn``.

    A round asks what was missed in the notebooks of ``folder``, and one question of each notebook between. What is
    answered wrong comes back with other numbers. It ends when each was right once, or after ``MOST_ASKED`` questions;
    the next call begins another round. Never raises for what is given. In an exam there is none.
    """
    global _round
    if questions.in_exam():
        return Turn(None, "No practice", (questions.EXAM_SENTENCE,))
    notes = []
    if _round is None or _round.question is None:
        notes = ["A new round begins. The answer was given to no question and is not judged."] * (answer is not None)
        _round, answer = Round(_planned(folder)), None
        _round.ask_next()
    given = None if answer is None else shown(answer)
    if given is not None and given == _round.given:
        notes, answer = ["This is your answer to the question before. Put the new one in its place."], None
    judgment = None
    if answer is not None:
        judgment = Practice.of(questions.judge(_round.question, answer))
        if judgment.verdict in JUDGED:
            _round.given = given
            _round.close(judgment.verdict == "right")
            _round.ask_next()
            if _round.question and questions.judge(_round.question, answer).verdict == "right":
                _round.given = None  # the same answer may come twice
    return Turn(judgment, _round.heading, tuple(notes + _round.lines))


_round = None  # of this kernel


@dataclass
class Round:
    """What is asked in one go: the ids ``left`` to ask, the open ``question`` (``None`` at the end), and what came."""

    left: deque
    question: Question | None = None
    asked: int = 0
    given: str | None = None
    missed: dict = field(default_factory=dict)  # id → how often; 0 where it was right at once

    def ask_next(self):
        """Ask the next question, with numbers that were not asked in this kernel as long as there are any."""
        self.question = None
        if self.left and self.asked < MOST_ASKED:
            self.question = questions.again(self.left.popleft())
            self.asked += 1

    def close(self, is_right):
        """Note how the open question was answered; what was missed is asked again at the end."""
        name = self.question.id
        self.missed[name] = self.missed.get(name, 0) + (not is_right)
        if not is_right:
            self.left.append(name)

    @property
    def heading(self):
        """The first line of what is shown."""
        if self.question is None:
            return "The round is over."
        return f"Question {self.asked} ({len(self.left) + 1} to go): {self.question.id}"

    @property
    def lines(self):
        """The open question and how to answer it, or how the round went."""
        if self.question is None:
            again = [each for each, times in self.missed.items() if times and each not in self.left]
            told = {"right at once": [each for each, times in self.missed.items() if not times]}
            told |= {
                "right when asked again": again,
                "still missed": [each for each in self.missed if each in self.left],
            }
            return [f"{what}: {', '.join(ids)}" for what, ids in told.items() if ids] + ["practice() begins a new one."]
        name = self.question.id
        how = f'Put your answer into the brackets of practice(…), and run the cell. hint("{name}") gives a hint.'
        return [self.question.text, *self.question.choice_lines, how]


@dataclass(frozen=True)
class Turn:
    """What is said to an answer (``None`` without one), and the next question; shows itself in a notebook."""

    judgment: Practice | None
    heading: str
    lines: tuple[str, ...]

    def __str__(self):
        said = [str(self.judgment)] if self.judgment else []
        return "\n".join([*said, questions.as_text(self.heading, self.lines)])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        said = self.judgment._repr_mimebundle_()["text/html"] if self.judgment else ""
        border = "var(--jp-info-color1, currentColor)"
        return {"text/plain": str(self), "text/html": said + questions.as_html(self.heading, self.lines, border)}


def _planned(folder):
    """The ids to ask, in their order: in turns one that was missed, and one of a notebook."""
    chance, found = random.Random(), standing(folder).notebooks
    of_notebooks = [[each for each in notebook.states["questions"] if _has_answer(each)] for notebook in found]
    missed = [each for one in found for each, state in one.states["questions"].items() if state == WRONG]
    missed = [each for each in dict.fromkeys(missed) if _has_answer(each)][:MOST_MISSED]
    others = []
    for ids in of_notebooks:
        if fresh := [each for each in ids if each not in (*missed, *others)]:
            others.append(chance.choice(fresh))
    chance.shuffle(others)
    in_turns = itertools.chain(*itertools.zip_longest(missed, others))
    return deque(each for each in in_turns if each)


def _has_answer(question_id):
    """Whether the question has a right answer; that to a prediction only a measurement tells."""
    return question_id in questions.questions() and questions.ask(question_id).answer is not None
