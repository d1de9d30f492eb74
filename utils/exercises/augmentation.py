"""Mirror and shift the images of a batch at random."""

import numpy as np

from utils.exercises import Fault

KIND = "fill in"
POINTS = 3
TEXT = (
    "Write a data augmentation. Each image is mirrored left to right with a probability of one half, and shifted at "
    "random by up to most rows and most columns. Image number i stays number i, so that its label still fits."
)
STUB = '''
def augmented(images, random, most):
    """images: (images, rows, columns, channels); random: a generator,
    numpy.random.default_rng(...).

    Each image is shifted by -most to most rows and -most to most columns;
    zeros come in. Returns an array of the same shape, and leaves images as it
    is.
    """
    result = np.zeros_like(images)
    ...  # your code
    return result
'''
HINTS = (
    "Draw new numbers for each image: one for the mirror, two for the shift. A loop over the images is fine.",
    "random.integers(-most, most + 1) is a shift. Pad an image with most zeros on each side, and cut a window out.",
)


def cases(random):
    for count, rows, columns, channels, most in ((1, 3, 4, 1, 1), (150, 6, 5, 2, 2), (120, 5, 7, 3, 1)):
        yield {
            "images": random.uniform(0.1, 1, size=(count, rows, columns, channels)).astype("float32"),
            "random": int(random.integers(10_000)),
            "most": most,
        }


def run(function, images, random, most):
    """What came of the same seed twice and of another one, and by which moves."""
    given = images.copy()
    batch = function(given, np.random.default_rng(random), most)
    again, other = (function(images.copy(), np.random.default_rng(seed), most) for seed in (random, random + 1))
    if batch is None:
        return None
    batch, again, other = (_as_array(each) for each in (batch, again, other))
    fits = isinstance(batch, np.ndarray) and batch.shape == images.shape
    return {
        "fits": fits,
        "kept": np.array_equal(given, images),
        "batch": batch,
        "moves": [_move(*pair, most) for pair in zip(images, batch, strict=True)] if fits else [],
        "again": fits and np.array_equal(batch, again),
        "other": fits and np.array_equal(batch, other),
    }


def _as_array(batch):
    """What came as an array, tensors and lists of images, too; anything else as it is."""
    try:
        array = np.asarray(batch)
    except (TypeError, ValueError):
        return batch
    return array if array.dtype.kind in "biuf" else batch


def _move(image, moved, most, mode="constant"):
    """(mirrored, down, right) by which the image became the other; ``None`` if by no such move."""
    for mirrored in (False, True):
        padded = _padded(image, mirrored, most, mode)
        for down in range(-most, most + 1):
            for right in range(-most, most + 1):
                if np.array_equal(_window(padded, image, most, down, right), moved):
                    return mirrored, down, right
    return None


def _moved(image, mirrored, down, right, mode="constant"):
    margin = max(abs(down), abs(right))
    return _window(_padded(image, mirrored, margin, mode), image, margin, down, right)


def _padded(image, mirrored, margin, mode):
    return np.pad(image[:, ::-1] if mirrored else image, ((margin, margin), (margin, margin), (0, 0)), mode=mode)


def _window(padded, image, margin, down, right):
    rows, columns = image.shape[:2]
    return padded[margin - down : margin - down + rows, margin - right : margin - right + columns]


def augmented(images, random, most):
    result = np.zeros_like(images)
    rows, columns = images.shape[1:3]
    for number, image in enumerate(images):
        if random.random() < 0.5:
            image = image[:, ::-1]
        top, left = random.integers(0, 2 * most + 1, 2)
        padded = np.pad(image, ((most, most), (most, most), (0, 0)))
        result[number] = padded[top : top + rows, left : left + columns]
    return result


SOLUTION = augmented


def _example(draw=lambda random, most: (random.random() < 0.5, *random.integers(-most, most + 1, 2)), mode="constant"):
    """An augmentation with other draws, or another filling."""

    def batch(images, random, most):
        return np.array([_moved(image, *draw(random, most), mode=mode) for image in images])

    return batch


def _all_alike(images, random, most):
    move = random.random() < 0.5, *random.integers(-most, most + 1, 2)
    return np.array([_moved(image, *move) for image in images])


def _in_place(images, random, most):
    images[...] = augmented(images, random, most)
    return images


def _in_another_order(images, random, most):
    return random.permutation(augmented(images, random, most))


def _upside_down(images, random, most):
    return np.array([image[::-1] if random.random() < 0.5 else image for image in augmented(images, random, most)])


def _all_moves(outcome, position):
    return {move[position] for move in outcome["moves"] if move}


