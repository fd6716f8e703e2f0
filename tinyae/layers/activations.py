"""Functions of one number, applied to every element."""

from __future__ import annotations

import math

import numpy as np

from tinyae.backend import Array, array_module
from tinyae.layers.base import Layer

__all__ = [
    "LeakyReLU",
    "LogSoftmax",
    "ReLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "positive_part",
    "sigmoid",
]


class ReLU(Layer):
    """y = max(x, 0).

    Notes
    -----
    Shapes: any, the same for x and y. dy/dx is 1 where x > 0 and 0 where x < 0; at the kink
    x = 0 we take 0. Hence ∂L/∂x = ∂L/∂y where y > 0, else 0.

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.
    """

    def forward(self, x: Array) -> Array:
        self.y = positive_part(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        return dy * (self.y > 0)


class LeakyReLU(Layer):
    """y = x where x > 0, else slope · x.

    Parameters
    ----------
    negative_slope : float
        The slope left of 0.

    Notes
    -----
    Shapes: any, the same for x and y. ∂L/∂x = ∂L/∂y where x > 0, else slope · ∂L/∂y.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models",
    2013.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Array) -> Array:
        self.slope = (x > 0).astype(x.dtype)  # 1 or 0
        self.slope *= 1 - self.negative_slope
        self.slope += self.negative_slope  # 1 or negative_slope
        return x * self.slope

    def backward(self, dy: Array) -> Array:
        return dy * self.slope


class Tanh(Layer):
    """y = tanh(x).

    Notes
    -----
    Shapes: any, the same for x and y. tanh′ = 1 − tanh², so that ∂L/∂x = ∂L/∂y · (1 − y²):
    the derivative is had from the output, x need not be kept.
    """

    def forward(self, x: Array) -> Array:
        xp = array_module(x)
        self.y = xp.tanh(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        return dy * (1 - self.y**2)


class Sigmoid(Layer):
    """y = 1 / (1 + e⁻ˣ).

    Notes
    -----
    Shapes: any, the same for x and y. σ′ = σ (1 − σ), so that ∂L/∂x = ∂L/∂y · y (1 − y).
    """

    def forward(self, x: Array) -> Array:
        self.y = sigmoid(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        return dy * (self.y * (1 - self.y))


class Softplus(Layer):
    """y = log(1 + eˣ), a ReLU without the kink.

    Notes
    -----
    Shapes: any, the same for x and y. Computed as max(x, 0) + log(1 + e^−|x|), which
    overflows nowhere. Its derivative is the sigmoid: ∂L/∂x = ∂L/∂y · σ(x).

    References
    ----------
    Dugas, Bengio et al., "Incorporating second-order functional knowledge for better option
    pricing", 2001.
    """

    def forward(self, x: Array) -> Array:
        xp = array_module(x)
        self.x = x
        return positive_part(x) + xp.log1p(xp.exp(-xp.abs(x)))

    def backward(self, dy: Array) -> Array:
        return dy * sigmoid(self.x)


class LogSoftmax(Layer):
    """y_c = x_c − log Σ_k exp(x_k), over the classes, which are axis 1.

    Notes
    -----
    Shapes: (N, C, …), the same for x and y. The largest x is subtracted first, which changes
    nothing in exact arithmetic and keeps exp from overflowing. From
    ∂y_c/∂x_k = [c = k] − p_k with p = exp(y) follows ∂L/∂x_k = ∂L/∂y_k − p_k Σ_c ∂L/∂y_c.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, section 6.2.2.3.
    """

    input_axes = [("N", "C", "…")]

    def forward(self, x: Array) -> Array:
        xp = array_module(x)
        shifted = x - x.max(axis=1, keepdims=True)
        self.y = shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
        return self.y

    def backward(self, dy: Array) -> Array:
        xp = array_module(dy)
        return dy - xp.exp(self.y) * dy.sum(axis=1, keepdims=True)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ). Where e⁻ˣ overflows to infinity, 1/∞ = 0 is the right answer."""
    xp = array_module(x)
    with np.errstate(over="ignore"):
        return 1 / (1 + xp.exp(-x))


def positive_part(x: Array) -> Array:
    """max(x, 0); NumPy clips faster than it takes a maximum (``tinyae bench --steps``)."""
    return x.clip(0, math.inf)
