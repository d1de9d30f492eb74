"""Verdicts: intervals, results, words, and how often they err."""

import html
import json
import math
import re

import numpy as np
import pytest
from scipy import stats

from utils.evidence import error_rates
from utils.records import VERDICT
from utils.scoring import note
from utils.verdicts import (
    CHECK,
    CONDITION,
    COUNT,
    LOG_RATIO,
    SHARE,
    Claim,
    Criteria,
    Criterion,
    judged,
    median_interval,
    repetitions_needed,
    share_interval,
    wrong_end,
)
from utils.verdicts.error_rates import DISTRIBUTIONS, NS, summary


def criterion(**parts):
    return Criterion(**{"name": "gain", "because": "five points", "control": "the plain network"} | parts)


def claim(*criteria, **parts):
    return Claim(
        **{"id": "x", "statement": "It helps.", "source": "seed 001", "literature": ("Nobody 1900",)} | parts,
        criteria=criteria,
    )


def word(*pairs):
    """The word of a claim with these (role, values) and the threshold 0."""
    roles = {"deciding": {}, "condition": {"role": CONDITION}, "check": {"role": CHECK}}
    criteria = [criterion(**roles[role], at_least=0) for role, _ in pairs]
    return judged(claim(*criteria), *(values for _, values in pairs)).word


GOOD, BAD, OPEN = [1, 2, 3, 4, 5], [-1, -2, -3, -4, -5], [-1, 2, 3, 4, 5]


# Intervals


@pytest.mark.parametrize(
    ("n", "low", "high"),  # ranks of a 90 % interval: Conover 1999, Practical nonparametric statistics, section 3.2
    [(5, 1, 5), (6, 1, 6), (7, 1, 7), (8, 2, 7), (9, 2, 8), (10, 2, 9), (11, 3, 9), (12, 3, 10), (20, 6, 15)],
)
def test_the_interval_of_a_median_is_made_of_the_values_themselves(n, low, high):
    values = np.random.default_rng(n).permutation(np.arange(1, n + 1))
    assert median_interval(values) == ((n + 1) / 2, low, high)


@pytest.mark.parametrize(("n", "chance"), [(5, 1 / 32), (8, 9 / 256), (10, 11 / 1024), (12, 79 / 4096)])
def test_the_chance_that_an_end_is_wrong_is_that_of_tossing_coins(n, chance):
    assert wrong_end(n) == pytest.approx(chance)


def test_a_second_look_at_an_undecided_experiment_errs_more_often_as_simulated_ones_do():
    values = np.random.default_rng(0).normal(size=(20_000, 13))
    first, both = np.array([[median_interval(row[:n])[1:] for n in (5, 13)] for row in values]).swapaxes(0, 1)
    undecided = (first[:, 0] <= 0) & (first[:, 1] >= 0)
    wrong = np.mean((first[:, 0] > 0) | undecided & (both[:, 0] > 0))
    assert wrong_end(5, 13) == pytest.approx(wrong, abs=0.004)  # three standard errors
    assert wrong_end(5, 13) > wrong_end(5) + 0.01


def test_the_interval_does_not_depend_on_the_scale():
    ratios = np.array([0.01, 0.1, 0.5, 2, 8, 9, 100, 1000])
    assert np.log(median_interval(ratios)[1:]) == pytest.approx(median_interval(np.log(ratios))[1:])


def test_a_share_has_the_exact_interval_of_clopper_and_pearson():
    # 3 of 20 with 5 % on each side: the bounds are quantiles of beta distributions (Clopper & Pearson 1934).
    expected = (0.15, stats.beta.ppf(0.05, 3, 18), stats.beta.ppf(0.95, 4, 17))
    assert share_interval([True] * 3 + [False] * 17) == pytest.approx(expected)
    assert share_interval([False] * 20)[:2] == (0, 0)


