"""What the commands find around them is mended, or refused in a sentence before anything runs."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import click
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from tiny_notebooks import COURSE, course, course_here, write

from tests.readme import ROOT, make
from utils.course.commands import surroundings

resource = pytest.importorskip("resource", reason="limits are Unix's")


@contextmanager
def limit(name, value):
    kind = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


@pytest.mark.parametrize("command", ["run", "batch", "refresh"])
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("NOFILE", 100, "100 open files are allowed here; notebooks need 128: ulimit -n 128"),
        ("AS", 3_900_000_000, "3.9 GB of address space are allowed here; TensorFlow needs 4 GB: ulimit -v unlimited"),
        ("NPROC", 20, "20 processes are allowed here, and "),
    ],
)
def test_a_limit_that_is_too_low_is_named(command, name, value, sentence, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # root is not bound by a limit of processes
    monkeypatch.chdir(tmp_path)
    notebook = write(tmp_path / "a.ipynb")
    before = notebook.read_bytes()
    with limit(name, value):
        ended = course_here(command, notebook)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Error: {sentence}")
    assert len(ended.stderr.splitlines()) == 1
    assert notebook.read_bytes() == before


def test_more_notebooks_at_a_time_need_more_processes(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    allowed = surroundings._threads_of_this_user() + 1000
    with click.Context(click.Command("course")), limit("NPROC", allowed):
        surroundings.ready_for_kernels(1)
        with pytest.raises(click.ClickException, match=r"100 notebook.* 6000 more: ulimit -u .*, or fewer --workers"):
            surroundings.ready_for_kernels(100)


def test_kernels_get_a_folder_for_ipython_where_the_home_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with click.Context(click.Command("course")):
        surroundings.ready_for_kernels(1)
        assert "IPYTHONDIR" not in os.environ
    monkeypatch.setenv("HOME", "/dev/null/nobody")
    with click.Context(click.Command("course")):
        surroundings.ready_for_kernels(1)
        folder = Path(os.environ["IPYTHONDIR"])
        assert surroundings.can_be_written(folder)
    assert not folder.exists()
    assert "IPYTHONDIR" not in os.environ


def test_outputs_that_could_not_be_stored_are_refused_before_the_notebook_runs():
    ended = course_here("refresh", "/proc/self/a.ipynb")
    assert ended.returncode == 2
    assert "/proc/self: the outputs cannot be written there" in ended.stderr


def test_a_copied_environment_does_not_run_the_originals_code(tmp_path):
    copy = tmp_path / "copy" / ".venv"
    (copy / "bin").mkdir(parents=True)
    (copy / "pyvenv.cfg").touch()
    (copy / "bin" / "course").write_bytes(COURSE.read_bytes())
    (copy / "bin" / "course").chmod(0o755)
    ended = subprocess.run([copy / "bin" / "course", "--version"], capture_output=True, text=True)
    assert f"Error: {copy} is a copy of {sys.prefix}" in ended.stderr
    with pytest.raises(click.ClickException, match=f"{copy} is a copy of {sys.prefix}.* type make .* in {copy.parent}"):
        surroundings.refuse_a_copy(copy / "bin" / "course")
    (tmp_path / "course").symlink_to(COURSE)  # as in ~/bin
    surroundings.refuse_a_copy(tmp_path / "course")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "course").write_bytes(COURSE.read_bytes())  # as pip install --user puts it
    surroundings.refuse_a_copy(tmp_path / "bin" / "course")


@pytest.mark.parametrize("kernel", ["convnet-course", "python3"])
def test_the_courses_utils_go_before_a_file_of_that_name_beside_the_notebook(kernel, tmp_path):
    (tmp_path / "utils.py").write_text("mine = True")
    (tmp_path / "helper.py").write_text("mine = True")
    notebook = new_notebook(cells=[new_code_cell("import utils.parameters, helper\nprint(helper.mine)")])
    notebook.metadata.kernelspec = {"name": kernel, "language": "python", "display_name": kernel}
    nbformat.write(notebook, tmp_path / "a.ipynb")
    ended = course("run", "a.ipynb", cwd=tmp_path, env={**os.environ, "CONVNET_COURSE_WARM": "0"})
    assert ended.returncode == 0, ended.stdout


def test_make_finds_the_course_before_a_file_of_that_name_in_the_users_own_path(tmp_path):
    (tmp_path / "utils.py").write_text("mine = True")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = make("run", ARGS="--help")
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "Usage: course run" in ended.stdout


@pytest.mark.parametrize("command", ["run", "batch"])
def test_a_path_is_taken_from_where_the_command_is_typed(command, tmp_path, monkeypatch):
    (tmp_path / "my_cat.jpg").write_text("not really")
    opens = "print(open(photograph_path).read())"
    notebook = write(tmp_path / "a.ipynb", opens, parameters='photograph_path: str = ""', check="")
    monkeypatch.chdir(tmp_path)
    ended = course_here(command, notebook, "-p", "photograph_path", "my_cat.jpg")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("command", ["run", "batch"])
def test_a_kernel_may_be_given_less_or_more_time_to_start(command, tmp_path, monkeypatch):
    spec = tmp_path / "kernels" / "slow" / "kernel.json"
    spec.parent.mkdir(parents=True)
    sleeps = [sys.executable, "-c", "import time; time.sleep(60)"]
    spec.write_text(json.dumps({"argv": sleeps, "display_name": "slow", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    notebook = new_notebook(metadata={"kernelspec": {"name": "slow", "display_name": "slow", "language": "python"}})
    nbformat.write(notebook, "a.ipynb")
    ended = course_here(command, "a.ipynb", "--start-timeout", 1)
    assert "the kernel did not start within 1 s" in ended.stdout


def test_a_name_that_is_not_utf8_is_refused():
    ended = course_here("run", os.fsdecode(b"\xff.ipynb"))
    assert ended.returncode == 2
    assert r"\udcff.ipynb: this name is not UTF-8; rename it" in ended.stderr


def test_names_are_names_in_a_locale_that_knows_ascii_only(tmp_path):
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = course("run", "√.ipynb", "--out", "r_√", cwd=tmp_path, env={**os.environ, **ascii_only})
    assert ended.returncode == 1, ended.stderr
    assert json.loads((tmp_path / "r_√" / "results.json").read_text())[0]["notebook"] == "√"
    assert "√" in (tmp_path / "r_√" / "index.html").read_text()
