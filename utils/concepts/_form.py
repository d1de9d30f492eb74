"""The form of a question on concepts. It holds texts and no judgment of anybody."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asking:
    """One wording of a question: its text, and ``choices``: letter → (sentence, the idea behind it).

    The idea of the right one is "".
    """

    text: str
    choices: dict[str, tuple[str, str]]

    @property
    def right(self):
        """The letter of the right choice."""
        return next(letter for letter, (_, idea) in self.choices.items() if not idea)

    @property
    def lines(self):
        """Question and choices as lines of text."""
        return [self.text, *(f"{letter}: {sentence}" for letter, (sentence, _) in self.choices.items())]


@dataclass(frozen=True)
class Concept:
    """A question on a concept: ``first`` at the start of the course, ``last`` in other words at its end.

    ``because`` says why the right choice is right, ``ideas`` what is mistaken in each idea behind a wrong one.
    """

    id: str
    topic: str
    first: Asking
    last: Asking
    because: str
    ideas: dict[str, str]

    def explanation(self, asking, letter):
        """What there is to say to a choice."""
        return self.ideas.get(asking.choices[letter][1], self.because)
