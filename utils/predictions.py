"""Predict first: a guess is written down before the experiment runs, and stands beside the result afterwards."""

import html
import re
from dataclasses import dataclass

from utils.parameters import shown
from utils.records import PREDICTION

_guesses = {}


@dataclass(frozen=True)
class Prediction:
    """A student's guess about ``subject``; ``None`` while there is none."""

    subject: str
    guess: object

    def __str__(self):
        if self.guess is None:
            return "No prediction yet: put yours in place of None and run this cell before you read on."
        return f"Your prediction is noted: {self.guess}. The verdict below will show it beside the measurement."

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/plain": str(self),
            "text/html": f'<p role="status">{html.escape(str(self))}</p>',
            PREDICTION: {"id": self.subject, "guess": None if self.guess is None else str(self.guess)},
        }


def predict(subject, guess, choices=()):
    """Note ``guess`` about ``subject`` (a claim's or a question's id) and return it for display.

    With ``choices`` given, a guess that is not among them is not noted, and the display says what is allowed.
    """
    if guess is not None and choices:
        typed, guess = guess, chosen(guess, choices)
        if guess is None:
            _guesses.pop(subject, None)
            return Refused(subject, f"{shown(typed)} is not one of the choices: {', '.join(map(repr, choices))}.")
    _guesses[subject] = guess
    return Prediction(subject, guess)


def chosen(typed, choices):
    """The one of ``choices`` that was typed, whatever its case, blanks, quotation marks and stop; ``None`` if none."""
    if not isinstance(typed, str) or len(typed) > 200:
        return None
    return {_bare(choice): choice for choice in choices}.get(_bare(typed))


def predicted(subject):
    """The guess noted about ``subject`` in this kernel, or ``None``."""
    return _guesses.get(subject)


@dataclass(frozen=True)
class Refused(Prediction):
    """A guess outside the choices; ``guess`` holds the sentence that says so."""

    def __str__(self):
        return self.guess


def _bare(text):
    return re.sub(r"[\s_-]+", "-", text.strip(" \t\n.,;!?\"'“”‘’`").casefold().replace("×", "x"))
