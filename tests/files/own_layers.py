"""Layers as a reader would write them, for the tests of files, summaries and pictures."""

import numpy as np

import tinyae as ta


class Scale(ta.Layer):
    """y = factor · w · x, with a count of its calls and a constant that cannot be saved."""

    buffers = ("calls",)

    def __init__(self, size, *, factor=2.0, words=("a", ["b", None]), table=None):
        super().__init__()
        self.factor, self.words, self.table = factor, words, table
        self.weight = ta.Parameter(np.linspace(1, 2, size))
        self.calls = np.zeros((), dtype="int64")
        self.x = None
        self.constant = np.ones(size, dtype="float32")
        self.activation = np.tanh

    def forward(self, x):
        self.x = x
        self.calls += 1
        return self.factor * self.weight.value * x

    def backward(self, dy):
        self.weight.grad += (self.factor * dy * self.x).sum(axis=0)
        return self.factor * self.weight.value * dy


class Twice(ta.Layer):
    """A layer of layers: made by its constructor, given to it, and used twice."""

    def __init__(self, size, middle):
        super().__init__()
        self.first = ta.Linear(size, size)
        self.middle = middle
        self.last = self.first
        self.path = [self.first, self.middle, self.last]

    def forward(self, x):
        for layer in self.path:
            x = layer.forward(x)
        return x


class Residual(ta.Layer):
    """y = x + f(x): more than a chain."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner.forward(x)

    def backward(self, dy):
        return dy + self.inner.backward(dy)
