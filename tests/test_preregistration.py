"""A claim of one's own: what is frozen, what is refused, and what the record holds."""

import json

import pytest

from utils import preregistration
from utils.claims import claims
from utils.preregistration import Judged, Measured, Notice, Registration, judge, measure, predict, register
from utils.preregistration._records import digest_of, seeds_of
from utils.records import OWN_CLAIM, VERDICT
from utils.scoring import note
from utils.verdicts import CHECK, Word

CRITERION = {"name": "gain", "at_least": 0.02, "because": "a reader would see it", "control": "the plain network"}
TEXTS = {"statement": "It helps.", "experiment": "Two arms, one seed each."}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(preregistration, "_measured", {})
    for name in ("mine", "mine-2"):
        note(name, None)


def stated(name="mine", count=8, criteria=None, texts=TEXTS, **criterion):
    return register(name, **texts, criteria=[CRITERION | criterion] if criteria is None else criteria, count=count)


def gains(seeds):
    return [0.05 + seed / 1e6 for seed in seeds]


def other_gains(seeds):
    return [0.5 for _ in seeds]


def refusal(given):
    assert isinstance(given, Notice)
    assert given.state == "refused"
    return "\n".join(given.lines)


def test_register_measure_judge():
    registered = stated()
    assert isinstance(registered, Registration)
    measured = measure(registered, gains)
    assert isinstance(measured, Measured)
    assert measured.values == [gains(measured.seeds)]
    judged = judge(measured)
    assert isinstance(judged, Judged)
    assert judged.verdict.word == Word.HOLDS
    assert judged.record()["digest"] == registered.digest
    assert "No prediction was made before the measurement." in str(judged)


def test_the_seeds_follow_from_what_was_registered_and_any_change_gives_others():
    seeds = measure(stated(), gains).seeds
    assert len(set(seeds)) == 8
    assert all(100 <= seed <= 9999 for seed in seeds)
    preregistration._measured.clear()  # as after a restart of the kernel
    assert measure(stated(), gains).seeds == seeds
    for change in ({"at_least": 0.01}, {"control": "another one"}, {"texts": TEXTS | {"experiment": "Another."}}):
        preregistration._measured.clear()
        assert len(set(measure(stated(**change), gains).seeds) & set(seeds)) <= 1


def test_a_threshold_after_the_measurement_is_refused_and_a_new_name_gets_fresh_seeds():
    registered = stated()
    assert isinstance(stated(at_least=0.01), Registration)  # nothing has been measured yet
    measured = measure(registered, gains)
    why = refusal(stated(at_least=0.01))
    assert "at_least from 0.02 to 0.01" in why
    assert "'mine-2'" in why
    assert refusal(measure(stated(at_least=0.01), gains)) == refusal(judge(stated(at_least=0.01))) == why
    assert stated() is registered
    again = measure(stated("mine-2", at_least=0.01), gains)
    assert len(set(again.seeds) & set(measured.seeds)) <= 1
    assert "Measured before it: mine." in str(judge(again))


def test_another_experiment_under_the_same_name_is_refused_and_the_same_one_is_not_run_again():
    calls = []

    def counted(seeds):
        calls.append(seeds)
        return gains(seeds)

    registered = stated()
    measured = measure(registered, counted)
    assert measure(stated(), counted) is measured
    assert len(calls) == 1
    assert "its seeds are used up" in refusal(measure(registered, other_gains))
    assert judge(measured).measured.values == [gains(measured.seeds)]


def test_an_experiment_that_ends_in_an_error_may_be_mended():
    def broken(seeds):
        raise KeyError("images")

    with pytest.raises(KeyError):
        measure(stated(), broken)
    assert isinstance(measure(stated(), gains), Measured)


@pytest.mark.parametrize("count", [1, 4])
def test_fewer_than_five_decide_nothing_and_it_says_what_to_do(count):
    assert f"{count} seeds belong to it. Fewer than 5 decide nothing: set count to 5 or more." in str(
        stated(count=count)
    )
    judged = judge(measure(stated(count=count), gains))
    assert judged.verdict.word == Word.UNDECIDED
    assert "such as 'mine-2'" in str(judged)


def test_a_prediction_that_is_changed_afterwards_does_not_count():
    registered = stated()
    predict(registered, low=0, high=0.01)
    judged = judge(measured := measure(registered, gains))
    assert not judged.notes
    assert "You said 0 to 0.01, measured ≈ 0.0" in str(judged)
    predict(registered, low=0.04, high=0.07)
    again = judge(measured)
    assert again.notes == ("What was predicted after the measurement does not count.",)
    assert "You said 0 to 0.01" in str(again)
    assert again.record()["prediction"]["high"] == 0.01


