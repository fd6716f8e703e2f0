"""The settings of threads and kernels as training has them, and what they would be without."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tinyae import threads
from tinyae.layers import kernels
from tinyae.threads import one_blas_thread

__all__ = [
    "as_in_training",
    "cut_by_rows",
    "one_thread",
    "products_as_written",
    "samples_apart",
    "whole_batch",
]


@contextmanager
def as_in_training(**changes: Any) -> Iterator[None]:
    """BLAS held to one thread, and settings of threads or kernels changed."""
    owners = {name: kernels if hasattr(kernels, name) else threads for name in changes}
    before = {name: getattr(owner, name) for name, owner in owners.items()}
    try:
        for name, value in changes.items():
            setattr(owners[name], name, value)
        with one_blas_thread():
            yield
    finally:
        for name, value in before.items():
            setattr(owners[name], name, value)


one_thread = partial(as_in_training, _chosen=1)
"""No threads of ours."""

whole_batch = partial(one_thread, BLOCK_BYTES=2**60)
"""Nor any blocks."""

cut_by_rows = partial(as_in_training, WIDE=math.inf)
"""A product's rows for the threads, however few they are."""

products_as_written = partial(as_in_training, _products=lambda a, b: a @ b.T)
"""Sums of weight gradients by ``a @ b.T``, whichever of the two has more rows."""

samples_apart = partial(as_in_training, SHORT_ROW=0)
"""One sample's windows after the other's, however short their rows."""
