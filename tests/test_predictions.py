"""A range or a choice is noted before the measurement, checked against what can be, and scored as worked by hand."""

import html
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from utils.claims import claim, claims
from utils.claims.start_here import PRACTICE
from utils.predictions import compare, predict
from utils.records import PREDICTION
from utils.scoring import (
    HIGH,
    INSIDE,
    LOW,
    NARROW,
    WRONG_WAY,
    Choices,
    Outcome,
    Prediction,
    Quantity,
    brier_score,
    chosen,
    from_record,
    interval_score,
    note,
    noted,
)
from utils.verdicts import Criterion, Role, Scale, Word, judged
from utils.verdicts.outcomes import answer, outcome, why

VERDICTS = ("holds", "holds here with a condition", "does not hold here")
SHARE = Quantity("a share", scale=0.8, least=0, most=1)
LEAD = Quantity("a lead", scale=0.4, least=-1, most=1)
RATIO = Quantity("a ratio", scale=2, ratio=True)
WORDS = Choices("the verdict", ("a", "b", "c", "d"))


# Scores, each worked by hand.


@pytest.mark.parametrize(
    ("low", "high", "value", "scale", "score"),
    [
        (0.4, 0.6, 0.5, 1, 0.2),
        (0.4, 0.6, 0.4, 1, 0.2),  # an end belongs to the range
        (0.4, 0.6, 0.95, 1, 0.2 + 10 * 0.35),
        (0.4, 0.6, 0.1, 1, 0.2 + 10 * 0.3),
        (0.4, 0.6, 0.95, 0.8, 3.7 / 0.8),
    ],
)
def test_a_range_costs_its_width_and_ten_times_its_distance_to_the_truth(low, high, value, scale, score):
    assert interval_score(low, high, value, scale) == pytest.approx(score, abs=1e-12)


def test_a_ratio_is_scored_in_powers_of_ten():
    assert RATIO.score((0.01, 1), 0.1) == pytest.approx(1)  # two powers of ten wide, divided by two
    assert RATIO.score((0.01, 1), 1e-5) == pytest.approx((2 + 10 * 3) / 2)
    assert RATIO.score((1, 100), 1000) == pytest.approx((2 + 10 * 1) / 2)


@pytest.mark.parametrize(
    ("confidence", "hit", "score"),
    [
        (0.7, True, 0.09 + 3 * 0.01),
        (0.7, False, 0.49 + 0.81 + 2 * 0.01),
        (0.25, True, 0.75),
        (0.25, False, 0.75),
        (1, True, 0),
        (1, False, 2),
    ],
)
def test_a_choice_costs_brier_s_score_of_its_confidence(confidence, hit, score):
    assert brier_score(confidence, hit, 4) == pytest.approx(score, abs=1e-12)


def test_nobody_gains_by_saying_what_they_do_not_believe():
    """On average over what they believe, the range from 10 % to 90 % and the own confidence in the top cost least."""
    believed = np.random.default_rng(3).normal(0.3, 0.1, 4001)
    ends = np.quantile(believed, [0.1, 0.9])

    def cost(low, high):
        return np.mean([interval_score(low, high, each) for each in believed])

    honest = cost(*ends)
    assert all(
        cost(*(ends + shift)) > honest for shift in ([-0.03, 0], [0.03, 0], [0, -0.03], [0, 0.03], [-0.02, 0.02])
    )
    belief = (0.5, 0.3, 0.15, 0.05)
    costs = {
        (chance, said): chance * brier_score(said, True, 4) + (1 - chance) * brier_score(said, False, 4)
        for chance in belief
        for said in np.linspace(0.25, 1, 76)
    }
    assert min(costs, key=costs.get) == (0.5, pytest.approx(0.5))


