"""The last notebook: the networks of its example, the rubric, and what its stored outputs say of each other."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from utils.figures.your_own_claim import draw_pairs
from utils.notebook_files.reading import read, records
from utils.preregistration._records import digest_of, seeds_of
from utils.records import OWN_CLAIM, REVIEW, VERDICT
from utils.rubric import EXAMPLE, FAULTS, RUBRIC, SOUND, review, rubric
from utils.your_own_claim import accuracies, best_rate, network

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "09_your_own_claim.ipynb"
RIGHT = {number: 0 if number in FAULTS else 2 for number in RUBRIC}


@pytest.mark.parametrize("side", [8, 15, 32])
def test_both_arms_have_the_same_parameters_and_the_same_maps(side):
    pooling, stride = (network(each, (side, side, 1)) for each in ("pooling", "stride"))
    # By hand: 3·3·1·8 + 3·3·8·16 + 3·3·16·32 weights, 4·(8 + 16 + 32) of normalization, 32·8 + 8 of the last layer.
    assert pooling.count_params() == stride.count_params() == 72 + 1152 + 4608 + 224 + 264
    assert pooling.layers[-2].input.shape == stride.layers[-2].input.shape


def test_another_way_to_halve_is_refused():
    with pytest.raises(ValueError, match="one of pooling, stride"):
        network("average")


def test_the_better_rate_is_chosen_and_each_seed_has_its_accuracy():
    random = np.random.default_rng(0)
    labels = random.integers(0, 8, 128).astype("int32")
    images = (labels[:, None, None, None] * 30 + random.normal(0, 2, (128, 8, 8, 1))).astype("float32")
    build, part = partial(network, "stride", (8, 8, 1)), (images, labels)
    assert best_rate(build, part, part, (1e-9, 0.02)) == 0.02
    found = accuracies(build, part, part, seeds=(100, 101, 100), learning_rate=0.02)
    assert found.shape == (3,)
    assert found[0] == found[2] > 0.2


def test_the_figure_says_how_often_the_first_arm_is_higher():
    alt = draw_pairs({"a": [0.5, 0.7, 0.6], "b": [0.6, 0.5, 0.5]}).alt
    assert "a ≈ 0.60 on average, b ≈ 0.53 on average. a is higher for ≈ 2 of them." in alt


def test_the_rubric_shows_every_line_and_the_course_knows_each_line_of_its_example():
    assert 6 <= len(RUBRIC) <= 8
    assert all(name in str(rubric()) for name, _ in RUBRIC.values())
    assert set(FAULTS) | set(SOUND) == set(RUBRIC)
    assert not set(FAULTS) & set(SOUND)


def test_the_review_of_the_flawed_example_is_answered_and_gives_nothing_away():
    assert "Right: all three faults" in str(review(EXAMPLE, RIGHT))
    unseen = str(review(EXAMPLE, RIGHT | {4: 2, 7: 1}))
    assert "2 of 3 faults found" in unseen
    assert FAULTS[4][0] in unseen
    assert FAULTS[4][1] not in unseen
    assert FAULTS[2][0] not in unseen
    assert SOUND[7] in unseen
    assert "Open: line 3." in str(review(EXAMPLE, RIGHT | {3: None}))


def test_the_review_of_another_claim_is_data():
    shown = review("<b>theirs</b>", RIGHT | {1: 1}, remark="x" * 5000)._repr_mimebundle_()
    assert "7 of 14 points" in shown["text/plain"]
    assert "<b>" not in shown["text/html"]
    assert shown[REVIEW]["levels"]["1"] == 1
    assert len(shown[REVIEW]["remark"]) == 2000


@pytest.mark.parametrize("levels", [None, {1: 2}, RIGHT | {1: 3}, RIGHT | {1: "2"}, RIGHT | {1: True}])
def test_levels_that_are_none_are_refused_in_a_sentence(levels):
    assert "Refused" in str(review("theirs", levels))


def test_the_stored_notebook_registers_what_it_judges_and_refuses_what_it_says():
    notebook = read(NOTEBOOK)
    found = records(notebook, OWN_CLAIM)
    registered = next(each for each in found if each["id"] == "max-pooling" and each["state"] == "registered")
    judged = next(each for each in found if each["id"] == "max-pooling" and each["state"] == "judged")
    assert registered["digest"] == judged["digest"] == digest_of(judged["registered"])
    assert judged["seeds"] == seeds_of(judged["digest"], judged["registered"]["count"])
    refused = [" ".join(each["why"]) for each in found if each["state"] == "refused"]
    words = ("at_least from 0.02", "The control of criterion 1 is missing", "No criterion decides")
    assert all(word in why for word, why in zip(words, refused, strict=True))
    assert {each["state"] for each in found if each["id"] == "mine"} == {"open"}
    assert not records(notebook, VERDICT)
