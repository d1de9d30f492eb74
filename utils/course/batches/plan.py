"""The jobs of a batch: notebooks × sets of parameters × students, and the name that each job's output goes by."""

import hashlib
import itertools
import json
import re
import sys
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import nbformat

import utils
from utils.course.storage.input_files import Mistake
from utils.course.students.roster import NOBODY, Student
from utils.notebook_files.reading import UnreadableNotebook, read
from utils.notebook_files.sources import parameters
from utils.notebook_files.status import Status


@dataclass(frozen=True, eq=False)
class Source:
    """A notebook to run, without outputs: its name, itself, and the parameters that it declares."""

    name: str
    notebook: nbformat.NotebookNode
    declared: dict

    @cached_property
    def content(self):
        return nbformat.writes(self.notebook).encode()


@dataclass(frozen=True, eq=False)
class Job:
    """One notebook with one set of parameters, for one student or none. All that a worker needs travels in it."""

    notebook: str
    content: bytes
    parameters: dict
    student: Student = NOBODY

    @cached_property
    def key(self):
        """What the output depends on, hashed: notebook, parameters, student, packages and the course's own code."""
        parts = [hashlib.sha256(self.content).hexdigest(), self.parameters, self.student.id, environment()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def label(self):
        """The job in words: the student, or the parameters."""
        return self.student.id or ", ".join(f"{name}={value}" for name, value in self.parameters.items())

    @cached_property
    def file(self):
        """The name of its output in the store, without the ending."""
        words = re.sub(r"[^\w.=@+-]+", "_", self.label).encode()[:100].decode(errors="ignore")
        return f"{self.notebook}/{words}{words and '-'}{self.key[:16]}"


@dataclass
class Outcome:
    """What became of a job: ``status`` is a ``Status``.

    ``file`` is the executed notebook's name in the store, without the ending; "" if there is none.
    """

    notebook: str
    student: Student
    parameters: dict
    status: str
    error: str = ""
    seconds: float = 0.0
    answers: list = field(default_factory=list)
    verdicts: list = field(default_factory=list)
    key: str = ""
    file: str = ""
    attempts: int = 1


def sources(paths):
    """The notebooks at these paths as ``Source``s, and an ``Outcome`` for each that cannot be used."""
    usable, refused = [], []
    repeated = {name for name, count in Counter(_name(path) for path in paths).items() if count > 1}
    for path in paths:
        try:
            if _name(path) in repeated:
                raise Mistake(f"{path}: another notebook of this batch has the same name")
            usable.append(_source(path))
        except UnreadableNotebook as error:
            refused.append(Outcome(_name(path), NOBODY, {}, Status.UNREADABLE, str(error)))
        except Mistake as error:
            refused.append(Outcome(_name(path), NOBODY, {}, Status.REFUSED, str(error)))
    return usable, refused


def jobs(sources, sets, students, drawn=lambda student, source, values: {}):
    """The jobs for every source, set of parameters and student, each once, and an ``Outcome`` for each refused one.

    A set's parameters go to the notebooks that declare them. ``drawn(student, source, values)`` gives a student's own
    parameters beside these. ``Mistake`` if no notebook declares a parameter.
    """
    for name in dict.fromkeys(name for values in sets for name in values):
        if sources and not any(name in source.declared for source in sources):
            known = "\n".join(f"  {source.name}: {', '.join(source.declared) or 'none'}" for source in sources)
            raise Mistake(f"{name}: no notebook has a parameter of that name. They have:\n{known}")
    found, refused = {}, {}
    for source, values, student in itertools.product(sources, sets, students):
        chosen = {
            name: typed(value, source.declared[name]) for name, value in values.items() if name in source.declared
        }
        try:
            _check(chosen, source)
            job = Job(source.name, source.content, chosen | drawn(student, source, chosen), student)
            found.setdefault(job.key, job)
        except ValueError as error:
            outcome = Outcome(source.name, student, chosen, Status.REFUSED, str(error))
            refused.setdefault(json.dumps([source.name, chosen, student.id], sort_keys=True, default=str), outcome)
    return list(found.values()), list(refused.values())


def typed(value, declared):
    """``value`` from a grid or the command line as one of the parameter's own type, where it can be read as one."""
    if isinstance(declared.default, str) or not isinstance(value, str):
        return value
    from papermill.cli import _resolve_type

    return _resolve_type(value.strip())


@cache
def environment():
    """What the results depend on beside the job itself, hashed: Python, the packages needed, and the course's code."""
    digest = hashlib.sha256(f"python {sys.version_info[:2]}".encode())
    for name in sorted({re.split(r"[^\w.-]", line)[0] for line in requires("convnet-course")}):
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            continue  # of another platform, or an extra
    package = Path(utils.__file__).parent
    for path in sorted(
        set(package.rglob("*.py")) - set((package / "course").rglob("*.py"))
    ):  # no notebook imports that
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _name(path):
    return Path(path).stem


def _source(path):
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", nbformat.warnings.DuplicateCellId)
        notebook = read(path)
    try:
        declared = parameters(notebook)
    except (SyntaxError, ValueError, KeyError, AttributeError) as error:
        raise Mistake(f"{path}: its parameters cell cannot be read: {error}") from error
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "orig_nbformat" in notebook.metadata or raised:
            cell.id = f"cell-{place}"  # nbformat mended the ids by chance, and each time the key would be another
    notebook.metadata.pop("widgets", None)
    return Source(_name(path), notebook, declared)


def _check(values, source):
    for name, value in values.items():
        allowed = source.declared[name].range
        if allowed and not allowed.allows(value):
            raise Mistake(f"{name}={value!r}: {allowed} is needed")