def test_the_repetitions_needed_reach_the_power_that_is_promised():
    random = np.random.default_rng(1)
    sample = stats.norm(1, 1).ppf(np.linspace(0.02, 0.98, 30))
    n = repetitions_needed(sample, 0)
    effect = sample.mean() / sample.std(ddof=1)
    decided = [median_interval(random.normal(effect, 1, n))[1] > 0 for _ in range(2000)]
    assert 0.75 < np.mean(decided) < 0.92
    fewer = [median_interval(random.normal(effect, 1, n - 1))[1] > 0 for _ in range(2000)]
    assert np.mean(fewer) < 0.82
    assert repetitions_needed([1.0, 1.0, 1.0], 0) == math.inf
    assert repetitions_needed([-1.0, 1.0, 0.001], 0) == math.inf


# Results and words


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ([0.06, 0.2, 0.3, 0.4, 0.05], "met"),
        ([0.049, 0.2, 0.3, 0.4, 0.5], "undecided"),
        ([0.049, 0.01, -1, -2, -3], "contradicted"),
        ([0.05, 0.01, -1, -2, -3], "undecided"),
        ([0.3, 0.3, 0.3, 0.3], "undecided"),  # four that were drawn decide nothing
        ([0.3], "undecided"),
    ],
)
def test_a_criterion_is_met_or_contradicted_by_its_whole_interval(values, result):
    assert judged(claim(criterion(at_least=0.05)), values).results == [result]


@pytest.mark.parametrize(
    ("values", "result"),
    [([-0.1, 0, 0.1, 0.05, 0.02], "met"), ([0.2] * 5, "contradicted"), ([-0.2] * 5, "contradicted"),
     ([0.05, 0.05, 0.05, 0.05, 0.2], "undecided")],
)  # fmt: skip
def test_a_criterion_with_two_thresholds(values, result):
    assert judged(claim(criterion(at_least=-0.1, at_most=0.1)), values).results == [result]


def test_units_that_are_fixed_are_met_by_all_or_undecided():
    fixed = claim(criterion(at_least=0.5, drawn=False, unit="photographs"))
    assert judged(fixed, [0.5, 0.9]).results == ["met"]
    assert judged(fixed, [0.4, 0.9]).results == ["undecided"]
    assert judged(fixed, [0.4, 0.2]).results == ["contradicted"]
    assert judged(fixed, 0.7).results == ["met"]
    assert "these photographs differ" in str(judged(fixed, [0.4, 0.9]))
    assert "[n = 2 photographs, fixed]" in str(judged(fixed, [0.4, 0.9]))
    assert "[n = 1 photograph, fixed]" in str(judged(fixed, [0.4]))
    pairs = claim(criterion(at_least=0.5, drawn=False, unit="pairs of networks"))
    assert "[n = 1 pair of networks, fixed]" in str(judged(pairs, [0.4]))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("deciding", GOOD)], "holds"),
        ([("deciding", GOOD), ("condition", GOOD), ("check", GOOD)], "holds"),
        ([("deciding", GOOD), ("condition", BAD)], "holds here with a condition"),
        ([("deciding", GOOD), ("condition", OPEN)], "holds here with a condition"),
        ([("deciding", OPEN), ("condition", GOOD)], "undecided here"),
        ([("deciding", OPEN), ("deciding", GOOD)], "undecided here"),
        ([("deciding", None)], "undecided here"),
        ([("deciding", BAD), ("deciding", OPEN), ("condition", GOOD)], "does not hold here"),
        ([("deciding", BAD), ("check", GOOD)], "does not hold here"),
        ([("deciding", GOOD), ("check", BAD)], "the experiment failed"),
        ([("deciding", BAD), ("check", OPEN)], "the experiment failed"),
    ],
)
def test_the_word_follows_in_its_order(pairs, expected):
    assert word(*pairs) == expected


def test_checks_never_vote():
    assert word(("check", GOOD), ("deciding", BAD)) == word(("deciding", BAD))
    assert word(("check", GOOD), ("deciding", OPEN)) == word(("deciding", OPEN))


# What is refused


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "needs a threshold"),
        ({"at_least": 2, "at_most": 1}, "above at_most"),
        ({"at_least": 0, "because": ""}, "say why"),
        ({"at_least": 0, "control": ""}, "name a control"),
    ],
)
def test_a_criterion_without_threshold_reason_or_control_is_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        criterion(**parts)
    Criterion(name="x + 0 = x", because="an identity", role=CHECK, at_most=0)  # a check needs no control


