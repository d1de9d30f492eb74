"""``course hand-out`` and rosters: every student's own variant, a key that fits it, and a secret that stays one."""

import ast
import csv
import json
import re
import stat
import zipfile

import nbformat
import pytest
from tiny_notebooks import course, course_here, write

from utils import questions
from utils.course.batches.grid import grid
from utils.course.batches.plan import sources
from utils.course.storage.input_files import Mistake
from utils.course.students.variants import Variants, secret_at
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks, parameters

ROSTER = """id,name,group
ada,Ada L.,1
bob,=cmd(),1
dana,דנה,2

bob,Bob again,2
../../x,Mallory,2
,Nobody,2
"""
STUDENTS = "ada", "dana"
QUESTION = 'from utils.questions import check\n\nanswer = None\ncheck("bn-parameters", answer, channels=channels)'
ENVIRONMENT = "import os\nprint(dict(os.environ), open('/proc/self/cmdline').read())"


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """The whole course handed out to the two students of the roster that can be used."""
    folder = tmp_path_factory.mktemp("hand-out")
    (folder / "roster.csv").write_text(ROSTER)
    done = course("hand-out", "--roster", "roster.csv", "--secret", "course.key", "--out", "out", cwd=folder)
    return folder, done


def unpacked(folder, student):
    with zipfile.ZipFile(folder / "out" / "students" / f"{student}.zip") as archive:
        return {name: nbformat.reads(archive.read(name).decode(), as_version=4) for name in archive.namelist()}


def test_usable_students_get_every_notebook_without_outputs_and_with_open_answers(handed_out):
    folder, _ = handed_out
    assert sorted(path.name for path in (folder / "out" / "students").iterdir()) == [f"{each}.zip" for each in STUDENTS]
    for student in STUDENTS:
        notebooks = unpacked(folder, student)
        assert list(notebooks) == [f"{student}/{path.name}" for path in course_notebooks()]
        for notebook in notebooks.values():
            nbformat.validate(notebook)
            assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
            assert all(re.search(r"^answer = None\b", cell.source, re.M) for cell in tagged(notebook, "answer"))


