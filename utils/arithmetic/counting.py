"""Counted parameters and multiply-adds with their derivation, and the size of a layer's output."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Part:
    """One summand of a count: what is counted, how many, and the factors that they come from."""

    name: str
    value: int
    factors: str = ""
    trainable: int | None = None  # None: all of them

    def __str__(self):
        factors = f"{self.factors} = " if self.factors else ""
        kept = "" if self.trainable in (None, self.value) else f" ({self.trainable or 'not'} trained)"
        return f"{self.name}: {factors}{self.value:,}{kept}"


@dataclass(frozen=True)
class Count:
    """A number with its derivation: the sum of ``parts``. ``str()`` gives the derivation, ``int()`` the number."""

    parts: tuple[Part, ...] = ()

    @property
    def value(self):
        return sum(part.value for part in self.parts)

    @property
    def trainable(self):
        return sum(part.value if part.trainable is None else part.trainable for part in self.parts)

    @property
    def steps(self):
        """The derivation, a line a part and the sum."""
        lines = [str(part) for part in self.parts]
        if len(lines) != 1:
            summands = " + ".join(f"{part.value:,}" for part in self.parts)
            trained = "" if self.trainable == self.value else f", {self.trainable:,} of them trained"
            lines.append(f"total: {summands} = {self.value:,}{trained}" if summands else "nothing to count: 0")
        return lines

    def part(self, name):
        """The value of the part of that name; 0 when there is none."""
        return sum(part.value for part in self.parts if part.name == name)

    def __int__(self):
        return self.value

    def __str__(self):
        return "\n".join(self.steps)


def count(name, *factors, trainable=None):
    """The ``Part`` of that name whose value is the product of ``factors``."""
    shown = " × ".join(f"{factor:,}" for factor in factors) if len(factors) > 1 else ""
    return Part(name, prod(factors), shown, trainable)


def output_size(size, window, stride=1, padding="valid", dilation=1):
    """How many positions a window takes along one axis of ``size`` values.

    ``"same"``: ⌈size / stride⌉. ``"valid"``: ⌊(size − reach) / stride⌋ + 1, where the window reaches over
    ``dilation · (window − 1) + 1`` values; ``ValueError`` when not one window fits.
    """
    if padding == "same":
        return -(-size // stride)
    reach = dilation * (window - 1) + 1
    if reach > size:
        raise ValueError(f"size={size}: at least {reach} is needed for a window of {reach} with padding 'valid'")
    return (size - reach) // stride + 1
