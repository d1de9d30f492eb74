"""How far a convolution is from moving along with the image."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 3
TEXT = (
    "Write a function that shifts an image, and measures how much the maps of the shifted image differ from the "
    "shifted maps of the image, away from the border."
)
STUB = '''
def equivariance_error(convolution, image, down, right, border):
    """convolution: a function from images to maps of the same rows and
    columns; image: (1, rows, columns, channels).

    down, right: by how many pixels the image is shifted, 0 or more. border:
    how many rows and columns to leave out, on each of the four sides. Returns
    the largest absolute difference, one number.
    """
    ...  # your code
'''
HINTS = (
    "There are two ways from the image to a shifted map: shift first and then convolve, or convolve first and then "
    "shift. Compare the two where no pixel came in from outside.",
    "It does not matter what fills the place that a shift leaves empty, since the border is left out. Be careful with "
    "slices that end at -0: they are empty.",
)


class Convolution:
    """A convolution with zeros around the image; where ``drift`` is not 0, it is weaker in some places."""

    def __init__(self, kernel, drift_down=0, drift_right=0):
        self.kernel, self.drift_down, self.drift_right = kernel, drift_down, drift_right

    def __call__(self, images):
        high, wide = self.kernel.shape[:2]
        x = np.pad(images, ((0, 0), (high // 2, high // 2), (wide // 2, wide // 2), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (high, wide), axis=(1, 2))
        maps = np.einsum("brcnij,ijnf->brcf", windows, self.kernel)
        rows, columns = np.arange(maps.shape[1])[:, None, None], np.arange(maps.shape[2])[:, None]
        return maps * (1 + self.drift_down * rows + self.drift_right * columns)

    def __repr__(self):
        """What kind of convolution it is."""
        if not (self.drift_down or self.drift_right):
            return "a convolution"
        ways = [("downwards", self.drift_down), ("to the right", self.drift_right)]
        return f"a convolution whose weights grow {' and '.join(name for name, drift in ways if drift)}"


def cases(random):
    whole = {"low": -4, "high": 5}  # sums of whole numbers are exact, so 0 is 0
    yield {
        "convolution": Convolution(np.array([1.0, 1.0, 0.0]).reshape(1, 3, 1, 1), drift_right=1),
        "image": np.array([1.0, 0.0, 2.0, 0.0, 0.0, 3.0, 1.0]).reshape(1, 1, 7, 1).repeat(5, axis=1),
        "down": 0,
        "right": 1,
        "border": 2,
    }
    for drift_down, drift_right, down, right, side in (
        (0, 0, 1, 2, 3),
        (1, 0, 2, 0, 3),
        (2, 1, 1, 3, 3),
        (0, 2, 0, 0, 3),
        (0, 0, 3, 0, 5),
    ):
        channels, filters = random.integers(1, 4, 2)
        kernel = random.integers(**whole, size=(side, side, channels, filters)).astype(float)
        border = side // 2 + max(down, right)
        yield {
            "convolution": Convolution(-abs(kernel) if drift_down == 1 else kernel, drift_down, drift_right),
            "image": random.integers(1, 9, size=(1, 2 * border + 5, 2 * border + 4, channels)).astype(float),
            "down": down,
            "right": right,
            "border": border,
        }


def reference(convolution, image, down, right, border):
    """Pixel by pixel."""
    _, rows, columns, _ = image.shape
    shifted = np.zeros_like(image)
    for row in range(down, rows):
        for column in range(right, columns):
            shifted[0, row, column] = image[0, row - down, column - right]
    maps, shifted_maps = convolution(image)[0], convolution(shifted)[0]
    return max(
        np.abs(shifted_maps[row, column] - maps[row - down, column - right]).max()
        for row in range(border, rows - border)
        for column in range(border, columns - border)
    )


def equivariance_error(convolution, image, down, right, border):
    def shifted(maps):
        return np.roll(maps, (down, right), axis=(1, 2))

    difference = np.abs(convolution(shifted(image)) - shifted(convolution(image)))
    return difference[:, border:-border, border:-border].max()


SOLUTION = equivariance_error


def _shifted(maps, down, right, wrap=False):
    moved = np.roll(maps, (down, right), axis=(1, 2))
    if not wrap:
        moved[:, :down] = 0
        moved[:, :, :right] = 0
    return moved


def _wrong(between=lambda one, other: np.abs(one - other).max(), inside=True, wrap=False, image_by=None, maps_by=None):
    """The same with one mistake; ``image_by`` and ``maps_by`` change (down, right)."""

    def error(convolution, image, down, right, border):
        of_image = image_by(down, right) if image_by else (down, right)
        of_maps = maps_by(down, right) if maps_by else (down, right)
        one = np.asarray(convolution(_shifted(image, *of_image, wrap)))
        other = _shifted(np.asarray(convolution(image)), *of_maps, wrap)
        part = slice(border, -border) if inside else slice(None)
        return between(one[:, part, part], other[:, part, part])

    return error


def _invariance(convolution, image, down, right, border):
    difference = convolution(_shifted(image, down, right)) - convolution(image)
    return np.abs(difference[:, border:-border, border:-border]).max()


def _image_with_image(convolution, image, down, right, border):
    """Both ways are the same one: convolve, then shift."""
    maps = _shifted(convolution(image), down, right)
    return np.abs(maps - _shifted(convolution(image), down, right)).max()


SLIPS = (
    Slip(
        _wrong(inside=False),
        "the border counts, too",
        "You compare the whole maps. Near the border they differ for any convolution, because of what comes in from "
        "outside.",
    ),
    Slip(
        _wrong(inside=False, wrap=True),
        "wrapped around, and the border counts",
        "Pixels that leave on one side come back on the other, and you compare these places, too.",
    ),
    Slip(
        _invariance,
        "compared with the maps as they were",
        "You compare with the maps that were not shifted. That asks whether the output stays the same (invariance), "
        "not whether it moves along (equivariance).",
    ),
    Slip(
        _wrong(maps_by=lambda down, right: (right, down)),
        "the maps are shifted along the wrong axis",
        "Image and maps are shifted in different directions. Axis 1 holds the rows, axis 2 the columns.",
    ),
    Slip(
        _wrong(image_by=lambda down, right: (right, down), maps_by=lambda down, right: (right, down)),
        "down and right exchanged",
        "Image and maps move together, but you use down for the shift to the right, and right for the shift down. "
        "Axis 1 holds the rows.",
    ),
    Slip(
        _wrong(image_by=lambda down, right: (-down, -right), maps_by=lambda down, right: (-down, -right), wrap=True),
        "shifted up and to the left",
        "Image and maps move together, but up and to the left. Shifted down by 2, what was in row 0 is in row 2.",
    ),
    Slip(
        _wrong(image_by=lambda down, right: (right, 0), maps_by=lambda down, right: (right, 0)),
        "axes 0 and 1 are shifted",
        "You shift along axes 0 and 1. Axis 0 counts the images, axis 1 holds the rows, and axis 2 the columns.",
    ),
    Slip(
        _wrong(between=lambda one, other: np.abs(one - other).mean()),
        "the mean difference",
        "You average the differences. The exercise asks for the largest one.",
    ),
    Slip(
        _wrong(between=lambda one, other: (one - other).max()),
        "no absolute value",
        "Negative differences count, too. Take the absolute value before you look for the largest.",
    ),
    Slip(
        _image_with_image,
        "the maps are compared with themselves",
        "Both sides convolve first and then shift, so they never differ. One side must shift the image first.",
    ),
)
