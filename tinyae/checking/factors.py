"""Two arrays that differ by one factor or in the order of their numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

__all__ = ["constant_factor", "factor_words", "permuted"]

TOLERANCE = 1e-5


def constant_factor(given: np.ndarray, right: np.ndarray) -> float | None:
    """c if given = c · right, up to rounding; ``None`` if there is no such c other than 0 and 1."""
    square = float((right**2).sum())
    if square == 0 or given.shape != right.shape:
        return None
    factor = float((given * right).sum()) / square
    close = np.abs(given - factor * right).max() <= TOLERANCE * np.abs(given).max()
    return factor if close and abs(factor - 1) > TOLERANCE and factor != 0 else None


def factor_words(factor: float) -> str:
    """``2 times what it should be``, ``1/6 of …``, ``what it should be with the sign turned``."""
    if abs(factor + 1) < TOLERANCE:
        return "it is what it should be with the sign turned"
    near = Fraction(factor).limit_denominator(1000)
    exact = abs(float(near) - factor) < TOLERANCE * abs(factor)
    if exact and abs(near.numerator) == 1:
        return f"it is {near} of what it should be"
    return f"it is {near if exact else format(factor, '.4g')} times what it should be"


def permuted(given: np.ndarray, right: np.ndarray) -> bool:
    """Whether both hold the same numbers, in whatever places."""
    if given.size != right.size or given.size < 2:
        return False
    return np.allclose(np.sort(given, axis=None), np.sort(right, axis=None), rtol=1e-9)
