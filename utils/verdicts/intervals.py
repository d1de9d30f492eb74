"""How far a handful of repetitions can be trusted: the median and its interval, shares, and how many would decide.

The interval of a median is made of two of the values themselves (David & Nagaraja 2003, *Order statistics*, section
7.1). It needs no normal distribution, stays inside whatever bounds the values have, and is the same on a logarithmic
scale. Each of its ends is wrong in at most ``ERROR`` of all experiments: that the median of what was drawn from lies
below the k-th smallest of n values means that fewer than k of n tosses of a coin show heads. Five of five do so once
in 32 times, four of four once in 16, so fewer than ``FEWEST`` repetitions decide nothing.
"""

import math

import numpy as np
from scipy import stats

ERROR = 0.05  # the share of experiments in which one end of an interval may be wrong
FEWEST = 5  # 0.5**5 < ERROR < 0.5**4
POWER = 0.8
MOST = 1000  # repetitions that anybody would ask for


def rank(n):
    """Which smallest (and largest) of ``n`` values bounds the median; 0 where ``n`` is too small for any."""
    return int(stats.binom.ppf(ERROR, n, 0.5))


def wrong_end(*looks):
    """The chance that one end of the interval over so many repetitions is on the wrong side of the median.

    Several numbers are an experiment that is looked at after each of them, and goes on only while it decides nothing:
    then it is the chance of being wrong at any of the looks (Armitage et al. 1969).
    """
    open_, repetitions, wrong = np.ones(1), 0, 0.0  # by how many values lie below the median: still undecided
    for n in looks:
        open_ = np.convolve(open_, stats.binom.pmf(np.arange(n - repetitions + 1), n - repetitions, 0.5))
        repetitions, k = n, rank(n)
        wrong += float(open_[:k].sum())
        open_[:k] = open_[n - k + 1 :] = 0.0
    return wrong


def median_interval(values):
    """The median of ``values`` with its interval: ``(value, low, high)``; all of them where they are too few."""
    values = np.sort(np.asarray(values, dtype=float))
    k = max(rank(values.size), 1)
    return float(np.median(values)), float(values[k - 1]), float(values[-k])


def share_interval(hits):
    """The share of ``hits``, a yes or no each, with its exact interval (Clopper and Pearson 1934)."""
    hits = np.asarray(hits, dtype=bool)
    interval = stats.binomtest(int(hits.sum()), hits.size).proportion_ci(1 - 2 * ERROR)
    return float(hits.mean()), float(interval.low), float(interval.high)


def repetitions_needed(values, threshold):
    """About how many repetitions would put the whole interval on one side, in ``POWER`` of all experiments.

    It is reckoned for values that are normally distributed, with the mean and the spread of those given. ``inf`` where
    more than ``MOST`` would be needed, or where the values show no spread.
    """
    values = np.asarray(values, dtype=float)
    spread = values.std(ddof=1) if values.size > 1 else 0.0
    if spread == 0:
        return math.inf
    other_side = stats.norm.sf(abs(values.mean() - threshold) / spread)
    ns = np.arange(FEWEST, MOST + 1)
    enough = ns[stats.binom.cdf(stats.binom.ppf(ERROR, ns, 0.5) - 1, ns, other_side) >= POWER]
    return int(enough[0]) if enough.size else math.inf
