"""The kernels once more, as plain loops that a finger can follow.

They are slow and are not used in training. The tests hold the fast kernels to them, and the
lessons show them.
"""

from __future__ import annotations

from itertools import product

from tinyae.backend import Array, array_module
from tinyae.layers.kernels import Pair, output_size, pad

__all__ = [
    "correlate",
    "correlate_input_gradient",
    "correlate_weight_gradient",
    "max_pool",
    "max_pool_gradient",
]


def correlate(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """y[n, o, i, j] is the sum of window (i, j) of sample n times filter o."""
    xp = array_module(x)
    outputs, _, *kernel = weight.shape
    height, width = output_size(x.shape[2:], kernel, stride, padding)
    x = pad(x, padding)
    y = xp.zeros((len(x), outputs, height, width), dtype=x.dtype)
    for n in range(len(x)):
        for o in range(outputs):
            for i in range(height):
                for j in range(width):
                    rows, columns = _window(i, j, kernel, stride)
                    y[n, o, i, j] = (weight[o] * x[n, :, rows, columns]).sum()
    return y


def correlate_input_gradient(
    dy: Array, weight: Array, stride: Pair, padding: Pair, size: Pair
) -> Array:
    """Each dy[n, o, i, j] gives every input of its window a share, by the weight between them."""
    xp = array_module(dy)
    outputs, channels, *kernel = weight.shape
    (height, width), (top, left) = size, padding
    dx = xp.zeros((len(dy), channels, height + 2 * top, width + 2 * left), dtype=dy.dtype)
    for n in range(len(dy)):
        for o in range(outputs):
            for i in range(dy.shape[2]):
                for j in range(dy.shape[3]):
                    rows, columns = _window(i, j, kernel, stride)
                    dx[n, :, rows, columns] += dy[n, o, i, j] * weight[o]
    return dx[:, :, top : top + height, left : left + width]


def correlate_weight_gradient(
    x: Array, dy: Array, stride: Pair, padding: Pair, kernel: Pair
) -> Array:
    """Each dy[n, o, i, j] gives every weight of filter o a share, by the input it met."""
    xp = array_module(x)
    x = pad(x, padding)
    dw = xp.zeros((dy.shape[1], x.shape[1], *kernel), dtype=x.dtype)
    for n in range(len(x)):
        for o in range(dy.shape[1]):
            for i in range(dy.shape[2]):
                for j in range(dy.shape[3]):
                    rows, columns = _window(i, j, kernel, stride)
                    dw[o] += dy[n, o, i, j] * x[n, :, rows, columns]
    return dw


def max_pool(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """y[n, c, i, j] is the largest number in window (i, j) of channel c."""
    xp = array_module(x)
    height, width = output_size(x.shape[2:], kernel, stride, padding)
    x = pad(x, padding, value=-float("inf"))
    y = xp.zeros((*x.shape[:2], height, width), dtype=x.dtype)
    for n, c, i, j in product(*map(range, y.shape)):
        rows, columns = _window(i, j, kernel, stride)
        y[n, c, i, j] = x[n, c, rows, columns].max()
    return y


def max_pool_gradient(x: Array, dy: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Each dy[n, c, i, j] goes to the first largest number of its window."""
    xp = array_module(x)
    (top, left), (height, width) = padding, x.shape[2:]
    x = pad(x, padding, value=-float("inf"))
    dx = xp.zeros_like(x)
    for n, c, i, j in product(*map(range, dy.shape)):
        rows, columns = _window(i, j, kernel, stride)
        u, v = divmod(int(x[n, c, rows, columns].argmax()), kernel[1])
        dx[n, c, rows.start + u, columns.start + v] += dy[n, c, i, j]
    return dx[:, :, top : top + height, left : left + width]


def _window(i: int, j: int, kernel: Pair, stride: Pair) -> tuple[slice, slice]:
    """The rows and columns of the padded input that output (i, j) looks at."""
    top, left = i * stride[0], j * stride[1]
    return slice(top, top + kernel[0]), slice(left, left + kernel[1])
