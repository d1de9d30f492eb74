"""Small notebooks for the tests of batches: no TensorFlow, a second each."""

import subprocess
import sys
from pathlib import Path

import nbformat
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook

from utils.course.commands.main import main

COURSE = Path(sys.executable).with_name("course")
PARAMETERS = "depth: int = 4  # 1…9\nseed: int = 0"
IMPORT = "from utils.parameters import Whole, check_parameters\n\n"
CHECK = "check_parameters(globals(), depth=Whole(1, 9), seed=Whole(0, 99))"


def course(*arguments, **more):
    """The finished process of a ``course`` command."""
    return subprocess.run([COURSE, *map(str, arguments)], capture_output=True, text=True, check=False, **more)


def course_here(*arguments):
    """The same in this process, which is quicker; what it printed is in ``stdout`` and ``stderr``."""
    done = CliRunner().invoke(main, [str(each) for each in arguments], prog_name="course")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def write(path, *sources, parameters=PARAMETERS, check=CHECK):
    """Write a notebook with these code cells below its parameters, and return its path."""
    cells = (
        [new_code_cell(parameters, metadata={"tags": ["parameters"]}), new_code_cell(IMPORT + check)]
        if parameters
        else []
    )
    notebook = new_notebook(cells=[*cells, *map(new_code_cell, sources)])
    nbformat.write(notebook, path)
    return path
