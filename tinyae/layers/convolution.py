"""Convolution and its transpose: the same three kernels, the other way round."""

from __future__ import annotations

from tinyae.backend import Array, array_module
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.initialization import kaiming_uniform
from tinyae.layers.kernels import (
    Pair,
    correlate,
    correlate_and_weight_gradient,
    correlate_input_gradient,
    correlate_weight_gradient,
    output_size,
    pair,
)

__all__ = ["Conv2d", "ConvTranspose2d"]


class Conv2d(Layer):
    """y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c], with ⋆ the two-dimensional correlation.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : int or (int, int)
        Of the window, in pixels: its size, its step, the zeros added around x. A pair is
        (along the height, along the width).
    bias : bool
        Whether there is a b.

    Attributes
    ----------
    weight : Parameter, (out_channels, in_channels, KH, KW)
    bias : Parameter, (out_channels,), or None

    Notes
    -----
    Shapes: x (N, in_channels, H, W), y (N, out_channels, OH, OW) with
    OH = ⌊(H + 2·padding − KH) / stride⌋ + 1. One element is
    y[n,o,i,j] = b[o] + Σ_cuv w[o,c,u,v] · x̃[n,c,s·i+u,s·j+v], x̃ being the padded x. It is
    linear in w and in x̃, so the gradients are its two adjoints:

    - dw[o,c,u,v] = Σ_nij dy[n,o,i,j] · x̃[n,c,s·i+u,s·j+v];
    - dx̃[n,c,s·i+u,s·j+v] += Σ_o w[o,c,u,v] · dy[n,o,i,j] for each i, j, u, v: a pixel gets a
      share from every window that saw it; the border is cut off again;
    - db[o] = Σ_nij dy[n,o,i,j].

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
    recognition", 1998.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        _check_channels(self, in_channels, out_channels)
        self.input_axes = [("N", in_channels, "H", "W")]
        self.kernel_size, self.stride, self.padding = map(pair, (kernel_size, stride, padding))
        _check_geometry(self, self.kernel_size, self.stride, self.padding)
        shape = (out_channels, in_channels, *self.kernel_size)
        fan_in = in_channels * self.kernel_size[0] * self.kernel_size[1]
        self.weight = kaiming_uniform(shape, fan_in)
        self.bias = kaiming_uniform((out_channels,), fan_in) if bias else None

    def forward(self, x: Array) -> Array:
        if min(output_size(x.shape[2:], self.kernel_size, self.stride, self.padding)) < 1:
            raise TinyaeError(
                f"{self.label}: expected an image of at least {self.kernel_size} with its "
                f"padding, got {x.shape[2:]}"
            )
        self.x = x
        y = correlate(x, self.weight.value, self.stride, self.padding)
        if self.bias:
            y += self.bias.value[:, None, None]
        return y

    def backward(self, dy: Array) -> Array:
        geometry = self.stride, self.padding
        self.weight.grad += correlate_weight_gradient(self.x, dy, *geometry, self.kernel_size)
        if self.bias:
            self.bias.grad += array_module(dy).einsum("noij->o", dy)
        return correlate_input_gradient(dy, self.weight.value, *geometry, self.x.shape[2:])

    def accumulate(self, dy: Array) -> None:
        geometry = self.stride, self.padding
        self.weight.grad += correlate_weight_gradient(self.x, dy, *geometry, self.kernel_size)
        if self.bias:
            self.bias.grad += array_module(dy).einsum("noij->o", dy)


class ConvTranspose2d(Layer):
    """The adjoint of ``Conv2d``: what convolution's backward pass does to dy, done to x.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : int or (int, int)
        As in the ``Conv2d`` from out_channels to in_channels whose adjoint this is: a larger
        stride makes y larger, padding makes it smaller.
    output_padding : int or (int, int)
        Rows and columns added at the end of y, fewer than the stride: several sizes of y lead
        to the same size of x under that convolution, and this says which one is meant.
    bias : bool
        Whether there is a b.

    Attributes
    ----------
    weight : Parameter, (in_channels, out_channels, KH, KW)
    bias : Parameter, (out_channels,), or None

    Notes
    -----
    Shapes: x (N, in_channels, H, W), y (N, out_channels, OH, OW) with
    OH = (H − 1)·stride − 2·padding + KH + output_padding. Each input pixel lays a copy of its
    filters onto the output, scaled by its value, and the copies add up:
    ỹ[n,o,s·i+u,s·j+v] += Σ_c w[c,o,u,v] · x[n,c,i,j], then the border is cut off and b added.
    In short y = Aᵀx + b, where A is the convolution; so

    - dx = A dy, the convolution itself;
    - dw is the weight gradient of that convolution, with dy in the place of its input and x
      in the place of its upstream gradient;
    - db[o] = Σ_nij dy[n,o,i,j].

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        output_padding: int | Pair = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        _check_channels(self, in_channels, out_channels)
        self.input_axes = [("N", in_channels, "H", "W")]
        self.kernel_size, self.stride, self.padding = map(pair, (kernel_size, stride, padding))
        self.output_padding = pair(output_padding)
        _check_geometry(self, self.kernel_size, self.stride, self.padding)
        if any(not 0 <= o < s for o, s in zip(self.output_padding, self.stride, strict=True)):
            raise TinyaeError(
                f"{self.label}: expected output_padding in [0, stride), got "
                f"{self.output_padding} with stride {self.stride}"
            )
        shape = (in_channels, out_channels, *self.kernel_size)
        fan_in = out_channels * self.kernel_size[0] * self.kernel_size[1]
        self.weight = kaiming_uniform(shape, fan_in)
        self.bias = kaiming_uniform((out_channels,), fan_in) if bias else None

    def forward(self, x: Array) -> Array:
        self.x = x
        size = self._output_size(x.shape[2:])
        y = correlate_input_gradient(x, self.weight.value, self.stride, self.padding, size)
        if self.bias:
            y += self.bias.value[:, None, None]
        return y

    def backward(self, dy: Array) -> Array:
        dx, dw = correlate_and_weight_gradient(
            dy, self.weight.value, self.x, self.stride, self.padding
        )
        self.weight.grad += dw
        if self.bias:
            self.bias.grad += array_module(dy).einsum("noij->o", dy)
        return dx

    def _output_size(self, size: Pair) -> Pair:
        steps = zip(
            size, self.stride, self.padding, self.kernel_size, self.output_padding, strict=True
        )
        height, width = ((n - 1) * s - 2 * p + k + extra for n, s, p, k, extra in steps)
        if min(height, width) < 1:
            raise TinyaeError(
                f"{self.label}: expected an image that leaves at least one pixel, got {size}, "
                f"which would give {(height, width)}"
            )
        return height, width


def _check_channels(layer: Layer, inputs: int, outputs: int) -> None:
    if min(inputs, outputs) < 1:
        raise TinyaeError(f"{layer.label}: expected in_channels ≥ 1 and out_channels ≥ 1")


def _check_geometry(layer: Layer, kernel: Pair, stride: Pair, padding: Pair) -> None:
    if min(kernel) < 1 or min(stride) < 1 or min(padding) < 0:
        raise TinyaeError(
            f"{layer.label}: expected kernel_size ≥ 1, stride ≥ 1 and padding ≥ 0, "
            f"got {kernel}, {stride} and {padding}"
        )
