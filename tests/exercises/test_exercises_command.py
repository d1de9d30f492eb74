"""``course exercises``: what an instructor sees of them."""

import json

from click.testing import CliRunner

from utils import exercises as course
from utils.course.commands.exercises import exercises


def shown(*arguments):
    result = CliRunner().invoke(exercises, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_every_exercise_is_shown_with_slips_hints_and_solution():
    text = shown()
    for name in course.exercises():
        of = course.exercise(name)
        assert f"{name} ({of.kind}, {of.points} points" in text
        assert f"def {of.name}(" in text
        for slip in of.slips:
            assert f"{slip.name}. {slip.why}" in text
    assert text.count("  hint 2 ") == len(course.exercises())


def test_programs_get_objects():
    records = json.loads(shown("--json"))
    assert [each["id"] for each in records] == list(course.exercises())
    needed = {"id", "notebook", "kind", "points", "text", "stub", "slips", "hints", "solution"}
    assert all(set(each) == needed for each in records)
    assert all(set(slip) == {"name", "why"} for each in records for slip in each["slips"])


def test_one_is_shown_alone_and_an_unknown_one_is_named():
    assert [each["id"] for each in json.loads(shown("bn-forward", "--json"))] == ["bn-forward"]
    result = CliRunner().invoke(exercises, ["bn-forwrd"])
    assert result.exit_code == 2
    assert "'bn-forwrd' is none of" in result.output
