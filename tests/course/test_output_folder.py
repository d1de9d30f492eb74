"""No output of any command replaces or removes what the command reads, or what no run wrote."""

from pathlib import Path

import pytest
from tiny_notebooks import course_here, write

TAKEN = {
    "the source itself": ({"mine.ipynb": None}, ["run"]),
    "the source, and a page": ({"mine.ipynb": None, "index.html": "my page"}, ["run", "batch"]),
    "a table of one's own": ({"own/mine.ipynb": None, "results.json": "[1, 2]"}, ["run", "batch"]),
    "another notebook": ({"own/mine.ipynb": None, "mine.ipynb": "{}"}, ["run"]),
    "pages": ({"own/mine.ipynb": None, "mine.html": "my page", "index.html": "x"}, ["run", "batch"]),
    "the folder of half written files": ({".partial/mine.ipynb": None, "results.json": "[]"}, ["run", "batch"]),
}


@pytest.mark.parametrize(("name", "command"), [(name, each) for name, (_, both) in TAKEN.items() for each in both])
def test_no_output_replaces_or_removes_what_no_run_wrote(tmp_path, monkeypatch, name, command):
    there, _ = TAKEN[name]
    monkeypatch.chdir(tmp_path)
    for path, text in there.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text) if text else write(Path(path), "print(depth)")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    done = course_here(command, next(path for path, text in there.items() if not text), "--out", ".")
    assert done.returncode == 2, done.stdout
    assert "choose another folder with --out" in " ".join(done.stderr.split())
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_source_is_known_by_another_name_too(tmp_path, link):
    source = write(tmp_path / "mine.ipynb", "print(depth)")
    (tmp_path / "out").mkdir()
    getattr(tmp_path / "out" / "mine.ipynb", link)(source)
    before = source.read_bytes()
    assert course_here("run", source, "--out", tmp_path / "out").returncode == 2
    assert source.read_bytes() == before


def test_the_inputs_of_a_batch_are_not_replaced_either(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mine.ipynb", "print(depth)")
    Path("out").mkdir()
    Path("out/results.json").write_text("[]\n")  # a batch was there
    Path("out/results.csv").write_text("depth\n4\n")
    done = course_here("batch", "mine.ipynb", "--grid", "out/results.csv", "--out", "out")
    assert done.returncode == 2
    assert Path("out/results.csv").read_text() == "depth\n4\n"
    assert Path("out/results.json").read_text() == "[]\n"


@pytest.mark.parametrize(
    ("command", "output", "option"),
    [
        ("grade", "grades.csv", "--roster"),
        ("grade", "index.html", "--secret"),
        ("grade", "unclear.csv", "--roster"),
        ("hand-out", "answer_key.csv", "--roster"),
        ("hand-out", "students/key", "--secret"),
    ],
)
def test_what_grading_and_handing_out_read_is_not_replaced(tmp_path, monkeypatch, command, output, option):
    monkeypatch.chdir(tmp_path)
    inputs = {"--roster": "roster.csv", "--secret": "key", option: output}
    for name in inputs.values():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("id\nada\n")
    Path("returned").mkdir()
    options = [word for pair in inputs.items() for word in pair]
    done = course_here(command, *(["returned"] if command == "grade" else []), *options, "--out", ".")
    assert done.returncode == 2, done.stdout
    assert f"{output}: an output would replace it there" in " ".join(done.stderr.split())
    assert Path(output).read_text() == "id\nada\n"
