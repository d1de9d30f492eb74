"""The questions on concepts: noted at the start, answered at the end with what was said before, and never believed."""

import nbformat
import pytest

from utils import concepts as room
from utils.concepts import AFTER, BEFORE, after, before, choices_in, concept, concepts, learned
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks
from utils.records import CONCEPT

FIRST = course_notebooks()[0].name


@pytest.fixture(autouse=True)
def _new_kernel(monkeypatch):
    monkeypatch.setattr(room, "_firsts", {})


def keep(folder, *records):
    """A first notebook whose outputs hold these records."""
    outputs = [nbformat.v4.new_output("display_data", {"text/plain": "", CONCEPT: each}) for each in records]
    cells = [nbformat.v4.new_code_cell("before(…)", outputs=[each]) for each in outputs]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / FIRST)


def test_there_are_ten_two_on_each_topic():
    assert len(concepts()) == 10
    topics = [concept(each).topic for each in concepts()]
    assert {topics.count(each) for each in topics} == {2}


@pytest.mark.parametrize("name", concepts())
def test_a_question_has_two_wordings_and_an_explanation_for_each_mistaken_idea(name):
    asked = concept(name)
    assert asked.first.text != asked.last.text
    assert asked.first.right != asked.last.right, "who remembers the letter alone is not right"
    used = set()
    for asking in (asked.first, asked.last):
        ideas = [idea for _, idea in asking.choices.values()]
        assert ideas.count("") == 1
        assert len(set(ideas)) == len(asking.choices) == 4
        assert list(asking.choices) == list("abcd")
        used |= set(ideas) - {""}
    assert used == set(asked.ideas)
    for why in (asked.because, *asked.ideas.values()):
        assert len(why) > 60
        assert why.endswith(".")
    assert len({asked.because, *asked.ideas.values()}) == len(asked.ideas) + 1


def test_no_letter_is_right_more_often_than_the_others():
    for when in ("first", "last"):
        letters = [getattr(concept(each), when).right for each in concepts()]
        assert max(map(letters.count, "abcd")) <= 4
        assert min(map(letters.count, "abcd")) >= 1


# Worked by hand: (1 + 0) · 5 and (1 + 0.5) · 4; one window a channel; a kernel does not grow.
@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("gradient", "5", "6"), ("mixing", "1", "1"), ("weights", "As many as before.", "As many as before.")],
)
def test_the_numbers_are_right(name, first, last):
    asked = concept(name)
    assert asked.first.choices[asked.first.right][0] == first
    assert asked.last.choices[asked.last.right][0] == last


@pytest.mark.parametrize("name", concepts())
def test_at_the_start_nothing_tells_right_from_wrong(name):
    shown = {letter: before(name, letter) for letter in concept(name).first.choices}
    assert len({str(each).replace(f"Noted: {letter}", "") for letter, each in shown.items()}) == 1
    assert len({each.color for each in shown.values()}) == 1
    assert [each._repr_mimebundle_()[CONCEPT] for each in shown.values()] == [
        {"id": name, "when": BEFORE, "choice": letter} for letter in shown
    ]
    everything = "".join(map(str, shown.values()))
    assert not [why for why in (concept(name).because, *concept(name).ideas.values()) if why in everything]


@pytest.mark.parametrize("name", concepts())
def test_at_the_end_each_choice_is_explained_beside_what_was_said_at_the_start(name, tmp_path):
    asked = concept(name)
    keep(tmp_path, {"id": name, "when": BEFORE, "choice": asked.first.right})
    for letter in asked.last.choices:
        shown = str(after(name, letter, tmp_path))
        assert asked.explanation(asked.last, letter) in shown
        assert ("✓ Right" in shown) == (letter == asked.last.right)
        assert "which is right." in shown
    mistaken = next(letter for letter in asked.first.choices if letter != asked.first.right)
    keep(tmp_path, {"id": name, "when": BEFORE, "choice": mistaken})
    shown = str(after(name, asked.last.right, tmp_path))
    assert f"which is not right: {asked.explanation(asked.first, mistaken)}" in shown


def test_the_first_choice_at_the_end_is_the_one_recorded(tmp_path):
    assert after("place", "a", tmp_path)._repr_mimebundle_()[CONCEPT]["choice"] == "a"
    second = after("place", concept("place").last.right, tmp_path)
    assert second._repr_mimebundle_()[CONCEPT]["choice"] == "a"
    assert "Your first choice here is the one that is recorded: a." in str(second)
    assert learned(tmp_path).right == {("place", AFTER): False}


@pytest.mark.parametrize("ask", [before, after])
@pytest.mark.parametrize(
    "given", ["e", "", "ab", 1, True, ["a"], "a" * 1000, 10**5000, object()], ids=lambda given: type(given).__name__
)
def test_what_is_no_letter_is_a_sentence_and_no_record(ask, given):
    shown = ask("place", given)
    assert "is not one of the choices" in str(shown)
    assert shown.choice is None
    assert len(str(shown)) < 2000


@pytest.mark.parametrize("ask", [before, after])
def test_no_choice_is_neutral_and_case_and_brackets_do_not_matter(ask):
    assert "Not answered yet" in str(ask("place", None))
    assert ask("place", " B) ").choice == "b"
    assert "There is no question" in str(ask("weather", "a"))
    assert "There is no question" in str(ask(["place"], "a"))


HOSTILE = [
    7, None, [], {}, {"id": "place"}, {"id": ["place"], "when": BEFORE, "choice": "a"},
    {"id": "place", "when": {}, "choice": "a"}, {"id": "place", "when": BEFORE, "choice": ["a"]},
    {"id": "place", "when": BEFORE, "choice": "z"}, {"id": "<b>", "when": BEFORE, "choice": "a"},
]  # fmt: skip


def test_a_record_that_breaks_its_form_is_passed_over(tmp_path):
    good = {"id": "place", "when": BEFORE, "choice": "a"}
    assert choices_in([*HOSTILE, good, *HOSTILE]) == {("place", BEFORE): "a"}
    for each in HOSTILE:
        keep(tmp_path, each)
        assert "You did not answer this question at the start" in str(after("place", "a", tmp_path))
    (tmp_path / FIRST).write_text("{")
    assert "You did not answer this question at the start" in str(after("place", "a", tmp_path))


def test_what_was_learned_is_a_table(tmp_path):
    mistaken = "a" if concept("shift").first.right != "a" else "b"
    keep(tmp_path, {"id": "shift", "when": BEFORE, "choice": mistaken})
    assert "No question was answered" in learned(tmp_path).summary
    after("shift", concept("shift").last.right, tmp_path)
    found = learned(tmp_path)
    assert found.summary == "Of 1 questions answered both times, 0 were right at the start and 1 here."
    assert "<th" in found._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(("place", "name"), [(0, "before"), (-1, "after")])
def test_the_first_and_the_last_notebook_ask_each_of_them_once_and_leave_it_open(place, name):
    cells = tagged(read(course_notebooks()[place]), "concept")
    assert [cell.source.splitlines()[-1] for cell in cells] == [f'{name}("{each}", None)' for each in concepts()]
    assert [cell.metadata.concept for cell in cells] == list(concepts())


def test_the_first_notebook_explains_none_of_them():
    notebook = read(course_notebooks()[0])
    outputs = [str(output.get("data", "")) for cell in notebook.cells for output in cell.get("outputs", [])]
    everything = "".join([*(cell.source for cell in notebook.cells), *outputs])
    for each in map(concept, concepts()):
        assert not [why for why in (each.because, *each.ideas.values()) if why in everything]
