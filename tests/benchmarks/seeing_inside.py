"""Looking inside a network: ``utils.activations`` against the book's way and three packages.

The network is the mini-Xception of Chollet's *Deep Learning with Python* (2nd edition, chapter 9) with random
weights, 48 layers and some 8,000 channels, on images of 64 and of 180 pixels. The ways of others are written here
as their readers write them; each must give the same result as ours before a ratio counts.
"""

import io
from functools import cache

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers
from PIL import Image

from tests.benchmarks import other_packages
from tests.benchmarks.measuring import beside_the_peak, interleaved, matrix_peak, row
from utils.activations import GradCam, Observer, activations, filters_by_ascent, grad_cam, mosaic
from utils.figures.activations import PALETTE, draw_mosaic
from utils.layer_calls import LayerCalls
from utils.photographs import photograph

SIZES = (64, 180)
CLIMBED = "block2_conv1"  # 64 filters with a receptive field of 15 pixels
STEPS, FILTERS = 30, 64
TOLERANCE = 1e-4  # of the largest value that is compared


def benchmarks():
    """The rows of the table, for both sizes."""
    plt.switch_backend("agg")
    tf.get_logger().setLevel("ERROR")  # the others' ways trace again and again
    peak = 0
    for size in SIZES:
        for subject in (cold, repeated, grids, filters, heatmaps):
            peak = max(peak, matrix_peak())
            yield from (beside_the_peak(row, peak) for row in subject(size))
    print(f"  peak of multiplying matrices: {peak / 1e9:.0f} GFLOP/s")


# All activations


def cold(size, target=4):
    model, image = network(size), photographs_of(size)[:1]
    ways = {"ours": lambda: activations(model, image), "book": lambda: by_the_book(inside(model), image)}
    ways["book"](), ways["ours"]()  # neither pays for what TensorFlow does once in a process
    times, given = interleaved(ways)
    same_activations(given["ours"], given["book"])
    name = f"all activations, cold, {size} px: build + predict ÷ activations"
    return [row(name, times["ours"], times["book"], target, operations(model))]


def repeated(size, targets=((180, 4.5), (64, 8))):
    model, image = network(size), photographs_of(size)[:1]
    built, look = inside(model), Observer(model)
    others = other_packages.activation_ways(model, image)
    ways = {"ours": lambda: look(image), "book": lambda: by_the_book(built, image), **others}
    scores = Observer(model, ["scores"])
    least = {"least": lambda: scores(image)}  # the network must be computed
    for _ in range(2):
        for way in (ways | least).values():
            way()
    times, given = interleaved(ways | least, runs=15)  # they take milliseconds
    for name in ways:
        same_activations(given["ours"], given[name])
    head = f"all activations, repeated, {size} px:"
    work = operations(model)
    name = f"{head} predict ÷ Observer"
    rows = [row(name, times["ours"], times["book"], dict(targets)[size], work, times["least"])]
    return rows + [row(f"{head} {name} ÷ Observer", times["ours"], times[name], None, work) for name in others]


def inside(model):
    return keras.Model(model.input, [layer.output for layer in model.layers[1:]])


def by_the_book(inside, image):
    names = [tensor._keras_history.operation.name for tensor in inside.outputs]
    return dict(zip(names, inside.predict(image, verbose=0), strict=True))


def same_activations(ours, theirs):
    for name, maps in theirs.items():
        np.testing.assert_allclose(ours[name], maps, atol=TOLERANCE * np.abs(maps).max(), rtol=0, err_msg=name)


# The grids of all channels