def test_a_claim_of_checks_alone_is_refused():
    with pytest.raises(ValueError, match="no criterion decides"):
        claim(criterion(role=CHECK, at_least=0))


@pytest.mark.parametrize(
    ("scale", "values", "message"),
    [
        ("difference", [1, math.nan], "finite numbers are needed"),
        ("difference", [], "finite numbers are needed"),
        (LOG_RATIO, [1, 0, 2], "a ratio is above 0"),
        (SHARE, [0.5, 1.01], "between 0 and 1"),
    ],
)
def test_values_that_the_scale_does_not_allow_are_refused(scale, values, message):
    from utils.verdicts import Scale

    with pytest.raises(ValueError, match=f"x: gain = .*{message}"):
        judged(claim(criterion(at_least=0.5, scale=Scale(scale))), values)


def test_a_share_that_rounding_took_past_1_is_1():
    from utils.verdicts import Scale

    [row] = judged(claim(criterion(at_least=0.5, scale=Scale(SHARE))), [1 + 2e-16, 1.0, 0.9999999, -1e-9, 1.0]).rows
    assert (row.measurement.low, row.measurement.value, row.measurement.high) == (0, 1, 1)


def test_the_number_of_values_must_fit():
    with pytest.raises(ValueError, match="2 measurements given, one is needed for each of: gain"):
        judged(claim(criterion(at_least=0)), GOOD, GOOD)


# What is shown


def test_a_verdict_says_what_was_repeated_and_what_would_decide():
    shown = str(judged(claim(criterion(at_least=0.05, quantity="nats")), [0.01, 0.1, 0.2, 0.3, 0.4]))
    assert "Claim x: undecided here." in shown
    pattern = r"undecided +deciding +gain: ≈ 0.20 nats \(≈ 0.01 … ≈ 0.40\) \[n = 5 seeds\], needed ≥ 0.05 \(≈ \d+ seeds"
    assert re.search(pattern, shown)


def test_counts_are_exact_and_say_no_n():
    counted = criterion(scale=COUNT, drawn=False, unit="layers", at_least=1, at_most=1)
    assert "gain: 1, needed = 1" in str(judged(claim(counted), 1))
    assert "gain: 16,096, needed = 1" in str(judged(claim(counted), 16_096))


def test_the_box_says_its_word_in_text_and_shows_the_prediction():
    note("x", "it <helps>")
    data = judged(claim(criterion(at_least=0)), GOOD)._repr_mimebundle_()
    note("x", None)
    assert ">holds</span>" in data["text/html"]
    assert "it &lt;helps&gt;" in data["text/html"]
    assert data[VERDICT]["verdict"] == "holds"
    assert html.unescape(data["text/html"]) != data["text/html"]


def test_criteria_are_shown_with_reason_and_control_before_anything_is_measured():
    shown = Criteria(claim(criterion(at_least=0.05), criterion(role=CONDITION, name="deep", at_most=3)))
    data = shown._repr_mimebundle_()
    for text in (data["text/plain"], data["text/html"]):
        assert "five points" in text
        assert "the plain network" in text
        assert "≥ 0.05" in html.unescape(text)
    assert data["text/html"].index("Deciding") < data["text/html"].index("Conditions")


def test_what_a_criterion_shares_with_the_one_before_is_said_once():
    shown = Criteria(claim(criterion(at_least=0.05), criterion(role=CONDITION, name="deep", at_least=0.1)))
    for text in (str(shown), shown._repr_mimebundle_()["text/html"]):
        assert text.count("five points") == text.count("the plain network") == 1
        assert text.count("the same reason as before") == text.count("the same as before") == 1


def test_the_record_holds_all_that_the_ledger_needs_and_is_json():
    verdict = judged(claim(criterion(at_least=0.05), criterion(role=CONDITION, at_most=0)), GOOD, None)
    record = json.loads(json.dumps(verdict.record(), allow_nan=False))
    first, second = record["criteria"]
    names = {"role", "scale", "unit", "n", "drawn", "value", "low", "high", "at_least", "at_most", "result", "control"}
    assert names <= set(first)
    assert (first["n"], first["value"], first["low"], first["high"]) == (5, 3, 1, 5)
    assert (first["at_least"], first["at_most"], first["result"]) == (0.05, None, "met")
    assert (second["n"], second["value"], second["result"]) == (0, None, "undecided")


