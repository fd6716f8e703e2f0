"""Dropout."""

from __future__ import annotations

from tinyae.backend import Array, generator_for
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer

__all__ = ["Dropout"]


class Dropout(Layer):
    """In training, y = x · m / (1 − p) with a mask m of zeros (chance p) and ones; else y = x.

    Parameters
    ----------
    p : float
        The chance that an element is dropped, in [0, 1).

    Notes
    -----
    Shapes: any, the same for x and y. Dividing by 1 − p keeps the mean of y at x, so that
    nothing needs rescaling in evaluation. Given the mask, y is linear in x:
    ∂L/∂x = ∂L/∂y · m / (1 − p), with the *same* mask that forward drew.

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    2014.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise TinyaeError(f"{self.label}: expected a chance p in [0, 1), got {p}")
        self.p = p

    def forward(self, x: Array) -> Array:
        if not self.training:
            self.mask = None
            return x
        kept = generator_for(x).random(x.shape, dtype="float32") >= self.p
        self.mask = kept.astype(x.dtype) / (1 - self.p)
        return x * self.mask

    def backward(self, dy: Array) -> Array:
        return dy if self.mask is None else dy * self.mask