def test_the_key_s_answer_is_right_in_the_student_s_own_notebook(handed_out):
    """The student's cell is executed with the variant's values and the key's answer in place of ``None``."""
    folder, _ = handed_out
    with (folder / "out" / "answer_key.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    key = {(row["student"], row["notebook"], row["question"]): json.loads(row["answer"]) for row in rows}
    asked = 0
    for student in STUDENTS:
        for name, notebook in unpacked(folder, student).items():
            values = {}
            for cell in tagged(notebook, "parameters") + tagged(notebook, "injected-parameters"):
                exec(cell.source, values)
            for cell in tagged(notebook, "answer"):
                answer = key[student, name.split("/")[1].removesuffix(".ipynb"), cell.metadata.question]
                source = re.sub(r"^answer = None\b", f"answer = {answer!r}", cell.source, count=1, flags=re.M)
                *statements, last = ast.parse(source).body
                namespace = values | {"check": questions.check}
                exec(compile(ast.Module(statements, []), "answer", "exec"), namespace)
                judged = eval(compile(ast.Expression(last.value), "answer", "eval"), namespace)
                assert judged.verdict == ("right" if answer is not None else "unanswered"), judged
                asked += 1
    assert asked == len(key) > 40


def test_what_is_wrong_in_the_roster_is_said_line_by_line(handed_out):
    _, done = handed_out
    assert done.returncode == 1
    for sentence in (
        "line 3: 'bob' stands in lines 3 and 6",
        "line 6: 'bob' stands in lines 3 and 6",
        "line 7: '../../x': an id of at most 64 letters",
        "line 8: '': an id",
    ):
        assert sentence in done.stdout
    assert "Traceback" not in done.stderr


def test_again_gives_the_same_bytes_and_another_secret_gives_other_variants(handed_out, monkeypatch):
    folder, _ = handed_out
    monkeypatch.chdir(folder)
    command = ["hand-out", "--roster", "roster.csv", "--out"]
    course_here(*command, "again", "--secret", "course.key")
    course_here(*command, "other", "--secret", "other.key")
    names = [f"students/{student}.zip" for student in STUDENTS] + ["answer_key.csv"]
    for name in names:
        first = (folder / "out" / name).read_bytes()
        assert (folder / "again" / name).read_bytes() == first
        assert (folder / "other" / name).read_bytes() != first
    assert not (folder / "out" / ".partial").exists()


def test_the_key_file_and_the_answer_key_are_for_their_owner_alone(handed_out):
    folder, _ = handed_out
    for name in ("course.key", "out/answer_key.csv"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten_and_never_read_where_others_may(tmp_path):
    path = tmp_path / "key"
    first = secret_at(path)
    assert len(first) == 32
    assert secret_at(path) == first
    path.chmod(0o640)
    with pytest.raises(Mistake, match="chmod 600"):
        secret_at(path)
    path.chmod(0o600)
    for text in ("not a key", "ab" * 10**6):
        path.write_text(text)
        with pytest.raises(Mistake, match="64 hexadecimal digits"):
            secret_at(path)
    path.write_text("not a key")
    with pytest.raises(Mistake, match="64 hexadecimal digits"):
        secret_at(path)
    assert path.read_text() == "not a key"


@pytest.mark.parametrize("command", ["hand-out", "batch"])
def test_a_folder_is_no_key_file(tmp_path, command):
    (tmp_path / "keys").mkdir(mode=0o755)
    (tmp_path / "roster.csv").write_text("id\nada\n")
    options = ["--roster", tmp_path / "roster.csv", "--secret", tmp_path / "keys", "--out", tmp_path / "out"]
    done = course_here(command, *options)
    assert done.returncode == 2
    assert "is a directory" in done.stderr


ODD = {
    "a magic": ('%%time\nanswer = None\ncheck("bn-parameters", answer)', "line 1 is no plain Python"),
    "two calls": (
        'answer = None\ncheck("bn-parameters", answer)\ncheck("bn-parameters", answer, channels=3)',
        'one call check("…", answer, …) is needed',
    ),
    "no call": ("answer = None", 'one call check("…", answer, …) is needed'),
    "a computed value": (
        'answer = None\ncheck("bn-parameters", answer, channels=2 * channels)',
        "channels=2 * channels): check is given plain values and the notebook's parameters alone",
    ),
    "an unknown question": ('answer = None\ncheck("bn-parameter", answer)', "there is no question 'bn-parameter'"),
    "an unknown parameter": ('answer = None\ncheck("bn-parameters", answer, depth=3)', "has no parameter depth"),
    "values by a mapping": ('answer = None\ncheck("bn-parameters", answer, **{"channels": 3})', "no parameter None"),
    "a value out of range": ('answer = None\ncheck("bn-parameters", answer, channels=0)', "channels=0"),
    "a list": ('answer = None\ncheck("bn-parameters", answer, channels=[1])', "channels=[1]"),
    "an answer that stands there": ('answer = 3\ncheck("bn-parameters", answer)', "'answer = None' is needed"),
}


@pytest.mark.parametrize(("source", "sentence"), ODD.values(), ids=ODD)
def test_an_answer_cell_that_cannot_be_handed_out_is_said_and_the_other_notebooks_are(tmp_path, source, sentence):
    path, (good, *_) = write(tmp_path / "odd.ipynb"), course_notebooks()
    notebook = read(path)
    notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": ["answer"], "question": "bn-parameters"}))
    nbformat.write(notebook, path)
    (tmp_path / "roster.csv").write_text("id\nada\n")
    done = course_here(
        "hand-out", path, good, "--roster", tmp_path / "roster.csv", "--secret", tmp_path / "key", "--out", tmp_path
    )
    assert done.returncode == 1
    assert "left out: odd: " in done.stdout
    assert sentence in done.stdout
    with zipfile.ZipFile(tmp_path / "students" / "ada.zip") as archive:
        assert archive.namelist() == [f"ada/{good.stem}.ipynb"]


def test_a_question_that_is_asked_twice_is_said(tmp_path):
    notebook = read(course_notebooks()[3])
    (cell,) = (each for each in tagged(notebook, "answer") if each.metadata.question == "bn-trainable")
    notebook.cells.append(cell.copy())
    with pytest.raises(Mistake, match="bn-trainable is asked twice"):
        Variants(notebook, {}).checked()


@pytest.mark.parametrize(
    ("declared", "check", "sentence"),
    [
        ("depth: int = 4", "check_parameters(globals(), depth=Whole(1))", "check_parameters(depth=Whole(1)): one of"),
        ("depth: int = 4", "check_parameters(globals(), depth=Whole(low, 9))", "depth=Whole(low, 9)"),
        ("depth: int = 4", "check_parameters(globals(), depth=4)", "depth=4"),
        (
            "depth: int = 4",
            "%time check_parameters(globals())",
            "line 3 of the cell that checks them is no plain Python",
        ),
        ("%matplotlib inline\ndepth = 4", "", "line 1 is no plain Python"),
        ("seed = 1\ndepth: int = int(4)", "", "line 2, depth: int = int(4): 'name: type = value'"),
        ("a, b = 1, 2", "", "line 1, a, b = (1, 2): 'name: type = value'"),
    ],
)
def test_parameters_that_cannot_be_read_are_quoted_with_what_is_allowed(tmp_path, declared, check, sentence):
    path = write(tmp_path / "odd.ipynb", parameters=declared, check=check)
    _, (refused,) = sources([path])
    assert sentence in refused.error


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_variants_stay_in_the_notebook_s_ranges_differ_between_students_and_can_be_asked(path):
    ((source,), _) = sources([path])
    variants, declared = Variants(source.notebook, {}), parameters(read(path))
    drawn = [variants.drawn(b"s" * 32, f"student{number}") for number in range(100)]
    for values in drawn:
        assert all(declared[name].range.allows(value) for name, value in values.items())
        list(variants.asked(values))  # raises where a question cannot be asked
    named = {name for cell in tagged(source.notebook, "answer") for name in declared if f"={name}" in cell.source}
    assert set(drawn[0]) == named
    largest = max(drawn.count(values) for values in drawn)
    assert not named or largest < 34, "no variant goes to a third of the students"


def test_what_is_the_same_for_everybody_is_not_drawn():
    path = next(path for path in course_notebooks() if path.stem.endswith("separable_convolutions"))
    ((source,), _) = sources([path])
    drawn = [Variants(source.notebook, {"channels": 24}).drawn(b"s" * 32, f"student{number}") for number in range(20)]
    assert all(set(values) == {"kernel_size", "filters"} for values in drawn)


def test_a_batch_over_a_roster_runs_variants_and_the_secret_reaches_no_kernel_and_no_output(tmp_path):
    header = "channels: int = 32  # 1…512"
    path = write(tmp_path / "small.ipynb", parameters=header)
    notebook = read(path)
    notebook.cells[1].source = "from utils.parameters import Whole, check_parameters\n\n" + (
        "check_parameters(globals(), channels=Whole(1, 512))"
    )
    notebook.cells += [
        nbformat.v4.new_code_cell(QUESTION, metadata={"tags": ["answer"], "question": "bn-parameters"}),
        nbformat.v4.new_code_cell(ENVIRONMENT),
    ]
    nbformat.write(notebook, path)
    (tmp_path / "roster.csv").write_text(ROSTER)
    done = course(
        "batch", path, "--roster", "roster.csv", "--secret", "course.key", "--out", "out", "--workers", 2, cwd=tmp_path
    )
    rows = json.loads((tmp_path / "out" / "results.json").read_text())
    assert done.returncode == 1
    assert sorted((row["student"], row["status"]) for row in rows) == [
        ("", "refused"),
        ("../../x", "refused"),
        ("ada", "passed"),
        ("bob", "refused"),
        ("bob", "refused"),
        ("dana", "passed"),
    ]
    for row in rows:
        if row["status"] == "passed":
            assert row["answers"][0]["parameters"]["channels"] == row["parameters"]["channels"]
    secret = (tmp_path / "course.key").read_text().strip()
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == 2 * 2 + 4
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert secret not in text
        assert "course.key" not in text
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        names = {row["name"] for row in csv.DictReader(file)}
    assert names == {"Ada L.", "'=cmd()", "דנה", "Bob again", "Mallory", "Nobody"}


@pytest.mark.parametrize(
    ("name", "text", "sets"),
    [
        ("grid.yaml", "depth: [4, 20]\nseed: 0..2", [(d, s) for d in (4, 20) for s in (0, 1, 2)]),
        ("grid.yaml", "depth: 4..12..4\nseed: 7", [(4, 7), (8, 7), (12, 7)]),
        ("grid.yaml", "- {depth: 4, seed: 1}\n- {depth: [5, 6], seed: 2}", [(4, 1), (5, 2), (6, 2)]),
        ("grid.csv", "depth,seed\n4,1\n5|6,2\n", [("4", "1"), ("5", "2"), ("6", "2")]),
        ("grid.csv", "depth,seed\n\n3..4,1\n", [(3, "1"), (4, "1")]),
    ],
)
def test_a_grid_is_lists_and_ranges(tmp_path, name, text, sets):
    (tmp_path / name).write_text(text)
    assert [(each["depth"], each["seed"]) for each in grid(tmp_path / name)] == sets


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("depth", "a mapping of parameters to values is needed"),
        ("", "a mapping of parameters to values is needed"),
        ("depth: [1", "cannot be read"),
        ("depth: 9..1", "a range goes up"),
        ("depth: 1..1000\nseed: 1..1000", "1,000,000 sets; at most 100,000"),
    ],
)
def test_a_grid_that_is_none_gets_a_sentence(tmp_path, text, sentence):
    (tmp_path / "grid.yaml").write_text(text)
    with pytest.raises(Mistake, match=re.escape(sentence)):
        grid(tmp_path / "grid.yaml")
