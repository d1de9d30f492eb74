"""Values, grids and the order of notebooks are read as a person reads them, or refused in a sentence."""

import json

import pytest
from tiny_notebooks import write

from utils.course.batches import environment as surroundings
from utils.course.batches.grid import grid
from utils.course.batches.order import order
from utils.course.batches.plan import jobs, settings, sources
from utils.course.batches.values import value_of
from utils.course.storage.input_files import Mistake

READ = {
    "010": 10, "-7": -7, "+3": 3, "0x1F": 31, "0o17": 15, "1e3": 1000.0, ".5": 0.5, "5.": 5.0, "-0.25": -0.25,
    "true": True, "False": False, "no": "no", "Yes": "Yes", "on": "on", "1:30": "1:30", "2024-01-05": "2024-01-05",
    "null": None, "~": None, "": None, " 4 ": 4, "1_000": "1_000", "nano": "nano", "१२": "१२",
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_value_is_read_by_the_rules_of_yaml_1_2(text):
    assert (value_of(text), type(value_of(text))) == (READ[text], type(READ[text]))


@pytest.mark.parametrize("text", ["nan", ".nan", "-.inf", "inf", "Infinity", "1e999", "9" * 5000])
def test_what_is_no_finite_number_of_a_usual_size_is_refused(text):
    with pytest.raises(Mistake, match=r"finite number is needed|5000 characters; at most 30"):
        value_of(text)


GRIDS = {
    "depth: [4, 20]\nseed: 8..9": [(4, 8), (4, 9), (20, 8), (20, 9)],
    "depth: 010": [(10,)],
    "depth: '0..2'": [(0,), (1,), (2,)],
    "depth: 0..40..20": [(0,), (20,), (40,)],
    "depth: &all [1, 2]\nseed: [*all, 3]": [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)],
    "- depth: 1\n- depth: no": [(1,), ("no",)],
    "depth: 2024-01-05": [("2024-01-05",)],
}


def test_yaml_is_not_said_to_be_csv(tmp_path):
    (tmp_path / "grid.yaml").write_bytes(b"name: M\xfcller")
    with pytest.raises(Mistake, match=r"it is not in UTF-8$"):
        grid(tmp_path / "grid.yaml")


@pytest.mark.parametrize("text", GRIDS)
def test_every_combination_of_a_grid_is_a_set(tmp_path, text):
    (tmp_path / "grid.yaml").write_text(text)
    assert [tuple(each.values()) for each in grid(tmp_path / "grid.yaml")] == GRIDS[text]


def test_a_grid_in_csv_has_a_set_in_each_line_with_ranges_and_lists(tmp_path):
    (tmp_path / "grid.csv").write_text("depth, seed\n4|8,0..1\n,3\n\n,,\n".replace(",,", ","))
    assert grid(tmp_path / "grid.csv") == [
        {"depth": "4", "seed": 0},
        {"depth": "4", "seed": 1},
        {"depth": "8", "seed": 0},
        {"depth": "8", "seed": 1},
        {"seed": "3"},
    ]


@pytest.mark.parametrize("text", ["depth;seed\n4;7", "sep=;\ndepth;seed\n4;7", "depth\tseed\n4\t7", "depth,seed\r4,7"])
def test_a_grid_in_csv_may_be_any_spreadsheet_s(tmp_path, text):
    (tmp_path / "grid.csv").write_text(text, newline="")
    assert grid(tmp_path / "grid.csv") == [{"depth": "4", "seed": "7"}]


