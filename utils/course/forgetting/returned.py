"""The files of a student among those that came back, as far as their path says whose they are."""

import os
import unicodedata
import zipfile
from pathlib import Path

from utils.course.forgetting.kept import Kept, refuse_links
from utils.course.hand_ins.collect import named_in
from utils.course.storage.input_files import Mistake

MOST_NAMES = 100_000  # in a zip file


def returned_by(student, path, owners, notebooks):
    """The student's files in a folder, as ``Kept``, and sentences on those that stay though they are theirs, too.

    ``owners`` are the ``Owners`` of the roster. A file counts as theirs if its path names them and nobody else; none is
    opened, except a zip file for the names in it.
    """
    path, found, troubles = Path(path), [], []
    top = unicodedata.normalize("NFC", path.resolve().name)

    def whose(place):
        """``True`` for what is theirs alone, ``False`` for what is others', too, ``None`` for what is not theirs."""
        said = owners.said(place, named_in(place, notebooks))
        if student in said.students:
            return said.students == (student,) and not said.groups and not said.contradiction
        return None

    for folder, folders, files in os.walk(path):  # no link is followed
        links = [each for each in folders if os.path.islink(os.path.join(folder, each))]
        for name in sorted([*files, *links]):
            inside = os.path.relpath(os.path.join(folder, name), path)
            place = unicodedata.normalize("NFC", f"{top}/{inside.replace(os.sep, '/')}")
            is_theirs = whose(place)
            if is_theirs:
                try:
                    refuse_links(path, inside)
                    found.append(Kept(path, inside))
                except (Mistake, OSError) as error:
                    troubles.append(str(error))
            elif is_theirs is False:
                troubles.append(f"{path / inside}: its path names others, too")
            elif count := sum(whose(each) is not None for each in _inside(path / inside, place)):
                troubles.append(f"{path / inside}: {count} files in it are theirs: unpack it, or delete them in it")
    return found, troubles


def _inside(path, place):
    """The places of the files in a zip file; none where it is none."""
    if path.suffix.casefold() != ".zip" or path.is_symlink():
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:MOST_NAMES]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return []
    return [f"{place}/{name}" for name in names if not name.endswith("/")]
