"""The long runs: pieces, what is kept of them, and which code it came from."""

import json
import shutil
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import utils.long_runs
from utils.course.commands.main import main
from utils.course.commands.progress import Progress
from utils.course.commands.stopping import Stop
from utils.course.evidence import code, command, files, perform
from utils.course.evidence.comparing import differences
from utils.evidence import FOLDER

EXPERIMENT = '''
"""Heights of trees."""
CLAIMS = ("trees-grow",)
DATA = "photos"
PIECES = tuple({"seed": seed} for seed in range(101, 108))


def perform(piece, checkpoint=None):
    return {"height": piece["seed"] / 7}


def values(found):
    return {"trees-grow": ([numbers["height"] for _, numbers in found], None)}
'''


@pytest.fixture
def trees(tmp_path, monkeypatch):
    """A made-up experiment ``trees``, and an empty folder for what it finds."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "trees.py").write_text(EXPERIMENT)
    monkeypatch.setattr(utils.long_runs, "__path__", [*utils.long_runs.__path__, str(tmp_path / "code")])
    folder = tmp_path / "evidence"
    yield folder
    sys.modules.pop("utils.long_runs.trees", None)


def record(seed, **parts):
    """A piece's record, as its notebook writes it."""
    return {
        "experiment": "trees",
        "piece": {"seed": seed},
        "numbers": {"height": seed / 7},
        "seconds": 1.23,
        "data": {"photos": "ab"},
        "versions": {"python": "3.11.7"},
        "machine": "a laptop",
    } | parts


def test_a_piece_is_kept_at_once_and_not_asked_for_again(trees):
    files.keep("trees", record(103), "c0de", trees)
    files.keep("trees", record(101), "c0de", trees)
    kept = files.found("trees", trees)
    assert [each["piece"]["seed"] for each in kept["pieces"]] == [101, 103]
    assert kept["claims"] == {"trees-grow": [[14.4286, 14.7143], None]}
    assert [piece["seed"] for piece in files.missing("trees", folder=trees)] == [102, 104, 105, 106, 107]
    assert kept["runs"] == [{"code": "c0de", "versions": {"python": "3.11.7"}, "machine": "a laptop"}]


def test_a_piece_done_again_replaces_the_old_one(trees):
    files.keep("trees", record(101), "c0de", trees)
    files.keep("trees", record(101, numbers={"height": 3.5}), "c1de", trees)
    kept = files.found("trees", trees)
    assert [each["numbers"] for each in kept["pieces"]] == [{"height": 3.5}]
    assert files.known_code(kept) == {"c1de"}


def test_other_data_are_refused_and_nothing_is_lost(trees):
    files.keep("trees", record(101), "c0de", trees)
    before = (trees / "trees.json").read_text()
    with pytest.raises(ValueError, match="a piece used photos cd, those kept used ab"):
        files.keep("trees", record(102, data={"photos": "cd"}), "c0de", trees)
    assert (trees / "trees.json").read_text() == before


def test_a_new_piece_is_a_new_line_in_the_file(trees):
    for seed in (101, 102):
        files.keep("trees", record(seed), "c0de", trees)
    before = (trees / "trees.json").read_text().splitlines()
    files.keep("trees", record(103), "c0de", trees)
    after = (trees / "trees.json").read_text().splitlines()
    assert len(after) == len(before) + 1
    assert json.loads("\n".join(after))


def test_confirmed_code_is_known(trees):
    files.keep("trees", record(101), "c0de", trees)
    files.confirm("trees", "d1ff", trees)
    assert files.known_code(files.found("trees", trees)) == {"c0de", "d1ff"}


def test_a_piece_that_differs_when_it_is_measured_again_confirms_nothing(trees):
    files.keep("trees", record(101), "c0de", trees)
    with pytest.raises(ValueError, match=r"height: 14\.4286 is kept, 20\.0 came out"):
        command.compare("trees", record(101, numbers={"height": 20.0}), "d1ff", trees)
    assert files.known_code(files.found("trees", trees)) == {"c0de"}
    command.compare("trees", record(101), "d1ff", trees)
    assert files.known_code(files.found("trees", trees)) == {"c0de", "d1ff"}


def test_other_data_have_a_folder_of_their_own(trees, monkeypatch):
    monkeypatch.setattr(files, "FOLDER", trees)
    files.keep("trees", record(101), "c0de", files.place())
    files.keep("trees", record(102, data={"cifar10": "ef"}), "c0de", files.place("cifar10"))
    assert [len(files.missing("trees", data)) for data in ("", "cifar10")] == [6, 6]
    assert command.to_do(["trees"], 1, "cifar10") == [("trees", {"seed": 101})]
    assert files.found("trees", trees / "cifar10")["data"] == {"cifar10": "ef"}


@pytest.mark.parametrize("name", files.experiments())
def test_every_piece_that_other_data_can_serve_loads_them(name, monkeypatch):
    module, asked = files.module_of(name), []

    def load(data, **_):
        asked.append(data)
        raise LookupError

    monkeypatch.setattr(module, "load", load)
    kinds = {str(piece | {"seed": 101}): piece for piece in files.pieces_of(name, "cifar10") if "seed" in piece}
    for piece in kinds.values():
        with pytest.raises(LookupError):
            module.perform(piece | {"data": "cifar10"})
    assert set(asked) == ({"cifar10"} if kinds else set())


