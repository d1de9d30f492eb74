"""``utils.training.trained`` against Keras's ``fit``: the same network, batches and steps, tracing included."""

import time

import keras
import numpy as np

from utils.data import load
from utils.training import trained

SEEDS = (0, 1)
DEPTH, EPOCHS, BATCH = 12, 2, 64


def network():
    inputs = keras.Input((32, 32, 1))
    x = keras.layers.Conv2D(16, 4, strides=4)(keras.layers.Rescaling(1 / 255)(inputs))
    for _ in range(DEPTH):
        x = keras.layers.add([x, keras.layers.Conv2D(16, 3, padding="same", activation="relu")(x)])
    return keras.Model(inputs, keras.layers.Dense(8)(keras.layers.GlobalAveragePooling2D()(x)))


def ours(data):
    return [run.losses[-8:].mean() for run in trained(network, *data, seeds=SEEDS, epochs=EPOCHS, batch_size=BATCH)]


def fit(data):
    losses = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        model = network()
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        losses.append(model.fit(*data, epochs=EPOCHS, batch_size=BATCH, verbose=0).history["loss"][-1])
    return losses


def benchmarks(runs=5):
    """Two seeds of a residual net of depth 12, interleaved; both must learn about the same."""
    photos = load("photos", train=640, test=8)
    data = photos.train_images, photos.train_labels
    seconds = {ours: [], fit: []}
    for _ in range(runs):
        for way, taken in seconds.items():
            start = time.perf_counter()
            losses = way(data)
            taken.append(time.perf_counter() - start)
            assert max(losses) < 2.2, f"{way.__name__} did not learn: {losses}"
    ratios = np.array(seconds[fit]) / np.array(seconds[ours])
    yield {"name": "fit ÷ trained, 2 seeds", "ratio": float(np.median(ratios)), "target": 4, "runs": ratios.tolist()}
