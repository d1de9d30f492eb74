"""Predict first: a range or a choice is written down before the experiment runs, and answered by the measurement.

``predict("pyramid", low=…, high=…)`` or ``predict("reuse", "holds", confidence=…)``: what is asked for, a claim says.
``None`` in every place means "not yet". Nothing that is typed raises an error: what cannot count is said in a sentence.
"""

import difflib

from utils.claims import claims
from utils.claims.start_here import PRACTICE
from utils.former_names import name_today
from utils.parameters import shown
from utils.scoring import Outcome, Prediction, note, noted


def predict(subject, choice=None, *, low=None, high=None, confidence=None, **others):
    """Note a prediction about ``subject`` (a claim's id) and return the ``Prediction`` for display.

    A number is predicted by a range, ``low=`` and ``high=``; a verdict by its word and the ``confidence=`` in it.
    """
    subject = name_today(subject)
    asked = asked_about(subject)
    if asked is None:
        return _refused(subject, _unknown(subject))
    place = "low=…, high=…" if asked.kind == "range" else "…, confidence=…"
    call = f'predict("{subject}", {place})'
    if others:
        return _refused(subject, f"there is no {next(iter(others))!r} here; write {call}.", asked)
    wanted, unwanted = ((low, high), (choice, confidence))[:: 1 if asked.kind == "range" else -1]
    if any(each is not None for each in unwanted):
        return _refused(subject, f"this prediction is {_A[asked.kind]}; write {call}.", asked)
    if all(each is None for each in wanted):
        if isinstance(noted(subject), Prediction):
            note(subject, None)
        return Prediction(subject, asked)
    given, refusal = asked.read(*wanted)
    if refusal:
        return _refused(subject, refusal, asked)
    prediction = Prediction(subject, asked, given)
    note(subject, prediction)
    return prediction


def compare(subject, truth):
    """The ``Outcome`` of the practice prediction about ``subject`` where the ``truth`` is the same everywhere."""
    return Outcome(noted(subject), truth, truth if isinstance(truth, str) else f"{truth:.4g}")


def asked_about(subject):
    """What a prediction about ``subject`` asks for: a ``Quantity`` or ``Choices``; ``None`` for an unknown id."""
    if not isinstance(subject := name_today(subject), str):
        return None
    return PRACTICE.get(subject) or (claims()[subject].asked if subject in claims() else None)


_A = {"range": "a range of numbers", "choice": "one of the choices with a confidence"}


def _refused(subject, why, asked=None):
    """What was typed does not count, nor does what was said before."""
    subject = subject if isinstance(subject, str) else shown(subject)
    note(subject, None)
    return Prediction(subject, asked, None, why)


def _unknown(subject):
    if not isinstance(subject, str):
        return f"{shown(subject)} is not the id of a claim, which is a text."
    close = difflib.get_close_matches(subject[:60], [*PRACTICE, *claims()], 1)
    return f"there is no claim {shown(subject)}." + (f' Do you mean "{close[0]}"?' if close else "")