REFUSED = {
    "seed: !!binary aGVsbG8=": "binary is no kind of value here",
    "seed: !!set {a, b}": "set is no kind of value here",
    "seed: !!python/object/apply:os.system [ls]": "is no kind of value here",
    "seed: 0..100000": "100,001 values; at most 100,000",
    f"seed: 0..1{'0' * 26}": "a range of whole numbers is written 0..9",
    f"seed: {'9' * 5000}": "5000 characters; at most 30",
    "seed: 9..1": "a range goes up",
    "seed: 0..9..0": "a range goes up",
    "seed: &x [1, *x]": "a list holds itself",
    f"seed: {'[' * 3000}": "lists in lists without an end",
    "seed: [[[[[[[1]]]]]]]": "a value, a list of values or a range is needed",
    "seed: {a: 1}": "a value, a list of values or a range is needed",
    "seed: []": "an empty list leaves nothing to run",
    "seed: .nan": "a finite number is needed",
    "seed: 1\nseed: 2": "line 2: seed stands there twice",
    "? [1, 2]\n: 3": "line 1: no name",
    "<<: {a: 1}": "is needed",
    "": "a mapping of parameters to values is needed",
    "just text": "a mapping of parameters to values is needed",
    "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c]": "sets; at most",
}
REFUSED_CSV = {
    "depth,depth\n1,2": "line 1: the column 'depth' stands there twice",
    "depth\n1,2": "line 2: a value stands there without a column's name",
    "depth,\n1,2": "line 2: a value stands there without a column's name",
    "depth\n": "there is no line below the names",
    "": "there is no line below the names",
    '"depth\n1': "the quotation mark in line 1 is never closed",
    'depth\n"1\n2': "line 2: the quotation mark in line 2 is never closed",
}


@pytest.mark.parametrize(
    ("kind", "text"), [("yaml", text) for text in REFUSED] + [("csv", text) for text in REFUSED_CSV]
)
def test_a_grid_that_is_none_is_refused_in_a_sentence(tmp_path, kind, text):
    (tmp_path / f"grid.{kind}").write_text(text)
    with pytest.raises(Mistake) as refused:
        grid(tmp_path / f"grid.{kind}")
    assert {"yaml": REFUSED, "csv": REFUSED_CSV}[kind][text] in str(refused.value)
    assert "\n" not in str(refused.value)


def planned(tmp_path, sets, parameters="depth: int = 4\nname: str = 'x'\ncode_path: str = ''\nmaybe = None"):
    usable, _ = sources([write(tmp_path / "one.ipynb", "1", parameters=parameters, check="")])
    return jobs(usable, sets)


def test_a_text_stays_text_and_an_empty_value_is_refused_where_the_notebook_has_one(tmp_path):
    ((job,), _) = planned(tmp_path, [{"depth": "010", "name": "010", "maybe": "null"}])
    assert job.parameters == {"depth": 10, "name": "010", "maybe": None}
    assert "depth: no value is given" in planned(tmp_path, [{"depth": "null"}])[1][0].error
    assert "finite number" in planned(tmp_path, [{"depth": "nan"}])[1][0].error


def test_a_path_is_taken_from_where_one_stands_and_its_content_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.jpg").write_bytes(b"a cat")
    ((one,), _) = planned(tmp_path, [{"code_path": "cat.jpg"}])
    assert one.parameters["code_path"] == str(tmp_path / "cat.jpg")
    (tmp_path / "cat.jpg").write_bytes(b"another cat")
    ((other,), _) = planned(tmp_path, [{"code_path": "cat.jpg"}])
    assert one.key != other.key
    ((absent,), _) = planned(tmp_path, [{"code_path": "dog.jpg"}])
    assert absent.parameters["code_path"] == "dog.jpg"


def test_notebooks_of_one_content_are_jobs_of_their_own(tmp_path):
    paths = [write(tmp_path / f"{name}.ipynb", "1") for name in ("one", "two")]
    content = json.loads(paths[0].read_text())
    paths[1].write_text(json.dumps(content))
    found, refused = jobs(sources(paths)[0], [{}])
    assert ([job.notebook for job in found], refused) == (["one", "two"], [])


def test_a_notebook_in_an_old_format_or_with_ids_twice_has_the_same_key_each_time(tmp_path):
    cell = {"cell_type": "code", "language": "python", "input": ["print(6 * 7)"], "outputs": [], "metadata": {}}
    old = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"metadata": {}, "cells": [cell]}],
    }
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    twins = json.loads(write(tmp_path / "twins.ipynb", "1", "2").read_text())
    for each in twins["cells"]:
        each["id"] = "same"
    (tmp_path / "twins.ipynb").write_text(json.dumps(twins))
    for name in ("old", "twins"):
        keys = {jobs(sources([tmp_path / f"{name}.ipynb"])[0], [{}])[0][0].key for _ in range(3)}
        assert len(keys) == 1


