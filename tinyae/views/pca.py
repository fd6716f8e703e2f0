"""Principal component analysis: the best linear code, against which the others are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyae.backend import to_numpy
from tinyae.errors import TinyaeError

__all__ = ["PrincipalComponents", "principal_components"]


@dataclass(frozen=True)
class PrincipalComponents:
    """The directions in which points vary most, and the way there and back.

    ``scores = (x − mean) / scale · componentsᵀ`` and ``x ≈ scores · components · scale + mean``:
    a linear encoder and a linear decoder with the same weights.

    Attributes
    ----------
    mean : float64 array (D,)
    scale : float64 array (D,)
        The standard deviation of each column, or ones.
    components : float64 array (n, D)
        Orthonormal rows, the direction of the largest variance first. The entry of the largest
        size in each row is positive.
    variances : float64 array (n,)
        Variance of the scores, with divisor N − 1.
    shares : float64 array (n,)
        ``variances`` as parts of the variance of all D directions.
    """

    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    variances: np.ndarray
    shares: np.ndarray

    def encode(self, x: Any) -> np.ndarray:
        """Scores (N, n) of points (N, D)."""
        return (_table(x, len(self.mean)) - self.mean) / self.scale @ self.components.T

    def decode(self, scores: Any) -> np.ndarray:
        """Points (N, D) of scores (N, n)."""
        return _table(scores, len(self.components)) @ self.components * self.scale + self.mean


def principal_components(x: Any, n: int | None = None, scaled: bool = False) -> PrincipalComponents:
    """Find the principal components of points.

    With ``X`` the centred points (N, D), one a row, the covariance ``C = XᵀX / (N − 1)`` has the
    singular value decomposition ``V S Vᵀ``: the components are the rows of ``Vᵀ``, the variances
    along them are S. C is D × D however many points there are (Jolliffe, *Principal Component
    Analysis*, 2002, chapter 3).

    Parameters
    ----------
    x : array (N, D)
        At least two points.
    n : int, optional
        How many components to keep, all min(N, D) of them when left out.
    scaled : bool
        Divide each column by its standard deviation first, so that no column counts for more
        because of its unit (R's ``prcomp(scale. = TRUE)``).

    Raises
    ------
    TinyaeError
        For anything but a table of finite numbers, for ``n`` out of range, and for a constant
        column that cannot be scaled.
    """
    points = _table(x)
    if len(points) < 2:
        raise TinyaeError(f"principal_components: expected at least 2 points, got {len(points)}")
    most = min(points.shape)
    if n is not None and not 1 <= n <= most:
        raise TinyaeError(f"principal_components: expected n from 1 to {most}, got {n}")
    if scaled and (constant := np.ptp(points, axis=0) == 0).any():
        raise TinyaeError(
            "principal_components: expected columns that vary, as scaled=True divides by their "
            f"standard deviation, got column {int(constant.argmax())} constant"
        )
    mean = points.mean(axis=0)
    scale = points.std(axis=0, ddof=1) if scaled else np.ones_like(mean)
    centered = (points - mean) / scale
    covariance = centered.T @ centered / (len(points) - 1)
    _, variances, components = np.linalg.svd(covariance, hermitian=True)
    largest = np.abs(components).argmax(axis=1)
    components *= np.sign(components[np.arange(len(components)), largest])[:, None]
    total = variances.sum()
    shares = variances / total if total else np.zeros_like(variances)
    keep = n or most
    return PrincipalComponents(mean, scale, components[:keep], variances[:keep], shares[:keep])


def _table(x: Any, columns: int | None = None) -> np.ndarray:
    values = to_numpy(x)
    if values.ndim != 2 or (columns is not None and values.shape[1] != columns):
        raise TinyaeError(
            f"principal_components: expected (N, {columns or 'D'}), got {values.shape}"
        )
    if values.dtype.kind not in "fiub" or not np.isfinite(values).all():
        raise TinyaeError("principal_components: expected finite numbers")
    return values.astype(np.float64)
