"""What is said in the end is true: files that are reported are there, and tables are written whatever happened."""

from utils.course.storage import private_folders
from utils.course.storage.store import write
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


def write_reports(store, files):
    """Write the files (name → text), and remove what killed processes left; ``StoreError`` where it cannot be done."""
    for name, text in files.items():
        write(store, name, text)
    store.sweep()
    private_folders.sweep()