def test_a_notebook_with_half_a_character_is_refused_in_a_sentence(tmp_path):
    path = write(tmp_path / "half.ipynb", "print('%')")
    path.write_text(path.read_text().replace("%", "\\ud83d"))
    usable, (refused,) = sources([path])
    assert usable == []
    assert refused.error == f"{path}: it holds half of a character, \\ud83d, which cannot be stored"


def test_what_an_earlier_execution_left_in_a_notebook_makes_no_other_job(tmp_path):
    path = write(tmp_path / "one.ipynb", "1")
    ((before,), _) = jobs(sources([path])[0], [{}])
    notebook = json.loads(path.read_text())
    notebook["metadata"] |= {"papermill": {"duration": 3.0}, "widgets": {}}
    notebook["cells"][2] |= {"execution_count": 7, "metadata": {"papermill": {"duration": 1.0}}}
    path.write_text(json.dumps(notebook))
    ((after,), _) = jobs(sources([path])[0], [{}])
    assert after.key == before.key


def test_a_setting_that_is_given_twice_is_refused():
    assert settings([("depth", "4"), ("seed", "3")]) == {"depth": "4", "seed": "3"}
    with pytest.raises(Mistake, match="depth: set twice"):
        settings([("depth", "4"), ("depth", "8")])


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a file in each of its rooms; ``hash()`` is that of the environment."""
    for name in ("utils/a.py", "utils/course/b.py", "data_scripts/c.py", "evidence/d.json", "notebooks/e.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(surroundings, "ROOT", tmp_path)
    monkeypatch.setattr(surroundings, "NEVER_IMPORTED", tmp_path / "utils" / "course")
    (tmp_path / "packages" / "thing-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))

    def hashed():
        surroundings.environment.cache_clear()
        return surroundings.environment()

    yield tmp_path, hashed
    monkeypatch.undo()
    surroundings.environment.cache_clear()


COUNTS = {
    "utils/a.py": True, "data_scripts/c.py": True, "evidence/d.json": True, "evidence/new.csv": True,
    "notebooks/e.ipynb": True, "packages/thing-1.1.dist-info/METADATA": True, "utils/course/b.py": False,
    "utils/__pycache__/a.pyc": False, "notebooks/.ipynb_checkpoints/e.ipynb": False, "docs/f.md": False,
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_what_a_notebook_can_import_or_reads_counts_for_its_key_and_nothing_else(project, name):
    folder, hashed = project
    before = hashed()
    assert hashed() == before
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("2")
    assert (hashed() != before) == COUNTS[name]


def with_course(tmp_path, **courses):
    paths = []
    for name, course in courses.items():
        notebook = json.loads(write(tmp_path / f"{name}.ipynb", "1").read_text())
        notebook["metadata"]["course"] = course
        paths.append(tmp_path / f"{name}.ipynb")
        paths[-1].write_text(json.dumps(notebook))
    return sources(paths)[0]


def test_notebooks_wait_for_those_that_they_name(tmp_path):
    found = with_course(tmp_path, a={"after": ["b", "elsewhere"]}, b={})
    assert order(found) == ({"a": ["b"], "b": []}, {})


@pytest.mark.parametrize("course", ["y", ["y"], {"after": 5}, {"after": [5]}, {"after": "b"}, 7, None])
def test_odd_metadata_is_a_remark_on_its_notebook(tmp_path, course):
    after, remarks = order(with_course(tmp_path, a=course, b={"after": ["a"]}))
    assert after == {"a": [], "b": ["a"]}
    assert "metadata.course" in remarks["a"]


@pytest.mark.parametrize(
    ("courses", "circle"),
    [
        ({"a": {"after": ["a"]}}, "a → a"),
        ({"a": {"after": ["b"]}, "b": {"after": ["c"]}, "c": {"after": ["a"]}}, "→"),
    ],
)
def test_a_circle_is_refused_by_name(tmp_path, courses, circle):
    with pytest.raises(Mistake, match=circle):
        order(with_course(tmp_path, **courses))
