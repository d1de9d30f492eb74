"""What the first notebook shows: this machine, the course's chapters, and a photograph as numbers."""

import contextlib
import json
import os
import platform
import re
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
PACKAGES = ("tensorflow", "keras", "numpy", "matplotlib", "jupyterlab", "ipywidgets", "papermill")


@dataclass(frozen=True)
class Chapter:
    """One notebook of the course: its file's stem, its title, and the minutes that it takes to work through."""

    name: str
    title: str
    minutes: int


def chapters(folder=NOTEBOOKS):
    """The course's ``Chapter``s in teaching order, read from the notebooks themselves."""
    return [_chapter(path) for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))]


def environment():
    """What a report about this machine needs, as (what, value) pairs of text: versions, cores, kernel."""
    import tensorflow as tf

    return [
        ("Python", platform.python_version()),
        *((name, package_version(name)) for name in PACKAGES),
        ("operating system", f"{platform.system()} {platform.machine()}"),
        ("processor cores", str(os.cpu_count())),
        ("graphics cards that TensorFlow sees", str(len(tf.config.list_physical_devices("GPU")))),
        ("kernel", f"ipykernel {version('ipykernel')}, {_kind_of_kernel()}"),
    ]


def patch(photograph, row, column, size):
    """The square of ``size`` pixels whose upper left corner is (row, column), ``(size, size, channels)``.

    Raises ``ValueError`` when the square reaches beyond the photograph.
    """
    height, width = photograph.shape[:2]
    if not (0 <= row <= height - size and 0 <= column <= width - size):
        raise ValueError(
            f"row={row}, column={column}, size={size}: the square must lie inside the photograph of {height} × {width} "
            f"pixels (row 0…{height - size}, column 0…{width - size})"
        )
    return np.asarray(photograph[row : row + size, column : column + size])


def _kind_of_kernel():
    # A warm one has the modules of the process that stood by.
    return "warm" if "utils.course.warm_kernels.provisioner" in sys.modules else "started afresh"


def _chapter(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    text = "".join(notebook["cells"][0]["source"])
    title = re.sub(r"^#\s*\d*\s*[·.]?\s*", "", text.splitlines()[0]).strip()
    return Chapter(path.stem, title, int(re.search(r"About (\d+) minutes", text)[1]))


def package_version(name):
    """The version of a package, as text: "not installed" where it is not, as the course's commands in Google Colab."""
    # On Linux and Windows PCs TensorFlow's smaller package for processors without a graphics card is installed.
    for each in (name, f"{name}-cpu"):
        with contextlib.suppress(ModuleNotFoundError):
            return version(each)
    return "not installed"
