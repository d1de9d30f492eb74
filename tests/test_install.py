"""Setting up: what is there is kept, what does not fit any more is made anew, and pip's settings lead nowhere else."""

import json
import os
import shutil
import sys
import venv

import pytest

import install

THIS_PYTHON = "{}.{}".format(*sys.version_info)


class Course:
    """A folder like the course's, with a real environment and no packages; ``done`` lists what a set-up did."""

    def __init__(self, folder, monkeypatch):
        (folder / "jupyter").mkdir(parents=True)
        for name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt", "jupyter/overrides.json"):
            (folder / name).write_text("{}")
        self.done, self._monkeypatch = [], monkeypatch
        monkeypatch.setattr(install, "install", lambda stamp: self.done.append(f"install {stamp}"))
        monkeypatch.setattr(install, "make_environment", self._make_environment)
        self.stand_in(folder)

    def stand_in(self, folder):
        self.folder, self.venv = folder, folder / ".venv"
        self._monkeypatch.setattr(install, "COURSE", folder)
        self._monkeypatch.setattr(install, "VENV", self.venv)
        self._monkeypatch.setattr(install, "PYTHON", self.venv / "bin/python")

    def _make_environment(self, *_):
        self.done.append("anew")
        venv.create(self.venv, clear=True, symlinks=True)

    def python_says(self, version):
        python = self.venv / "bin/python"
        python.unlink()
        python.write_text(f"#!/bin/sh\necho {version}\n")
        python.chmod(0o755)

    def set_up(self, *arguments):
        self.done.clear()
        assert install.main(arguments) == 0
        return list(self.done)


@pytest.fixture
def course(tmp_path, monkeypatch):
    course = Course(tmp_path / "a course", monkeypatch)
    assert course.set_up() == ["anew", "install ready"]
    return course


def test_what_is_in_place_is_left_alone(course):
    assert course.set_up() == []
    assert course.set_up("dev") == ["install dev"]
    assert course.set_up("dev") == course.set_up() == []


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml", "jupyter/overrides.json"])
def test_what_changed_is_installed_in_the_environment_there_is(course, name):
    course.set_up("dev")
    (course.folder / name).write_text("[]")
    assert course.set_up() == ["install ready"]
    assert course.set_up("dev") == ["install dev"]


def test_students_do_not_wait_for_a_change_of_the_tests_packages(course):
    course.set_up("dev")
    (course.folder / "requirements-dev.txt").write_text("[]")
    assert course.set_up() == []
    assert course.set_up("dev") == ["install dev"]


@pytest.mark.parametrize("move", [os.rename, lambda a, b: shutil.copytree(a, b, symlinks=True)], ids=["move", "copy"])
def test_a_moved_or_copied_folder_gets_an_environment_of_its_own(course, move):
    course.set_up("dev")
    there = course.folder.parent / "another place"
    move(course.folder, there)
    course.stand_in(there)
    assert course.set_up("dev") == ["anew", "install ready", "install dev"]
    assert course.set_up("dev") == []


def test_an_environment_whose_python_is_gone_or_another_is_made_anew(course):
    python = course.venv / "bin/python"
    python.unlink()
    python.symlink_to("python-that-was-removed")
    assert course.set_up() == ["anew", "install ready"]
    course.python_says("3.99")
    assert course.set_up() == ["anew", "install ready"]


def test_a_python_that_is_named_is_used(course):
    ready = course.venv / "ready"
    recorded = json.loads(ready.read_text())
    course.python_says("3.99")
    ready.write_text(json.dumps({**recorded, "python": "3.99"}))
    assert course.set_up() == []
    assert course.set_up("--this-python") == ["anew", "install ready"]
    assert json.loads(ready.read_text())["python"] == THIS_PYTHON


@pytest.mark.parametrize("text", ["", "[]", "{", "{}"])
def test_an_environment_without_a_record_is_used_if_this_python_made_it(course, text):
    (course.venv / "ready").write_text(text)
    assert course.set_up() == ["install ready"]
    (course.venv / "ready").write_text(text)
    course.python_says("3.99")
    assert course.set_up() == ["anew", "install ready"]


def test_a_set_up_that_failed_is_made_up_for(course, monkeypatch):
    (course.folder / "requirements.txt").write_text("[]")
    with monkeypatch.context() as patch:
        patch.setattr(install, "install", lambda stamp: sys.exit("no network"))
        with pytest.raises(SystemExit, match="no network"):
            install.main([])
    assert course.set_up() == ["install ready"]


def test_pip_and_uv_hear_where_packages_come_from_and_nothing_else(course, tmp_path, monkeypatch):
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        "[global]\nindex-url = https://made-up.example/simple\ntimeout = 7\n"
        "[install]\ntimeout = 8\ntarget = /elsewhere\nuser = true\nrequire-hashes = true\nextra-index-url =\n a\n b\n"
    )
    monkeypatch.setattr(install, "PYTHON", sys.executable)
    there = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    odd = {
        "PIP_USER": "1",
        "PIP_TARGET": "/elsewhere",
        "PIP_REQUIRE_HASHES": "1",
        "PIP_NO_BINARY": ":all:",
        "UV_SYSTEM_PYTHON": "1",
        "UV_PYTHON": "3.9",
        "PYTHONPATH": "/elsewhere",
        "PYTHONWARNINGS": "error",
    }
    sources = {"PIP_FIND_LINKS": "/wheels", "UV_INDEX_URL": "https://made-up.example/simple", "UV_CACHE_DIR": "/cache"}
    heard = install.settings({**there, **odd, **sources, "PIP_CONFIG_FILE": str(configuration)})
    assert not odd.keys() & heard.keys()
    assert sources.items() <= heard.items()
    assert heard["PIP_INDEX_URL"] == "https://made-up.example/simple"
    assert heard["PIP_TIMEOUT"] == "8"
    assert heard["PIP_EXTRA_INDEX_URL"].split() == ["a", "b"]
    assert heard["PIP_CONFIG_FILE"] == os.devnull
    assert heard["PATH"] == os.environ["PATH"]


def test_a_course_of_somebody_else_is_named_before_anything_is_installed(course, monkeypatch):
    (course.folder / "requirements.txt").write_text("[]")
    monkeypatch.setattr(install.os, "access", lambda path, mode: False)
    course.done.clear()
    with pytest.raises(SystemExit, match=r"\.venv cannot be written by you: whoever owns .* in a copy"):
        install.main([])
    assert course.done == []


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 14, 0)])
def test_a_python_that_tensorflow_does_not_have_is_refused_by_name(version, monkeypatch):
    monkeypatch.setattr(install.sys, "version_info", version)
    with pytest.raises(SystemExit, match=r"Python 3\.1[04] runs this: .* 3\.11, 3\.12 or 3\.13\..* make PYTHON="):
        install.make_environment("{}.{}".format(*version), {})
