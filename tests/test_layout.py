"""A topic has one name everywhere, imports go one way, and every room says what it does."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks

ROOT = Path(__file__).parents[1]


def topic(stem):
    """The room of a notebook's topic; the second notebook of one adds to its name, as "_in_training"."""
    words = stem.split("_")[1:]
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    return next((name for name in names if importlib.util.find_spec(f"utils.{name}")), names[0])


TOPICS = {topic(path.stem) for path in course_notebooks()}
SHARED = {
    "arithmetic", "data", "keras_graph", "labels", "layer_calls", "parameters", "paths", "photographs", "pretrained",
    "progress", "training",
}  # fmt: skip
# Which rooms of utils each of them may import. A topic is a notebook's own room.
MAY_IMPORT = {
    "__init__": set(),
    "arithmetic": set(),
    "former_names": set(),
    "parameters": set(),
    "scoring": {"parameters", "records"},
    "predictions": {"claims", "former_names", "parameters", "scoring"},
    "paths": set(),
    "photographs": {"parameters", "paths"},
    "data": {"data_scripts", "parameters", "photographs"},
    "progress": set(),
    "training": {"labels", "progress"},
    "labels": {"keras_graph", "layer_calls"},
    "keras_graph": set(),
    "layer_calls": {"keras_graph"},
    "records": set(),
    "pretrained": {"data_scripts"},
    **dict.fromkeys(TOPICS, SHARED | TOPICS),
    "figures": SHARED | TOPICS,
    "questions": {"arithmetic", "former_names", "parameters", "records", "scoring"} | TOPICS,
    "exercises": {"data", "former_names", "pretrained", "questions", "records"},
    "fine_tuning": SHARED,
    "verdicts": {"records", "scoring"},
    "evidence": {"verdicts"},
    "claims": {"evidence", "former_names", "scoring", "verdicts"},
    "preregistration": {"claims", "questions", "records", "scoring", "training", "verdicts"},
    "rubric": {"questions", "records"},
    "ledger": {"claims", "evidence", "notebook_files", "records", "verdicts"},
    "calibration": {"claims", "figures", "notebook_files", "records", "scoring", "verdicts"},
    "standing": {"figures", "notebook_files", "records"},
    "concepts": {"notebook_files", "parameters", "questions", "records"},
    "practice": {"parameters", "questions", "standing"},
    "regularization": SHARED | TOPICS,
    "long_runs": SHARED | TOPICS | {"data_scripts", "records", "regularization"},
    "explorers": SHARED | TOPICS | {"figures", "questions"},
    "notebook_files": {"former_names", "parameters", "records"},
    "data_scripts": set(),
    "course": TOPICS
    | {
        "calibration",
        "claims",
        "concepts",
        "data_scripts",
        "evidence",
        "exercises",
        "figures",
        "former_names",
        "ledger",
        "long_runs",
        "notebook_files",
        "parameters",
        "questions",
        "records",
        "scoring",
        "standing",
        "verdicts",
    },
}
# Inside utils/course each room may import those that come after it.
COURSE = [
    "commands",
    "evidence",
    "forgetting",
    "working_folder",
    "batches",
    "marking",
    "hand_ins",
    "students",
    "pages",
    "workers",
    "sandbox",
    "engine",
    "warm_kernels",
    "storage",
]
# Packages that a room may not import, anywhere in it.
NEVER = {
    "arithmetic": {"keras", "tensorflow", "numpy"},
    "questions": {"ipywidgets", "matplotlib"},
    "exercises": {"ipywidgets", "matplotlib"},
    "claims": {"keras", "tensorflow", "matplotlib", "ipywidgets"},
    "training": {"matplotlib", "ipywidgets"},
    "data": {"matplotlib", "ipywidgets"},
    "pretrained": {"matplotlib", "ipywidgets"},
    "notebook_files": {"keras", "tensorflow", "nbclient", "papermill", "jupyter_client"},
    **{topic: {"matplotlib", "ipywidgets"} for topic in TOPICS},
}
MODULES = sorted(path.relative_to(ROOT) for room in ("utils", "data_scripts") for path in (ROOT / room).rglob("*.py"))
ROOMS = sorted(path.parent for path in MODULES if path.name == "__init__.py")


