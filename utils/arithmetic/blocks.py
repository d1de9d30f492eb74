"""Layers put together: one after another, and around a skip connection."""

from dataclasses import dataclass

from utils.arithmetic.counting import Count, Part
from utils.arithmetic.layers import Layer


@dataclass(frozen=True)
class Sequential(Layer):
    """Layers one after another."""

    layers: tuple[Layer, ...]

    def output_shape(self, shape):
        for layer in self.layers:
            shape = layer.output_shape(shape)
        return tuple(shape)

    def parameters(self, shape):
        return self._sum(shape, lambda layer, shape: layer.parameters(shape))

    def multiply_adds(self, shape):
        return self._sum(shape, lambda layer, shape: layer.multiply_adds(shape))

    def seen(self, window, shape):
        for layer, given, _ in reversed(self.rows(shape)):
            window = layer.seen(window, given)
        return window

    def rows(self, shape):
        """One row a layer: (layer, its input shape, its output shape)."""
        rows = []
        for layer in self.layers:
            rows.append((layer, tuple(shape), layer.output_shape(shape)))
            shape = rows[-1][2]
        return rows

    def _sum(self, shape, ask):
        parts = []
        for layer, given, returned in self.rows(shape):
            counted = ask(layer, given)
            if isinstance(layer, Sequential | Residual):
                parts += counted.parts
            elif counted.parts:
                name = f"{layer}, {given[-1]} → {returned[-1]} channels"
                sum_of = " + ".join(part.factors or f"{part.value:,}" for part in counted.parts)
                parts.append(Part(name, counted.value, sum_of, counted.trainable))
        return Count(tuple(parts))


@dataclass(frozen=True)
class Residual(Layer):
    """``body(x) + shortcut(x)``; both must give the same shape. An empty shortcut is the identity."""

    body: Sequential
    shortcut: Sequential = Sequential(())

    def output_shape(self, shape):
        body, shortcut = self.body.output_shape(shape), self.shortcut.output_shape(shape)
        if body != shortcut:
            raise ValueError(f"{body} + {shortcut}: the body and the shortcut need the same shape to be added")
        return body

    def parameters(self, shape):
        return Count(self.body.parameters(shape).parts + self._named(self.shortcut.parameters(shape)))

    def multiply_adds(self, shape):
        return Count(self.body.multiply_adds(shape).parts + self._named(self.shortcut.multiply_adds(shape)))

    def seen(self, window, shape):
        return tuple(map(max, self.body.seen(window, shape), self.shortcut.seen(window, shape)))

    def _named(self, counted):
        return tuple(Part(f"shortcut: {part.name}", part.value, part.factors, part.trainable) for part in counted.parts)
