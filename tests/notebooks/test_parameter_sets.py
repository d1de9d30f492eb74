"""Every notebook runs under plain papermill with other parameters than its own, from wherever one stands."""

from importlib import resources
from pathlib import Path

import papermill
import pytest

from utils.notebook_files.reading import read
from utils.notebook_files.sources import course_notebooks, parameters

ROOT = Path(__file__).parents[2]
PHOTOGRAPH = str(resources.files("skimage.data") / "hubble_deep_field.jpg")

# Two sets for each notebook, small where size costs time; each sets what the topic varies.
SETS = {
    "00_start_here": [
        {"photo": "rocket", "size": 2},
        {"photo": "astronaut", "size": 64, "profile": "full", "seed": 9999},
    ],
    "01_architecture": [
        {"tree_depth": 1, "few": 64, "size": 33, "filters": 1, "modules": 5, "convolutions": 1},
        {"tree_depth": 6, "few": 600, "size": 128, "filters": 4, "modules": 1, "convolutions": 3, "seed": 1},
    ],
    "02_residual_connections": [
        {
            "depth": 4,
            "filters": 4,
            "image_size": 16,
            "map_size": 4,
            "channels": 2,
            "block_filters": 2,
            "pooled_size": 2,
        },
        {"depth": 10, "filters": 8, "image_size": 40, "channels": 3, "block_filters": 256, "pooled_size": 7, "seed": 1},
    ],
    "03_batch_normalization": [
        {"channels": 1, "batch_size": 2, "momentum": 0.97, "depth": 6},
        {"channels": 512, "batch_size": 64, "momentum": 0.995, "depth": 8, "seed": 1},
    ],
    "04_separable_convolutions": [
        {"photo": "hubble", "channels": 2, "filters": 2, "kernel_size": 2},
        {"photo": "rocket", "channels": 128, "filters": 48, "kernel_size": 5, "seed": 1},
    ],
    "05_mini_xception": [
        {"size": 16, "filters": 4, "blocks": 2, "dropout": 0.0},
        {"size": 24, "filters": 6, "blocks": 4, "dropout": 0.8, "seed": 1},
    ],
    "06_activations": [
        {"photo": "coffee", "size": 16, "filters": 4, "blocks": 2, "dropout": 0.0},
        {"photo": "rocket", "size": 24, "filters": 6, "blocks": 4, "dropout": 0.8, "seed": 1},
    ],
    "07_surgery": [
        {"photo": "rocket", "branch": "block6d"},
        {"photo": "camera", "branch": "block3b", "photograph_path": PHOTOGRAPH, "seed": 1},
    ],
}


@pytest.mark.parametrize(("name", "number"), [(path.stem, number) for path in course_notebooks() for number in (0, 1)])
def test_it_runs_with_other_parameters(name, number, tmp_path):
    source, values = ROOT / "notebooks" / f"{name}.ipynb", SETS[name][number]
    declared = parameters(read(source))
    assert all(declared[each].range.allows(value) for each, value in values.items())
    assert any(declared[each].default != value for each, value in values.items())
    where = ROOT if number else ROOT / "notebooks"
    executed = papermill.execute_notebook(
        source, tmp_path / f"{name}.ipynb", parameters=values, cwd=where, progress_bar=False
    )
    for cell in executed.cells:
        if cell.cell_type == "code" and cell.source.strip():
            assert cell.execution_count, f"never ran: {cell.source}"
            assert not [output.text for output in cell.outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_a_value_out_of_range_stops_it_at_once_and_names_the_range(path, tmp_path):
    notebook = read(path)
    name, declared = next((n, p) for n, p in parameters(notebook).items() if n not in ("profile", "seed"))
    with pytest.raises(papermill.PapermillExecutionError) as error:
        papermill.execute_notebook(
            path, tmp_path / "out.ipynb", parameters={name: "no such value" * 100}, progress_bar=False
        )
    assert error.value.ename == "ValueError"
    assert f"{declared.range} is needed" in error.value.evalue
    assert error.value.exec_count == 3, "the cell after the parameters checks them"
