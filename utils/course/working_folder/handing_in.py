"""What a student gives back: a zip file of the notebooks in the folder, and before that what is still open in them."""

import contextlib
import io
import zipfile

from utils.course.working_folder.laying import LAID, STATE, version_of
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.returned import answered
from utils.questions import questions


def laid_names(folder):
    """The names of the notebooks that were laid into the folder, in their order, and of those laid beside a file."""
    names = {path.name.rsplit(".", 2)[0] for path in (folder / STATE / LAID).glob("*.ipynb")}
    return sorted(name for name in names if "." not in name or (folder / f"{name}.ipynb").exists())


def open_in(name, folder):
    """What is still open in the notebook: ids of questions without an answer, and of exercises as they were laid.

    ``UnreadableNotebook`` if the file is none.
    """
    path = folder / f"{name}.ipynb"
    notebook, cells = read(path), answered(path.read_bytes()).cells
    mine, laid = {cell.id: cell.source for cell in notebook.cells}, version_of(name, notebook, folder)
    unanswered = [
        cell.question
        for cell in cells
        if cell.question in questions() and all(each.value is None for each in cell.typed.values())
    ]
    unattempted = [
        cell.metadata.get("exercise") for cell in tagged(laid, "exercise") if cell.source == mine.get(cell.id)
    ]
    return [*unanswered, *unattempted]


def packed(folder):
    """A zip file, as bytes, of the notebooks that were laid into the folder and are still there, as they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in laid_names(folder):
            with contextlib.suppress(FileNotFoundError):
                archive.writestr(f"{name}.ipynb", (folder / f"{name}.ipynb").read_bytes())
    return content.getvalue()
