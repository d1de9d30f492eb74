"""pyproject.toml, the two locks, environment.yml and the imports say the same, and name no machine or registry."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# What each lock must hold.
DIRECT = {
    "requirements.txt": [*PROJECT["dependencies"], *EXTRAS["make"]],
    "requirements-dev.txt": [*PROJECT["dependencies"], *(text for extra in EXTRAS.values() for text in extra)],
}
LOCKS = {name: (ROOT / name).read_text() for name in DIRECT}


def locked(lock):
    """The requirements of a lock file, each a pin with its marker."""
    lines = (line for line in LOCKS[lock].splitlines() if re.match(r"[a-zA-Z0-9]", line))
    return [Requirement(line.split("\\")[0].split("#")[0]) for line in lines]


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


DISTRIBUTIONS = importlib.metadata.packages_distributions()
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# Modules beside the packages, the helpers of one folder's tests, and what runs alone in the sandbox.
INSIDE = ROOT / "utils" / "course" / "sandbox" / "inside"
BESIDE = (*ROOT.glob("*.py"), *(ROOT / "docs").glob("*.py"), *(ROOT / "tests").rglob("*.py"), *INSIDE.glob("*.py"))
OURS = {"utils", "data_scripts", "tests", *(path.stem for path in BESIDE)}
each_lock = pytest.mark.parametrize("lock", DIRECT)
each_environment = pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda e: f"{e['python_version']}-{e['sys_platform']}-{e['platform_machine']}"
)


@each_environment
def test_a_lock_holds_each_dependency_once_for_every_platform(environment):
    for lock in DIRECT:
        chosen = pins(lock, environment)
        for wanted in map(Requirement, DIRECT[lock]):
            if wanted.marker is None or wanted.marker.evaluate(environment):
                name = canonicalize_name(wanted.name)
                assert name in chosen, f"{name} is not locked: make lock"
                assert wanted.specifier.contains(chosen[name]), f"{wanted} is locked as {chosen[name]}: make lock"


@each_environment
def test_the_second_lock_adds_to_the_first_and_changes_none_of_it(environment):
    students, everything = (pins(lock, environment) for lock in DIRECT)
    assert students.items() < everything.items()


def pins(lock, environment):
    """The version of each package that a lock chooses for this environment."""
    here = [each for each in locked(lock) if each.marker is None or each.marker.evaluate(environment)]
    versions = {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in here}
    assert len(versions) == len(here)
    return versions


@each_lock
def test_every_locked_package_is_pinned_and_hashed(lock):
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", LOCKS[lock].strip())
    assert len(blocks) == len(locked(lock)) > 100
    for block in blocks:
        assert re.match(r"[\w.-]+==\S+", block)
        assert "--hash=sha256:" in block, block.splitlines()[0]


@each_lock
def test_a_lock_names_no_registry(lock):
    assert "://" not in LOCKS[lock]


def test_students_install_nothing_of_tests_site_and_clusters():
    names = {canonicalize_name(each.name) for each in locked("requirements.txt")}
    for extra in ("cluster", "dev", "site"):
        assert not names & names_of(EXTRAS[extra]) - {"comm", "packaging"}  # JupyterLab's own, too


@pytest.mark.parametrize("folder", ["utils", "data_scripts", "tests"])
def test_every_package_that_is_imported_is_declared(folder):
    runtime, cluster = names_of(PROJECT["dependencies"]), names_of(EXTRAS["cluster"])
    for path in (ROOT / folder).rglob("*.py"):
        for package, in_a_function in third_party_imports(path.read_text(encoding="utf-8")):
            declared = runtime | (cluster if in_a_function else set())
            if folder == "tests":
                declared |= names_of(EXTRAS["dev"]) | cluster
            names = {canonicalize_name(name) for name in DISTRIBUTIONS.get(package, [])}
            assert names & declared, f"{path} imports {package}: add its package to pyproject.toml, then make lock"


def names_of(texts):
    return {canonicalize_name(Requirement(text).name) for text in texts}


def third_party_imports(source):
    """The top-level package of each import that is neither Python's nor the course's; True where in a function."""
    tree = ast.parse(source)
    inside = {id(each) for node in ast.walk(tree) if isinstance(node, FUNCTION) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            packages = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            packages = {node.module.partition(".")[0]}
        else:
            continue
        yield from ((each, id(node) in inside) for each in packages - sys.stdlib_module_names - OURS)


def test_the_conda_environment_is_python_and_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["dependencies"] == ["python=3.12", "pip", {"pip": ["-r requirements.txt"]}]


def test_the_python_versions_are_those_tensorflow_has_wheels_for():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info[:2] < (3, 14)" in (ROOT / "install.py").read_text()
