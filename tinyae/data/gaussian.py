"""Groups of points near planes in space: a data set whose truth is known."""

from __future__ import annotations

import numpy as np

from tinyae.arguments import checked
from tinyae.errors import TinyaeError

__all__ = ["gaussian_groups"]


@checked
def gaussian_groups(
    n: int = 200,
    dimensions: int = 15,
    latent_dim: int = 2,
    sigma: float = 0.1,
    groups: int = 2,
    seed: int = 42,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw groups of points, each around a flat of its own.

    A point of group g is ``y = μ_g + R_g z + σ e``, where the entries of the centre μ_g, of the
    directions R_g (one draw a group) and of z and e (one draw a point) are standard normal.
    Within a group y is therefore normal with mean μ_g and covariance ``R_g R_gᵀ + σ² I``: nearly
    all of its variance lies in ``latent_dim`` directions. This is probabilistic PCA read as a
    recipe (Tipping and Bishop, 1999), and an autoencoder with a code of that size can find it.

    Parameters
    ----------
    n : int
        Points a group.
    dimensions : int
        Size of a point y.
    latent_dim : int
        Size of z.
    sigma : float
        Standard deviation of the noise, at least 0.
    groups : int
    seed : int
        The same seed gives the same points.

    Returns
    -------
    points : float32 array (groups · n, dimensions)
        Group after group.
    group : int64 array (groups · n,)
        0 to groups - 1.

    Raises
    ------
    TinyaeError
        When a count is below 1 or sigma is negative or not finite.
    """
    counts = {"n": n, "dimensions": dimensions, "latent_dim": latent_dim, "groups": groups}
    for name, count in counts.items():
        if count < 1:
            raise TinyaeError(f"gaussian_groups: expected {name} of at least 1, got {count}")
    if not 0 <= sigma < np.inf:
        raise TinyaeError(f"gaussian_groups: expected a finite sigma of at least 0, got {sigma}")
    generator = np.random.default_rng(seed)
    directions = generator.standard_normal((groups, dimensions, latent_dim))
    points = []
    for spread in directions:
        z = generator.standard_normal((n, latent_dim))
        noise = generator.standard_normal((n, dimensions))
        center = generator.standard_normal(dimensions)
        points.append(center + z @ spread.T + sigma * noise)
    group = np.repeat(np.arange(groups, dtype=np.int64), n)
    return np.concatenate(points).astype(np.float32), group
