"""The jobs of a batch: notebooks × sets of parameters × students."""

import hashlib
import itertools
import json
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import nbformat

from utils.course.batches.job import Job, Outcome
from utils.course.batches.values import value_of
from utils.course.storage.input_files import Mistake
from utils.course.students.roster import NOBODY
from utils.notebook_files.reading import UnreadableNotebook, last_records, read, read_returned
from utils.notebook_files.sources import parameters
from utils.notebook_files.status import Status
from utils.records import VERDICT

LARGEST_FILE = 1_000_000_000  # bytes that are hashed of a file that a parameter names


@dataclass(frozen=True, eq=False)
class Source:
    """A notebook to run, without outputs: its name, itself, and the parameters that it declares.

    ``measured`` are the records of verdicts in the outputs that it had, the last for each claim.
    """

    name: str
    notebook: nbformat.NotebookNode
    declared: dict
    measured: dict = field(default_factory=dict)

    @cached_property
    def content(self):
        return nbformat.writes(self.notebook).encode()


def sources(paths, reserved=()):
    """The notebooks at these paths as ``Source``s, and an ``Outcome`` for each that cannot be used.

    ``reserved`` are names that the outputs need for something else.
    """
    return _usable(paths, [_name(path) for path in paths], reserved, read)


def returned_sources(paths, reserved=()):
    """The same for notebooks that came back from students, which are read within bounds.

    Where several have the same name, that of their folder goes before it.
    """
    names = [_name(path) for path in paths]
    repeated = _repeated(names)
    names = [
        _with_folder(path) if name.casefold() in repeated else name for path, name in zip(paths, names, strict=True)
    ]
    return _usable(paths, names, reserved, read_returned)


def _usable(paths, names, reserved, read):
    usable, refused, repeated = [], [], _repeated(names)
    for path, name in zip(paths, names, strict=True):
        try:
            if name.casefold() in repeated:
                raise Mistake(f"{path}: another notebook has the same name; the outputs would overwrite each other")
            if name.casefold() in reserved:
                raise Mistake(f"{path}: a table or an index has that name among the outputs; give the notebook another")
            usable.append(_source(path, name, read))
        except UnreadableNotebook as error:
            refused.append(Outcome(name, NOBODY, {}, Status.UNREADABLE, str(error)))
        except Mistake as error:
            refused.append(Outcome(name, NOBODY, {}, Status.REFUSED, str(error)))
    return usable, refused


def _repeated(names):
    return {name for name, count in Counter(each.casefold() for each in names).items() if count > 1}


def _with_folder(path):
    folder = unicodedata.normalize("NFC", Path(path).absolute().parent.name)
    return f"{folder}_{_name(path)}"


def settings(pairs):
    """The parameters set by ``-p``, name → text; ``Mistake`` for one that is set twice."""
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise Mistake(f"{twice[0]}: set twice on the command line; a grid (--grid) runs several values")
    return dict(pairs)


def jobs(sources, sets, students=(NOBODY,), drawn=lambda student, source, values: {}, named=lambda source: ""):
    """The jobs for every source, set of parameters and student, each once, and an ``Outcome`` for each refused one.

    A set's parameters go to the notebooks that declare them. ``drawn(student, source, values)`` gives a student's own
    parameters beside these, ``named(source)`` the output's name. ``Mistake`` if no notebook declares a parameter.
    """
    for name in dict.fromkeys(name for values in sets for name in values):
        if sources and not any(name in source.declared for source in sources):
            known = "\n".join(f"  {source.name}: {', '.join(source.declared) or 'none'}" for source in sources)
            raise Mistake(f"{name}: no notebook has a parameter of that name. They have:\n{known}")
    found, refused = {}, {}
    for source, values, student in itertools.product(sources, sets, students):
        given = {name: value for name, value in values.items() if name in source.declared}
        try:
            chosen, files = {}, {}
            for name, value in given.items():
                chosen[name] = _from_here(typed(name, value, source.declared[name]), name, files)
            chosen |= drawn(student, source, chosen)
            job = Job(source.name, source.content, chosen, student, files, named(source))
            found.setdefault((job.notebook, job.key), job)
        except ValueError as error:
            outcome = Outcome(source.name, student, given, Status.REFUSED, str(error))
            refused.setdefault(json.dumps([source.name, given, student.id], sort_keys=True, default=str), outcome)
    return list(found.values()), list(refused.values())


def typed(name, value, declared):
    """``value`` from a grid or the command line as one of the parameter's own type; ``Mistake`` out of its range."""
    if isinstance(value, str) and not isinstance(declared.default, str):
        value = value_of(value)
    if value is None and declared.default is not None:
        raise Mistake(f"{name}: no value is given; without the parameter it is {declared.default!r}")
    if declared.range and not declared.range.allows(value):
        raise Mistake(f"{name}={value!r}: {declared.range} is needed")
    return value


def _from_here(value, name, files):
    """A path, which a parameter called ``…_path`` holds, as seen from where the command is typed.

    The notebook works in another folder. What is in the file counts for the result, so its hash is added to ``files``.
    """
    if not (name.endswith("_path") and isinstance(value, str) and value):
        return value
    path = Path(value).expanduser().absolute()
    try:
        if not path.is_file():
            return str(path) if path.exists() else value
        if path.stat().st_size <= LARGEST_FILE:
            with path.open("rb") as file:
                files[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return str(path)
    except (OSError, ValueError):  # the notebook will say what is wrong with it
        return value


def _name(path):
    return unicodedata.normalize("NFC", Path(path).stem)


def _source(path, name, read):
    if not name or Path(path).is_dir():
        raise Mistake(f"{path}: a folder, no notebook")
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", nbformat.warnings.DuplicateCellId)
        notebook = read(path)
    try:
        declared = parameters(notebook)
    except Exception as error:  # hand-written code and metadata hold whatever they hold
        raise Mistake(f"{path}: its parameters cell cannot be read: {error}") from error
    measured = last_records(notebook, VERDICT)
    for place, cell in enumerate(notebook.cells):
        cell.metadata.pop("papermill", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "orig_nbformat" in notebook.metadata or raised:
            cell.id = f"cell-{place}"  # nbformat mended the ids by chance, and each time the key would be another
    for left in ("widgets", "papermill"):  # what an earlier execution left
        notebook.metadata.pop(left, None)
    source = Source(name, notebook, declared, measured)
    try:
        source.content  # noqa: B018 (it is kept)
    except UnicodeEncodeError as error:
        half = error.object[error.start].encode("unicode_escape").decode()
        raise Mistake(f"{path}: it holds half of a character, {half}, which cannot be stored") from error
    return source
