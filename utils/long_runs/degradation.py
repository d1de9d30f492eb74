"""He et al. 2015: the *training* error of plain and residual networks by depth, with and without batch normalization.

Each network is trained until its loss hardly falls any more: a constant learning rate for 60 % of the steps, a tenth of
it until 85 %, then a hundredth. The rate is chosen for each network, on a fifth of the training images that is kept
back, by short trainings of the same shape. The images are drawn anew for each seed. Without batch normalization the
deepest plain network also gets four times the steps.
"""

import keras
import numpy as np

from utils.data import load
from utils.residual_connections import (
    AT_ONCE,
    PLAIN_BN,
    PLAIN_HE,
    RESIDUAL,
    RESIDUAL_BN,
    chosen_rate,
    cross_entropy,
    signal_flows,
    split,
)
from utils.training import Training, accuracy, trained

CLAIMS = ("residual-degradation", "residual-trains-deep")
DATA = "fashion_mnist"
SHALLOW, DEEP = 8, 44
BETWEEN = (20, 32)
PATIENT = 4  # times the steps
KINDS = {
    ("plain", False): PLAIN_HE,
    ("residual", False): RESIDUAL,
    ("plain", True): PLAIN_BN,
    ("residual", True): RESIDUAL_BN,
}
RATES = {False: (3e-4, 1e-3, 3e-3, 1e-2), True: (1e-3, 3e-3, 1e-2, 3e-2)}  # with batch normalization, larger ones work
EPOCHS, TUNING_EPOCHS, BATCH_SIZE, TRAIN = 40, 6, 128, 6000
SETTLED = 0.01  # the training loss falls by less than this share of it over the last tenth of the steps,
NEARLY_0 = 0.002  # or by fewer nats than this, where hardly any loss is left


def _piece(seed, design, bn, depth, patience=1):
    return {"seed": seed, "design": design, "bn": bn, "depth": depth, "patience": patience}


def _pieces(seeds, depths, bn=(True, False)):
    return [
        _piece(seed, design, each, depth)
        for seed in seeds
        for each in bn
        for depth in depths
        for design in ("plain", "residual")
    ]


def _patient(seeds):
    return [_piece(seed, "plain", False, DEEP, PATIENT) for seed in seeds]


FIRST, LATER = range(101, 106), range(106, 114)
PIECES = (
    *_pieces(FIRST, (SHALLOW, DEEP)),
    *_patient(FIRST),
    *_pieces(FIRST, BETWEEN),
    *_pieces(LATER, (SHALLOW, DEEP), bn=(False,)),
    *_pieces(LATER, (SHALLOW, DEEP), bn=(True,)),
    *_patient(LATER),
)


def perform(piece, checkpoint=None, *, train=TRAIN, epochs=EPOCHS, tuning_epochs=TUNING_EPOCHS, rates=None):
    """The training error, 0…1, and loss of one network at the end and on the way, and whether it has converged."""
    data = load(piece.get("data", DATA), size=28, train=train, test=10, seed=piece["seed"])
    (images, labels), kept_back = split(data)
    kind, seed = KINDS[piece["design"], piece["bn"]], piece["seed"]
    batch_size = min(BATCH_SIZE, len(images))

    def build():
        return kind.build(piece["depth"], size=28, classes=len(data.class_names))

    def reduced(epochs):
        steps = epochs * (len(images) // batch_size)
        return lambda step: keras.ops.where(step < 0.6 * steps, 1.0, keras.ops.where(step < 0.85 * steps, 0.1, 0.01))

    tuning = Training(build, images, labels, batch_size=batch_size, learning_rate=reduced(tuning_epochs))
    rate = chosen_rate(tuning, kept_back, rates or RATES[piece["bn"]], seeds=(seed,), epochs=tuning_epochs)
    epochs *= piece["patience"]
    every = max(1, epochs // 10)

    def watch(model, epoch):
        if epoch % every:
            return None
        return epoch, cross_entropy(model, images, labels), 1 - accuracy(model, images, labels, AT_ONCE)

    (run,) = trained(
        build,
        images,
        labels,
        seeds=(seed,),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=reduced(epochs),
        factors=(rate,),
        watch=watch,
        checkpoint=checkpoint,
    )
    curve = [each for each in run.watched if each is not None]
    (_, before, _), (_, loss, error) = curve[-2:]
    found = {
        "learning_rate": rate,
        "error": error,
        "loss": loss,
        "converged": bool(before - loss < max(SETTLED * before, NEARLY_0)),
        "curve": curve,
        "steps": len(run.losses),
    }
    if kind is RESIDUAL and piece["depth"] > SHALLOW:
        depths = (SHALLOW, piece["depth"])
        (flow,) = signal_flows(images, labels, (RESIDUAL,), depths=depths, seeds=(seed,)).values()
        found["growth"] = float(flow.activation_slopes[0])
    return found


def values(found):
    """For each claim the values of its criteria, a number for each seed of which all networks are there."""
    by = {tuple(piece[each] for each in ("seed", "design", "bn", "depth", "patience")): got for piece, got in found}

    def rows(*networks):
        """A row of numbers for each seed that has all of ``networks``, (design, bn, depth, patience)."""
        seeds = sorted({key[0] for key in by})
        full = [seed for seed in seeds if all((seed, *each) in by for each in networks)]
        return [[by[seed, *each] for each in networks] for seed in full]

    def differences(one, other):
        errors = np.array([[each["error"] for each in row] for row in rows(one, other)])
        return (errors[:, 0] - errors[:, 1]).tolist() if len(errors) else None

    plain_bn_8, plain_bn_44 = (("plain", True, depth, 1) for depth in (SHALLOW, DEEP))
    residual_bn_8, residual_bn_44 = (("residual", True, depth, 1) for depth in (SHALLOW, DEEP))
    plain_8, plain_44 = (("plain", False, depth, 1) for depth in (SHALLOW, DEEP))
    residual_8, residual_44 = (("residual", False, depth, 1) for depth in (SHALLOW, DEEP))
    judged = (plain_bn_8, plain_bn_44, residual_bn_8, residual_bn_44, plain_8, plain_44)
    converged = [bool(each["converged"]) for row in rows(*judged) for each in row]
    growth = [row[0]["growth"] for row in rows(residual_44)]
    return {
        "residual-degradation": (
            differences(plain_bn_44, plain_bn_8),
            differences(residual_bn_44, residual_bn_8),
            differences(plain_bn_44, residual_bn_44),
            differences(plain_44, plain_8),
            converged or None,
        ),
        "residual-trains-deep": (
            differences(plain_44, residual_44),  # errors: the other way round as accuracies
            differences(residual_8, residual_44),
            differences(("plain", False, DEEP, PATIENT), residual_44),
            growth or None,
        ),
    }