def _found(change):
    """Whether most images that came of no allowed move become a right one by ``change(image, moved, most)``."""

    def found(outcome, images, most, **_):
        every = zip(images, outcome["batch"], outcome["moves"], strict=True) if outcome["fits"] else ()
        strange = [bool(change(image, moved, most)) for image, moved, move in every if not move]
        return len(strange) > 0 and np.mean(strange) > 0.5

    return found


def _of_another_image(outcome, images, most, **_):
    places = [n for n, move in enumerate(outcome["moves"]) if not move][:5]
    return bool(places) and all(any(_move(image, outcome["batch"][n], most) for image in images) for n in places)


def _many(outcome):
    return len(outcome["moves"]) > 100


FAULTS = (
    Fault(
        lambda outcome, **_: not outcome["fits"],
        "another shape",
        "The result must have the same shape as images. What is shifted out of an image is lost.",
        lambda images, random, most: images[:, most:, most:],
    ),
    Fault(
        lambda outcome, **_: not outcome["kept"],
        "it changes its argument",
        "The array images is changed. Write into a new array.",
        _in_place,
    ),
    Fault(
        lambda outcome, **_: outcome["fits"] and not np.any(outcome["batch"]),
        "nothing but zeros",
        "All numbers of the result are 0. Do you write each moved image into the result?",
        lambda images, random, most: np.zeros_like(images),
    ),
    Fault(
        lambda outcome, **_: outcome["moves"].count((False, 0, 0)) == len(outcome["moves"]) > 1,
        "nothing is changed",
        "All images come back as they were.",
        lambda images, random, most: images.copy(),
    ),
    Fault(
        lambda outcome, **_: len(outcome["moves"]) > 1 and len(set(outcome["moves"])) == 1 and outcome["moves"][0],
        "all images alike",
        "All images of a batch get the same move. Draw new numbers for each image.",
        _all_alike,
    ),
    Fault(
        _of_another_image,
        "the images are in another order",
        "Image number i is no longer at place i, so its label belongs to another image.",
        _in_another_order,
    ),
    Fault(
        _found(lambda image, moved, most: _move(image, moved, most, "wrap")),
        "wrapped around",
        "What leaves the image on one side comes back on the other. Fill in zeros instead.",
        _example(mode="wrap"),
    ),
    Fault(
        _found(lambda image, moved, most: _move(image, moved, most, "edge")),
        "filled with the border's pixels",
        "You repeat the pixels of the border where the shift leaves a gap. Fill in zeros instead.",
        _example(mode="edge"),
    ),
    Fault(
        _found(lambda image, moved, most: _move(image[::-1], moved, most)),
        "upside down",
        "Some images are upside down. Mirror left to right only: which axis of an image holds its columns?",
        _upside_down,
    ),
    Fault(
        _found(lambda image, moved, most: _move(image, moved, 2 * most + 1)),
        "shifted too far",
        "Some images are shifted by more than most pixels.",
        _example(lambda random, most: (random.random() < 0.5, *random.integers(-most - 1, most + 2, 2))),
    ),
    Fault(
        lambda outcome, **_: None in outcome["moves"],
        "more than moved",
        "Some images are not just mirrored, shifted and filled with zeros. What else happens to them?",
        lambda images, random, most: augmented(images, random, most) + 0.1,
    ),
    Fault(
        lambda outcome, **_: _many(outcome) and not 0.3 < np.mean([move[0] for move in outcome["moves"]]) < 0.7,
        "not half of them mirrored",
        "About half of the images should be mirrored, at random. Yours mirrors another share.",
        _example(lambda random, most: (False, *random.integers(-most, most + 1, 2))),
    ),
    Fault(
        lambda outcome, **_: _many(outcome) and all(move[1] == move[2] for move in outcome["moves"]),
        "one number for both shifts",
        "Rows and columns are always shifted by the same number. Draw two numbers.",
        _example(lambda random, most: (random.random() < 0.5, *[random.integers(-most, most + 1)] * 2)),
    ),
    Fault(
        lambda outcome, most, **_: (
            _many(outcome) and any(_all_moves(outcome, place) != set(range(-most, most + 1)) for place in (1, 2))
        ),
        "some shifts never come",
        "Every shift from -most to most should occur, in rows and in columns. Do negative shifts move the image, too? "
        "And random.integers leaves out its upper end.",
        _example(lambda random, most: (random.random() < 0.5, *random.integers(-most, most, 2))),
    ),
    Fault(
        lambda outcome, **_: outcome["fits"] and not outcome["again"],
        "not from the given generator",
        "With the same generator, the result changes. Take every random number from the argument random.",
        lambda images, random, most: augmented(images, np.random.default_rng(), most),
    ),
    Fault(
        lambda outcome, **_: _many(outcome) and outcome["other"],
        "the same for every generator",
        "With another generator, the result stays the same. Take every random number from the argument random.",
        lambda images, random, most: augmented(images, np.random.default_rng(1), most),
    ),
)