def grids(size, targets=((180, 35), (64, 150)), runs=((180, 1), (64, 3))):
    model, image = network(size), photographs_of(size)[:1]
    found = {name: maps for name, maps in activations(model, image).items() if maps.ndim == 4}
    # The book's loop wants whole rows of 16 channels.
    found = {name: maps for name, maps in found.items() if maps.shape[-1] % 16 == 0}
    ways = {
        "ours": lambda: {name: draw_mosaic(mosaic(maps[0]), name) for name, maps in found.items()},
        "book": lambda: {name: book_grid(name, maps) for name, maps in found.items()},
    }
    drawn = [Image.fromarray(mosaic(maps[0]).codes) for maps in found.values()]
    for each in drawn:
        each.putpalette(PALETTE.tobytes())
    ways["least"] = lambda: [each.save(io.BytesIO(), "PNG", compress_level=1) for each in drawn]
    times, given = interleaved(ways, dict(runs)[size])
    for name, picture in given["ours"].items():
        every_value_is_there(picture, mosaic(found[name][0]), found[name][0])
    name = f"grids of {len(found)} layers, {size} px: loops and imshow ÷ mosaic"
    values = sum(maps.size for maps in found.values())
    rows = [row(name, times["ours"], times["book"], dict(targets)[size], 3 * values, times["least"])]
    return rows + grids_of_others(model, image, list(found)[::9])


def grids_of_others(model, image, names, runs=3):
    """From the photograph to the picture, for a few layers."""
    ways = other_packages.grid_ways(model, image, names)
    ways["ours"] = lambda: {
        name: draw_mosaic(mosaic(maps[0]), name) for name, maps in activations(model, image, names).items()
    }
    times, given = interleaved(ways, runs)
    rows = []
    for other in ways.keys() - {"ours"}:
        for name, maps in activations(model, image, names).items():
            first = 255 * (maps[0, ..., 0] - maps.min()) / (maps.max() - maps.min())
            assert np.abs(given[other][name][: len(first), : len(first)] - first).max() <= 1, name
        label = f"photograph to grids of {len(names)} layers, {image.shape[1]} px: {other} ÷ activations and mosaic"
        rows.append(row(label, times["ours"], times[other]))
    return rows


def book_grid(name, maps, columns=16):
    """Channel by channel into a large array, each by its own mean and deviation; then imshow, an inch a tile."""
    side, rows = maps.shape[1], maps.shape[-1] // columns
    grid = np.zeros(((side + 1) * rows - 1, columns * (side + 1) - 1))
    for r in range(rows):
        for column in range(columns):
            channel = maps[0, :, :, r * columns + column].copy()
            if channel.sum() != 0:
                with np.errstate(divide="ignore", invalid="ignore"):
                    channel -= channel.mean()
                    channel /= channel.std()
                    channel = np.nan_to_num(channel * 64 + 128)
            channel = np.clip(channel, 0, 255).astype("uint8")
            top, left = r * (side + 1), column * (side + 1)
            grid[top : top + side, left : left + side] = channel
    plt.figure(figsize=(grid.shape[1] / side, grid.shape[0] / side))
    plt.title(name)
    plt.grid(False)
    plt.axis("off")
    plt.imshow(grid, aspect="auto", cmap="viridis")
    shown = io.BytesIO()
    plt.savefig(shown, format="png", bbox_inches="tight")  # as a notebook shows it
    plt.close()
    return shown.getvalue()


