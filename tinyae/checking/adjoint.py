"""``ta.check_adjoint``: ⟨A x, y⟩ = ⟨x, Aᵀ y⟩."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.checking.factors import constant_factor, factor_words, permuted
from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer

__all__ = ["check_adjoint"]

TRIALS = 5
TOLERANCE = 1e-9
MATRIX = 250_000
"""Up to how many elements both operators are written out as matrices to find the mistake."""

Operator = Callable[[np.ndarray], np.ndarray]


@checked
def check_adjoint(
    forward: Any,
    backward: Operator | None = None,
    *,
    x_shape: tuple[int, ...],
    seed: int = 0,
) -> Report:
    """Is ``backward`` the transpose of the linear map ``forward``?

    For a linear map A, ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ for *every* x and y, without any differences and
    up to rounding. Five random pairs are tried; small operators are then written out as
    matrices to say what is wrong where.

    Parameters
    ----------
    forward : callable, or Layer
        x → A x. Of a layer, A x = layer(x) − layer(0): its bias is left out.
    backward : callable, optional
        y → Aᵀ y; a layer's own ``backward`` when left out.
    x_shape : tuple of int
    seed : int

    Returns
    -------
    Report
        Tensor ``backward``: codes ``scaled``, ``sign``, ``transposed`` (A itself in place of
        Aᵀ), ``overlap-overwritten`` (= where += belongs), ``channel-mixup`` (right values in
        permuted places), ``zero``, ``wrong-shape``, ``not-finite``, ``unknown``. Tensor
        ``forward``: ``not-linear``.

    Raises
    ------
    TinyaeError
        When ``backward`` is missing, or ``x_shape`` does not fit.

    References
    ----------
    Claerbout, *Earth soundings analysis*, 1992, chapter 5, "the dot-product test".
    """
    title = getattr(forward, "label", getattr(forward, "__name__", "forward"))
    forward, backward = _operators(forward, backward, x_shape)
    report = Report(f"{title}, x {tuple(x_shape)}, seed {seed}", check="check_adjoint")
    generator = np.random.default_rng([seed, 5])
    report.findings += _findings(forward, backward, tuple(x_shape), generator)
    return report


def _operators(
    forward: Any, backward: Operator | None, x_shape: tuple[int, ...]
) -> tuple[Operator, Operator]:
    if backward is not None:
        for name, function in (("forward", forward), ("backward", backward)):
            if not callable(function):
                raise TinyaeError(
                    f"check_adjoint: expected {name} to be a function, got "
                    f"{type(function).__name__}"
                )
        return forward, backward
    if not isinstance(forward, Layer):
        raise TinyaeError(
            "check_adjoint: expected backward beside forward, or a layer, got only "
            f"{type(forward).__name__}"
        )
    layer = copy.deepcopy(forward).astype("float64")
    offset = layer(np.zeros(x_shape)).copy()

    def adjoint(y: np.ndarray) -> np.ndarray:
        layer(np.zeros(x_shape))
        return layer.backward(y)

    return lambda x: layer(x) - offset, adjoint


def _findings(
    forward: Operator, backward: Operator, x_shape: tuple[int, ...], generator: np.random.Generator
) -> Iterator[Finding]:
    x, other = generator.standard_normal((2, *x_shape))
    y = np.asarray(forward(x.copy()))
    combined = np.asarray(forward(2 * x - 3 * other))
    separate = 2 * y - 3 * np.asarray(forward(other.copy()))
    if np.abs(combined - separate).max() > TOLERANCE * (1 + np.abs(separate).max()):
        message = (
            "A(2u − 3v) is not 2 A u − 3 A v: an adjoint belongs to a linear map; leave out the "
            "bias and anything that bends"
        )
        yield Finding("forward", "not-linear", message)
        return
    for _ in range(TRIALS):
        x = generator.standard_normal(x_shape)
        y = generator.standard_normal(y.shape)
        finding = _one_pair(forward, backward, x, y)
        if finding:
            yield finding
            return


def _one_pair(
    forward: Operator, backward: Operator, x: np.ndarray, y: np.ndarray
) -> Finding | None:
    back = np.asarray(backward(y.copy()))
    if back.shape != x.shape:
        message = f"expected the shape {x.shape} of x, got {back.shape}"
        return Finding("backward", "wrong-shape", message)
    if not np.isfinite(back).all():
        return Finding("backward", "not-finite", "Aᵀ y has NaN or infinite values")
    image = np.asarray(forward(x.copy()))
    left, right = float((image * y).sum()), float((x * back).sum())
    size = float(np.linalg.norm(image) * np.linalg.norm(y))
    if abs(left - right) <= TOLERANCE * size:
        return None
    code, cause = _cause(forward, backward, x.shape, y.shape)
    message = f"⟨A x, y⟩ = {left:.6g}, but ⟨x, Aᵀ y⟩ = {right:.6g}{cause}"
    return Finding("backward", code, message, None, right, left, abs(left - right) / size)


def _cause(
    forward: Operator, backward: Operator, x_shape: tuple[int, ...], y_shape: tuple[int, ...]
) -> tuple[str, str]:
    """Both as matrices, column by column: how do they differ?"""
    rows, columns = int(np.prod(y_shape)), int(np.prod(x_shape))
    if rows * columns > MATRIX:
        return "unknown", ""
    right = _matrix(forward, x_shape).T
    given = _matrix(backward, y_shape)
    if not given.any():
        return "zero", ": backward gives only zeros"
    factor = constant_factor(given, right)
    if factor is not None:
        code = "sign" if abs(factor + 1) < 1e-5 else "scaled"
        return code, f": {factor_words(factor)}"
    if rows == columns and np.allclose(given, right.T):
        return "transposed", ": backward applies A itself; its transpose is needed"
    if permuted(given, right):
        return "channel-mixup", ": the right values, in the wrong places"
    wrong = ~np.isclose(given, right)
    if not given[wrong].any() and given[wrong.any(axis=1)].any(axis=1).all():
        return "overlap-overwritten", (
            ": where several y reach one x, what one of them brings is kept and the others' share "
            "is lost: write += instead of ="
        )
    i, j = (int(k) for k in np.argwhere(wrong)[0])
    place = tuple(int(k) for k in np.unravel_index(i, x_shape))
    source = tuple(int(k) for k in np.unravel_index(j, y_shape))
    return "unknown", (
        f"; {int(wrong.sum())} of {wrong.size} entries of the matrix are wrong, the first: what "
        f"y{list(source)} adds to x{list(place)} is {given[i, j]:.4g}, expected {right[i, j]:.4g}"
    )


def _matrix(operator: Operator, shape: tuple[int, ...]) -> np.ndarray:
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    return np.stack([np.asarray(operator(unit)).ravel() for unit in units], axis=1)