def imported(source):
    """The dotted names of all modules and names that this source imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path):
    return path.parts[1].removesuffix(".py") if path.parts[0] == "utils" else path.parts[0]


def rooms_of(name):
    """The room of utils that an imported name belongs to, if it is one, and the room in utils.course."""
    first, second, third = [*name.split("."), "", ""][:3]
    if first == "data_scripts":
        return first, ""
    if first != "utils" or not ((ROOT / "utils" / second).is_dir() or (ROOT / "utils" / f"{second}.py").exists()):
        return "", ""
    return second, third if second == "course" else ""


def complaints(path, source):
    """What the imports of a module at ``path`` break."""
    here, names = room_of(path), list(imported(source))
    found = [
        f"{here} imports {room}: {name}"
        for name in names
        for room, _ in [rooms_of(name)]
        if room not in ("", here) and room not in MAY_IMPORT[here]
    ]
    found += [f"{here} imports {name}" for name in names if name.split(".")[0] in NEVER.get(here, ())]
    if here == "course" and len(path.parts) > 3:
        own = COURSE.index(path.parts[2])
        inner = {room for room in (rooms_of(name)[1] for name in names) if room}
        found += [f"course/{path.parts[2]} imports course/{room}" for room in inner if COURSE.index(room) < own]
    return found


def test_the_topics_are_those_of_the_course():
    assert [path.stem for path in course_notebooks()] == [
        "00_start_here",
        "01_architecture",
        "02_residual_connections",
        "03_batch_normalization",
        "04_batch_normalization_in_training",
        "05_separable_convolutions",
        "06_mini_xception",
        "07_activations",
        "08_surgery",
        "09_your_own_claim",
    ]


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_topic_has_its_code_its_figures_and_its_tests_under_one_name(topic):
    assert importlib.util.find_spec(f"utils.{topic}")
    assert importlib.util.find_spec(f"utils.figures.{topic}")
    assert list((ROOT / "tests").glob(f"**/test_{topic}*.py"))


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_a_notebook_imports_its_own_topic_and_never_the_course_command(path):
    source = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    names = list(imported(source))
    assert any(name.startswith(f"utils.{topic(path.stem)}") for name in names)
    assert not [name for name in names if name.startswith("utils.course")]


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_go_one_way(path):
    assert complaints(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("utils/data.py", "from utils.course.batches import plan"),
        ("utils/surgery.py", "def f():\n    import matplotlib.pyplot"),
        ("utils/questions/x.py", "from utils import explorers"),
        ("utils/claims/x.py", "import keras"),
        ("utils/course/pages/x.py", "from utils.course.marking.marks import Mark"),
        ("utils/course/workers/x.py", "from utils.course import batches"),
        ("utils/course/storage/x.py", "import utils.course.engine.client"),
        ("data_scripts/x.py", "from utils.data import load"),
    ],
)
def test_an_arrow_the_wrong_way_is_found(path, source):
    assert complaints(Path(path), source)


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_a_room_says_what_it_does_and_what_it_must_not(room):
    text = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert len(text) > 40, text
    assert "not" in text.casefold() or "never" in text.casefold() or "no " in text.casefold(), text


def test_the_tree_in_contributing_shows_every_room():
    tree = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
    rooms = {path.stem for path in (ROOT / "utils").iterdir() if not path.name.startswith((".", "_"))} - TOPICS
    assert {room for room in {*rooms, *COURSE} if not re.search(rf"\b{room}\b", tree)} == set()


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_is_longer_than_400_lines(path):
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= 400
