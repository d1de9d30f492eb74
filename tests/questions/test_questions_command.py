"""``course questions``: what an instructor sees of them."""

import json

import pytest
from click.testing import CliRunner

from utils import questions as course
from utils.course.commands.questions import questions


def run(*arguments):
    result = CliRunner().invoke(questions, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_it_lists_every_question_with_key_slips_and_hints():
    shown = run()
    for question_id in course.questions():
        assert f"\n{question_id}(" in f"\n{shown}"
    assert shown.count("  hint 2 ") == len(course.questions())
    assert "  key         2400\n" in shown
    assert "  slip        18496: counted as an ordinary convolution. " in shown
    assert "NOT ASKED" not in shown


def test_parameters_go_to_the_questions_that_have_them():
    shown = run("bn-parameters", "separable-first-layer", "-p", "channels", "20")
    assert "bn-parameters(channels=20, height=30, width=30)" in shown
    assert "total: 20 + 20 + 20 + 20 = 80" in shown


def test_json_holds_a_list_of_objects():
    (record,) = json.loads(run("residual-add-pooling", "--json", "-p", "size", "21"))
    assert record["id"] == "residual-add-pooling"
    assert record["parameters"] == {"size": 21, "filters": 64, "pool_size": 2}
    assert record["answer"] == [[11, 11, 64], 2]
    assert list(record["slips"]) == ["[[11, 11, 64], 1]", "[[21, 21, 64], 2]", "[[10, 10, 64], 2]"]
    assert len(record["hints"]) == 2
    assert record["refused"] == ""
    everything = json.loads(run("--json"))
    assert [each["id"] for each in everything] == list(course.questions())
    by_id = {each["id"]: each for each in everything}
    assert set(by_id["separable-parameters"]["slips"]) == {"2432", "2336", "18496", "352", "2112"}


def test_collisions_are_shown_with_their_reason():
    shown = run("bn-parameters", "-p", "channels", "1")
    assert "NOT ASKED" in shown
    assert "“the parameters of one channel” leads to the right answer" in shown
    (record,) = json.loads(run("bn-parameters", "-p", "channels", "1", "--json"))
    assert "leads to the right answer" in record["refused"]
    (record,) = json.loads(run("separable-flops", "-p", "size", "2", "-p", "padding", "valid", "--json"))
    assert "at least 3 is needed" in record["refused"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bn-parametres"], "'bn-parametres' is none of"),
        (["bn-parameters", "-p", "chanels", "3"], "no question chosen has a parameter 'chanels'"),  # codespell:ignore
        (["bn-parameters", "-p", "channels", "0"], "channels=0: a whole number from 1 to 4096 is needed"),
        (["bn-parameters", "-p", "channels", "many"], "channels='many': a whole number from 1 to 4096 is needed"),
    ],
)
def test_a_mistake_ends_with_a_message_and_exit_code_2(arguments, message):
    result = CliRunner().invoke(questions, arguments)
    assert result.exit_code == 2
    assert message in result.output
