"""The settings of threads and kernels as training has them, and what they would be without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from tinyae import threads
from tinyae.layers import kernels
from tinyae.threads import num_threads

__all__ = [
    "as_in_training",
    "blas_threads",
    "one_thread",
    "samples_apart",
    "whole_batch",
    "whole_batch_by_blas",
]


@contextmanager
def as_in_training(blas: int = 1, **changes: Any) -> Iterator[None]:
    """BLAS held to one thread, or to so many, and settings of threads or kernels changed."""
    owners = {name: kernels if hasattr(kernels, name) else threads for name in changes}
    before = {name: getattr(owner, name) for name, owner in owners.items()}
    try:
        for name, value in changes.items():
            setattr(owners[name], name, value)
        with threads._blas().limit(limits=blas):
            yield
    finally:
        for name, value in before.items():
            setattr(owners[name], name, value)


one_thread = partial(as_in_training, _chosen=1)
"""No threads of ours."""

whole_batch = partial(one_thread, BLOCK_BYTES=2**60)
"""Nor any blocks."""

samples_apart = partial(as_in_training, SHORT_ROW=0)
"""One sample's windows after the other's, however short their rows."""


def blas_threads() -> AbstractContextManager[None]:
    """BLAS with all threads."""
    return as_in_training(num_threads())


def whole_batch_by_blas() -> AbstractContextManager[None]:
    """BLAS with all threads, and neither threads of ours nor blocks."""
    return whole_batch(num_threads())
