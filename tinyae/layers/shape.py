"""Layers that rearrange and compute nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinyae.backend import Array
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer

__all__ = ["Flatten", "Unflatten"]


class Flatten(Layer):
    """One row a sample: (N, …) becomes (N, the product of the rest).

    Notes
    -----
    The same numbers in another shape, so the gradient is dy in the shape of x.
    """

    input_axes = [("N", "…")]

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Array) -> Array:
        return dy.reshape(self.shape)


class Unflatten(Layer):
    """The way back from ``Flatten``: (N, features) becomes (N, \\*shape).

    Parameters
    ----------
    shape : sequence of int
        The shape of one sample, such as ``(8, 12, 12)``.

    Notes
    -----
    The same numbers in another shape, so the gradient is dy in the shape of x.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        if any(length < 1 for length in shape):
            raise TinyaeError(f"{self.label}: expected positive lengths, got {tuple(shape)}")
        self.shape = tuple(shape)
        self.input_axes = [("N", math.prod(self.shape))]

    def forward(self, x: Array) -> Array:
        return x.reshape(len(x), *self.shape)

    def backward(self, dy: Array) -> Array:
        return dy.reshape(len(dy), -1)
