"""My predictions: read out of a student's files as data, scored by what the verdicts show; no file ends it."""

import nbformat
import numpy as np
import pytest

from utils.calibration import my_predictions
from utils.claims import claims
from utils.notebook_files.sources import course_notebooks
from utils.records import PREDICTION, VERDICT
from utils.scoring import Prediction, Quantity
from utils.verdicts import Role, judged

FIRST, SECOND = course_notebooks()[1:3]
RANGES = [each for each in claims().values() if isinstance(each.asked, Quantity) and each.asked.least == -1]
WORDS = [each for each in claims().values() if not isinstance(each.asked, Quantity)]


def record_of(claim, value):
    """The record of a verdict that measured ``value`` for every criterion; its checks are met."""
    values = [max(each.at_least, 0) if each.role is Role.CHECK else value for each in claim.criteria]
    return judged(claim, *[np.full(5, each) for each in values]).record()


def write(path, *records):
    """A notebook whose cells show these records, ``(kind, record)`` each."""
    notebook = nbformat.v4.new_notebook()
    for mime, record in records:
        output = nbformat.v4.new_output("display_data", {mime: record})
        notebook.cells.append(nbformat.v4.new_code_cell("…", outputs=[output]))
    nbformat.write(notebook, path)


def said(claim, *given):
    return PREDICTION, Prediction(claim.id, claim.asked, given).record()


def measured(claim, value):
    return VERDICT, record_of(claim, value)


def test_a_folder_without_predictions_says_so(tmp_path):
    found = my_predictions(tmp_path)
    assert found.made == ()
    assert "No predictions yet" in str(found)
    assert found.summary == "Predictions scored: none yet."
    assert found.picture() is None
    assert "No predictions yet" in found._repr_mimebundle_()["text/html"]


def test_calibration_and_sharpness_over_all_notebooks_are_as_worked_by_hand(tmp_path):
    one, word, other = RANGES[0], WORDS[0], WORDS[1]
    write(
        tmp_path / FIRST.name,
        said(one, 0.0, 0.1),
        said(one, 0.3, 0.5),  # what is shown last counts
        said(word, "holds", 0.8),
        (PREDICTION, {"id": word.id, "guess": None}),
        measured(one, 0.2),
        measured(word, 1.0),
        said(other, "holds", 0.6),
    )
    two = RANGES[1]
    write(tmp_path / SECOND.name, said(two, 0.1, 0.5), measured(two, 0.2))
    found = my_predictions(tmp_path)
    assert [each.hit for each in found.scored("range")] == [False, True]
    scores = [each.outcome.score for each in found.scored("range")]
    assert scores == pytest.approx([(0.2 + 10 * 0.1) / one.asked.scale, 0.4 / two.asked.scale])
    assert "2 ranges, 1 of them contained" in found.summary
    assert "(four in five would be 1.6)" in found.summary
    assert "1 without a verdict yet" in found.summary
    assert "choice" not in found.summary  # that of ``word`` was taken back
    assert f"{(0.2 / one.asked.scale + 0.4 / two.asked.scale) / 2:.2f} wide on average" in "\n".join(found.sentences)
    # Clopper and Pearson's bounds for 1 of 2: the roots of (1 − p)² = 0.95 and p² = 0.95.
    assert f"from {1 - 0.95**0.5:.0%} to {0.95**0.5:.0%}" in "\n".join(found.sentences)
    shown = found._repr_mimebundle_()
    assert (
        f'alt="2 ranges around what was measured: 1 hold it, where 1.6 should; missed: {one.id} (above it).'
        in (shown["text/html"])
    )
    assert "Why? " in shown["text/plain"]
    assert "<script" not in shown["text/html"]


def test_choices_are_grouped_by_their_confidence(tmp_path):
    records = []
    for claim, word, sure in zip(
        WORDS, ("does not hold here", "holds", "does not hold here"), (0.4, 0.99, 0.97), strict=False
    ):
        record = record_of(claim, 1.0) | {"verdict": "does not hold here"}
        records += [said(claim, word, sure), (VERDICT, record)]
    write(tmp_path / FIRST.name, *records)
    found = my_predictions(tmp_path)
    low, high = found.groups
    assert (low.n, low.right, low.confidence) == (1, 1, 0.4)
    assert (high.n, high.right, high.share, high.confidence) == (2, 1, 0.5, pytest.approx(0.98))
    assert "100% of 1 right at a confidence of 40%; 50% of 2 right at a confidence of 98%" in found.picture().alt


@pytest.mark.parametrize("content", ["", "{", '{"cells": 3}', "[]"])
def test_a_file_that_cannot_be_read_is_passed_over(tmp_path, content):
    (tmp_path / FIRST.name).write_text(content)
    write(tmp_path / SECOND.name, said(RANGES[0], 0.3, 0.5), measured(RANGES[0], 0.2))
    assert len(my_predictions(tmp_path).made) == 1


def test_records_that_break_their_form_are_passed_over(tmp_path):
    one = RANGES[0]
    whole = said(one, 0.3, 0.5)
    broken = [7, [], {"id": 3}, {"id": one.id}, {"id": "no-such-claim", "kind": "range", "low": 0, "high": 1}]
    broken += [whole[1] | {"low": "<script>"}, whole[1] | {"low": 1e400}, {"id": one.id, "guess": "a half, perhaps"}]
    for each in broken:
        write(tmp_path / FIRST.name, (PREDICTION, each), measured(one, 0.2))
        assert my_predictions(tmp_path).made == ()
    for each in (7, {"id": one.id}, measured(one, 0.2)[1] | {"criteria": [{"name": [], "value": "<script>"}]}):
        write(tmp_path / FIRST.name, whole, (VERDICT, each))
        (made,) = my_predictions(tmp_path).made
        assert made.outcome is None
        assert "no verdict yet" in str(my_predictions(tmp_path))
