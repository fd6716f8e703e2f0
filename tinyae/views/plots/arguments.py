"""What figures are drawn from, brought to the host and looked at first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinyae.backend import to_numpy
from tinyae.errors import TinyaeError

__all__ = [
    "classes",
    "count",
    "finite",
    "images",
    "named",
    "numbers",
    "one_of",
    "positive",
    "same_length",
    "table",
]


def numbers(figure: str, name: str, values: Any) -> np.ndarray:
    """An array of numbers, of any backend, on the host."""
    try:
        array = to_numpy(values)
    except ValueError:  # lists of different lengths
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        raise TinyaeError(f"{figure}: expected {name} to be numbers, got {array.dtype}")
    return array


def finite(figure: str, name: str, values: Any) -> np.ndarray:
    """An array of finite numbers, of any backend, on the host."""
    array = numbers(figure, name, values)
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise TinyaeError(f"{figure}: expected finite {name}, got {bad} of {array.size} not finite")
    return array


def images(figure: str, name: str, values: Any) -> np.ndarray:
    """Square images, (N, s, s), of (N, s²), (N, s, s) or (N, 1, s, s).

    Bytes become numbers from 0 to 1.
    """
    array = finite(figure, name, values)
    side = math.isqrt(array.shape[1]) if array.ndim == 2 else array.shape[-1] if array.ndim else 0
    if array.size == 0 or array.shape[1:] not in ((side**2,), (side, side), (1, side, side)):
        raise TinyaeError(
            f"{figure}: expected {name} of square images, (N, s²), (N, s, s) or (N, 1, s, s), "
            f"got {array.shape}"
        )
    array = array.reshape(len(array), side, side)
    return array / np.float32(255) if array.dtype == np.uint8 else array.astype(np.float64)


def table(figure: str, name: str, values: Any, columns: int | None = None) -> np.ndarray:
    """Points (N, D), a row each, with so many columns where that matters."""
    array = finite(figure, name, values)
    if array.ndim != 2 or array.size == 0 or (columns and array.shape[1] != columns):
        raise TinyaeError(f"{figure}: expected {name} (N, {columns or 'D'}), got {array.shape}")
    return array


def classes(figure: str, name: str, values: Any, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The labels that occur, in order, and the position of each sample's label among them."""
    array = to_numpy(values)
    if array.ndim != 1 or array.dtype.kind not in "fiubU":
        raise TinyaeError(f"{figure}: expected {name} (N,), got {array.shape} of {array.dtype}")
    found, position = np.unique(array, return_inverse=True)
    if len(found) > most:
        raise TinyaeError(f"{figure}: expected at most {most} different {name}, got {len(found)}")
    return found, position


def same_length(figure: str, **parts: Sequence[Any] | np.ndarray) -> None:
    """Refuse parts of which one has more samples than another."""
    if len({len(part) for part in parts.values()}) > 1:
        lengths = ", ".join(f"{len(part)} {name}" for name, part in parts.items())
        raise TinyaeError(f"{figure}: expected as many of each, got {lengths}")


def named(figure: str, name: str, values: Any) -> dict[str, Any]:
    """Several arrays by title; a single one gets an empty title."""
    if isinstance(values, Mapping) and not values:
        raise TinyaeError(f"{figure}: expected {name}, one array or several by title, got none")
    return dict(values) if isinstance(values, Mapping) else {"": values}


def count(figure: str, name: str, value: int, least: int = 1) -> None:
    """Refuse fewer of something than make sense."""
    if value < least:
        raise TinyaeError(f"{figure}: expected {name} of at least {least}, got {value}")


def positive(figure: str, name: str, value: float) -> None:
    """Refuse a length that is none."""
    if not 0 < value < math.inf:
        raise TinyaeError(f"{figure}: expected a positive {name}, got {value}")


def one_of(figure: str, name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a word that means nothing here."""
    if value not in allowed:
        raise TinyaeError(f"{figure}: expected {name} of {', '.join(allowed)}, got {value!r}")