def test_experiments_take_turns(trees, monkeypatch):
    pieces = {"a": [1, 2, 3], "b": [4]}
    monkeypatch.setattr(command, "missing", lambda name, data: pieces[name])
    assert command.to_do(["a", "b"]) == [("a", 1), ("b", 4), ("a", 2), ("a", 3)]
    assert command.to_do(["a", "b"], 1) == [("a", 1), ("b", 4)]


# The code that numbers come from


def a_project(folder, **sources):
    for name, source in sources.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def test_code_is_followed_through_imports_and_changes_with_what_it_does(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "ROOT", tmp_path)
    a_project(
        tmp_path,
        utils__long_runs__trees="import numpy\nfrom utils.growth import rate\n",
        utils__growth="from utils.soil import depth\n\n\ndef rate():\n    return 2\n",
        utils__soil="depth = 3\n",
        utils__elsewhere="x = 1\n",
    )
    before = code.code_of("trees")
    assert list(before) == ["utils/growth.py", "utils/long_runs/trees.py", "utils/soil.py"]
    a_project(
        tmp_path, utils__growth='from utils.soil import depth\ndef rate():\n    """Another text."""\n    return 2'
    )
    assert {name for name, each in code.code_of("trees").items() if each != before[name]} <= {"utils/growth.py"}
    a_project(tmp_path, utils__soil="depth = 4\n")
    assert code.together(code.code_of("trees")) != code.together(before)


def test_comments_and_docstrings_are_no_change(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "ROOT", tmp_path)
    a_project(tmp_path, utils__long_runs__trees='"""A."""\n\n\ndef f():\n    """B."""\n    return 2  # two\n')
    before = code.together(code.code_of("trees"))
    a_project(tmp_path, utils__long_runs__trees='def f():\n    """C."""\n    return 2\n')
    assert code.together(code.code_of("trees")) == before
    a_project(tmp_path, utils__long_runs__trees='def f():\n    """C."""\n    return 3\n')
    assert code.together(code.code_of("trees")) != before


@pytest.mark.parametrize(
    ("kept", "again", "places"),
    [
        ({"a": 0.5, "b": [1, 200.0]}, {"a": 0.55, "b": [1, 210.0]}, []),
        ({"a": 0.5}, {"a": 0.7}, ["a: 0.5 is kept, 0.7 came out"]),
        ({"a": [1, 200.0]}, {"a": [1, 250.0]}, ["a[1]: 200.0 is kept, 250.0 came out"]),
        ({"a": True}, {"a": False}, ["a: True is kept, False came out"]),
        ({"a": 1}, {"b": 1}, [": {'a': 1} is kept, {'b': 1} came out"]),
    ],
)
def test_a_piece_measured_again_may_differ_by_a_tenth(kept, again, places):
    assert differences(kept, again) == places


# What stands in the course


STORED = [name for name in files.experiments() if files.found(name)["pieces"]]


@pytest.mark.parametrize("name", STORED)
def test_the_stored_values_follow_from_the_stored_pieces(name):
    from utils.claims import claims
    from utils.verdicts import judged

    kept = files.found(name)
    assert kept["claims"] == files.claims_of(name, kept["pieces"])
    assert set(kept["claims"]) == set(files.module_of(name).CLAIMS)
    for claim, values in kept["claims"].items():
        assert claims()[claim].long_run == name
        assert judged(claims()[claim], *values).word
    assert np.isfinite([each["seconds"] for each in kept["pieces"]]).all()


@pytest.mark.parametrize("name", STORED)
def test_the_stored_numbers_come_from_the_code_as_it_is(name):
    known = files.known_code(files.found(name))
    assert code.together(code.code_of(name)) in known, (
        f"the code behind evidence/{name}.json has changed: course evidence --confirm {name} measures a piece again"
    )


def test_a_piece_measured_again_finds_what_is_kept(tmp_path, monkeypatch):
    """The whole way: a batch, a kernel, a training, and the comparison."""
    shutil.copy(FOLDER / "bn_order.json", tmp_path)
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setattr(perform, "ROOT", tmp_path)
    pieces = [("bn_order", {"what": "order", "data": "photos", "seed": 101})]
    with Stop(patient=True) as stop, Progress(1, stop=stop) as progress:
        assert command.carry_out(pieces, True, "", 1, progress, stop) == []
    assert files.found("bn_order", tmp_path)["confirmed"][-1] == code.together(code.code_of("bn_order"))


def test_every_experiment_that_a_claim_names_is_there():
    from utils.claims import claims

    assert {each.long_run for each in claims().values() if each.long_run} == set(files.experiments())


def test_an_unknown_experiment_is_named():
    result = CliRunner().invoke(main, ["evidence", "no-such"])
    assert result.exit_code == 2
    assert "no experiment no-such; there are:" in result.output


def test_the_list_runs_nothing(trees):
    shutil.rmtree(trees, ignore_errors=True)
    result = CliRunner().invoke(main, ["evidence", "trees", "--list"])
    assert result.exit_code == 0
    assert "0 of 7 pieces" in result.output
