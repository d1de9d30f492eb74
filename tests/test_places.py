"""docs/questions.md lists each question and exercise with its place, and tells no answer."""

from pathlib import Path

from utils import questions
from utils.course.pages.places import page_of_places
from utils.exercises import exercises
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks

STORED = Path(__file__).parents[1] / "docs" / "questions.md"


def test_the_page_is_up_to_date():
    assert STORED.read_text(encoding="utf-8") == page_of_places(), "course questions --page >docs/questions.md"


def test_each_question_and_exercise_is_there_as_often_as_it_is_asked():
    cells = [cell for path in course_notebooks() for tag in ("answer", "exercise") for cell in tagged(read(path), tag)]
    rows = [line for line in page_of_places().splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) == len(cells)
    for name in (*questions.questions(), *exercises()):
        assert any(f"| `{name}` |" in row for row in rows), name
    for row in rows:
        assert len(row.split(" | ")) == 4, row
        assert " |  | " not in row, "it has a section"


def test_it_holds_no_hint_no_derivation_and_no_slip():
    page = page_of_places()
    for question in map(questions.ask, questions.questions()):
        told = [*question.hints, *question.steps, *(slip.why for slip in question.slips)]
        assert not [each for each in told if each in page], question.id