def test_the_long_run_stands_beside_the_laptop():
    of = claim(criterion(at_least=0), long_run="depth")
    not_run = {"verdict": "not run", "criteria": []}
    assert judged(of, GOOD).record()["evidence"] == {"experiment": "depth", **not_run, "cifar10": not_run}
    both = judged(of, OPEN, long_run=judged(of, BAD))
    assert both.word == "undecided here"
    assert both.record()["evidence"]["verdict"] == "does not hold here"
    assert "The long run (depth): does not hold here." in str(both)
    assert "CIFAR-10" not in str(both)
    other = judged(of, OPEN, long_run=judged(of, BAD), cifar10=judged(of, GOOD))
    assert other.record()["evidence"]["cifar10"]["verdict"] == "holds"
    assert "The long run on CIFAR-10: holds." in str(other)
    assert "evidence" not in judged(claim(criterion(at_least=0)), GOOD).record()


def test_where_nothing_is_measured_here_the_long_run_stands_alone_and_unfolded():
    of = claim(criterion(at_least=0, name="gain"), long_run="depth")
    alone = judged(of, None, long_run=judged(of, GOOD))
    assert "left to the long run" in str(alone)
    assert str(alone).count("gain") == 1
    assert "<details open" in alone._repr_mimebundle_()["text/html"]
    for other in (judged(of, GOOD, long_run=judged(of, GOOD)), judged(claim(criterion(at_least=0)), None)):
        assert "left to the long run" not in str(other)
        assert "<details open" not in other._repr_mimebundle_()["text/html"]


# How often it errs


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda each: each.name)
def test_the_machinery_itself_errs_in_at_most_5_percent(distribution):
    """Real criteria on drawn numbers, with the median by a hair on the other side of the threshold."""
    random = np.random.default_rng(7)
    for n in NS:
        draws = distribution.draw(random, (1500, n))
        above = claim(criterion(at_least=distribution.median + 1e-9))
        below = claim(criterion(at_least=distribution.median - 1e-9))
        false_met = np.mean([judged(above, values).word == "holds" for values in draws])
        false_contradicted = np.mean([judged(below, values).word == "does not hold here" for values in draws])
        # 5 % and three standard errors of a share over 1,500 experiments.
        assert max(false_met, false_contradicted) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1500)


def test_the_medians_of_the_simulation_are_those_of_its_distributions():
    random = np.random.default_rng(3)
    for each in DISTRIBUTIONS:
        below = np.mean(each.draw(random, 200_000) < each.median)
        above = np.mean(each.draw(random, 200_000) > each.median)
        assert max(below, above) <= 0.505, each.name


def test_the_stored_error_rates_are_those_of_the_simulation():
    fresh, stored = summary(), error_rates()
    # What NumPy draws differs from version to version; 0.005 is three standard errors of a share near 5 %.
    for before, now in zip(stored.pop("rates"), fresh["rates"], strict=True):
        assert (before["distribution"], before["n"]) == (now["distribution"], now["n"])
        for kind, room in (("false_met", 0.005), ("false_contradicted", 0.005), ("students_t", 0.005)):
            assert before[kind] == pytest.approx(now[kind], abs=room), "course evidence error_rates writes them anew"
        for kind in ("undecided_1", "undecided_2"):  # of shares in steps, the threshold may fall on a step
            assert before[kind] == pytest.approx(now[kind], abs=0.06)
    assert (stored["experiments"], stored["seed"]) == (fresh["experiments"], fresh["seed"])
    assert stored["largest"] == pytest.approx(fresh["largest"], abs=0.005)
    assert max(fresh["largest"]["false_met"], fresh["largest"]["false_contradicted"]) <= 0.05
    assert fresh["largest"]["students_t"] > 0.1  # why the interval is not Student's