@pytest.mark.parametrize(
    ("asked", "given", "value", "miss"),
    [
        (LEAD, (0.1, 0.2), 0.15, INSIDE),
        (LEAD, (0.1, 0.2), 0.25, NARROW),  # by less than its own width
        (LEAD, (0.1, 0.2), 0.5, LOW),
        (LEAD, (0.3, 0.4), 0.05, HIGH),
        (LEAD, (0.1, 0.2), -0.01, WRONG_WAY),
        (LEAD, (-0.2, -0.1), 0.05, WRONG_WAY),
        (SHARE, (0.1, 0.2), 0.0, NARROW),  # a share has no other side
        (RATIO, (0.1, 0.5), 3.0, WRONG_WAY),
        (RATIO, (0.1, 0.5), 0.001, HIGH),
    ],
)
def test_a_miss_says_in_which_way(asked, given, value, miss):
    assert asked.miss(given, value) == miss


# What is typed


def test_a_range_about_a_claim_is_noted():
    shown = predict("hypothesis-space", low=np.float32(0.25), high=1)
    assert "is noted: 0.25 to 1." in str(shown)
    record = {"id": "hypothesis-space", "kind": "range", "low": 0.25, "high": 1, "guess": "0.25 to 1"}
    assert shown._repr_mimebundle_()[PREDICTION] == record
    assert json.dumps(record) == json.dumps(shown.record())  # a whole number is one: a browser would write it so
    assert noted("hypothesis-space") == shown


@pytest.mark.parametrize("typed", ["red", "Red", " RED ", "'red'", "“red”", "red."])
def test_a_choice_may_differ_in_case_blanks_and_quotation_marks(typed):
    shown = predict("brightest-channel", typed, confidence=0.5)
    assert noted("brightest-channel").given == ("red", 0.5)
    assert "is noted: “red”, 50 % sure." in str(shown)


def test_blanks_hyphens_and_underscores_are_the_same():
    for typed in ("holds here  with a condition", "Holds-here-with-a-condition", "holds_here_with_a_condition"):
        assert chosen(typed, VERDICTS) == "holds here with a condition"
    assert chosen("holds", VERDICTS) == "holds"
    assert chosen("hold", VERDICTS) is None


REFUSED = [
    ("red-mean", {"low": 0}, "high is still None"),
    ("red-mean", {"low": -1, "high": 3}, "low=-1: this number lies between 0 and 255."),
    ("red-mean", {"low": 3, "high": 3}, "low=3 is not below high=3"),
    ("red-mean", {"low": 5, "high": 3}, "the lower end comes first"),
    ("red-mean", {"low": "5", "high": 3}, "low='5': a number is needed"),
    ("red-mean", {"low": True, "high": 3}, "low=True: a number is needed"),
    ("red-mean", {"low": math.nan, "high": 3}, "a finite number is needed"),
    ("red-mean", {"low": 0, "high": 10**400}, "a finite number is needed"),
    ("red-mean", {"low": 0, "high": 10**5000}, "a finite number is needed"),
    ("red-mean", {"low": [0], "high": 3j}, "low=[0]: a number is needed"),
    ("red-mean", {"low": 0, "hihg": 3}, "there is no 'hihg' here; write predict(\"red-mean\", low=…, high=…)."),
    ("red-mean", {"choice": "about 3"}, 'a range of numbers; write predict("red-mean", low=…, high=…).'),
    ("brightest-channel", {"low": 0, "high": 1}, "one of the choices with a confidence"),
    ("brightest-channel", {"choice": "violet", "confidence": 0.5}, "the choices: 'red', 'green', 'blue'."),
    ("brightest-channel", {"choice": 10**5000, "confidence": 0.5}, "is not one of the choices"),
    ("brightest-channel", {"choice": "red"}, "confidence is still None"),
    ("brightest-channel", {"choice": "red", "confidence": 0.2}, "from 0.33 (a pure guess among 3) to 1 (certain)."),
    ("brightest-channel", {"choice": "red", "confidence": 70}, "For 70 % write 0.7."),
    ("brightest-chanel", {"choice": "red", "confidence": 0.5}, 'Do you mean "brightest-channel"?'),
    (["red-mean"], {"low": 0, "high": 1}, "is not the id of a claim"),
]


