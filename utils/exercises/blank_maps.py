"""The share of channels that are zero everywhere on an image."""

import numpy as np

from utils.exercises import Slip

KIND = "fill in"
POINTS = 1
TEXT = "Write a function that returns, for each image of a batch, the share of channels whose map is 0 everywhere."
STUB = '''
def blank_share(maps):
    """maps: (images, rows, columns, channels), the activations of one layer.
    Returns (images,), numbers from 0 to 1.
    """
    ...  # your code
'''
HINTS = (
    "First decide for each image and each channel: is the map 0 everywhere? That gives an array (images, channels).",
    "np.all takes the axes to look along. The mean of an array of True and False is a share.",
)


def cases(random):
    yield {"maps": np.array([[[[0.0, 2.0]], [[0.0, 0.0]]], [[[0.0, 0.0]], [[0.0, 0.0]]]])}
    for shape in ((1, 3, 2, 4), (3, 2, 2, 5), (4, 1, 1, 3), (2, 5, 4, 1)):
        maps = random.normal(size=shape) * (random.uniform(size=shape) < 0.6)
        maps *= random.uniform(size=(shape[0], 1, 1, shape[3])) < 0.6
        yield {"maps": maps}
    cancelling = np.zeros((3, 2, 2, 6))
    cancelling[:, 0, 0, :3], cancelling[:, 1, 1, :3] = 1, -1
    cancelling[:, 0, 1, 3] = -2
    cancelling[0, 1, 0, 4] = 1
    yield {"maps": cancelling}


def reference(maps):
    """Channel by channel, with Python's any."""
    return [
        sum(not any(image[..., channel].ravel().tolist()) for channel in range(image.shape[-1])) / image.shape[-1]
        for image in maps
    ]


def blank_share(maps):
    return np.all(maps == 0, axis=(1, 2)).mean(axis=1)


SOLUTION = blank_share

SLIPS = (
    Slip(
        lambda maps: (maps == 0).mean(axis=(1, 2, 3)),
        "the share of zeros",
        "You count every zero. A blank map has nothing but zeros.",
    ),
    Slip(
        lambda maps: np.any(maps == 0, axis=(1, 2)).mean(axis=1),
        "a zero anywhere",
        "You count each map that contains a zero. A blank map has nothing but zeros.",
    ),
    Slip(
        lambda maps: 1 - blank_share(maps),
        "the share that is not blank",
        "This is the share of the other channels, those that respond somewhere.",
    ),
    Slip(
        lambda maps: np.full(len(maps), np.all(maps == 0, axis=(0, 1, 2)).mean()),
        "dead channels",
        "You count the channels that are 0 on all images of the batch. Decide for each image separately.",
    ),
    Slip(
        lambda maps: np.all(maps == 0, axis=(1, 2)).mean(),
        "one number for all images",
        "You average over the images, too. Each image has a share of its own.",
    ),
    Slip(
        lambda maps: np.all(maps == 0, axis=(1, 2)),
        "the mean is missing",
        "You say for each channel whether it is blank. The share is the mean of these over the channels.",
    ),
    Slip(
        lambda maps: np.all(maps == 0, axis=(1, 2)).mean(axis=0),
        "averaged over the images",
        "You return a number for each channel: the share of images for which it is blank. Average over the channels.",
    ),
    Slip(
        lambda maps: 100 * blank_share(maps),
        "percent instead of a share",
        "A share lies between 0 and 1. Leave out the factor of 100.",
    ),
    Slip(
        lambda maps: np.all(maps == 0, axis=(1, 2)).sum(axis=1),
        "a number of channels",
        "You count the channels. The share is that number divided by the number of all channels.",
    ),
    Slip(
        lambda maps: (np.abs(maps.sum(axis=(1, 2))) < 1e-9).mean(axis=1),
        "the sum is zero",
        "A map that contains 1 and −1 also has the sum 0. Not every layer follows a ReLU.",
    ),
    Slip(
        lambda maps: (maps.max(axis=(1, 2)) <= 0).mean(axis=1),
        "the largest is zero or below",
        "You also count maps with negative numbers only. Those are not blank.",
    ),
    Slip(
        lambda maps: np.all(maps == 0, axis=3).mean(axis=(1, 2)),
        "blank pixels",
        "You look for pixels that are 0 in all channels. Exchange the roles of pixels and channels.",
    ),
)
