"""The kernels that convolution and transposed convolution are made of.

With a stride s and zero padding p, and x̃ for the padded x,

    y[n, o, i, j] = Σ_{c, u, v} w[o, c, u, v] · x̃[n, c, s·i + u, s·j + v]

``correlate``                 computes y from x and w: the forward pass of ``Conv2d``;
``correlate_input_gradient``  is its adjoint in x: dx from dy and w. It is the backward pass of
                              ``Conv2d`` *and* the forward pass of ``ConvTranspose2d``;
``correlate_weight_gradient`` is its adjoint in w: dw from x and dy, needed by both layers.
``ConvTranspose2d`` goes back by the first and the third of one x, and so has them together in
``correlate_and_weight_gradient``.

All of them write the sum as one matrix product. The windows of x become the columns of a matrix
("im2col"), w one row an output channel; block by block, so that the columns stay in cache, with
the blocks shared between threads (``tinyae.threads``). Where the rows of a window are short, the
samples of a block lie side by side in memory, so that columns are copied in longer runs. The three
have naive twins, four plain loops each, in ``tinyae.layers.naive``.

References
----------
Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
processing", 2006. Dumoulin and Visin, "A guide to convolution arithmetic", 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from operator import iadd
from typing import Any

from tinyae.backend import Array, array_module
from tinyae.threads import Block, share

__all__ = [
    "Pair",
    "correlate",
    "correlate_and_weight_gradient",
    "correlate_input_gradient",
    "correlate_weight_gradient",
    "output_size",
    "pad",
    "pair",
    "windows",
]

Pair = tuple[int, int]
"""(along the height, along the width)."""

SHORT_ROW = 16
"""Pixels; a row of windows shorter than this is copied slower than as many samples."""


def pair(value: int | tuple[int, int]) -> Pair:
    """One number for both directions, or one number for each."""
    return (value[0], value[1]) if isinstance(value, tuple | list) else (value, value)


def output_size(size: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    """How many windows fit: ⌊(size + 2·padding − kernel) / stride⌋ + 1 in each direction."""
    height, width = (
        (s + 2 * p - k) // st + 1 for s, k, st, p in zip(size, kernel, stride, padding, strict=True)
    )
    return height, width


def pad(x: Array, padding: Pair, value: float = 0.0, samples_last: bool = False) -> Array:
    """x (N, C, H, W) with a border of ``value``.

    With ``samples_last`` the samples lie side by side in memory; the axes are as ever.
    """
    if padding == (0, 0) and not samples_last:
        return x
    (top, left), (n, c, height, width) = padding, x.shape
    shape = (n, c, height + 2 * top, width + 2 * left)
    padded = _filled(array_module(x), shape, value, x.dtype, samples_last)
    padded[:, :, top : top + height, left : left + width] = x
    return padded


def windows(x: Array, kernel: Pair, stride: Pair) -> Array:
    """Every window of x (N, C, H, W), as a view of shape (N, C, OH, OW, KH, KW).

    To read only: where windows overlap, they are the same memory.
    """
    size = output_size(x.shape[2:], kernel, stride, (0, 0))
    *outer, down, right = x.strides
    steps = (*outer, stride[0] * down, stride[1] * right, down, right)
    return array_module(x).lib.stride_tricks.as_strided(x, (*x.shape[:2], *size, *kernel), steps)


def correlate(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """y from x (N, C, H, W) and weight (O, C, KH, KW): shape (N, O, OH, OW)."""
    xp = array_module(x, weight)
    outputs, _, *kernel = weight.shape
    size = output_size(x.shape[2:], kernel, stride, padding)
    rows, last = weight.reshape(outputs, -1), _is_better_last(x.shape, (outputs, *size), kernel)
    y = xp.empty((len(x), outputs, *size), dtype=xp.result_type(x, weight))

    def compute(blocks: Iterator[Block]) -> None:
        for block in blocks:
            columns = _columns(pad(x[block], padding, samples_last=last), kernel, stride, last)
            y[block] = _images(rows @ columns, size, last)

    share(compute, x, y[:, 0].size * rows.shape[1] * y.itemsize)
    return y


def correlate_input_gradient(
    dy: Array, weight: Array, stride: Pair, padding: Pair, size: Pair
) -> Array:
    """dx from dy (N, O, OH, OW) and weight (O, C, KH, KW): shape (N, C, *size).

    dx̃[n, c, s·i + u, s·j + v] += Σ_o w[o, c, u, v] · dy[n, o, i, j]: where windows overlap,
    their shares add up.
    """
    xp = array_module(dy, weight)
    outputs, channels, *kernel = weight.shape
    (height, width), (top, left) = size, padding
    dx = xp.empty((len(dy), channels, height, width), dtype=xp.result_type(dy, weight))
    rows, last = weight.reshape(outputs, -1).T, _is_better_last(dx.shape, dy.shape[1:], kernel)

    def compute(blocks: Iterator[Block]) -> None:
        for block in blocks:
            shares = _images(rows @ _channel_rows(dy[block], last), dy.shape[2:], last)
            shape = (len(shares), channels, height + 2 * top, width + 2 * left)
            padded = _filled(xp, shape, 0, dx.dtype, last)
            _add_windows(padded, shares.reshape(-1, channels, *kernel, *dy.shape[2:]), stride)
            dx[block] = padded[:, :, top : top + height, left : left + width]

    share(compute, dy, dy[:, 0].size * rows.shape[0] * dx.itemsize)
    return dx


def correlate_weight_gradient(
    x: Array, dy: Array, stride: Pair, padding: Pair, kernel: Pair
) -> Array:
    """dw from x (N, C, H, W) and dy (N, O, OH, OW): shape (O, C, KH, KW).

    dw[o, c, u, v] = Σ_{n, i, j} dy[n, o, i, j] · x̃[n, c, s·i + u, s·j + v].
    """
    xp = array_module(x, dy)
    outputs, channels = dy.shape[1], x.shape[1]
    length, dtype = channels * kernel[0] * kernel[1], xp.result_type(x, dy)
    last = _is_better_last(x.shape, dy.shape[1:], kernel)

    def compute_block(block: Block) -> Array:
        columns = _columns(pad(x[block], padding, samples_last=last), kernel, stride, last)
        return _products(_channel_rows(dy[block], last), columns)

    parts = share(partial(_sum, compute_block), x, dy[:, 0].size * length * dtype.itemsize)
    return reduce(iadd, parts).reshape(outputs, channels, *kernel)


def correlate_and_weight_gradient(
    x: Array, weight: Array, dy: Array, stride: Pair, padding: Pair
) -> tuple[Array, Array]:
    """``correlate`` of x and weight, and the weight gradient from x and dy, by the same columns.

    The backward pass of ``ConvTranspose2d``, where x is the upstream gradient, y the gradient
    that goes on and dy the layer's input.
    """
    xp = array_module(x, weight, dy)
    outputs, _, *kernel = weight.shape
    size, rows = dy.shape[2:], weight.reshape(outputs, -1)
    last = _is_better_last(x.shape, dy.shape[1:], kernel)
    y = xp.empty(dy.shape, dtype=xp.result_type(x, weight))

    def compute_block(block: Block) -> Array:
        columns = _columns(pad(x[block], padding, samples_last=last), kernel, stride, last)
        y[block] = _images(rows @ columns, size, last)
        return _products(_channel_rows(dy[block], last), columns)

    parts = share(partial(_sum, compute_block), x, y[:, 0].size * rows.shape[1] * y.itemsize)
    return y, reduce(iadd, parts).reshape(weight.shape)


def _products(a: Array, b: Array) -> Array:
    """a @ b.T; BLAS is faster at its transpose where b has more rows and all rows are long."""
    return (b @ a.T).T if len(a) < len(b) < a.shape[1] else a @ b.T


def _sum(compute: Callable[[Block], Array], blocks: Iterator[Block]) -> Array:
    """What ``compute`` gives for each block, added up."""
    return reduce(iadd, map(compute, blocks))


def _is_better_last(x: Sequence[int], y: Sequence[int], kernel: Pair) -> bool:
    """Whether columns are made faster with the samples side by side in memory.

    Windows are then copied in runs of many samples. That pays where their own rows are short,
    and where there is more to copy than x (N, C, H, W) and y (O, OH, OW), which it turns round.
    """
    (_, channels, height, width), (outputs, *size) = x, y
    columns = channels * kernel[0] * kernel[1] * size[0] * size[1]
    return size[1] < SHORT_ROW and columns > (
        channels * height * width + outputs * size[0] * size[1]
    )


def _filled(xp: Any, shape: Sequence[int], value: float, dtype: Any, samples_last: bool) -> Array:
    """An array (N, C, H, W) full of ``value``."""
    n, *rest = shape
    if samples_last:
        return xp.full((*rest, n), value, dtype=dtype).transpose(3, 0, 1, 2)
    return xp.full(shape, value, dtype=dtype)


def _columns(x: Array, kernel: Pair, stride: Pair, samples_last: bool = False) -> Array:
    """The windows of x as columns: (C·KH·KW, N·OH·OW), or (…, OH·OW·N)."""
    order = (1, 4, 5, 2, 3, 0) if samples_last else (1, 4, 5, 0, 2, 3)
    return (
        windows(x, kernel, stride).transpose(order).reshape(x.shape[1] * kernel[0] * kernel[1], -1)
    )


def _channel_rows(dy: Array, samples_last: bool) -> Array:
    """dy (N, O, OH, OW) with one row a channel: (O, N·OH·OW), or (O, OH·OW·N)."""
    order = (1, 2, 3, 0) if samples_last else (1, 0, 2, 3)
    return dy.transpose(order).reshape(dy.shape[1], -1)


def _images(rows: Array, size: Pair, samples_last: bool) -> Array:
    """Back from one row a channel to (N, channels, OH, OW), as a view."""
    if samples_last:
        return rows.reshape(len(rows), *size, -1).transpose(3, 0, 1, 2)
    return rows.reshape(len(rows), -1, *size).swapaxes(0, 1)


def _add_windows(dx: Array, shares: Array, stride: Pair) -> None:
    """Add to every window of dx (N, C, H, W) its share, (N, C, KH, KW, OH, OW)."""
    _, _, kernel_height, kernel_width, height, width = shares.shape
    for u in range(kernel_height):
        for v in range(kernel_width):
            rows = slice(u, u + stride[0] * height, stride[0])
            columns = slice(v, v + stride[1] * width, stride[1])
            dx[:, :, rows, columns] += shares[:, :, u, v]
