"""Sparsity, edges and classes before, during and after training in one network; and the ImageNet network, drawn anew.

Fashion-MNIST (28 pixels, 10 classes of many garments each) and patches of eight photographs (32 pixels, 8 classes): for
each seed new images, new initial weights and new batches. Fashion-MNIST has a second control, the same training with
shuffled labels. The learning rate is chosen for each arm by a shorter training: on images kept back, and for shuffled
labels, which cannot be foretold, on images that were trained with. The pieces of the ImageNet network train nothing:
they are more draws of crops and views, with larger images than a notebook has time for. Parts are looked for as there:
with more views of other photographs, which a channel must not answer to, pointing to a part would mean something else.
"""

import numpy as np

from utils.activations.by_depth import beyond, profile, rise, untrained, varied_crops
from utils.activations.filters import oriented
from utils.activations.in_training import in_training, with_shuffled_labels
from utils.activations.parts import OTHERS, VIEWS, parts_found
from utils.data import Dataset, load
from utils.photographs import COLOR, photograph
from utils.pretrained import imagenet_network, prepare

CLAIMS = ("first-layer-edges", "deeper-abstract", "parts-of-objects", "sparsity-depth")
DATA = "fashion_mnist"
EPOCHS, LOOKS, RATES = 30, (0, 1, 3, 10, 30), (1e-3, 3e-3, 1e-2)
SHORT = 3  # epochs of the trainings that choose a learning rate
SOURCES = {
    "fashion_mnist": {"size": 28, "train": 6000, "test": 1000},
    "photos": {"size": 32, "train": 4800, "test": 1000, "color": True},
}
SEEDS = tuple(range(101, 114))
PIECES = (
    *(
        {"data": "photos", "network": "imagenet", "draws": list(range(start, start + 8))}
        for start in range(201, 321, 8)
    ),
    *({"data": name, "seed": seed, "epochs": EPOCHS} for seed in SEEDS[:8] for name in SOURCES),
    *({"data": name, "seed": seed, "epochs": EPOCHS} for seed in SEEDS[8:] for name in SOURCES),
)
ELSEWHERE = ()  # what decides is seen in photographs of parts, and in the ImageNet network


def perform(piece, checkpoint=None):
    """The numbers of one piece, as JSON values; ``checkpoint`` is the file that a long training goes on from."""
    if "network" in piece:
        return imagenet(piece["draws"], piece.get("size", 160), piece.get("views", VIEWS), piece.get("others", OTHERS))
    options = SOURCES[piece["data"]] | piece.get("options", {})
    data = load(piece["data"], seed=piece["seed"], **options)
    arms = {"true": data}
    if piece["data"] == "fashion_mnist":
        arms["shuffled"] = with_shuffled_labels(data, piece["seed"])
    return {
        arm: trained_arm(each, piece["seed"], piece["epochs"], arm, f"{checkpoint}.{arm}" if checkpoint else None)
        for arm, each in arms.items()
    }


def values(found):
    """For each claim the values of its criteria, from the pieces that are there."""
    draws = [numbers for piece, each in found if "network" in piece for numbers in each["draws"]]
    photos, fashion = (
        [numbers for piece, numbers in found if "network" not in piece and piece["data"] == name]
        for name in ("photos", "fashion_mnist")
    )
    kernels = next((each["oriented"] for piece, each in found if "network" in piece), None)
    return {
        "first-layer-edges": (
            None if kernels is None else [bool(each) for each in kernels],
            _each(_more_oriented, photos),
            _each(_more_oriented, fashion),
        ),
        "deeper-abstract": (
            _each(lambda draw: -rise(draw["trained"]["edges"]), draws),
            _each(lambda run: _beyond_controls(run, "classes"), photos),
            _each(lambda draw: beyond(-rise(draw["trained"]["edges"]), -rise(draw["untrained"]["edges"])), draws),
            _each(lambda draw: _beyond_untrained(draw, "classes"), draws),
            _each(lambda run: _beyond_controls(run, "classes"), fashion),
        ),
        "parts-of-objects": tuple(
            _each(lambda draw, part=part: _beyond_others(draw["parts"][part]), draws)
            for part in ("eyes", "ears", "nose")
        ),
        "sparsity-depth": (
            *(
                _each(lambda draw, name=name: _beyond_untrained(draw, name), draws)
                for name in ("blank maps", "blank windows", "zeros")
            ),
            *(
                _each(lambda run, name=name: _beyond_controls(run, name), photos)
                for name in ("blank maps", "blank windows")
            ),
            _each(lambda run: _beyond_controls(run, "blank maps"), fashion),
            _each(_sparser_than_after_one_epoch, photos),
        ),
    }