def every_value_is_there(picture, expected, maps):
    """Each value of each map has pixels of its own in the picture, right to one of the 250 shades of its channel."""
    colors = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)
    assert (colors == PALETTE[expected.codes]).all()
    tall, wide = expected.tile
    height, width, channels = maps.shape
    assert tall % height == 0
    assert wide % width == 0
    for channel in range(0, channels, 7):
        low, high = expected.low[channel], expected.high[channel]
        if high > low:
            row, column = divmod(channel, expected.columns)
            top, left = row * (tall + 2) + 1, column * (wide + 2) + 1
            tile = expected.codes[top : top + tall : tall // height, left : left + wide : wide // width]
            shades = (maps[..., channel] - low) / (high - low) * 249
            assert np.abs(tile - shades).max() <= 1.01


# Filters


def filters(size, targets=((180, 15), (64, 8)), runs=3, few=8):
    """The book's loop climbs ``few`` filters, since each costs it the same: its time is taken times 64 / few."""
    model = network(size)
    chosen = np.arange(0, FILTERS, FILTERS // few)
    ways = {
        "ours": lambda: filters_by_ascent(model, CLIMBED, range(FILTERS), steps=STEPS),
        "book": lambda: book_filters(model, chosen),
    }
    times, given = interleaved(ways, runs)
    full = filters_by_ascent(model, CLIMBED, chosen, steps=STEPS, size=size).images
    excites_as_much(model, given["ours"].images[chosen], full, chosen)
    # The book's way smooths nothing, so it is compared with ours without smoothing.
    plain = filters_by_ascent(model, CLIMBED, chosen, steps=STEPS, regularized=False).images
    excites_as_much(model, plain, given["book"], chosen)
    name = f"64 filters × 30 steps, {size} px: one by one (8, times 8) ÷ tiles in one batch"
    tile = given["ours"].images.shape[1]
    # Forward up to the layer, and about as much again back to the image.
    work = 2 * operations(model, CLIMBED, tile) * FILTERS * STEPS
    rows = [row(name, times["ours"], times["book"] * FILTERS / few, dict(targets)[size], work)]
    return rows + (filters_of_others(model, chosen, given["ours"].images[chosen]) if size == SIZES[0] else [])


def filters_of_others(model, chosen, tiles):
    """The ``chosen`` filters in one batch, once: the packages take long, and come to other images than we do."""
    extractor = keras.Model(model.input, model.get_layer(CLIMBED).output)
    ways = other_packages.filter_ways(extractor, chosen, STEPS)
    ways["ours"] = lambda: filters_by_ascent(model, CLIMBED, chosen, steps=STEPS).images
    times, given = interleaved(ways, 1)
    share = {
        name: np.median(excitement(model, given[name], chosen) / excitement(model, tiles, chosen)) for name in ways
    }
    head = f"{len(chosen)} filters × 30 steps, {model.input_shape[1]} px:"
    return [
        row(f"{head} {name} (excites {share[name]:.1f} times as much) ÷ ours", times["ours"], times[name])
        for name in ways
        if name != "ours"
    ]


def book_filters(model, chosen):
    """One filter after the other on images of full size; the number is a Python number, so each is traced anew."""
    extractor = keras.Model(model.input, model.get_layer(CLIMBED).output)

    @tf.function
    def step(image, filter_index, rate):
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_mean(extractor(image)[:, 2:-2, 2:-2, filter_index])
        return image + rate * tf.math.l2_normalize(tape.gradient(loss, image))

    side, images = model.input_shape[1], []
    for filter_index in chosen.tolist():
        image = tf.random.uniform((1, side, side, 3), 0.4 * 255, 0.6 * 255)
        for _ in range(STEPS):
            image = step(image, filter_index, 0.05 * 255 * 3**0.5 * side)  # as far as ours
        images.append(image[0].numpy())
    return np.stack(images)


def excites_as_much(model, tiles, full, chosen, least=0.9):
    """A tile excites its filter at least 0.9 times as much as a full image does, on average away from the border."""
    share = np.median(excitement(model, tiles, chosen) / excitement(model, full, chosen))
    print(
        f"  {CLIMBED}: a tile of {tiles.shape[1]} px excites its filter {share:.2f} times as much as {full.shape[1]} px"
    )
    assert share >= least


def excitement(model, images, chosen):
    maps = LayerCalls(model).run_unactivated(tf.constant(images, "float32"), CLIMBED).numpy()[:, 3:-3, 3:-3]
    return np.array([each[..., filter_index].mean() for each, filter_index in zip(maps, chosen, strict=True)])


# Heatmaps


def heatmaps(size, targets=((180, 20), (64, 50)), runs=((180, 3), (64, 5)), cached=((180, 2), (64, 16)), count=16):
    model, images = network(size), photographs_of(size, count)
    layer = "block5_add"
    logits = network(size, activation=None)
    logits.set_weights(model.get_weights())
    others = other_packages.heatmap_ways(model, logits, images, layer)
    look, scores = GradCam(model, layer), Observer(model, ["scores"])
    ways = {
        "ours": lambda: look(images).scaled,
        "grad_cam, uncompiled": lambda: grad_cam(model, images, layer).scaled,
        "keras.io": lambda: np.stack([keras_io(model, logits, image[None], layer) for image in images]),
        "keras.io without predict": lambda: np.stack([keras_io_heatmap(logits, each[None], layer) for each in images]),
        **others,
    }
    least = {"least": lambda: scores(images, batch_size=dict(cached)[size])}  # as many as the cache holds
    for _ in range(2):
        for way in (ways | least).values():
            way()
    times, given = interleaved(ways | least, dict(runs)[size])
    rows = []
    for name in list(ways)[1:]:
        far = np.abs(given["ours"] - given[name]).max()
        assert far < 1e-3 or "guided" in name
        other = f" (other maps, by {far:.1f})" if far >= 1e-3 else ""
        wanted = dict(targets)[size] if name == "keras.io" else None
        label = f"Grad-CAM of {count} images, {size} px: {name}{other} ÷ GradCam"
        limit = times["least"] if wanted else None
        rows.append(row(label, times["ours"], times[name], wanted, count * operations(model), limit))
    return rows


def keras_io(model, logits, image, layer):
    """The whole recipe for one image: what the network says, for the caption, and then why."""
    model.predict(image, verbose=0).max()
    return keras_io_heatmap(logits, image, layer)


def keras_io_heatmap(model, image, layer):
    """The heatmap of one image, by a model built for it."""
    inside = keras.Model(model.input, [model.get_layer(layer).output, model.output])
    with tf.GradientTape() as tape:
        maps, scores = inside(image)
        score = scores[:, tf.argmax(scores[0])]
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(0, 1, 2))
    heat = tf.maximum(tf.squeeze(maps[0] @ weights[..., tf.newaxis]), 0)
    return (heat / tf.reduce_max(heat)).numpy()


# What all of them look into


@cache
def network(size, activation="softmax"):
    """The book's mini-Xception: five blocks of 32 … 512 filters; ten classes, since one unit hides nothing."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(32, 5, use_bias=False, name="stem")(layers.Rescaling(1 / 255, name="rescaling")(inputs))
    for number, width in enumerate((32, 64, 128, 256, 512), 1):
        shortcut = x
        for half in (1, 2):
            x = layers.BatchNormalization(name=f"block{number}_bn{half}")(x)
            x = layers.ReLU(name=f"block{number}_relu{half}")(x)
            x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False, name=f"block{number}_conv{half}")(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{number}_pool")(x)
        shortcut = layers.Conv2D(width, 1, strides=2, padding="same", use_bias=False, name=f"block{number}_shortcut")(
            shortcut
        )
        x = layers.Add(name=f"block{number}_add")([x, shortcut])
    x = layers.Dropout(0.5, name="dropout")(layers.GlobalAveragePooling2D(name="average")(x))
    return keras.Model(inputs, layers.Dense(10, activation=activation, name="scores")(x))


def photographs_of(size, count=1):
    """Squares of a photograph, one beside the other."""
    pixels = photograph("astronaut").astype("float32")
    lefts = np.linspace(0, pixels.shape[1] - size, count).astype(int)
    return np.stack([pixels[100 : 100 + size, left : left + size] for left in lefts])


def operations(model, last=None, size=None):
    """The floating point operations of the convolutions of one image, up to the layer ``last``: two a multiply-add."""
    calls = LayerCalls(model)
    needed = calls.needed([calls[last]] if last else [calls.last])
    image = tf.zeros((1, *([size, size] if size else calls.input_shape[1:3]), 3))
    total = 0
    for call, (output, *_) in zip(needed, calls.outputs(image, needed), strict=True):
        for weight in getattr(call.operation, "weights", ()):
            if weight.name.endswith("kernel"):
                spatial = int(np.prod(output.shape[1:-1]))
                total += 2 * spatial * int(np.prod(weight.shape))
    return total
