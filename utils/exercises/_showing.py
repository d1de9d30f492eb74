"""Cases and results as text that fits a few lines."""

import numpy as np

from utils.exercises._running import as_results, same

MOST = 16  # numbers of an array that are all shown


def shown(value):
    """An argument or a result: small arrays whole, large ones by their shape and first numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {shown(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple) and any(isinstance(each, np.ndarray) for each in value):
        return "(" + ", ".join(map(shown, value)) + ")"
    if isinstance(value, tuple) and all(isinstance(each, int | float | str) for each in value):
        return repr(value)[:80]
    if isinstance(value, np.ndarray | list | tuple):
        array = np.asarray(value)
        if array.ndim == 0:
            return f"{float(array):.4g}"
        if array.size <= MOST:
            return f"{_rounded(array.tolist())} of shape {array.shape}".replace("'", "")
        first = ", ".join(f"{each:.4g}" for each in array.ravel()[:4].astype(float))
        return f"an array of shape {array.shape} that begins {first}"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)[:80]


def difference(given, right):
    """Sentences on how ``given`` differs from what is ``right``, both as arrays."""
    if isinstance(right, dict):
        if not isinstance(given, dict):
            return [f"A dictionary with {listed(right)} is needed; your function returns {_kind(given)}."]
        if given.keys() != right.keys():
            return [f"The keys should be: {listed(right)}. Yours are: {listed(list(given)[:MOST])[:300] or 'none'}."]
        first, *others = (each for each in right if not _alike(given[each], right[each]))
        counts = [each for each in others if np.ndim(right[each]) == 0]
        return [
            f"“{first}” is wrong.",
            *difference(given[first], right[first]),
            *(f"“{each}” is wrong, too: {shown(given[each])} in place of {shown(right[each])}." for each in counts),
        ]
    if isinstance(right, list):
        results = as_results(given)
        if not isinstance(results, list) or len(results) != len(right):
            return [f"{len(right)} results are needed; your function returns {_kind(given)}."]
        given = results
        place = next(n for n, pair in enumerate(zip(given, right, strict=True)) if not _alike(*pair))
        return [f"Result {place + 1} of {len(right)} is wrong.", *difference(given[place], right[place])]
    if not isinstance(given, np.ndarray):
        return [f"An array is needed; your function returns {_kind(given)}."]
    if given.shape != right.shape and right.ndim == 0:
        return [f"One number is needed; your function returns an array of shape {given.shape}."]
    if given.shape != right.shape:
        return [f"The shape is {given.shape}; it should be {right.shape}.", *_axes(given, right)]
    return [f"It returns {shown(given)}.", f"The right result is {shown(right)}."]


def listed(names):
    """Names one after the other."""
    return ", ".join(dict.fromkeys(map(str, names)))


def _axes(given, right):
    """A sentence on how two shapes differ, where one can be said."""
    if given.ndim == 0:
        return ["You return a single number. Is there a return inside a loop, or a sum over too many axes?"]
    if given.ndim != right.ndim:
        return ["An axis is missing." if given.ndim < right.ndim else "There is an axis too many."]
    pairs = enumerate(zip(given.shape, right.shape, strict=True))
    missing = [str(axis) for axis, (one, other) in pairs if one == other - 1]
    return [f"Along axis {' and axis '.join(missing)}, one place is missing. Axes count from 0."] if missing else []


def _alike(given, right):
    return same(given, right, 1e-3)


def _kind(given):
    if isinstance(given, list):
        return f"{len(given)} result{'s' if len(given) != 1 else ''}"
    return "a dictionary" if isinstance(given, dict) else "one array"


def _rounded(numbers):
    return [_rounded(each) for each in numbers] if isinstance(numbers, list) else float(f"{numbers:.4g}")
