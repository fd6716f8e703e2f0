"""A loss as a layer with one output, so that it can be checked as one."""

from __future__ import annotations

from typing import Any

from tinyae.backend import Array, array_module
from tinyae.layers.base import Layer

__all__ = ["LossLayer"]


class LossLayer(Layer):
    """y = loss(x, target), a single number.

    Parameters
    ----------
    loss : Loss
        Anything with ``loss(prediction, target)`` and ``backward()``.
    target : array
    """

    def __init__(self, loss: Any, target: Array) -> None:
        super().__init__()
        self.loss, self.target = loss, target

    def forward(self, x: Array) -> Array:
        return array_module(x).asarray(self.loss(x, self.target)).reshape(1)

    def backward(self, dy: Array) -> Array:
        return dy * self.loss.backward()

    def __repr__(self) -> str:
        reduction = getattr(self.loss, "reduction", None)
        return f"{type(self.loss).__name__}({f'{reduction=}' if reduction else ''})"
