"""Where fetched data sets are kept: a folder each, with their images and labels as plain ``.npy`` files."""

import os
from pathlib import Path

import numpy as np
import platformdirs

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


def cache_folder():
    """The folder of ``CONVNET_COURSE_DATA``, or ``convnet-course`` in the user's cache folder."""
    return Path(os.environ.get("CONVNET_COURSE_DATA") or platformdirs.user_cache_dir("convnet-course", appauthor=False))


def prepared(name):
    """The arrays of a data set that was fetched, by the names in ``ARRAYS``; ``None`` unless all are whole.

    Images are uint8, ``(n, height, width, 1 or 3)``, labels uint8, ``(n,)``. They stay on the disk until they are read.
    """
    try:
        arrays = {
            array: np.load(cache_folder() / name / f"{array}.npy", mmap_mode="r", allow_pickle=False)
            for array in ARRAYS
        }
    except (OSError, ValueError, EOFError):
        return None
    pairs = ((arrays[f"{part}_images"], arrays[f"{part}_labels"]) for part in ("train", "test"))
    whole = all(images.ndim == 4 and labels.ndim == 1 and len(images) == len(labels) > 0 for images, labels in pairs)
    return arrays if whole and all(array.dtype == np.uint8 for array in arrays.values()) else None


class Rows:
    """Writes an array to a ``.npy`` file row by row: a context manager with ``append``.

    Unlike a memory map it needs not know the number of rows beforehand, and a full disk is an error, not a crash.
    """

    def __init__(self, path, row_shape):
        self.path, self.row_shape, self.count = Path(path), tuple(row_shape), 0

    def __enter__(self):
        self.file = self.path.open("wb")
        self._header()
        return self

    def append(self, row):
        if row.shape != self.row_shape or row.dtype != np.uint8:
            raise ValueError(f"{row.dtype} {row.shape}: a row of uint8 {self.row_shape} is needed")
        self.file.write(row.tobytes())
        self.count += 1

    def __exit__(self, *error):
        try:
            self.file.seek(0)
            self._header()  # NumPy pads it: the final count fits in
            self.file.flush()
            os.fsync(self.file.fileno())
        finally:
            self.file.close()

    def _header(self):
        kind = {"descr": "|u1", "fortran_order": False, "shape": (self.count, *self.row_shape)}
        np.lib.format.write_array_header_1_0(self.file, kind)


def save(folder, arrays):
    """Write uint8 ``arrays`` into ``folder``, which must not be there yet."""
    Path(folder).mkdir()
    for name in ARRAYS:
        with Rows(Path(folder) / f"{name}.npy", arrays[name].shape[1:]) as rows:
            for row in arrays[name]:
                rows.append(row)
