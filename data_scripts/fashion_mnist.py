"""Fashion-MNIST: 28×28 gray photographs of clothes. Xiao, Rasul & Vollgraf 2017."""

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np

from data_scripts.fetch import Remote
from data_scripts.prepared import save

NAME = "fashion_mnist"
ABOUT = "70,000 gray photographs of clothes, 28×28, ten kinds; Xiao, Rasul & Vollgraf 2017, MIT license"
CLASS_NAMES = (
    "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

# The authors' repository at its last commit. Sizes and digests: the check sums of TensorFlow Datasets
# (url_checksums/fashion_mnist.txt); those of the labels were also computed from the repository's own files.
COMMIT = "b2617bb6d3ffa2e429640350f613e3291e10b141"
SOURCE = f"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/{COMMIT}/data/fashion"
FILES = tuple(
    Remote(f"{SOURCE}/{name}", size, sha256)
    for name, size, sha256 in (
        (
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        ("train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        ("t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        ("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    )
)

# Debian's package dataset-fashion-mnist holds the same data compressed anew, so its files are known by
# the SHA-256 of what is inside. Computed from package version 0.0~git20200523.55506a9-1.
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
CONTENTS = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def prepare(downloads, folder):
    """Turn the downloaded files into the arrays in ``folder``."""
    save(folder, read(downloads))


def installed():
    """The arrays of Debian's package, or ``None`` where it is not installed."""
    return read(DEBIAN) if all((DEBIAN / name).is_file() for name in CONTENTS) else None


def read(folder):
    """The four arrays of the files in ``folder``: images ``(n, 28, 28, 1)`` and labels ``(n,)``, both uint8."""
    arrays = [read_idx(folder / name, digest) for name, digest in CONTENTS.items()]
    train_images, train_labels, test_images, test_labels = arrays
    return {
        "train_images": train_images[..., None],
        "train_labels": train_labels,
        "test_images": test_images[..., None],
        "test_labels": test_labels,
    }


def read_idx(path, sha256):
    """The array of a gzipped IDX file of bytes; ``ValueError`` unless its contents have that digest.

    The format (LeCun): two zero bytes, the type (8: unsigned bytes), the number of axes, each axis's length as a
    big-endian 32-bit number, then the bytes.
    """
    try:
        contents = gzip.decompress(path.read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: the file is damaged ({error})") from error
    if hashlib.sha256(contents).hexdigest() != sha256:
        raise ValueError(f"{path}: its contents are not those expected (SHA-256 {sha256[:12]}…)")
    zeros, kind, axes = struct.unpack(">HBB", contents[:4])
    if (zeros, kind) != (0, 8):
        raise ValueError(f"{path}: no IDX file of bytes")
    shape = struct.unpack(f">{axes}I", contents[4 : 4 + 4 * axes])
    return np.frombuffer(contents, np.uint8, offset=4 + 4 * axes).reshape(shape)
