"""One photograph as an array: those that scikit-image carries in its wheel, or a file of your own."""

import io
import warnings
from importlib import resources

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from utils.paths import file_of

COLOR = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "hubble": "hubble_deep_field.jpg",
    "ihc": "ihc.png",
    "motorcycle": "motorcycle_left.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}
GRAY = {name: f"{name}.png" for name in ("brick", "camera", "grass", "gravel")}

# No format that Pillow would hand to another program (EPS to Ghostscript).
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
LARGEST = 80_000_000  # pixels; a decoded RGB image takes 3 bytes each, a bomb of a few kilobytes claims billions
LONGEST_SIDE = 1024
JPEG_END = b"\xff\xd9"
MOST_BYTES = 300_000_000  # of a JPEG that was cut short
MOST_MISSING = 0.2  # of the rows of a JPEG that was cut short
MAX_SAMPLE_VALUE = 281  # a tag of TIFF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def photographs():
    """The names of the bundled photographs that ``photograph`` gives; those in color come first."""
    return (*COLOR, *GRAY)


def photograph(name="chelsea"):
    """A bundled photograph as uint8, ``(height, width, 3)``, or ``(height, width, 1)`` where it is gray."""
    with bundled(name) as image:
        return np.array(image).reshape(image.height, image.width, -1)


def bundled(name):
    """A bundled photograph as an open Pillow image; ``ValueError`` names those there are."""
    if name not in photographs():
        raise ValueError(f"photograph {name!r}: one of {', '.join(photographs())} is needed")
    # The file itself: the functions of skimage.data download what the wheel lacks.
    return Image.open(resources.files("skimage.data") / (COLOR | GRAY)[name])


def open_photograph(path, longest_side=LONGEST_SIDE, tell=print):
    """Your own image file as uint8 RGB, ``(height, width, 3)``, upright, at most ``longest_side`` pixels a side.

    A larger photograph is shrunk, never enlarged. What is transparent becomes white, a gray image gets three equal
    channels, 16 bits become 8, an animation gives its first frame. ``path`` may be as it was pasted: ``file_of`` reads
    it. ``tell`` is given a sentence about what is not shown as the file has it: rows that are missing, say.

    Raises ``FileNotFoundError`` for a path where nothing is, ``PermissionError`` for a file that may not be read,
    ``ValueError`` for anything that is no whole image.
    """
    path = file_of(path)
    image = _rgb(*_upright(path, longest_side, tell), path, tell)
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    return np.array(image)


def _upright(path, longest_side, tell):
    """The decoded image, turned as its EXIF data says, and the greatest number that its pixels may hold, if it is said.

    Where the file says that white is zero, and Pillow does not see to it, that number is negative.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > LARGEST:
                raise Image.DecompressionBombError
            image.draft(None, (longest_side, longest_side))  # a large JPEG is decoded at a half, quarter or eighth
            tags = getattr(image, "tag_v2", {})
            white = _greatest(tags)
            try:
                image.load()
            except OSError:
                if image.format != "JPEG":
                    raise
                image = _without_its_end(path, longest_side, tell)
            return _turned(image, path, tell), white
    except PermissionError as error:
        raise PermissionError(f"{path}: you may not read this file; change its permissions or copy it") from error
    except UnidentifiedImageError as error:
        raise ValueError(_not_an_image(path)) from error
    except Image.DecompressionBombError as error:
        raise ValueError(f"{path}: at most {LARGEST:,} pixels are allowed; save it smaller") from error
    except Exception as error:  # Pillow's readers raise whatever the parser of a format stumbles over
        raise ValueError(f"{path}: the image is damaged or cut short ({error}); copy or save it again") from error


def _without_its_end(path, longest_side, tell):
    """A JPEG that was cut short, decoded as far as it goes; ``OSError`` where too many of its rows are missing."""
    with path.open("rb") as file:
        start = file.read(MOST_BYTES)
    image = Image.open(io.BytesIO(start + JPEG_END))
    image.draft(None, (longest_side, longest_side))
    image.load()
    pixels = np.asarray(image).reshape(image.height, -1)
    filled = np.isin(pixels, (127, 128)).all(axis=1)  # what the decoder fills in
    missing = int(filled[::-1].argmin()) / image.height if not filled.all() else 1
    if missing > MOST_MISSING:
        raise OSError(f"{missing:.0%} of its rows are missing")
    rows = f"the lowest {missing:.0%} of the picture, which are gray here" if missing else "nothing that one would see"
    tell(f"{path}: the file lacks its end; missing is {rows}")
    return image


def _turned(image, path, tell):
    """The image, turned as its EXIF data says; as it is where these cannot be read."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1) or 1  # 0: the camera did not know
    except Exception as error:  # as with the readers
        tell(f"{path}: which side is up cannot be read ({error}); the photograph is shown unturned")
        return image.copy()
    if orientation not in (1, *TURNS):
        tell(f"{path}: which side is up cannot be read (orientation {orientation!r}); the photograph is shown unturned")
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image.copy()


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


def _rgb(image, white, path, tell):
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_eight_bits(np.asarray(image), white, path, tell))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _greatest(tags):
    """The number that stands for white in a TIFF of 9 to 16 bits, None where the file does not say; < 0: for black."""
    bits, most = tags.get(TiffImagePlugin.BITSPERSAMPLE, (0,))[0], tags.get(MAX_SAMPLE_VALUE, (0,))
    most = most[0] if isinstance(most, tuple) else most
    declared = most or (2**bits - 1 if 8 < bits < 16 else 0)
    white_is_zero = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    if not declared and not white_is_zero:
        return None
    return -(declared or 65535) if white_is_zero else declared


def _eight_bits(pixels, white, path, tell):
    """Gray pixels of more bits as uint8; Pillow's own conversion would clip everything above 255 to white."""
    if pixels.dtype.kind == "f" or pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError(f"{path}: its pixels are {pixels.dtype} numbers; save it with 8 or 16 bits a channel")
    greatest = abs(white) if white and abs(white) >= pixels.max() else 65535
    if greatest == 65535 and 0 < pixels.max() < 4096:
        # With 65,535 for white all of it would be black: cameras and microscopes store 8 or 12 bits as 16 or 32.
        greatest = 255 if pixels.max() < 256 else 4095
        tell(f"{path}: its highest number is {pixels.max()}; shown as if {greatest} were the highest, not 65535")
    shown = np.rint(np.minimum(pixels.astype("float64"), greatest) * (255 / greatest)).astype("uint8")
    return 255 - shown if (white or 0) < 0 else shown
