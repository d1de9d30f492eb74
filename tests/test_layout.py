"""A topic has one name everywhere, and imports go one way."""

import ast
from pathlib import Path

import pytest

from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks

ROOT = Path(__file__).parents[1]
TOPICS = [path.stem[3:] for path in course_notebooks()]
SHARED = (
    "arithmetic", "training", "progress", "labels", "layer_calls", "keras_graph", "data", "photographs", "pretrained",
)  # fmt: skip
MODULES = sorted(path for path in (ROOT / "utils").rglob("*.py"))


def imported(source):
    """The dotted names of all ``utils``, ``data_scripts`` and Keras-like modules that this source imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    return path.relative_to(ROOT / "utils").with_suffix("").parts[0]


def test_the_topics_are_the_eight_of_the_course():
    assert [path.stem for path in course_notebooks()] == [
        "00_start_here",
        "01_architecture",
        "02_residual_connections",
        "03_batch_normalization",
        "04_separable_convolutions",
        "05_mini_xception",
        "06_activations",
        "07_surgery",
    ]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_its_code_its_figures_and_its_tests_under_one_name(topic):
    assert (ROOT / f"utils/{topic}.py").exists() or (ROOT / f"utils/{topic}/__init__.py").exists()
    for path in (f"utils/figures/{topic}.py", f"tests/test_{topic}.py"):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_a_notebook_imports_its_own_topic_and_never_the_course_room(path):
    source = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    names = list(imported(source))
    assert any(name.startswith(f"utils.{path.stem[3:]}") for name in names)
    assert not [name for name in names if name.split(".")[:2] == ["utils", "course"]]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path):
    names = list(imported(path.read_text(encoding="utf-8")))
    rooms = {name.split(".")[1] for name in names if name.startswith("utils.")}
    here = room(path)
    if here != "course":
        assert "course" not in rooms, "no room imports utils.course"
    if here == "arithmetic":
        assert not [name for name in names if name.split(".")[0] in ("keras", "tensorflow")]
    if here in TOPICS or here in SHARED:
        assert not rooms & {"figures", "claims", "questions", "explorers"}, "a topic neither draws nor judges"
        assert "matplotlib" not in {name.split(".")[0] for name in names}, "a topic does not draw"
    if here == "questions":
        assert "ipywidgets" not in {name.split(".")[0] for name in names}
        assert "explorers" not in rooms
    if here == "figures":
        assert "explorers" not in rooms
