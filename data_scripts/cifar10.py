"""CIFAR-10: 32×32 color photographs of ten kinds of things. Krizhevsky 2009."""

import pickle
import tarfile

import numpy as np

from data_scripts.fetch import Remote
from data_scripts.prepared import save

NAME = "cifar10"
ABOUT = "60,000 color photographs, 32×32, ten kinds of things; Krizhevsky 2009, free to use with citation"
CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

# Size: as the server and many logs of downloads give it. Digest: keras/src/datasets/cifar10.py.
FILES = (
    Remote(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        170_498_071,
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
)
ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
BATCHES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}


def prepare(downloads, folder):
    """Turn the downloaded archive into the arrays in ``folder``."""
    save(folder, read(downloads / FILES[0].name))


def read(archive):
    """The four arrays of the archive: images ``(n, 32, 32, 3)`` and labels ``(n,)``, both uint8.

    Nothing is unpacked to the disk, and the batches, which are pickles, can name nothing but NumPy's arrays.
    """
    arrays = {}
    with tarfile.open(archive, "r:gz") as files:
        for part, names in BATCHES.items():
            batches = [_batch(files.extractfile(f"cifar-10-batches-py/{name}")) for name in names]
            arrays[f"{part}_images"] = np.concatenate([images for images, _ in batches])
            arrays[f"{part}_labels"] = np.concatenate([labels for _, labels in batches])
    return arrays


def _batch(file):
    batch = _ArraysOnly(file, encoding="bytes").load()  # Python 2 wrote them: its strings are bytes
    # A row is an image: its 1,024 red values, line by line, then the green ones, then the blue ones.
    images = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    labels = np.array(batch[b"labels"], dtype=np.uint8)
    if images.dtype != np.uint8 or len(images) != len(labels):
        raise ValueError(
            f"{images.dtype} images {images.shape} with {len(labels)} labels: this is no batch of CIFAR-10"
        )
    return images, labels


class _ArraysOnly(pickle.Unpickler):
    """A pickle may call whatever it names. Here it can name three things."""

    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"the file asks for {module}.{name}, which no batch of CIFAR-10 needs")
        return ALLOWED[module, name]
