"""How often the machinery errs: simulated experiments whose truth is known, from distributions like those measured."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from utils.verdicts.intervals import FEWEST, rank

NS = range(FEWEST, 13)


@dataclass(frozen=True)
class Distribution:
    """What an experiment might draw its numbers from: ``draw(random, shape)``, and the median and mean of that."""

    name: str
    draw: object
    median: float
    mean: float


def _accuracy_differences(random, shape):
    return (random.binomial(800, 0.9, shape) - random.binomial(800, 0.9, shape)) / 800


def _some_fail(random, shape):
    """Accuracies of networks of which one in five does not train."""
    fails = random.random(shape) < 0.2
    return np.where(fails, random.normal(0.125, 0.01, shape), random.normal(0.6, 0.03, shape))


DISTRIBUTIONS = (
    Distribution("normal", lambda random, shape: random.normal(size=shape), 0.0, 0.0),
    Distribution("uniform", lambda random, shape: random.random(shape), 0.5, 0.5),
    Distribution("exponential (skewness 2)", lambda random, shape: random.exponential(size=shape), np.log(2), 1.0),
    Distribution(
        "log-normal (σ = 1, skewness 6)", lambda random, shape: random.lognormal(size=shape), 1.0, float(np.exp(0.5))
    ),
    Distribution("Student's t, 2 degrees of freedom", lambda random, shape: random.standard_t(2, shape), 0.0, 0.0),
    Distribution(
        "shares near 1 (beta 8, ½)",
        lambda random, shape: random.beta(8, 0.5, shape),
        float(stats.beta(8, 0.5).median()),
        8 / 8.5,
    ),
    Distribution("differences of two accuracies on 800 images", _accuracy_differences, 0.0, 0.0),
    Distribution(
        "accuracies, one network in five fails", _some_fail, float(stats.norm(0.6, 0.03).ppf(0.3 / 0.8)), 0.505
    ),
)


@dataclass(frozen=True)
class ErrorRate:
    """Shares of simulated experiments: with the truth at the threshold, and with an effect of so many deviations.

    ``false_met`` and ``false_contradicted`` are the shares in which a criterion is called met, or contradicted,
    though the median lies on the other side, by next to nothing. ``students_t`` is the larger of the two for the
    95 % interval of Student's t around the mean, for comparison. ``undecided`` is the share that is left undecided
    where the median lies one, or two, standard deviations beyond the threshold.
    """

    distribution: str
    n: int
    false_met: float
    false_contradicted: float
    students_t: float
    undecided_1: float
    undecided_2: float


def error_rates(experiments=20_000, seed=0):
    """An ``ErrorRate`` for each of ``DISTRIBUTIONS`` and each n from 5 to 12, from so many simulated experiments."""
    return [_simulated(each, n, experiments, seed) for each in DISTRIBUTIONS for n in NS]


def summary(experiments=20_000, seed=0):
    """The rates as data: all of them, and the largest of each kind."""
    rates = error_rates(experiments, seed)
    kinds = ("false_met", "false_contradicted", "students_t")
    largest = {kind: max(getattr(each, kind) for each in rates) for kind in kinds}
    return {"experiments": experiments, "seed": seed, "largest": largest, "rates": [asdict(each) for each in rates]}


def _simulated(distribution, n, experiments, seed):
    random = np.random.default_rng([seed, n, len(distribution.name)])
    values = np.sort(distribution.draw(random, (experiments, n)), axis=1)
    k = rank(n)
    low, high = values[:, k - 1], values[:, -k]
    # The whole interval must lie beyond the median: a value equal to it is on neither wrong side.
    met, contradicted = np.mean(low > distribution.median), np.mean(high < distribution.median)
    half = stats.t.ppf(0.975, n - 1) * stats.sem(values, axis=1)
    mean = values.mean(axis=1)
    by_t = max(np.mean(mean - half > distribution.mean), np.mean(mean + half < distribution.mean))
    spread = np.std(distribution.draw(random, 200_000))
    undecided = [np.mean(low <= distribution.median - effect * spread) for effect in (1, 2)]
    rounded = [round(float(each), 4) for each in (met, contradicted, by_t, *undecided)]
    return ErrorRate(distribution.name, n, *rounded)
