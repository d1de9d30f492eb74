"""The long run of the architectures: a tiny piece of each part, and values worked out by hand."""

import numpy as np
import pytest

from utils.claims import claim
from utils.data import Dataset
from utils.long_runs import architecture_data
from utils.long_runs.architecture_data import PARTS, PIECES, moved, perform, values

TINY = {"amounts": (40, 80, 160), "kept": 20, "test": 20, "steps": 4}


@pytest.fixture
def garments(monkeypatch):
    def load(name, *, size, train, test, seed):
        random = np.random.default_rng(seed)
        parts = [
            (random.integers(0, 256, (count, size, size, 1)).astype("float32"), np.arange(count, dtype="int32") % 10)
            for count in (train, test)
        ]
        return Dataset(*parts[0], *parts[1], tuple("abcdefghij"))

    monkeypatch.setattr(architecture_data, "load", load)


@pytest.mark.parametrize("part", PARTS)
def test_a_tiny_piece_gives_all_that_its_part_is_judged_by(garments, part):
    found = perform({"part": part, "seed": 101}, **TINY)
    ((claim_id, numbers),) = values([({"part": part, "seed": 101}, found)]).items()
    assert claim(claim_id).long_run == "architecture_data"
    assert len(numbers) == len(claim(claim_id).criteria)
    assert np.shape(numbers) == (len(numbers), 1)
    assert np.isfinite(numbers).all()


def test_the_lead_is_over_the_better_of_two_dense_networks():
    found = {
        "convnet": [0.7, 0.8, 0.9],
        "Dense": [0.6, 0.7, 0.75],
        "wide Dense": [0.5, 0.75, 0.8],
        "scrambled": 0.6,
        "epochs": {"convnet": [0.7, 0.82, 0.85, 0.9], "Dense": [0.4, 0.75], "wide Dense": [0.81, 0.8]},
    }
    (numbers,) = values([({"part": "data", "seed": 101}, found)]).values()
    np.testing.assert_allclose(np.ravel(numbers), [0.1, 0.0, 0.0, 0.7 - 0.81, 0.3], atol=1e-9)


def test_reuse_and_places_are_differences_between_networks_and_places():
    reuse = {"moved": {"shared": 0.8, "unshared": 0.6}, "centered": {"shared": 0.7, "unshared": 0.75}}
    places = {"convnet": [0.7, 0.6], "Dense": [0.8, 0.1], "change": 0.3, "convolution": 0.0, "distance": 1.0}
    found = [({"part": "reuse", "seed": 101}, reuse), ({"part": "places", "seed": 101}, places)]
    numbers = values(found)
    np.testing.assert_allclose(np.ravel(numbers["reuse"]), [0.2, -0.05])
    np.testing.assert_allclose(np.ravel(numbers["hypothesis-space"]), [0.5, 0.1, 0.3, 0.0, 1.0])
    assert "architecture-data" not in numbers
    assert values([]) == {}


def test_an_image_that_is_moved_is_whole_and_elsewhere():
    images = np.random.default_rng(0).uniform(1, 2, (6, 4, 4, 1)).astype("float32")
    canvas = moved(images, 10, seed=0)
    np.testing.assert_allclose(canvas.sum(axis=(1, 2, 3)), images.sum(axis=(1, 2, 3)), rtol=1e-6)
    assert len({tuple(np.argwhere(each[..., 0])[0]) for each in canvas}) > 1
    assert np.array_equal(moved(images, 10, seed=0), canvas)


def test_every_seed_has_a_piece_for_each_part_and_is_fresh():
    assert {piece["part"] for piece in PIECES} == set(PARTS)
    assert min(piece["seed"] for piece in PIECES) > 100


def test_garments_are_moved_without_a_frame(monkeypatch):
    """On another black than the canvas's, a network would learn the edges of the frame."""
    garments = np.zeros((8, 14, 14, 1), dtype="float32")
    garments[:, 5:9, 5:9] = 255
    labels = np.arange(8, dtype="int32") % 2
    dataset = Dataset(garments, labels, garments, labels, tuple("0123456789"))
    monkeypatch.setattr(architecture_data, "load", lambda *_, **__: dataset)
    seen = []

    def stop(build, data, seed, steps, rates):
        seen.append(data.train_images)
        raise StopIteration

    monkeypatch.setattr(architecture_data, "best_rate", stop)
    with pytest.raises(StopIteration):
        architecture_data.perform({"part": "places", "seed": 201}, kept=2)
    assert np.unique(seen[0]).tolist() == [0, 1]
