"""What a student gives back: a zip file of the notebooks in the folder, and before that what is still open in them."""

import contextlib
import io
import zipfile

from utils.course.working_folder.laying import LAID, STATE
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.returned import answered
from utils.questions import questions


def laid_names(folder):
    """The names of the notebooks that were laid into the folder, in their order."""
    return sorted({path.name.split(".")[0] for path in (folder / STATE / LAID).glob("*.ipynb")})


def open_in(path, stubs):
    """What is still open in the notebook: ids of questions without an answer, and of exercises not attempted.

    ``stubs`` are the sources of the exercises' stubs, by id. ``UnreadableNotebook`` if the file is none.
    """
    cells = answered(path.read_bytes()).cells
    unanswered = [
        cell.question
        for cell in cells
        if cell.question in questions() and all(each.value is None for each in cell.typed.values())
    ]
    unattempted = [
        cell.metadata.get("exercise")
        for cell in tagged(read(path), "exercise")
        if cell.source.strip() == stubs.get(cell.metadata.get("exercise"), "").strip()
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
