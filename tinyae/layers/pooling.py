"""Max pooling."""

from __future__ import annotations

from collections.abc import Iterator

from tinyae.backend import Array, array_module
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.kernels import Pair, output_size, pad, pair
from tinyae.threads import Block, share

__all__ = ["MaxPool2d"]


class MaxPool2d(Layer):
    """y[n, c, i, j] = the largest x in window (i, j) of channel c.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Size of the window.
    stride : int or (int, int), optional
        Step of the window; its size when left out, so that windows neither overlap nor leave
        gaps.
    padding : int or (int, int)
        Border of −∞ around x, at most half the window.

    Notes
    -----
    Shapes: x (N, C, H, W), y (N, C, OH, OW) with OH = ⌊(H + 2·padding − KH) / stride⌋ + 1.
    y is one of the inputs, so ∂y/∂x is 1 for that input and 0 for all others: dy goes, whole,
    to the place the maximum came from (the first one, if several are equal). Where windows
    overlap one input can win several of them, and what it gets adds up.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, section 9.3.
    """

    input_axes = [("N", "C", "H", "W")]

    def __init__(
        self,
        kernel_size: int | Pair,
        stride: int | Pair | None = None,
        padding: int | Pair = 0,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = pair(kernel_size), pair(padding)
        self.places = self.kernel_size[0] * self.kernel_size[1]
        self.stride = self.kernel_size if stride is None else pair(stride)
        if min(self.kernel_size) < 1 or min(self.stride) < 1:
            raise TinyaeError(f"{self.label}: expected kernel_size ≥ 1 and stride ≥ 1")
        if any(not 0 <= p <= k // 2 for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise TinyaeError(
                f"{self.label}: expected padding between 0 and half of kernel_size "
                f"{self.kernel_size}, got {self.padding}"
            )

    def forward(self, x: Array) -> Array:
        xp = array_module(x)
        size = output_size(x.shape[2:], self.kernel_size, self.stride, self.padding)
        if min(size) < 1:
            raise TinyaeError(
                f"{self.label}: expected an image of at least {self.kernel_size} with its "
                f"padding, got {x.shape[2:]}"
            )
        self.size = x.shape[2:]
        y = xp.empty((*x.shape[:2], *size), dtype=x.dtype)
        self.winner = xp.zeros(y.shape, dtype="int16")

        def compute(blocks: Iterator[Block]) -> None:
            for block in blocks:
                padded = pad(x[block], self.padding, value=-float("inf"))
                largest, winner = y[block], self.winner[block]
                largest[...] = self._seen_at(padded, 0, size)
                for place in range(1, self.places):
                    candidate = self._seen_at(padded, place, size)
                    xp.maximum(winner, (candidate > largest).astype("int16") * place, out=winner)
                    xp.maximum(largest, candidate, out=largest)

        share(compute, x, 2 * x.nbytes)
        return y

    def backward(self, dy: Array) -> Array:
        xp = array_module(dy)
        (height, width), (top, left) = self.size, self.padding
        dx = xp.zeros((*dy.shape[:2], height + 2 * top, width + 2 * left), dtype=dy.dtype)

        def compute(blocks: Iterator[Block]) -> None:
            for block in blocks:
                for place in range(self.places):
                    part = self._seen_at(dx[block], place, dy.shape[2:])
                    part += dy[block] * (self.winner[block] == place)

        share(compute, dy, 2 * dx.nbytes)
        return dx[:, :, top : top + height, left : left + width]

    def _seen_at(self, padded: Array, place: int, size: Pair) -> Array:
        """View of what all windows have at one place, counted row by row: (N, C, OH, OW)."""
        u, v = divmod(place, self.kernel_size[1])
        rows = slice(u, u + self.stride[0] * size[0], self.stride[0])
        columns = slice(v, v + self.stride[1] * size[1], self.stride[1])
        return padded[:, :, rows, columns]
