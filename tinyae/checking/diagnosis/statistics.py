"""What moves along when one x moves: means, variances, sums."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tinyae.backend import to_numpy
from tinyae.checking.diagnosis.evidence import Diagnosis, Evidence

__all__ = ["missing_statistics", "only_own_output"]

CODE = "missing-statistics-terms"


def missing_statistics(e: Evidence) -> Diagnosis | None:
    """A normalization whose mean, or variance, or both are taken for constants.

    Within a group of elements (a feature in batch norm, a sample in layer norm) y = a x + b,
    where a and b depend on all x of the group. With both held fixed dx = a · dy; the terms
    −mean and −x̂ · mean(x̂ ·) come from a and b.
    """
    if not e.keeps_shape or e.x.ndim < 2:
        return None
    groups = {"batch": (0, *range(2, e.x.ndim)), "sample": tuple(range(1, e.x.ndim))}
    for (y, dy), (group, axes) in itertools.product(_without_gain(e), groups.items()):
        centred = e.x - e.x.mean(axis=axes, keepdims=True)
        variance = (centred**2).mean(axis=axes, keepdims=True)
        if not variance.all():
            continue
        slope = (centred * y).mean(axis=axes, keepdims=True) / variance
        rest = y - y.mean(axis=axes, keepdims=True) - slope * centred
        if np.abs(rest).max() > 1e-9 * np.abs(y).max():
            continue
        normalized = centred / (variance + getattr(e.probe.layer, "eps", 1e-5)) ** 0.5
        for candidate, words in _without(dy, normalized, axes):
            if e.matches(slope * candidate):
                return CODE, (
                    f"backward takes {words} of the {group} for constant; every x moves it, and "
                    "through it other y: dx has the terms −mean(g) − x̂ · mean(g · x̂)"
                )
    return None


def _without_gain(e: Evidence) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(y, dy) as they are; then for each vector γ, y with γ = 1 and no β, and γ · dy."""
    yield e.y, e.dy
    vectors = {name: to_numpy(e.probe.tensors[name]) for name in e.probe.parameters}
    vectors = {name: value for name, value in vectors.items() if value.ndim == 1}
    for name, value in vectors.items():
        zeros = {other: np.zeros_like(vectors[other]) for other in vectors}
        probe = e.elsewhere(None, {**zeros, name: np.ones_like(value)})
        if probe and value.shape == e.x.shape[1:2]:
            gain = value.reshape(1, -1, *[1] * (e.x.ndim - 2))
            yield to_numpy(probe.y), gain * e.dy


def _without(
    dy: np.ndarray, normalized: np.ndarray, axes: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, str]]:
    mean = dy.mean(axis=axes, keepdims=True)
    correlation = normalized * (dy * normalized).mean(axis=axes, keepdims=True)
    yield dy, "mean and variance"
    yield dy - mean, "the variance"
    yield dy - correlation, "the mean"


def only_own_output(e: Evidence) -> Diagnosis | None:
    """Only ∂y_i/∂x_i is counted, though x_i moves other y as well."""
    if not e.keeps_shape or e.contributions is None:
        return None
    size = e.x.size
    own = np.diagonal(e.contributions.reshape(size, size)).reshape(e.x.shape)
    if not e.matches(own):
        return None
    return CODE, (
        "backward counts only how each x moves its own y; it moves others too, through what is "
        "computed from all of them (a sum, a mean), and these ways add up"
    )
