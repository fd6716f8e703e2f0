"""The Gaussian groups have the distribution that they promise."""

import numpy as np
import pytest

from tinyae.data import gaussian_groups
from tinyae.errors import TinyaeError


def test_shapes_types_and_order():
    points, group = gaussian_groups()
    assert points.shape == (400, 15)
    assert points.dtype == np.float32
    assert group.dtype == np.int64
    np.testing.assert_array_equal(group, [0] * 200 + [1] * 200)


def test_same_seed_same_points():
    np.testing.assert_array_equal(gaussian_groups(seed=3)[0], gaussian_groups(seed=3)[0])
    assert not np.array_equal(gaussian_groups(seed=3)[0], gaussian_groups(seed=4)[0])


def spread(points):
    """Standard deviations along the principal directions, largest first."""
    centered = points.astype(np.float64) - points.mean(axis=0)
    return np.linalg.svd(centered, compute_uv=False) / np.sqrt(len(points))


@pytest.mark.parametrize("latent_dim", [1, 2, 4])
def test_each_group_fills_its_flat_and_has_noise_sigma_around_it(latent_dim):
    points, group = gaussian_groups(20_000, latent_dim=latent_dim, sigma=0.1, groups=2)
    for label in (0, 1):
        spreads = spread(points[group == label])
        assert spreads[latent_dim - 1] > 1
        np.testing.assert_allclose(spreads[latent_dim:], 0.1, rtol=0.05)


def test_centres_and_directions_are_standard_normal_and_differ_between_groups():
    points, group = gaussian_groups(n=40, dimensions=200, latent_dim=1, sigma=0, groups=300)
    centers = np.array([points[group == label].mean(axis=0) for label in range(300)])
    variances = np.array([points[group == label].var(axis=0) for label in range(300)])
    assert abs(centers.mean()) < 0.02
    assert abs(centers.var() - 1 - 1 / 40) < 0.02  # var μ + var of the mean of 40 points R z
    assert abs(variances.mean() - 39 / 40) < 0.05  # E R² · E z²
    assert abs(np.corrcoef(centers[0], centers[1])[0, 1]) < 0.3


def test_without_noise_the_points_lie_on_the_flat():
    assert spread(gaussian_groups(groups=1, sigma=0)[0])[2] < 1e-5


@pytest.mark.parametrize(
    "arguments",
    [
        {"n": 0},
        {"dimensions": 0},
        {"latent_dim": 0},
        {"groups": 0},
        {"sigma": -1},
        {"sigma": np.nan},
    ],
)
def test_refusals_name_the_argument(arguments):
    with pytest.raises(TinyaeError, match=f"gaussian_groups: .*{next(iter(arguments))}"):
        gaussian_groups(**arguments)
