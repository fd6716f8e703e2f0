"""How the cost of ``Conv2d`` grows with the batch, the image and the channels."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tinyae import threads
from tinyae.backend import Array, host_generator
from tinyae.bench.rounds import Way, in_turn
from tinyae.layers import Conv2d
from tinyae.threads import num_threads, one_blas_thread

__all__ = ["CASES", "Case", "Growth", "as_table", "measure_growth", "scratch_bound"]

MIB = 2**20


@dataclass(frozen=True)
class Case:
    """One size: x (N, C, H, W) into a ``Conv2d`` of 3 × 3 pixels."""

    shape: tuple[int, int, int, int]
    out_channels: int
    padding: int

    def layer(self) -> Conv2d:
        """The layer, with weights from the package's generator."""
        return Conv2d(self.shape[1], self.out_channels, 3, padding=self.padding)


CASES: dict[str, list[Case]] = {
    "batch size": [Case((n, 1, 28, 28), 32, 0) for n in (64, 256, 1024)],
    "image size": [Case((32, 16, side, side), 32, 1) for side in (16, 32, 64)],
    "channels": [Case((32, c, 64, 64), 64, 1) for c in (4, 16, 64)],
}
"""What is measured, by what grows."""


@dataclass(frozen=True)
class Growth:
    """One line: times in milliseconds, memory in MiB.

    ``operations`` counts the millions of multiplications and additions of both passes, backward
    with twice those of forward; ``arrays`` is x and y together; ``forward_scratch`` and
    ``backward_scratch`` are what each pass holds at its peak beyond its arguments and what it
    returns, and ``bound`` is how much that can be, whatever the batch.
    """

    grows: str
    layer: str
    input_shape: tuple[int, ...]
    operations: float
    forward: float
    backward: float
    arrays: float
    forward_scratch: float
    backward_scratch: float
    bound: float

    @property
    def rate(self) -> float:
        """Milliseconds for 10⁹ multiplications and additions: the same where growth is linear."""
        return (self.forward + self.backward) / self.operations * 1000


def measure_growth(rounds: int, cases: dict[str, list[Case]] = CASES) -> list[Growth]:
    """Time each case and look at its memory, BLAS held to one thread as in training."""
    with one_blas_thread():
        return [_measure(grows, case, rounds) for grows, group in cases.items() for case in group]


def scratch_bound(case: Case) -> int:
    """How many bytes a pass of a case may hold for a while; the size of the batch is not in it.

    Each thread works on one block at a time. Of a block's columns it holds two at the most, the
    last block's and this one's; besides, the block of x with its border, twice likewise, that of
    y, and the filters' gradient with what a block adds to it.
    """
    _, channels, height, width = case.shape
    border = 2 * case.padding
    pixels = (height + border - 2) * (width + border - 2)
    columns, image, output, weight = (
        4 * numbers
        for numbers in (
            9 * channels * pixels,
            channels * (height + border) * (width + border),
            case.out_channels * pixels,
            9 * channels * case.out_channels,
        )
    )
    samples = max(1, threads.BLOCK_BYTES // columns)
    return num_threads() * (samples * (2 * columns + 2 * image + output) + 3 * weight)


def as_table(lines: Sequence[Growth]) -> str:
    """A group of lines for each thing that grows, and what the columns mean."""
    rows = [
        f"{'Conv2d':22} {'input':>13} {'10⁶ ×, +':>9} {'forward ms':>10} {'backward':>9} "
        f"{'ms/10⁹':>7} {'x + y MiB':>9} {'scratch fwd':>11} {'bwd':>6} {'at most':>7}"
    ]
    group = ""
    for line in lines:
        if line.grows != group:
            group = line.grows
            rows.append(f"{group} grows")
        shape = "×".join(map(str, line.input_shape))
        rows.append(
            f"{line.layer.removeprefix('Conv2d'):22} {shape:>13} {line.operations:9.0f} "
            f"{line.forward:10.2f} {line.backward:9.2f} {line.rate:7.1f} {line.arrays:9.1f} "
            f"{line.forward_scratch:11.1f} {line.backward_scratch:6.1f} {line.bound:7.1f}"
        )
    return "\n".join([*rows, *_legend()])


def _legend() -> list[str]:
    many, block = num_threads(), threads.BLOCK_BYTES / MIB
    return [
        "10⁶ ×, +: millions of multiplications and additions, forward and backward together;",
        "ms/10⁹: time for a thousand millions of them, the same where cost grows linearly.",
        "scratch: MiB held at the peak of a pass beyond what goes in and what comes out.",
        f"At most, that is what {many} threads hold, each at one block: the columns of two blocks,",
        f"{block:g} MiB each, or one sample's if that is more, with their part of x and y. The",
        "number of samples does not come into it.",
    ]


def _measure(grows: str, case: Case, rounds: int) -> Growth:
    layer, x = case.layer(), _normal(case.shape)
    y = layer(x)
    dy, sizes = _normal(y.shape), x.nbytes + y.nbytes
    operations = 6 * layer.weight.value[0].size * y.size / 1e6
    del y
    times = in_turn([Way(lambda: layer(x)), Way(lambda: layer.backward(dy))], rounds)
    scratch = [_scratch(lambda: layer(x)), _scratch(lambda: layer.backward(dy))]
    sizes_in_mib = (size / MIB for size in (sizes, *scratch, scratch_bound(case)))
    return Growth(grows, layer.label, case.shape, operations, *map(median, times), *sizes_in_mib)


def _scratch(run: Callable[[], Array]) -> int:
    """Bytes that a function holds at its peak, beyond the array that it returns."""
    tracemalloc.start()
    try:
        result = run()
        return tracemalloc.get_traced_memory()[1] - result.nbytes
    finally:
        tracemalloc.stop()


def _normal(shape: tuple[int, ...]) -> Array:
    return host_generator().standard_normal(shape, dtype="float32")
