"""Bugs in layers made of steps or of other layers, each as a student would write it."""

import numpy as np

import tinyae as ta
from tests.zoo.mutant import planted


class TwoLayers(ta.Layer):
    """y = tanh(x W₁ + b) W₂, with every step named."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(1)
        self.w1 = ta.Parameter(rng.normal(size=(3, 4)))
        self.b = ta.Parameter(rng.normal(size=4))
        self.w2 = ta.Parameter(rng.normal(size=(4, 2)))

    def forward(self, x):
        self.x = x
        self.z = x @ self.w1.value + self.b.value
        self.hidden = np.tanh(self.z)
        return self.hidden @ self.w2.value

    def through(self, dz):
        self.w1.grad += self.x.T @ dz
        self.b.grad += dz.sum(axis=0)
        return dz @ self.w1.value.T


@planted("derivative-at-output", x=(5, 3))
class FormulaAtInput(TwoLayers):
    def backward(self, dy):
        self.w2.grad += self.hidden.T @ dy
        d_hidden = dy @ self.w2.value.T
        dz = d_hidden * (1 - self.z**2)
        return self.through(dz)


@planted("passes-upstream-through", x=(5, 3))
class StepLeftOut(TwoLayers):
    def backward(self, dy):
        self.w2.grad += self.hidden.T @ dy
        d_hidden = dy @ self.w2.value.T
        dz = d_hidden
        return self.through(dz)


@planted("scaled", x=(5, 3), intermediates=True)
class AveragesOnTheWay(TwoLayers):
    def backward(self, dy):
        self.w2.grad += self.hidden.T @ dy
        d_hidden = dy @ self.w2.value.T / len(dy)
        dz = d_hidden * (1 - self.hidden**2)
        return self.through(dz)


class LayerNorm(ta.Layer):
    """y = γ x̂ + β, each sample normalized on its own."""

    def __init__(self):
        super().__init__()
        self.gamma, self.beta = ta.Parameter(np.ones(4)), ta.Parameter(np.zeros(4))

    def forward(self, x):
        self.std = (x.var(axis=1, keepdims=True) + 1e-5) ** 0.5
        self.normalized = (x - x.mean(axis=1, keepdims=True)) / self.std
        return self.gamma.value * self.normalized + self.beta.value


@planted("missing-statistics-terms", x=(5, 4))
class LayerNormVarianceForConstant(LayerNorm):
    def backward(self, dy):
        self.gamma.grad += (dy * self.normalized).sum(axis=0)
        self.beta.grad += dy.sum(axis=0)
        g = dy * self.gamma.value
        return (g - g.mean(axis=1, keepdims=True)) / self.std


class Block(ta.Layer):
    """Two layers with something between them."""

    def __init__(self):
        super().__init__()
        self.inner, self.outer = ta.Linear(3, 3), ta.Linear(3, 3)

    def forward(self, x):
        self.hidden = np.tanh(self.inner(x))
        return self.outer(self.hidden)

    def backward(self, dy):
        return self.inner.backward(self.outer.backward(dy) * (1 - self.hidden**2))


@planted("passes-upstream-through", x=(5, 3))
class NothingBetween(Block):
    def backward(self, dy):
        return self.inner.backward(self.outer.backward(dy))


@planted("missing-branch", x=(5, 3))
class ResidualForgotten(Block):
    def forward(self, x):
        return x + super().forward(x)


@planted("reused-layer", x=(5, 3))
class SameLayerTwice(ta.Layer):
    def __init__(self):
        super().__init__()
        self.layer = ta.Linear(3, 3)

    def forward(self, x):
        return self.layer(self.layer(x))

    def backward(self, dy):
        return self.layer.backward(self.layer.backward(dy))


class HalvesInput(ta.Linear):
    def backward(self, dy):
        return super().backward(dy) / 2


@planted("scaled", x=(5, 3))
class OneBadLayer(ta.Sequential):
    def __init__(self):
        super().__init__(ta.Linear(3, 4), ta.Tanh(), HalvesInput(4, 3), ta.Tanh(), ta.Linear(3, 2))
