"""Cats and dogs: photographs from an animal shelter. Elson, Douceur, Howell & Saul 2007 ("Asirra")."""

import io
import re
import warnings
import zipfile

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from data_scripts.fetch import Remote
from data_scripts.prepared import Rows

NAME = "cats_vs_dogs"
ABOUT = "about 25,000 color photographs, cut to 96×96; Elson et al. 2007, Microsoft Research license"
CLASS_NAMES = ("cat", "dog")

# Size: as logs of downloads give it. Digest: the check sum in GoMLX's example of this data set. Address: TensorFlow
# Datasets (cats_vs_dogs_dataset_builder.py) and keras.io's example.
FILES = (
    Remote(
        "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/kagglecatsanddogs_5340.zip",
        824_887_076,
        "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
    ),
)
SIDE = 96  # pixels; all images in their own sizes would take 20 times the room
MEMBER = re.compile(r"PetImages/(Cat|Dog)/(\d+)\.jpg")
TEST_EVERY = 5  # the publishers made no test part: every fifth image of each class is one


def prepare(downloads, folder):
    """Turn the downloaded archive into the arrays in ``folder``: squares from the images' middles, ``SIDE`` a side.

    Some files of the archive are empty or cut short; they are left out. ``ValueError`` if that were a tenth of them.
    """
    folder.mkdir()
    with zipfile.ZipFile(downloads / FILES[0].name) as archive, warnings.catch_warnings(action="ignore"):
        members = _members(archive)
        unreadable = 0
        with (
            Rows(folder / "train_images.npy", (SIDE, SIDE, 3)) as train_images,
            Rows(folder / "train_labels.npy", ()) as train_labels,
            Rows(folder / "test_images.npy", (SIDE, SIDE, 3)) as test_images,
            Rows(folder / "test_labels.npy", ()) as test_labels,
        ):
            for label, number, name in tqdm(members, desc="cutting images", unit=" images", disable=None):
                pixels = _square(archive.read(name))
                if pixels is None:
                    unreadable += 1
                    continue
                test = number % TEST_EVERY == 0
                (test_images if test else train_images).append(pixels)
                (test_labels if test else train_labels).append(np.array(label, dtype=np.uint8))
    if unreadable * 10 >= len(members):
        raise ValueError(f"{FILES[0].name}: {unreadable:,} of {len(members):,} images cannot be read")


def _members(archive):
    """``(label, number, name)`` of each image, in that order whatever the archive's order is."""
    found = ((MEMBER.fullmatch(name), name) for name in archive.namelist())
    return sorted((int(match[1] == "Dog"), int(match[2]), name) for match, name in found if match)


def _square(contents):
    """The middle of an image, uint8 ``(SIDE, SIDE, 3)``, or ``None`` when it is no whole JPEG."""
    try:
        with Image.open(io.BytesIO(contents), formats=("JPEG",)) as image:
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            return np.array(ImageOps.fit(image.convert("RGB"), (SIDE, SIDE)))
    except (OSError, SyntaxError, ValueError):
        return None