@pytest.mark.parametrize(
    ("scale", "given", "said"),
    [
        ("difference", (-0.1, 0.2), "noted: −0.1 to 0.2"),
        ("share", (0, 1.2), "Not noted: high=1.2"),
        ("log ratio", (-1, 2), "Not noted: low=-1"),
        ("difference", ("a lot", 2), "Not noted: low='a lot'"),
        ("difference", (None, None), "No prediction yet. Predict a number: gain."),
    ],
)
def test_a_prediction_is_a_range_of_what_the_deciding_criterion_measures(scale, given, said):
    assert said in str(predict(stated(scale=scale), *given))


def test_what_is_not_stated_is_open_all_the_way():
    nothing = register("mine", statement=None, experiment=None, criteria=[dict.fromkeys(CRITERION)])
    for each in (nothing, predict(nothing), measure(nothing, gains), judge(measure(nothing, gains))):
        assert (each.state, each.lines) == ("open", nothing.lines)
    assert measure(stated(), lambda seeds: ...).state == "open"
    assert measure(stated(), lambda seeds: None).state == "open"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"control": None}, "The control of criterion 1 is missing. Name what it is compared with"),
        ({"because": " "}, "The because of criterion 1 is missing."),
        ({"because": "x" * 1001}, "in at most 1,000 characters"),
        ({"at_least": None}, "criterion 1 has no threshold"),
        ({"at_least": "0.02"}, "criterion 1 has no threshold"),
        ({"at_least": float("nan")}, "criterion 1 has no threshold"),
        ({"at_most": 0.01}, "at_least 0.02 is above at_most 0.01"),
        ({"role": CHECK}, "No criterion decides"),
        ({"role": "chief"}, "'chief' is not a valid Role"),
        ({"treshold": 1}, "does not take treshold: it takes name, because"),  # codespell:ignore
        ({"unit": 3}, "unit and quantity are texts"),
        ({"drawn": "no"}, "drawn is True, or False"),
    ],
)
def test_a_criterion_that_is_not_whole_is_refused_in_a_sentence(given, words):
    assert words in refusal(stated(**given))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": next(iter(claims()))}, "not the name of a course claim"),
        ({"name": "My claim"}, "lowercase letters"),
        ({"name": 3}, "lowercase letters"),
        ({"count": 0}, "a whole number of seeds"),
        ({"count": "8"}, "a whole number of seeds"),
        ({"criteria": []}, "a list of 1 to 8"),
        ({"criteria": "gain"}, "a list of 1 to 8"),
        ({"criteria": [CRITERION] * 9}, "a list of 1 to 8"),
        ({"criteria": ["gain"]}, "a dictionary is needed"),
        ({"texts": {"statement": "It helps."}}, "The experiment is missing."),
        ({"texts": {"experiment": "Two arms."}}, "The statement is missing."),
    ],
)
def test_a_claim_that_is_not_whole_is_refused_in_a_sentence(given, words):
    assert words in refusal(stated(**given))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([1, 2], "2 numbers came for 8 seeds"),
        ("many", "a list for each of the 1 criteria"),
        ([[1] * 8, [2] * 8], "a list for each of the 1 criteria"),
        ([float("nan")] * 8, "finite numbers are needed"),
        ([None] * 8, "a list of numbers is needed"),
        ([], "a list for each of the 1 criteria"),
        (3, "a list for each of the 1 criteria"),
        ({"gain": 3}, "a list for each of the 1 criteria"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_in_a_sentence(found, words):
    assert words in refusal(measure(stated(), lambda seeds: found))


def test_a_check_needs_no_control_and_several_criteria_take_a_list_each():
    check = {"name": "it learns", "at_least": 0.25, "because": "guessing gives 0.125", "role": "check"}
    registered = stated(criteria=[CRITERION, check])
    judged = judge(measure(registered, lambda seeds: [gains(seeds), [0.1] * 8]))
    assert judged.verdict.word == Word.FAILED
    content = registered.content()["criteria"]
    assert register("mine-2", **TEXTS, criteria=content).content()["criteria"] == content


def test_the_record_is_data_that_anybody_can_check_and_never_a_verdict_of_the_course():
    registered = stated(texts=TEXTS | {"statement": "<script>"})
    shown = registered._repr_mimebundle_()
    assert "<script" not in shown["text/html"]
    judged = judge(measure(registered, gains))
    shown = judged._repr_mimebundle_()
    record = json.loads(json.dumps(shown[OWN_CLAIM]))
    assert VERDICT not in shown
    assert digest_of(record["registered"]) == record["digest"] == registered.digest
    assert seeds_of(record["digest"], record["registered"]["count"]) == record["seeds"]
    assert record["values"] == [pytest.approx(gains(record["seeds"]))]
    assert record["code"].startswith("def gains(seeds):")
