"""pyproject.toml, requirements.txt and environment.yml say the same, and name no machine or registry."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.txt").read_text()
TEXTS = [*PROJECT["dependencies"], *(text for extra in PROJECT["optional-dependencies"].values() for text in extra)]
DIRECT = [Requirement(text) for text in TEXTS]
LOCKED = [
    Requirement(line.split("\\")[0].split("#")[0]) for line in LOCK.splitlines() if re.match(r"[a-zA-Z0-9]", line)
]

ENVIRONMENTS = [
    {**default_environment(), "python_version": python, "python_full_version": f"{python}.1", **platform}
    for python in ("3.11", "3.12", "3.13")
    for platform in (
        {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"},
        {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64", "os_name": "posix"},
        {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64", "os_name": "posix"},
        {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64", "os_name": "nt"},
    )
]


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda e: f"{e['python_version']}-{e['sys_platform']}-{e['platform_machine']}"
)
def test_the_lock_holds_each_dependency_once_for_every_platform(environment):
    here = [each for each in LOCKED if each.marker is None or each.marker.evaluate(environment)]
    pins = {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in here}
    assert len(pins) == len(here)
    for wanted in DIRECT:
        if wanted.marker is None or wanted.marker.evaluate(environment):
            name = canonicalize_name(wanted.name)
            assert name in pins, f"{name} is not locked: make lock"
            assert wanted.specifier.contains(pins[name]), f"{wanted} is locked as {pins[name]}: make lock"


def test_every_locked_package_is_pinned_and_hashed():
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", LOCK.strip())
    assert len(blocks) == len(LOCKED) > 100
    for block in blocks:
        assert re.match(r"[\w.-]+==\S+", block)
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_names_no_registry():
    assert "://" not in LOCK


def test_the_conda_environment_is_python_and_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["dependencies"] == ["python=3.12", "pip", {"pip": ["-r requirements.txt"]}]


def test_the_python_versions_are_those_tensorflow_has_wheels_for():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= v < (3, 14)" in (ROOT / "Makefile").read_text()
