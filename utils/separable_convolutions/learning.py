"""How networks learn with the same care: the same steps, and a learning rate chosen for each on images kept back."""

from dataclasses import dataclass, field

import keras
import numpy as np

from utils.training import accuracy, gain_at_equal_training, settled

RATES = (0.004, 0.016, 0.064)
MOST = 2000  # training images that are looked at


@dataclass(frozen=True)
class Learned:
    """One network trained at several learning rates from the same weights: accuracies, 0…1, and the rate to choose.

    ``train`` and ``test`` are ``(rates, looks)``, a look after each of ``steps``; ``kept_back`` is the accuracy at the
    end on images that neither training nor test has seen, ``(rates,)``. ``model`` is the network at the chosen rate.
    """

    rates: tuple
    steps: np.ndarray
    train: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)
    kept_back: np.ndarray = field(repr=False)
    model: keras.Model = field(repr=False)

    @property
    def best(self):
        """The number of the chosen rate: the first with the highest accuracy on the images kept back."""
        return int(np.argmax(self.kept_back))


def learned(build, data, *, train, kept_back, seed, rates=RATES, steps=120, batch_size=40, looks=8):
    """Train ``build()`` on the first ``train`` images of ``data`` (a ``utils.data.Dataset``): a ``Learned``.

    The last ``kept_back`` training images choose the rate. At every rate the run has the same initial weights and the
    same batches, which ``seed`` decides, and the rate falls to 0 along half a cosine. Looks come after 1, 2, 4, …
    epochs and at the end, at ``MOST`` training images at most. Raises ``ValueError`` where ``steps`` are no whole
    epochs, or the images do not suffice.
    """
    if train + kept_back > len(data.train_images):
        raise ValueError(f"train={train} and kept_back={kept_back}: there are {len(data.train_images)} training images")
    batches = train // batch_size
    if batches < 1 or steps % batches:
        raise ValueError(
            f"steps={steps}: a multiple of the {batches} batches of {batch_size} in {train} images is needed"
        )
    epochs = steps // batches
    at = np.unique(np.geomspace(1, epochs, looks).round().astype(int))
    images, labels = data.train_images[:train], data.train_labels[:train]

    def look(model, epoch):
        if epoch not in at:
            return None
        return accuracy(model, images[:MOST], labels[:MOST]), accuracy(model, data.test_images, data.test_labels)

    runs = settled(
        build, images, labels, seeds=[seed] * len(rates), factors=rates, epochs=epochs, batch_size=batch_size,
        learning_rate=1.0, watch=look,
    )  # fmt: skip
    curves, scores, weights = [], [], []
    for run in runs:
        curves.append([seen for seen in run.watched if seen])
        scores.append(accuracy(run.model, data.train_images[-kept_back:], data.train_labels[-kept_back:]))
        weights.append(run.model.get_weights())
    model = run.model
    found = Learned(tuple(rates), at * batches, *np.moveaxis(np.array(curves), -1, 0), np.array(scores), model)
    model.set_weights(weights[found.best])
    return found


@dataclass(frozen=True)
class Race:
    """One network, trained with the fresh images of several seeds: a ``Learned`` for each, and its size."""

    name: str
    parameters: int
    runs: tuple = field(repr=False)

    @property
    def steps(self):
        """After how many steps the looks came."""
        return self.runs[0].steps

    @property
    def train(self):
        """Training accuracy at each seed's chosen rate, ``(seeds, looks)``."""
        return np.array([run.train[run.best] for run in self.runs])

    @property
    def test(self):
        """Test accuracy at each seed's chosen rate, ``(seeds, looks)``."""
        return np.array([run.test[run.best] for run in self.runs])

    @property
    def gap(self):
        """Training accuracy minus test accuracy, ``(seeds, looks)``."""
        return self.train - self.test

    @property
    def chosen(self):
        """The chosen rates, one a seed."""
        return tuple(run.rates[run.best] for run in self.runs)


def race(name, build, data, **options):
    """The ``Race`` of ``build()`` over ``data``, a dictionary of seeds and their ``Dataset``.

    ``options`` are those of ``learned``. Two races over the same data see the same batches: their differences are
    paired.
    """
    runs = tuple(learned(build, each, seed=seed, **options) for seed, each in data.items())
    return Race(name, runs[0].model.count_params(), runs)


def early_accuracy(steps, accuracies):
    """The mean accuracy over the first half of the steps, interpolated between the looks."""
    return float(np.interp(np.arange(1, steps[-1] // 2 + 1), steps, accuracies).mean())


def steps_needed(steps, accuracies, level):
    """After how many steps ``accuracies`` first reach ``level``, interpolated; ``inf`` where they never do.

    Before the first of ``steps`` the accuracy is taken to rise evenly from 0.
    """
    steps, accuracies = np.append(0, steps), np.append(0, accuracies)
    reached = np.flatnonzero(accuracies >= level)
    if not reached.size:
        return float("inf")
    after = reached[0]
    if not after:
        return 0.0
    share = (level - accuracies[after - 1]) / (accuracies[after] - accuracies[after - 1])
    return float(steps[after - 1] + share * (steps[after] - steps[after - 1]))


def speed_ratio(steps_1, test_1, steps_2, test_2, share=0.9):
    """How many times as many steps the first run needs as the second to ``share`` of the lower final accuracy."""
    level = share * min(test_1[-1], test_2[-1])
    return steps_needed(steps_1, test_1, level) / steps_needed(steps_2, test_2, level)


def gap_difference_at_equal_training(train_1, test_1, train_2, test_2):
    """How much larger the first run's gap, train − test, is than the second's at equal training accuracy.

    All four are accuracies at the looks, ``(looks,)``, compared over all training accuracies that both runs pass
    (``utils.training.gain_at_equal_training``).
    """
    return gain_at_equal_training((train_2, test_2), (train_1, test_1))
