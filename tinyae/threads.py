"""How many threads compute, and how work is shared between them.

NumPy gives up the interpreter's lock inside matrix products and array arithmetic, so plain
threads over slices of an array run side by side. While they do, BLAS is held to one thread in
each of them: its own threads wait busily for a while after each product, on the cores that ours
need. Every thread gets the same slices each time: results are the same to the bit for the same
number of threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from queue import SimpleQueue
from types import EllipsisType
from typing import Any, TypeVar

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import Array
from tinyae.errors import TinyaeError

__all__ = [
    "BLOCK_BYTES",
    "Block",
    "matmul",
    "num_threads",
    "one_blas_thread",
    "set_num_threads",
    "share",
]

BLOCK_BYTES = 5 * 2**19
"""How much scratch memory one block may take: a share of a processor's last cache. Smaller
blocks mean more calls, between which the threads wait for the interpreter's lock."""
SMALL = 2**19
"""Work with less scratch memory than this, all blocks together, is not worth a thread."""
SMALL_PRODUCT = 2 * 10**7
"""A matrix product of fewer multiplications and additions is not worth a thread."""
WIDE = 2
"""A product with more than this many times as many columns as rows is cut between columns."""

T = TypeVar("T")
Block = slice | EllipsisType
"""An index into a batch."""
_chosen: int | None = None
_lock = threading.Lock()
_holders = 0
_limiter: Any = None
_here = threading.local()


@checked
def set_num_threads(n: int) -> None:
    """Let ``n`` threads compute, those of BLAS included.

    The environment variable ``TINYAE_NUM_THREADS`` sets it from outside; without either, it is
    the number of cores.
    """
    global _chosen
    if n < 1:
        raise TinyaeError(f"set_num_threads: expected at least 1 thread, got {n}")
    _chosen = n
    _blas().limit(limits=n)


def num_threads() -> int:
    """How many threads compute."""
    return _chosen or _from_environment()


@lru_cache(maxsize=1)
def _from_environment() -> int:
    text = os.environ.get("TINYAE_NUM_THREADS")
    if text is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores()
    if not text.isdigit() or int(text) < 1:
        raise TinyaeError(f"TINYAE_NUM_THREADS: expected a number of at least 1, got {text!r}")
    return int(text)


def _cores() -> int:
    return os.cpu_count() or 1


@lru_cache(maxsize=1)
def _blas() -> Any:
    """The BLAS libraries of this process."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@lru_cache(maxsize=4)
def _helpers(threads: int) -> SimpleQueue[Any]:
    """Where to put (work, blocks, result) for one of so many waiting threads.

    ``ThreadPoolExecutor`` does the same with several locks a task; a step of training hands
    over work a dozen times.
    """
    tasks: SimpleQueue[Any] = SimpleQueue()
    for number in range(threads):
        name = f"tinyae-{number + 1}"
        threading.Thread(target=_help, args=(tasks,), name=name, daemon=True).start()
    return tasks


def _help(tasks: SimpleQueue[Any]) -> None:
    _here.helps = True
    while True:
        work, blocks, result = tasks.get()
        try:
            result.put((work(blocks), None))
        except BaseException as error:
            result.put((None, error))
        del work, blocks, result  # or the last arrays would live until the next task


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.cache_clear)  # a fork has no threads but its own


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside the block; the last block to end sets it back."""
    global _holders, _limiter
    with _lock:
        if _holders == 0:
            _limiter = _blas().limit(limits=1)
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0:
                _limiter.restore_original_limits()


def share(work: Callable[[Iterator[Block]], T], batch: Array, scratch: int) -> list[T]:
    """Cut a batch into blocks that fit the cache, and the blocks into a part for each thread.

    Parameters
    ----------
    work : callable
        Does one part: takes its blocks, indices into the batch, one after the other.
    batch : array, (N, …)
        What is cut. It stays whole, of any shape, where there is little to do, and on a device:
        there is no cache to fit, and no thread to gain.
    scratch : int
        Bytes of memory that the work would take for the whole batch at once.

    Returns
    -------
    list
        What ``work`` returned for each part, in the order of the batch.
    """
    if scratch < SMALL or not isinstance(batch, np.ndarray):
        return [work(iter([...]))]
    samples = len(batch)
    step = max(1, BLOCK_BYTES * samples // scratch)
    return _in_parts(work, samples, min(num_threads(), samples), step)


def matmul(a: Array, b: Array) -> Array:
    """a @ b of two matrices; the threads share its rows or, where it is wide, its columns."""
    (rows, length), columns = a.shape, b.shape[1]
    if length == 1:
        return a.dot(b)  # an outer product, which ``@`` leaves to BLAS, where it is slow
    if 2 * a.size * columns < SMALL_PRODUCT or not isinstance(a, np.ndarray):
        return a @ b
    out, wide = np.empty((rows, columns), np.result_type(a, b)), columns > WIDE * rows
    longer = columns if wide else rows

    def compute(parts: Iterator[Block]) -> None:
        for part in parts:
            if wide:
                np.matmul(a, b[:, part], out=out[:, part])
            else:
                np.matmul(a[part], b, out=out[part])

    _in_parts(compute, longer, min(num_threads(), longer), longer)
    return out


def _in_parts(work: Callable[[Iterator[Block]], T], n: int, parts: int, step: int) -> list[T]:
    """The blocks of 0 … n − 1 in parts, the first for this thread and each other for one more."""
    bounds = [n * part // parts for part in range(parts + 1)]
    first, *rest = (_blocks(*ends, step) for ends in pairwise(bounds))
    if not rest or getattr(_here, "helps", False):  # a helper that waited could wait for itself
        return [work(first), *map(work, rest)]
    with one_blas_thread():
        results: list[SimpleQueue[Any]] = [SimpleQueue() for _ in rest]
        for blocks, result in zip(rest, results, strict=True):
            _helpers(parts - 1).put((work, blocks, result))
        try:
            values = [work(first)]
        finally:
            others = [result.get() for result in results]
    for _, error in others:
        if error:
            raise error
    return values + [value for value, _ in others]


def _blocks(start: int, end: int, step: int) -> Iterator[Block]:
    count = -(-(end - start) // step)
    bounds = [start + (end - start) * block // count for block in range(count + 1)]
    return (slice(*ends) for ends in pairwise(bounds))
