"""One photograph as an array: those that scikit-image carries in its wheel, or a file of your own."""

import os
import warnings
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

COLOUR = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "hubble": "hubble_deep_field.jpg",
    "ihc": "ihc.png",
    "motorcycle": "motorcycle_left.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}
GREY = {name: f"{name}.png" for name in ("brick", "camera", "grass", "gravel")}

# No format that Pillow would hand to another program (EPS to Ghostscript).
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
LARGEST = 80_000_000  # pixels; a decoded RGB image takes 3 bytes each, a bomb of a few kilobytes claims billions
LONGEST_SIDE = 1024


def photographs():
    """The names of the bundled photographs that ``photograph`` gives; those in colour come first."""
    return (*COLOUR, *GREY)


def photograph(name="chelsea"):
    """A bundled photograph as uint8, ``(height, width, 3)``, or ``(height, width, 1)`` where it is grey."""
    with bundled(name) as image:
        return np.array(image).reshape(image.height, image.width, -1)


def bundled(name):
    """A bundled photograph as an open Pillow image; ``ValueError`` names those there are."""
    if name not in photographs():
        raise ValueError(f"photograph {name!r}: one of {', '.join(photographs())} is needed")
    # The file itself: the functions of skimage.data download what the wheel lacks.
    return Image.open(resources.files("skimage.data") / (COLOUR | GREY)[name])


def open_photograph(path, longest_side=LONGEST_SIDE):
    """Your own image file as uint8 RGB, ``(height, width, 3)``, upright, at most ``longest_side`` pixels a side.

    A larger photograph is shrunk, never enlarged. What is transparent becomes white, a grey image gets three equal
    channels, 16 bits become 8, an animation gives its first frame. Raises ``FileNotFoundError`` for a path where
    nothing is, ``PermissionError`` for a file that may not be read, ``ValueError`` for anything that is no whole image.
    """
    path = _file(path)
    image = _rgb(_upright(path, longest_side), path)
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    return np.array(image)


def _file(path):
    if not str(path).strip():
        raise ValueError(f"path={path!r}: the path of an image file is needed")
    path = Path(os.path.expanduser(path))  # Path's own expanduser raises where there is no such user
    if os.path.isdir(path):
        raise ValueError(f"{path}: this is a folder; the path of one image file in it is needed")
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"{path}: there is no such file; the path is taken from {Path.cwd()} unless it is a full one"
        )
    return path


def _upright(path, longest_side):
    """The decoded image, turned as its EXIF data says."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > LARGEST:
                raise Image.DecompressionBombError
            image.draft(None, (longest_side, longest_side))  # a large JPEG is decoded at a half, quarter or eighth
            return ImageOps.exif_transpose(image)
    except PermissionError as error:
        raise PermissionError(f"{path}: you may not read this file; change its permissions or copy it") from error
    except UnidentifiedImageError as error:
        raise ValueError(_not_an_image(path)) from error
    except Image.DecompressionBombError as error:
        raise ValueError(f"{path}: at most {LARGEST:,} pixels are allowed; save it smaller") from error
    except Exception as error:  # Pillow's readers raise whatever the parser of a format stumbles over
        raise ValueError(f"{path}: the image is damaged or cut short ({error}); copy or save it again") from error


def _not_an_image(path):
    """Why Pillow knows nothing to do with the file, told from its first bytes."""
    with path.open("rb") as file:
        start = file.read(32)
    allowed = ", ".join(FORMATS)
    if not start:
        return f"{path}: the file is empty; an image ({allowed}) is needed"
    if start[4:8] == b"ftyp" and start[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        return f"{path}: HEIC images cannot be read; export it as JPEG ({allowed} are allowed)"
    return f"{path}: this is no image, whatever its name says (it starts with {start[:12]!r}); {allowed} are allowed"


def _rgb(image, path):
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_eight_bits(np.asarray(image), path))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _eight_bits(pixels, path):
    """Grey pixels of 16 bits as uint8; Pillow's own conversion would clip everything above 255 to white."""
    if pixels.dtype.kind == "f" or pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError(f"{path}: its pixels are {pixels.dtype} numbers; save it with 8 or 16 bits a channel")
    return np.rint(pixels / 257).astype("uint8")
