"""Every notebook runs under plain papermill with other parameters than its own, from wherever one stands."""

from importlib import resources
from pathlib import Path

import papermill
import pytest

from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks, parameters

ROOT = Path(__file__).parents[2]
PHOTOGRAPH = str(resources.files("skimage.data") / "hubble_deep_field.jpg")

# A set for each notebook that varies all that the topic varies: odd and extreme values, small where size costs time.
SETS = {
    "00_start_here": {"photo": "astronaut", "size": 64, "profile": "full", "seed": 9999},
    "01_architecture": {"tree_depth": 1, "few": 64, "size": 33, "filters": 1, "modules": 5, "convolutions": 3},
    "02_residual_connections": {
        "depth": 4,
        "filters": 4,
        "image_size": 40,
        "map_size": 4,
        "channels": 3,
        "block_filters": 256,
        "pooled_size": 7,
        "seed": 1,
    },
    "03_batch_normalization": {"channels": 1, "batch_size": 2, "momentum": 0.97, "depth": 6, "seed": 1},
    "04_batch_normalization_in_training": {"channels": 1, "depth": 6, "seed": 1},
    "05_separable_convolutions": {"photo": "hubble", "channels": 128, "filters": 2, "kernel_size": 5, "seed": 1},
    "06_mini_xception": {"size": 16, "filters": 4, "blocks": 2, "dropout": 0.0, "seed": 1},
    "07_activations": {"photo": "coffee", "size": 24, "filters": 6, "blocks": 4, "dropout": 0.8, "seed": 1},
    "08_surgery": {"photo": "camera", "branch": "block3b", "photograph_path": PHOTOGRAPH, "seed": 1},
    "09_your_own_claim": {"images": 200, "seed": 1},
}

# What a kernel is told before the first cell: an experiment is repeated three times here, not five to eight, and three
# of Keras's families of networks stand for all. As it is, each notebook runs with its own parameters when its outputs
# are compared.
REPEATED = """
import utils.training
from utils.architecture import pyramids
every_draw = utils.training.draws
utils.training.draws = lambda count, seed: every_draw(min(count, 3), seed)
pyramids.FAMILIES = {name: pyramids.FAMILIES[name] for name in ("VGG", "MobileNet V2", "EfficientNet V2")}
"""


@pytest.fixture
def fewer_repetitions(tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup" / "repetitions.py"
    startup.parent.mkdir(parents=True)
    startup.write_text(REPEATED)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


@pytest.mark.usefixtures("fewer_repetitions")
@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_it_runs_with_other_parameters(path, tmp_path):
    values, declared = SETS[path.stem], parameters(read(path))
    assert all(declared[each].range.allows(value) for each, value in values.items())
    assert any(declared[each].default != value for each, value in values.items())
    where = ROOT if int(path.stem[:2]) % 2 else path.parent
    options = {"cwd": where, "progress_bar": False, "start_timeout": 300}  # for TensorFlow to be imported, too
    executed = papermill.execute_notebook(path, tmp_path / path.name, parameters=values, **options)
    for cell in executed.cells:
        if cell.cell_type == "code" and cell.source.strip():
            assert cell.execution_count, f"never ran: {cell.source}"
            assert not [output.text for output in cell.outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_a_value_out_of_range_stops_it_at_once_and_names_the_range(path):
    notebook = read(path)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    place = next(i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
    name, declared = next((n, p) for n, p in parameters(notebook).items() if n not in ("profile", "seed"))
    names = {"__name__": "__main__"}
    for cell in cells[: place + 1]:
        exec(cell.source, names)
    names[name] = "no such value" * 100  # as papermill's own cell would set it
    with pytest.raises(ValueError) as error:
        exec(cells[place + 1].source, names)
    assert f"{declared.range} is needed" in str(error.value)
