"""A guess is noted as one of the choices, however it is typed; anything else is refused with a sentence."""

import pytest

from utils.predictions import chosen, predict, predicted
from utils.records import PREDICTION

COLORS = ("red", "green", "blue")
VERDICTS = ("holds", "holds here with a condition", "does not hold here")


@pytest.mark.parametrize("typed", ["red", "Red", " RED ", "'red'", "“red”", "red."])
def test_a_choice_may_differ_in_case_blanks_and_quotation_marks(typed):
    shown = predict("brightest-channel", typed, choices=COLORS)
    assert predicted("brightest-channel") == "red"
    assert "is noted: red." in str(shown)
    assert shown._repr_mimebundle_()[PREDICTION] == {"id": "brightest-channel", "guess": "red"}


def test_blanks_hyphens_and_underscores_are_the_same():
    for typed in ("holds here  with a condition", "Holds-here-with-a-condition", "holds_here_with_a_condition"):
        assert chosen(typed, VERDICTS) == "holds here with a condition"
    assert chosen("holds", VERDICTS) == "holds"
    assert chosen("hold", VERDICTS) is None


@pytest.mark.parametrize(
    "typed", ["violet", "", 3, ["red"], True, 10**5000, "red" * 1000], ids=lambda typed: type(typed).__name__
)
def test_what_is_no_choice_is_refused_and_an_earlier_guess_forgotten(typed):
    predict("brightest-channel", "red", choices=COLORS)
    shown = str(predict("brightest-channel", typed, choices=COLORS))
    assert "is not one of the choices: 'red', 'green', 'blue'." in shown
    assert len(shown) < 200
    assert predicted("brightest-channel") is None


def test_no_guess_is_neutral():
    assert "No prediction yet" in str(predict("brightest-channel", None, choices=COLORS))
