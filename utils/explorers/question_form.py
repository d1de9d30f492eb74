"""A form for a question, for those who would rather type into a field than edit a cell."""

import html

from IPython.display import DisplayHandle, publish_display_data

from utils.explorers import Control, Explorer
from utils.parameters import Choice, Text
from utils.questions import EXAM_SENTENCE, check, in_exam, preview

NO_ANSWER = "–"
NO_HELP = "none"


class QuestionForm(Explorer):
    """The question, a field (or the choices) for the answer, help on request, and below them what ``check`` says.

    The feedback is an output of the cell, renewed at every answer: the notebook, once saved, holds the record of what
    was typed, as if it had been written into the cell.

    >>> QuestionForm("bn-parameters", channels=32)
    """

    def __init__(self, question_id, **parameters):
        question, refusal = preview(question_id, **parameters)
        self._id, self._parameters, self._record = question_id, parameters, DisplayHandle()
        answers = Choice(NO_ANSWER, *question.choices) if question.choices else Text(200)
        super().__init__(
            question.text or refusal,
            self._asked,
            answer=Control("Answer", answers, NO_ANSWER if question.choices else ""),
            help=Control("Help", Choice(NO_HELP, "first hint", "second hint", "solution"), NO_HELP),
        )

    @property
    def feedback(self):
        """What ``check`` says to the answer as it stands."""
        answer = self.values["answer"]
        return check(self._id, None if answer in ("", NO_ANSWER) else answer, **self._parameters)

    def _ipython_display_(self):
        publish_display_data(self._repr_mimebundle_())
        self._record.display(self.feedback)

    def _asked(self, answer, help):
        question, _ = preview(self._id, **self._parameters)
        choices = (f"{name}: {sentence}" for name, sentence in question.choices.items())
        helps = {
            NO_HELP: (),
            "first hint": question.hints[:1],
            "second hint": question.hints[1:],
            "solution": question.steps,
        }
        helped = (EXAM_SENTENCE,) if helps[help] and in_exam() else helps[help]
        return "".join(f"<div>{html.escape(line)}</div>" for line in [*choices, *helped])

    def _move(self, values, **notes):
        super()._move(values, **notes)
        self._record.update(self.feedback)
