"""What the README tells people to type works: each command line of it stands in the table, and nothing else does."""

import contextlib
import shlex
import shutil
import subprocess
import tomllib

import nbformat
import pytest
import yaml
from click.testing import CliRunner
from papermill.cli import papermill as papermill_command
from papermill.engines import papermill_engines

from tests.readme import BIN, ROOT, commands, csv_block, make
from utils.course.commands.main import main
from utils.notebook_files.sources import course_notebooks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a reader of the README is: the notebooks, a grid and a roster of it, and what two students returned."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "notebooks").symlink_to(ROOT / "notebooks")
    (folder / "grid.yaml").write_text("depth: [4, 20, 40]\nseed: 0..9\n")
    (folder / "roster.csv").write_text(csv_block())
    with contextlib.chdir(folder):
        invoke(main, "course hand-out --roster roster.csv --secret course.key --out handed-out")
    shutil.copytree(folder / "handed-out" / "students", folder / "returned")
    return folder


def invoke(command, line):
    """Carry out the ``line`` but for its first word."""
    result = CliRunner().invoke(command, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    return result.output


# How a command line is exercised. The first word is the program.


def really(line):
    invoke(main, line)


def planned_only(line):
    """A batch shows its jobs and runs none; tests/batch runs smaller ones."""
    count = 30 if "--grid" in line else 2 * len(course_notebooks())  # as the README says; two students
    assert f"{count} to do" in invoke(main, f"{line} --dry-run")


def understood(line):
    """Every word is one that the command takes; what it would do needs another machine, or is done elsewhere."""
    name, *arguments = shlex.split(line)[1:]
    main.get_command(None, name).make_context(name, arguments)


def named(line):
    """A command and options of it, in brackets or not, with placeholders."""
    command = line.split(" ", 2)[1]
    command = main.get_command(None, command)
    options = {option for each in command.params for option in each.opts}
    assert {word.strip("[]…") for word in line.split() if word.startswith(("-", "[-"))} <= options


def a_target(line):
    """The recipe's programs are there. To run it would take too long, or change what is being tested."""
    recipe = subprocess.run(
        [*make(*line.split()[1:] or ["help"]), "--dry-run"], cwd=ROOT, capture_output=True, text=True
    )
    assert recipe.returncode == 0
    for step in recipe.stdout.replace("&&", "\n").splitlines():
        assert shutil.which(step.split()[0]), step


def run_by(path, words):
    """Another test runs it."""

    def exercise(line):
        assert words in (ROOT / "tests" / path).read_text(encoding="utf-8")

    return exercise


def prepared_by_papermill(line):
    """papermill takes notebook and parameter, and executes nothing; tests/notebooks executes with parameters."""
    invoke(papermill_command, f"{line} --prepare-only")
    cells = nbformat.read("out.ipynb", as_version=4).cells
    assert [cell.source for cell in cells if "injected-parameters" in cell.metadata.get("tags", [])] == [
        "# Parameters\ndepth = 20\n"
    ]


def an_engine(line):
    assert papermill_engines.get_engine(line.split()[-1]).__name__ == "CourseEngine"


def an_environment(line):
    """Needs conda, which is not here; tests/test_setup.py compares the file with the lock."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert f"conda activate {environment['name']} " in line


def a_package(line):
    """Nothing is installed by a test; what would be is known."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name = shlex.split(line)[-1]
    assert name.removeprefix("convnet-course[").rstrip("]") in project["optional-dependencies"] or any(
        each.startswith(name) for each in project["optional-dependencies"]["dev"]
    )


def installed_by_itself(line):
    """tests/test_install.py runs it in a folder of its own."""
    assert (ROOT / line.split()[1]).exists()


def on_windows(line):
    """The same words as on other systems."""
    assert line.replace("\\Scripts\\", "/bin/") in TABLE


def in_a_container(line):
    """Needs docker, which is not here; tests/test_conventions.py reads the Dockerfile."""
    told = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"#   {line}\n" in told


def a_program(line):
    assert (BIN / line.split()[0]).exists()


TABLE = {
    "make": a_target,
    "make run": run_by("browser/test_pages.py", 'make("run"'),
    "make test": a_target,
    "make lab": run_by("browser/lab.py", 'make("lab"'),
    "make lab ARGS=--allow-root": run_by("browser/lab.py", "--allow-root"),
    "make lint": a_target,
    "make refresh": a_target,
    "make lock": a_target,
    "make bench": a_target,
    "make evidence": a_target,
    "make site": run_by("browser/test_site.py", 'make("site"'),
    "make soak": a_target,
    ".venv/bin/course run -p seed 3 --out build/seed3": run_by("browser/test_pages.py", "-p seed 3 --out"),
    ".venv/bin/course start work": run_by("browser/lab.py", 'make("lab"'),
    ".venv/bin/course run": run_by("browser/test_pages.py", 'make("run"'),
    ".venv\\Scripts\\course start work": on_windows,
    ".venv\\Scripts\\course run": on_windows,
    "python install.py": installed_by_itself,
    "python3 install.py": installed_by_itself,
    "docker build --tag convnet-course .": in_a_container,
    "docker run --rm --init --publish 127.0.0.1:8888:8888 --volume convnet-work:/home/student/work convnet-course": (
        in_a_container
    ),
    "course run": named,
    "course run [NOTEBOOK…] [-p NAME VALUE]… [--profile quick|full] [--out DIR] [--workers N]": named,
    "course kernels": really,
    "course kernels --stop": really,
    "course questions": really,
    "course exercises": really,
    "course evidence --list": really,
    "course data list": really,
    "course data fetch fashion_mnist": run_by("downloads/test_data_sets.py", 'fetch_data_set("fashion_mnist"'),
    "course data fetch cifar10": run_by("downloads/test_data_sets.py", 'fetch_data_set("cifar10"'),
    "course data fetch NAME": run_by("downloads/test_data_sets.py", 'invoke(data, ["fetch"'),
    "course hand-out": named,
    "course hand-out --exam": named,
    "course hand-out --roster roster.csv --secret course.key --out build/hand-out": really,
    "course hand-out --roster roster.csv --secret course.key --out hand-out": really,
    "course batch": named,
    "course batch notebooks/02_residual_connections.ipynb --grid grid.yaml --out build/depths": planned_only,
    "course batch --roster roster.csv --secret course.key --out build/variants": planned_only,
    "course batch notebooks/02_residual_connections.ipynb --roster roster.csv --secret course.key --slurm "
    "--workers 100 --out s3://bucket/residual": understood,
    "course batch returned/*/*.ipynb --sandbox": understood,
    "course forget ID": named,
    "course grade returned --roster roster.csv --secret course.key": really,
    "course grade returned --roster roster.csv --secret course.key --out build/grades": really,
    "papermill notebooks/02_residual_connections.ipynb out.ipynb -p depth 20": prepared_by_papermill,
    "papermill --engine course": an_engine,
    "course start": run_by("browser/lab.py", 'make("lab"'),
    "course start FOLDER": run_by("working_folder/test_commands.py", "start("),
    "course start FOLDER --hand-out FILE.zip": run_by("working_folder/test_commands.py", '"--hand-out"'),
    "course progress": run_by("test_standing.py", '["progress"'),
    "course hand-in": run_by("working_folder/test_commands.py", "hand_in("),
    "conda env create -f environment.yml && conda activate convnet-course && pip install --no-deps -e .": (
        an_environment
    ),
    "pip install boto3": a_package,
    "pip install 'convnet-course[cluster]'": a_package,
    "dask worker … --nthreads 1": a_program,
}


def test_every_command_of_the_readme_stands_in_the_table_and_no_other():
    assert sorted(commands()) == sorted(TABLE)


@pytest.mark.parametrize("line", TABLE)
def test_what_the_readme_tells_people_to_type_works(line, folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))  # other tests' kernels come from the parents of the usual one
    TABLE[line](line)