@pytest.mark.parametrize(("subject", "typed", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_what_cannot_count_is_refused_in_a_sentence_and_an_earlier_prediction_forgotten(subject, typed, words):
    predict("red-mean", low=1, high=2)
    predict("brightest-channel", "red", confidence=0.5)
    shown = predict(subject, **typed)
    assert words in str(shown)
    assert len(str(shown)) < 250
    assert shown.record()["guess"] is None
    if isinstance(subject, str):
        assert noted(subject) is None
    assert html.escape(str(shown)) in shown._repr_mimebundle_()["text/html"]


def test_a_share_and_a_ratio_say_what_they_can_be():
    assert SHARE.read(0, 40) == (None, "high=40: this number lies between 0 and 1. For 40 % write 0.4.")
    assert "a ratio is above 0" in RATIO.read(0, 1)[1]
    assert LEAD.read(-0.1, 0.3) == ((-0.1, 0.3), "")
    assert WORDS.read("b", 0.25) == (("b", 0.25), "")


def test_none_everywhere_is_neutral_and_says_what_is_asked():
    predict("red-mean", low=1, high=2)
    shown = str(predict("red-mean", low=None, high=None))
    assert noted("red-mean") is None
    assert "the mean of the red channel" in shown
    assert "between 0 and 255" in shown
    assert "four times in five" in shown
    for each in ("brightest-channel", *PRACTICE, *claims()):
        assert str(predict(each)).startswith("No prediction yet.")


def test_a_record_out_of_a_file_is_read_within_bounds():
    whole = Prediction("x", SHARE, (0.2, 0.4)).record()
    assert from_record(whole, SHARE).given == (0.2, 0.4)
    assert from_record({"id": "x", "guess": "about a half"}, SHARE) is None
    for change in (
        {"low": 0.5},
        {"high": 1e9},
        {"high": "1"},
        {"low": None},
        {"id": 7},
        {"id": "x" * 200},
        {"kind": 3},
    ):
        assert from_record(whole | change, SHARE) is None
    assert from_record([whole], SHARE) is None
    assert from_record(whole, WORDS) is None
    word = Prediction("x", WORDS, ("b", 0.7)).record()
    assert from_record(word, WORDS).given == ("b", 0.7)
    assert from_record(word | {"choice": ["b"]}, WORDS) is None


# What answers it


def test_practice_is_answered_at_once():
    predict("red-mean", low=100, high=150)
    assert str(compare("red-mean", 141.3)).startswith(
        "✓ You said 100 to 150, measured 141.3: inside your range. Score 0.25 ("
    )
    predict("brightest-channel", "blue", confidence=1)
    assert "✗ You said “blue”, 100 % sure; it is “red”. Score 2.00" in str(compare("brightest-channel", "red"))
    note("red-mean", None)
    assert str(compare("red-mean", 141.3)) == "You made no prediction. It is 141.3."


MADE = claim("hypothesis-space")
GOOD = [0.26, 0.27, 0.28, 0.29, 0.3]
VALUES = (GOOD, [0.02] * 5, [0.3] * 5, [0.0] * 5, [1.0] * 5)


def test_the_verdict_answers_a_range_with_its_score_and_a_miss_with_a_question():
    verdict = judged(MADE, *VALUES)
    predict("hypothesis-space", low=0.4, high=0.6)
    shown = verdict._repr_mimebundle_()
    predict("hypothesis-space", low=0.2, high=0.6)
    hit = str(verdict)
    note("hypothesis-space", None)
    # The width 0.2, ten times 0.12, and the claim's scale.
    score = (0.2 + 10 * 0.12) / MADE.asked.scale
    for text in (shown["text/plain"], html.unescape(shown["text/html"])):
        assert f"✗ You said 0.4 to 0.6, measured ≈ 0.28: below your range. Score ≈ {score:.2f} (0 is best)" in text
        assert "Why? " in text
    assert "✓ You said 0.2 to 0.6, measured ≈ 0.28: inside your range." in hit
    assert "Why?" not in hit
    assert "You said" not in str(verdict)


def test_the_verdict_s_word_answers_a_choice():
    of = replace(claim("reuse"), asked=claim("architecture-data").asked)
    verdict = judged(of, GOOD, [0.0] * 5)
    prediction = Prediction("reuse", of.asked, ("holds", 0.7))
    said = answer(of, prediction, verdict.record())
    assert "You said “holds”, 70 % sure; it is “holds here with a condition”. Score 1.32 (0 is best)" in said
    assert f"Why? Look at “{of.criteria[1].name}” (contradicted)" in said
    assert answer(of, Prediction("reuse", of.asked, ("holds here with a condition", 0.7)), verdict.record()).startswith(
        "✓"
    )


def test_what_was_not_measured_here_is_answered_by_the_long_run_and_a_failed_experiment_by_nothing():
    prediction = Prediction("hypothesis-space", MADE.asked, (0.4, 0.6))
    nothing = judged(MADE, None, *VALUES[1:])
    assert "this was not measured" in answer(MADE, prediction, nothing.record())
    longer = judged(MADE, None, *VALUES[1:], long_run=judged(MADE, *VALUES))
    assert "measured ≈ 0.28 in the long run" in answer(MADE, prediction, longer.record())
    failed = judged(MADE, *VALUES[:4], [0.0] * 5)
    assert failed.word == Word.FAILED
    assert outcome(MADE, prediction, failed.record()) is None


@pytest.mark.parametrize(
    "break_it",
    [
        lambda record: None,
        lambda record: [record],
        lambda record: record | {"criteria": 7},
        lambda record: record | {"criteria": [7, {"name": ["x"]}]},
        lambda record: record | {"criteria": [each | {"value": "0.5"} for each in record["criteria"]]},
        lambda record: record | {"criteria": [each | {"value": True} for each in record["criteria"]]},
        lambda record: record | {"criteria": [each | {"value": math.inf} for each in record["criteria"]]},
        lambda record: record | {"criteria": [each | {"value": 10**5000} for each in record["criteria"]]},
        lambda record: record | {"criteria": [], "evidence": "x"},
    ],
)
def test_a_verdict_s_record_that_breaks_its_form_is_as_good_as_none(break_it):
    prediction = Prediction("hypothesis-space", MADE.asked, (0.4, 0.6))
    assert outcome(MADE, prediction, break_it(judged(MADE, *VALUES).record())) is None


def test_every_miss_has_a_question_of_its_own():
    record, texts = judged(MADE, *VALUES).record(), set()
    for given in ((0.29, 0.6), (0.5, 0.6), (0.1, 0.15), (-0.4, -0.1)):
        texts.add(why(MADE, Outcome(Prediction("x", MADE.asked, given), 0.28, "≈ 0.28"), record))
    assert len(texts) == 4
    assert all(text.startswith("Why? ") and text.count("?") == 2 for text in texts)
    assert sum(MADE.criteria[0].control in text for text in texts) == 3


def test_every_claim_asks_for_something_that_its_criteria_measure():
    for each in claims().values():
        if isinstance(each.asked, Quantity):
            measured = each.criteria[each.asked.criterion]
            assert measured.role is not Role.CHECK, each.id
            assert each.asked.ratio == (measured.scale is Scale.LOG_RATIO), each.id
            assert each.asked.scale > 0
        else:
            assert set(each.asked.names) <= set(map(str, Word))


def test_a_claim_that_asks_for_another_kind_of_number_than_it_measures_is_refused():
    from utils.verdicts import Claim

    criterion = Criterion(name="n", because="b", control="c", scale=Scale.SHARE, at_least=0.5)
    parts = {"id": "x", "statement": "s", "source": "s", "criteria": (criterion,), "literature": ()}
    assert Claim(**parts, asked=SHARE).asked is SHARE
    for other in (LEAD, RATIO):
        with pytest.raises(ValueError, match="x: a prediction of another kind"):
            Claim(**parts, asked=other)
