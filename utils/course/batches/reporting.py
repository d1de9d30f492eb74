"""What is said in the end is true: files that are reported are there, and tables are written whatever happened."""

from utils.course.storage import private_folders
from utils.course.storage.store import StoreError, write
from utils.notebook_files.status import Status


def still_there(store, outcomes):
    """Change the outcomes whose notebook or page is not in the store any more: somebody removed it meanwhile."""
    folders = {outcome.file.rpartition("/")[0] for outcome in outcomes if outcome.file}
    there = {f"{folder}/{name}".lstrip("/") for folder in folders for name in store.names(folder)}
    for outcome in outcomes:
        gone = [f"{outcome.file}.{kind}" for kind in ("ipynb", "html") if f"{outcome.file}.{kind}" not in there]
        if outcome.file and gone:
            outcome.error = f"{outcome.status}, but {store.where(gone[0])} was removed meanwhile"
            outcome.status, outcome.file = Status.NOT_STORED, ""


def report(store, outcomes, files):
    """Write what ``files(outcomes)`` gives (name → text) once the outcomes are true; returns sentences on trouble.

    What killed processes left is removed.
    """
    troubles = []
    try:
        still_there(store, outcomes)
    except (StoreError, OSError) as error:
        troubles.append(f"whether all files are there is not known: {error}")
    try:
        for name, text in files(outcomes).items():
            write(store, name, text)
        store.sweep()
    except (StoreError, OSError) as error:
        troubles.append(f"the table is missing: {error}")
    private_folders.sweep()
    return troubles
