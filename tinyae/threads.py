"""How many threads compute, and how a batch is shared between them.

NumPy gives up the interpreter's lock inside matrix products and array arithmetic, so plain
threads over slices of a batch run side by side. While they do, BLAS is held to one thread in
each of them. Every thread gets the same slices each time: results are the same to the bit for
the same number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from tinyae.backend import Array
from tinyae.errors import TinyaeError

__all__ = ["BLOCK_BYTES", "num_threads", "set_num_threads", "share"]

BLOCK_BYTES = 2**20
"""How much scratch memory one block may take: about a processor's second-level cache."""
SMALL = 4 * BLOCK_BYTES
"""Work with less scratch memory than this, all blocks together, is not worth a thread."""

T = TypeVar("T")
_chosen: int | None = None


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
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="tinyae")


def share(work: Callable[[Iterator[slice]], T], batch: Array, bytes_each: int) -> list[T]:
    """Cut a batch into blocks that fit the cache, and the blocks into a part for each thread.

    Parameters
    ----------
    work : callable
        Does one part: takes its blocks, slices of the batch, one after the other.
    batch : array, (N, …)
        What is cut. On a device it stays whole: there is no cache to fit, and no thread to gain.
    bytes_each : int
        Scratch memory for one sample.

    Returns
    -------
    list
        What ``work`` returned for each part, in the order of the batch.
    """
    samples = len(batch)
    if not isinstance(batch, np.ndarray):
        return [work(iter([slice(0, samples)]))]
    step = max(1, BLOCK_BYTES // max(1, bytes_each))
    parts = min(num_threads(), -(-samples // step)) if samples * bytes_each >= SMALL else 1
    if parts == 1:
        return [work(_blocks(0, samples, step))]
    bounds = [samples * part // parts for part in range(parts + 1)]
    with _blas().limit(limits=1):
        return list(
            _pool(parts).map(lambda start, end: work(_blocks(start, end, step)), bounds, bounds[1:])
        )


def _blocks(start: int, end: int, step: int) -> Iterator[slice]:
    return (slice(first, min(first + step, end)) for first in range(start, end, step))
