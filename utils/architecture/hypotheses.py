"""Hypotheses over two features: lines, decision trees, networks, and the plane that they divide."""

from dataclasses import dataclass, field

import numpy as np


def features(images):
    """Two numbers an image, ``(n, 2)``: its mean brightness, and how much pixels differ from their right neighbors."""
    images = np.asarray(images, dtype="float64")
    return np.stack([images.mean(axis=(1, 2, 3)), np.abs(np.diff(images, axis=2)).mean(axis=(1, 2, 3))], axis=1)


def linear_losses(x, y, w1, w2, b):
    """The mean squared error of each hypothesis w1·x1 + w2·x2 + b; ``w1`` and ``w2`` are arrays of one shape."""
    guesses = np.multiply.outer(w1, x[:, 0]) + np.multiply.outer(w2, x[:, 1]) + b
    return ((guesses - y) ** 2).mean(axis=-1)


@dataclass(frozen=True)
class Tree:
    """A decision tree: a question ``x[column] <= threshold`` with a tree for either answer, or a leaf's ``value``."""

    value: float
    column: int = 0
    threshold: float = 0.0
    yes: "Tree | None" = None
    no: "Tree | None" = None

    def __call__(self, x):
        """The hypothesis h(x) for every row of ``x``, ``(n,)``."""
        if self.yes is None:
            return np.full(len(x), self.value)
        return np.where(x[:, self.column] <= self.threshold, self.yes(x), self.no(x))

    @property
    def leaves(self):
        return 1 if self.yes is None else self.yes.leaves + self.no.leaves

    def rules(self, names, indent=""):
        """The tree as text, a line a question or leaf."""
        if self.yes is None:
            return [f"{indent}h(x) ≈ {self.value:.2f}"]
        question = f"{names[self.column]} ≤ ≈ {self.threshold:.2f}"
        return [
            f"{indent}if {question}:",
            *self.yes.rules(names, indent + "    "),
            f"{indent}otherwise:",
            *self.no.rules(names, indent + "    "),
        ]


def grow(x, y, depth, smallest=20):
    """A ``Tree`` of at most ``depth`` questions in a row; each leaf keeps at least ``smallest`` examples.

    Every question is the one that leaves the smallest squared error (Breiman et al. 1984), among nineteen thresholds
    a feature.
    """
    splits = _splits(x, smallest) if depth else []
    if not splits or np.ptp(y) == 0:
        return Tree(float(y.mean()))
    column, threshold = min(splits, key=lambda split: _squared_error(x, y, *split))
    left = x[:, column] <= threshold
    yes, no = (grow(x[side], y[side], depth - 1, smallest) for side in (left, ~left))
    return Tree(float(y.mean()), column, threshold, yes, no)


def _splits(x, smallest):
    candidates = [
        (column, float(t)) for column in range(x.shape[1]) for t in np.quantile(x[:, column], np.arange(1, 20) / 20)
    ]
    return [(column, t) for column, t in candidates if smallest <= (x[:, column] <= t).sum() <= len(x) - smallest]


def _squared_error(x, y, column, threshold):
    left = x[:, column] <= threshold
    return sum(((side - side.mean()) ** 2).sum() for side in (y[left], y[~left]))


@dataclass(frozen=True)
class Surface:
    """A hypothesis over the plane of two features: ``values[row, column]`` at ``(across[column], up[row])``."""

    across: np.ndarray = field(repr=False)
    up: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)
    train_accuracy: float
    test_accuracy: float


def surface(hypothesis, train, test, points=70):
    """The ``Surface`` of ``hypothesis``, a function of ``(n, 2)`` features that gives ``(n,)`` numbers.

    ``train`` and ``test`` are pairs (features, labels of 0 and 1); h(x) > 0.5 counts as the answer 1.
    """
    across, up = (np.linspace(column.min(), column.max(), points) for column in train[0].T)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    right = [float(np.mean((hypothesis(x) > 0.5) == (y > 0.5))) for x, y in (train, test)]
    return Surface(across, up, np.asarray(hypothesis(grid)).reshape(points, points), *right)
