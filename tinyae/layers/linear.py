"""The fully connected layer."""

from __future__ import annotations

from tinyae.backend import Array
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.initialization import kaiming_uniform
from tinyae.threads import matmul

__all__ = ["Linear"]


class Linear(Layer):
    """y = x Wᵀ + b.

    Parameters
    ----------
    in_features, out_features : int
        Lengths of a row of x and of a row of y.
    bias : bool
        Whether there is a b.

    Attributes
    ----------
    weight : Parameter, (out_features, in_features)
    bias : Parameter, (out_features,), or None

    Notes
    -----
    Shapes: x (N, in_features), y (N, out_features). One element is
    y_ni = Σ_j W_ij x_nj + b_i, so that by the chain rule

    - ∂L/∂W_ij = Σ_n ∂L/∂y_ni · x_nj, that is dW = dyᵀ x;
    - ∂L/∂b_i = Σ_n ∂L/∂y_ni, that is db = the sum of dy over the batch;
    - ∂L/∂x_nj = Σ_i ∂L/∂y_ni · W_ij, that is dx = dy W.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, section 6.5.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        if min(in_features, out_features) < 1:
            raise TinyaeError(f"{self.label}: expected in_features ≥ 1 and out_features ≥ 1")
        self.input_axes = [("N", in_features)]
        self.weight = kaiming_uniform((out_features, in_features), fan_in=in_features)
        self.bias = kaiming_uniform((out_features,), fan_in=in_features) if bias else None

    def forward(self, x: Array) -> Array:
        self.x = x
        y = matmul(x, self.weight.value.T)
        if self.bias:
            y += self.bias.value
        return y

    def backward(self, dy: Array) -> Array:
        self.weight.grad += matmul(dy.T, self.x)
        if self.bias:
            self.bias.grad += dy.sum(axis=0)
        return matmul(dy, self.weight.value)

    def accumulate(self, dy: Array) -> None:
        self.weight.grad += matmul(dy.T, self.x)
        if self.bias:
            self.bias.grad += dy.sum(axis=0)
