"""An array as a tape keeps it: its statistics, and no more of its numbers than fit a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyae.backend import Array, to_numpy

__all__ = ["MOST", "Snapshot", "Statistics", "take"]

MOST = 8192
"""Numbers kept of one array."""


@dataclass(frozen=True)
class Statistics:
    """Of all numbers of an array, the finite ones: None where there is none."""

    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    zeros: int
    not_finite: int


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a tape keeps of an array.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    statistics : Statistics
        Of the whole array.
    values : np.ndarray
        The numbers kept, as they were: all of them, or those at ``kept``.
    kept : tuple of np.ndarray
        For each axis, which of its indices are in ``values``.
    place : str
        What the numbers belong to: ``"trunk.0.weight"`` for a weight, for its gradient and for
        what an update makes of it; ``"trunk.0.y"`` for an output and for the gradient ∂L/∂y.
    """

    shape: tuple[int, ...]
    dtype: str
    statistics: Statistics
    values: np.ndarray
    kept: tuple[np.ndarray, ...]
    place: str

    @property
    def complete(self) -> bool:
        """Whether every number was kept."""
        return self.values.size == math.prod(self.shape)


def take(array: Array | float, place: str, pool: dict[Any, np.ndarray] | None = None) -> Snapshot:
    """Look at an array.

    Parameters
    ----------
    array : array of any backend, or number
    place : str
        What its numbers belong to.
    pool : dict, optional
        Of the values kept so far: equal ones are stored once.
    """
    whole = to_numpy(array)
    kept = _chosen(whole.shape)
    values = np.array(whole[np.ix_(*kept)] if kept else whole)
    if pool is not None:
        values = pool.setdefault((values.shape, values.dtype.str, values.tobytes()), values)
    return Snapshot(whole.shape, str(whole.dtype), _statistics(whole), values, kept, place)


def _statistics(whole: np.ndarray) -> Statistics:
    finite = whole[np.isfinite(whole)] if not np.isfinite(whole).all() else whole
    missing, zeros = whole.size - finite.size, int((whole == 0).sum())
    if not finite.size:
        return Statistics(None, None, None, None, zeros, missing)
    mean, std = finite.mean(dtype="float64"), finite.std(dtype="float64")
    return Statistics(
        float(finite.min()), float(finite.max()), float(mean), float(std), zeros, missing
    )


def _chosen(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """For each axis the indices to keep, at most ``MOST`` numbers in all.

    The first axes, those of samples and channels, lose their end; where the picture that is
    left, the last two axes, is still too large, its rows and columns are thinned out evenly.
    """
    counts = list(shape)
    for axis in range(len(shape) - 2):
        if math.prod(counts) > MOST:
            counts[axis] = max(1, MOST // max(1, math.prod(counts) // counts[axis]))
    indices = [np.arange(count) for count in counts]
    while math.prod(counts) > MOST:
        axis = counts.index(max(counts))
        others = math.prod(counts) // counts[axis]
        counts[axis] = max(1, MOST // others, counts[axis] // 2)
        indices[axis] = np.arange(counts[axis]) * shape[axis] // counts[axis]
    return tuple(indices)
