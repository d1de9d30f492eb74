"""The long run of the order: a tiny piece of each kind, and values worked out by hand."""

import numpy as np

from utils.claims import verdict
from utils.long_runs import bn_order

TINY = {"data": "photos", "images": {"train": 96, "test": 32}, "seed": 101, "epochs": 1, "kept_back": 32}


def order(before, after, kept_back=((0.1, 0.9, 0.2), (0.8, 0.1, 0.2))):
    sides = zip(("before", "after"), kept_back, (before, after), strict=True)
    return {"chance": 0.1} | {name: {"kept_back": list(kept), "test": list(test)} for name, kept, test in sides}


def test_a_tiny_piece_of_each_kind_gives_accuracies_and_counts():
    found = bn_order.perform(TINY | {"what": "order"})
    assert found["chance"] == 1 / 8
    for each in (found["before"], found["after"]):
        assert len(each["test"]) == len(each["kept_back"]) == len(bn_order.RATES)
        assert all(0 <= value <= 1 for values in each.values() for value in values)
    shares = bn_order.perform(TINY | {"what": "channels"})
    assert shares["training"] == [1.0, 1.0]
    assert all(0 <= value <= 1 for values in shares.values() for value in values)
    counted = bn_order.perform({"what": "practice", "networks": ["VGG16", "MobileNet"]})
    assert [counted[name]["normalizations"] for name in ("VGG16", "MobileNet")] == [0, 27]


def test_each_order_is_judged_at_the_rate_that_is_best_on_the_images_kept_back():
    usage = {"convolutions": 10, "before_activation": 9, "after_activation": 0}
    practice = {"a": usage | {"normalizations": 10}, "b": usage | {"normalizations": 0}}
    channels = {
        "training": [1.0, 0.9],
        "after γ and β": [1.0, 0.7],
        "inference": [0.0, 0.6],
        "other camera": [0.0, 0.1],
    }
    fashion = ({"what": "order", "data": "fashion_mnist", "seed": 101}, order((0.2, 0.7, 0.6), (0.75, 0.8, 0.5)))
    photos = ({"what": "order", "data": "photos", "seed": 101}, order((0.1, 0.5, 0.1), (0.2, 0.1, 0.1)))
    found = bn_order.values([({"what": "practice"}, practice), ({"what": "channels"}, channels), fashion, photos])
    assert found["bn-everywhere"] == ([True, False],)
    assert found["bn-normalizes"] == ([0.9], [0.7], [0.6], [0.1])
    usually, trains, *differences = found["bn-order"]
    assert (usually, trains) == ([True], [True])
    np.testing.assert_allclose(differences, [[0.05], [0.55], [-0.1], [-0.3]])
    for claim, values in found.items():
        assert verdict(claim, *values)


def test_without_the_count_of_published_networks_the_order_is_not_judged():
    fashion = ({"what": "order", "data": "fashion_mnist", "seed": 101}, order((0.2, 0.7, 0.6), (0.75, 0.8, 0.5)))
    assert bn_order.values([fashion]) == {}
    assert bn_order.values([]) == {}
