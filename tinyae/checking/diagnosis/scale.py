"""The right gradient times a number."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinyae.backend import to_numpy
from tinyae.checking.diagnosis.evidence import Diagnosis, Evidence, equal

__all__ = ["factor_between", "partly_zero", "scaled", "scaled_by_feature", "zero"]

SAME = 3e-6
"""A factor closer to another than this, relatively, is that other."""


def zero(e: Evidence) -> Diagnosis | None:
    """Nothing was written."""
    if e.given.any() or not e.expected.any():
        return None
    if e.is_input:
        return "zero", "backward returned zeros, but y does depend on x"
    return "zero", f"{e.what} is still all zeros: backward never wrote it"


def partly_zero(e: Evidence) -> Diagnosis | None:
    """All is right but for elements that are still zero."""
    missing = (e.given == 0) & (np.abs(e.expected) > SAME * np.abs(e.expected).max())
    count = int(missing.sum())
    if not count or not equal(e.given, np.where(missing, 0, e.expected)):
        return None
    first = tuple(int(i) for i in np.argwhere(missing)[0])
    return "zero", (
        f"{count} of {missing.size} elements of {e.what} are 0, the first at "
        f"{first}, and all others are right: are they masked out, or does a loop stop short?"
    )


def scaled(e: Evidence) -> Diagnosis | None:
    """All elements are off by one factor."""
    factor = factor_between(e.given, e.expected)
    if factor is None:
        return None
    meaning = _meaning_of(factor, e)
    if np.count_nonzero(e.expected) < 2 and not meaning:
        return None
    ending = f": {meaning}" if meaning else ""
    return "scaled", f"{e.what} is {_number(factor)} times the right one{ending}"


def scaled_by_feature(e: Evidence) -> Diagnosis | None:
    """Each feature (channel, column) has a factor of its own."""
    for axis in range(e.given.ndim):
        given = np.moveaxis(e.given, axis, 0).reshape(e.given.shape[axis], -1)
        expected = np.moveaxis(e.expected, axis, 0).reshape(given.shape)
        if len(given) < 2 or given.shape[1] < 3:
            continue
        factors = (given * expected).sum(axis=1) / np.maximum((expected**2).sum(axis=1), 1e-300)
        proven = (np.count_nonzero(expected, axis=1) > 1) | (np.abs(factors - 1) < SAME)
        if proven.all() and equal(given, factors[:, None] * expected):
            words = _origin_of(factors, e) or ", ".join(f"{factor:.4g}" for factor in factors[:4])
            return "scaled", (f"along axis {axis} {e.what} has factors of its own: {words}")
    return None


def _origin_of(factors: np.ndarray, e: Evidence) -> str:
    """Which parameter the factors are, or are one over."""
    for name in e.probe.parameters:
        value = to_numpy(e.probe.tensors[name]).reshape(-1)
        for words, power in (("one factor too many", 1), ("a factor left out", -1)):
            if value.size == factors.size and equal(factors, value**power):
                return f"{name} is {words}"
    return ""


def factor_between(given: np.ndarray, expected: np.ndarray) -> float | None:
    """The number c for which given = c · expected, if there is one other than 0 and 1."""
    if given.shape != expected.shape or not expected.any():
        return None
    factor = float((given * expected).sum() / (expected**2).sum())
    if not factor or abs(factor - 1) <= SAME or not equal(given, factor * expected):
        return None
    return factor


def _meaning_of(factor: float, e: Evidence) -> str:
    """What a factor probably comes from; empty for an unusual one."""
    if abs(factor + 1) <= SAME:
        return "the sign is wrong"
    for value, words in _usual(e):
        if abs(abs(factor) - value) <= SAME * value:
            return words + (" And the sign is wrong." if factor < 0 else "")
    return ""


def _usual(e: Evidence) -> Iterator[tuple[float, str]]:
    sizes = _sizes(e)
    two = f", or {{}} by {sizes[2]} = 2?" if 2 in sizes else "?"
    yield 2.0, "is there a 2 too many, or a ½ forgotten" + two.format("a division")
    yield 0.5, "is a 2 forgotten (such as that of a square)" + two.format("is it divided")
    is_loss = hasattr(e.probe.layer, "loss") and e.y.size == 1
    for size, words in sizes.items():
        divided = f"is it divided by {words} = {size}"
        if is_loss:
            yield 1 / size, f"{divided} once too often?"
            yield size, f"is the division by {words} = {size} forgotten, as this loss is a mean?"
        else:
            yield 1 / size, f"{divided}? backward never averages: the loss decides that"
            yield size, f"is a division by {words} = {size} forgotten, or a sum taken twice?"
        yield 2 / size, f"{divided}, and a 2 too many?"
    p = getattr(e.probe.layer, "p", None)
    if isinstance(p, float) and 0 < p < 1:
        yield 1 - p, f"is the division by 1 − p = {1 - p:g} left out?"
        yield 1 / (1 - p), f"is it divided by 1 − p = {1 - p:g} once too often?"
        yield p, f"is it multiplied by p = {p:g}?"
        yield (1 - p) / p, f"is it divided by p = {p:g} instead of 1 − p?"


def _sizes(e: Evidence) -> dict[int, str]:
    """Lengths that a sum may be divided by, the likely ones first."""
    sizes = {e.batch: "the batch size N", e.x.size: "the number of elements of x"}
    sizes.setdefault(e.x.size // e.batch, "the number of elements of one sample")
    if e.y.ndim > 2:
        sizes.setdefault(e.y[0, 0].size, "the number of positions of y")
    for axis, length in enumerate(e.x.shape):
        sizes.setdefault(length, f"the length of axis {axis} of x")
    kernel = getattr(e.probe.layer, "kernel_size", None)
    if isinstance(kernel, tuple):
        sizes.setdefault(math.prod(kernel), "the number of elements of a window")
    return {size: words for size, words in sizes.items() if size > 1}


def _number(factor: float) -> str:
    """A factor as it is read best: 2, −1, 0.2 = 1/5, 0.7."""
    sign, size = "−" if factor < 0 else "", abs(factor)
    if abs(size - 1) < 0.01 and abs(size - 1) > SAME:
        return f"{sign}{size:.8g}"
    if abs(size - 1) > SAME and size < 1 and abs(1 / size - round(1 / size)) < SAME / size:
        return f"{sign}{size:.4g} = {sign}1/{round(1 / size)}"
    return f"{sign}{size:.4g}"
