"""Layers with planted mistakes, for a checker that has to find them."""

from __future__ import annotations

import numpy as np

import tinyae as ta

Location = tuple[int, ...]


def with_wrong_element(
    layer: ta.Module, tensor: str, location: Location, factor: float = 1.001
) -> ta.Module:
    """Make the layer's backward pass give one element of one gradient times a factor."""
    right = type(layer)

    class Wrong(right):  # type: ignore[misc, valid-type]
        def backward(self, *upstream):
            held = {path: p.grad.copy() for path, p in self.named_parameters().items()}
            dx = right.backward(self, *upstream)
            if tensor == "input":
                dx = dx.copy()
                dx[location] *= factor
            else:
                grad = self.named_parameters()[tensor].grad
                grad[location] += (factor - 1) * (grad[location] - held[tensor][location])
            return dx

    Wrong.__name__ = right.__name__
    layer.__class__ = Wrong
    return layer


class Scale(ta.Layer):
    """y = w x with one w a feature: right, and the base of the wrong ones."""

    def __init__(self, features: int = 3) -> None:
        super().__init__()
        self.weight = ta.Parameter(np.linspace(0.5, 1.5, features))

    def forward(self, x):
        self.x = x
        return x * self.weight.value

    def backward(self, dy):
        self.weight.grad += (dy * self.x).sum(axis=0)
        return dy * self.weight.value


class MutatesInputInForward(Scale):
    def forward(self, x):
        y = super().forward(x.copy())
        x *= 2
        return y


class MutatesInputInBackward(Scale):
    def backward(self, dy):
        dx = super().backward(dy)
        self.x *= dy
        return dx


class MutatesUpstream(Scale):
    def backward(self, dy):
        self.weight.grad += (dy * self.x).sum(axis=0)
        dy *= self.weight.value
        return dy


class Overwrites(Scale):
    def backward(self, dy):
        self.weight.grad = (dy * self.x).sum(axis=0)
        return dy * self.weight.value


class OverwritesInPlace(Scale):
    def backward(self, dy):
        self.weight.grad[...] = (dy * self.x).sum(axis=0)
        return dy * self.weight.value


class ClearsFirst(Scale):
    def backward(self, dy):
        self.zero_grad()
        return super().backward(dy)


class ReturnsNothing(Scale):
    def backward(self, dy):
        super().backward(dy)


class ReturnsSum(Scale):
    def backward(self, dy):
        return super().backward(dy).sum(axis=0)


class ReturnsFloat32(Scale):
    def backward(self, dy):
        return super().backward(dy).astype("float32")


class ReturnsNumber(Scale):
    def backward(self, dy):
        return float(super().backward(dy).sum())


class PutsGradientOfAnotherShape(Scale):
    def backward(self, dy):
        self.weight.grad = self.weight.grad + dy * self.x
        return dy * self.weight.value


class ReturnsNaN(Scale):
    def backward(self, dy):
        return super().backward(dy) * np.inf


class PutsNaN(Scale):
    def backward(self, dy):
        self.weight.grad[0] += np.nan
        return dy * self.weight.value


class StepsInBackward(Scale):
    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.value -= 0.1 * self.weight.grad
        return dx


class StepsByRebinding(Scale):
    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.value = self.weight.value - 0.1 * self.weight.grad
        return dx


class ClipsWeightInForward(Scale):
    def forward(self, x):
        self.weight.value[...] = self.weight.value.clip(-1, 1)
        return super().forward(x)


class DrawsItsOwnMask(Scale):
    def __init__(self) -> None:
        super().__init__()
        self.generator = np.random.default_rng(3)

    def forward(self, x):
        return super().forward(x * (self.generator.random(x.shape) > 0.5))


class CountsCalls(Scale):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x) + self.calls


class KeepsItsGradient(Scale):
    """dx is added to what an earlier pass left."""

    total = 0.0

    def backward(self, dy):
        self.total = self.total + super().backward(dy)
        return self.total


class ForgetsWhatItHeld(Scale):
    """Half of what was there is lost."""

    def backward(self, dy):
        self.weight.grad *= 0.5
        return super().backward(dy)


class RedrawsMask(ta.Layer):
    """Dropout whose backward pass draws another mask than its forward pass."""

    def forward(self, x):
        return x * (ta.backend.generator_for(x).random(x.shape) > 0.5)

    def backward(self, dy):
        return dy * (ta.backend.generator_for(dy).random(dy.shape) > 0.5)


class ReadsMemory(Scale):
    """Takes the numbers as they lie in memory."""

    def forward(self, x):
        self.x = x
        raw = np.lib.stride_tricks.as_strided(x, x.shape, np.empty_like(x, order="C").strides)
        return raw * self.weight.value


class NeedsContiguous(Scale):
    def backward(self, dy):
        flat = dy.view()
        flat.shape = (dy.size,)
        return super().backward(dy)


class NeedsContiguousInput(Scale):
    def forward(self, x):
        flat = x.view()
        flat.shape = (x.size,)
        return super().forward(x)


class GivesLessEachTime(Scale):
    left = 4

    def forward(self, x):
        self.left -= 1
        return super().forward(x)[: self.left]


class GivesNothing(Scale):
    def forward(self, x):
        super().forward(x)


class TransposesItsWeight(Scale):
    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.value = self.weight.value[:, None]
        return dx


class GivesNaN(Scale):
    def forward(self, x):
        return super().forward(x) + np.sqrt(-1 - x * x)


class GivesFloat32(Scale):
    def forward(self, x):
        return super().forward(x).astype("float32")


class ComputesInFloat32(Scale):
    def forward(self, x):
        return super().forward(x.astype("float32")).astype("float32").astype(x.dtype)


class Rough(Scale):
    """A small ripple, too fine for any step, on top of the right function."""

    def forward(self, x):
        return super().forward(x) + 1e-6 * np.sin(1e15 * x)


class HasAnEdge(Scale):
    """Not a number on one side of the very x."""

    def forward(self, x):
        return super().forward(x) + np.where(x > 1, np.nan, 0)


class RaisesInForward(Scale):
    def forward(self, x):
        return super().forward(x) + np.zeros((7, 7))


class RaisesInBackward(Scale):
    def backward(self, dy):
        return dy @ np.zeros((7, 7))


class RaisesTheSecondTime(Scale):
    def backward(self, dy):
        if self.weight.grad.any():
            raise RuntimeError("only once")
        return super().backward(dy)