def imagenet(draws, size, views, others):
    """Profiles of the network and of an untrained one, and what points to parts, for each of ``draws``."""
    network = imagenet_network()
    everything = np.concatenate([prepare(photograph(name)) for name in COLOR])
    relus = [layer.name for layer in network.layers if layer.name.endswith("relu")]
    found = []
    for draw in draws:
        blank = untrained(network, everything, draw)
        crops, classes = varied_crops(size=size, each=2, seed=draw)
        profiles = [profile(each, (crops - 127) / 128, classes, relus, crops) for each in (network, blank)]
        parts = parts_found(network, blank, draw, views, others)
        found.append(
            {
                **{name: _plain(each) for name, each in zip(("trained", "untrained"), profiles, strict=True)},
                "parts": {part: {"deep": each.share} | each.controls for part, each in parts.items()},
            }
        )
    kernel = np.asarray(network.get_layer("stem_conv").kernel)
    return {"draws": found, "oriented": oriented(kernel).astype(int).tolist()}


def trained_arm(data, seed, epochs, arm, checkpoint):
    """What is seen at each look, with the rate that was chosen for this arm: ``{"rate": …, "looks": {epoch: …}}``."""
    rate = chosen_rate(data, seed, min(SHORT, epochs), arm)
    looks = [each for each in LOOKS if each < epochs] + [epochs]
    (history,) = in_training(data, [seed], epochs, looks=looks, learning_rate=rate, checkpoint=checkpoint)
    return {"rate": rate, "looks": {str(epoch): _plain(seen) for epoch, seen in history.items()}}


def chosen_rate(data, seed, epochs, arm):
    """The best of ``RATES`` after a short training: by accuracy on a fifth of the training images, which is kept back.

    Shuffled labels of images kept back cannot be foretold; there it is the accuracy on images that were trained with.
    """
    fifth = len(data.train_images) // 5
    judge = slice(fifth, 2 * fifth) if arm == "shuffled" else slice(fifth)
    parts = data.train_images[fifth:], data.train_labels[fifth:], data.train_images[judge], data.train_labels[judge]
    short = Dataset(*parts, data.class_names)
    histories = [in_training(short, [seed], epochs, looks=(epochs,), learning_rate=rate)[0] for rate in RATES]
    return RATES[int(np.argmax([history[epochs]["accuracy"] for history in histories]))]


def _each(function, items):
    return [function(each) for each in items] or None


def _ends(run, arm="true"):
    looks = run[arm]["looks"]
    return looks["0"], looks[str(max(map(int, looks)))]


def _more_oriented(run):
    before, after = _ends(run)
    return after["oriented"] - before["oriented"]


def _beyond_controls(run, name):
    before, after = _ends(run)
    controls = [before] + ([_ends(run, "shuffled")[1]] if "shuffled" in run else [])
    return beyond(rise(after[name]), *(rise(each[name]) for each in controls))


def _beyond_untrained(draw, name):
    return beyond(rise(draw["trained"][name]), rise(draw["untrained"][name]))


def _beyond_others(shares):
    return shares["deep"] - max(share for name, share in shares.items() if name != "deep")


def _sparser_than_after_one_epoch(run):
    first, last = run["true"]["looks"]["1"], _ends(run)[1]
    third = len(last["blank maps"]) // 3
    return float(np.mean(last["blank maps"][-third:]) - np.mean(first["blank maps"][-third:]))


def _plain(seen):
    """Arrays as lists with four digits; shares need no more."""
    return {name: np.round(np.asarray(value, dtype=float), 4).tolist() for name, value in seen.items()}
